#include "crypto/kek_file_pair.h"

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "crypto/secret_file.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::crypto {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

// For the one key that Settle looks at.
constexpr std::size_t kArenaBytes = 4096;

bool IsMissing(const absl::Status& status) { return domain::ReasonOf(status) == Reason::kFileNotFound; }

}  // namespace

absl::StatusOr<std::string> ChooseKekFile(const KekFileId& current, const KekFileId& next,
                                          const std::optional<KekId>& needed) {
  if (!needed.has_value() || (current.id.ok() && *current.id == *needed)) {
    return current.path;
  }
  if (next.id.ok() && *next.id == *needed) {
    return next.path;
  }
  if (!current.id.ok()) {
    return current.id.status();
  }
  if (!next.id.ok() && !IsMissing(next.id.status())) {
    return next.id.status();
  }
  return MakeError(Reason::kKeyUnusable,
                   {{DetailKey::kFile, current.path}, {DetailKey::kHint, "the database needs another one"}});
}

KekFilePair::KekFilePair(std::string path) : path_(std::move(path)), next_path_(path_ + ".next") {}

absl::StatusOr<KeyEncryptionKey> KekFilePair::Load(SecretArena& arena, const std::optional<KekId>& needed) {
  KOBLING_ASSIGN_OR_RETURN(
      const std::string chosen,
      ChooseKekFile({.path = path_, .id = ReadId(path_)}, {.path = next_path_, .id = ReadId(next_path_)}, needed));
  KOBLING_ASSIGN_OR_RETURN(KeyEncryptionKey kek, Read(chosen, arena));
  in_use_ = kek.id();
  return kek;
}

absl::StatusOr<KeyEncryptionKey> KekFilePair::MakeNext(SecretArena& arena) {
  std::error_code ignored;
  if (std::filesystem::is_symlink(path_, ignored)) {
    return MakeError(Reason::kFileMode,
                     {{DetailKey::kFile, path_}, {DetailKey::kExpected, "a regular file and not a link to one"}});
  }
  KOBLING_ASSIGN_OR_RETURN(const KekId current, ReadId(path_));
  if (in_use_ != current) {
    return MakeError(Reason::kInternal, {{DetailKey::kHint, "the key-encryption key in use is not settled"}});
  }
  KOBLING_RETURN_IF_ERROR(DestroySecretFile(next_path_));
  KOBLING_ASSIGN_OR_RETURN(SecretKey key, SecretKey::Generate(arena));
  KOBLING_RETURN_IF_ERROR(Write(next_path_, KeyEncryptionKey(std::move(key)), arena));
  in_use_.reset();
  // Given as it was read back, so that no key is ever wrapped under what cannot be had again.
  return Read(next_path_, arena);
}

absl::Status KekFilePair::Settle(const KekId& in_use) {
  const absl::StatusOr<KekId> current = ReadId(path_);
  const absl::StatusOr<KekId> next = ReadId(next_path_);
  const bool is_current = current.ok() && *current == in_use;
  if (!is_current && (!next.ok() || *next != in_use)) {
    return MakeError(Reason::kKeyUnusable,
                     {{DetailKey::kFile, path_}, {DetailKey::kHint, "neither it nor the next one is the one in use"}});
  }
  if (!is_current || !IsMissing(next.status())) {
    KOBLING_ASSIGN_OR_RETURN(const auto arena, SecretArena::Create(kArenaBytes));
    KOBLING_RETURN_IF_ERROR(Read(is_current ? path_ : next_path_, *arena).status());
    if (is_current) {
      KOBLING_RETURN_IF_ERROR(DestroySecretFile(next_path_));
    } else {
      KOBLING_RETURN_IF_ERROR(OverwriteSecretFile(path_));
      KOBLING_RETURN_IF_ERROR(RenameSecretFile(next_path_, path_));
    }
  }
  in_use_ = in_use;
  return absl::OkStatus();
}

}  // namespace kobling::crypto
