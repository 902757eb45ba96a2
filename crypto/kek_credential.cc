#include "crypto/kek_credential.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "crypto/kek_file_format.h"
#include "crypto/kek_file_pair.h"
#include "crypto/secret_file.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::crypto {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr SecretFileRule kRule = SecretFileRule::kCredential;
constexpr std::string_view kHowToMakeTheNext =
    "make the next key with `koblingd kek create`, seal it with `systemd-creds encrypt --name=kek-next`, name it in "
    "LoadCredentialEncrypted=, restart and rotate again";

}  // namespace

KekCredential::KekCredential(std::string folder)
    : folder_(std::move(folder)), path_(folder_ + "/kek"), next_path_(folder_ + "/kek-next") {}

absl::Status KekCredential::CheckFolder() const {
  struct stat info = {};
  if (::stat(folder_.c_str(), &info) != 0) {
    return MakeError(errno == ENOENT ? Reason::kFileNotFound : Reason::kFileUnreadable,
                     {{DetailKey::kFile, folder_}, {DetailKey::kHint, "the folder of the service's credentials"}});
  }
  const bool is_trusted = info.st_uid == ::geteuid() || info.st_uid == 0;
  if (!S_ISDIR(info.st_mode) || !is_trusted || (info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return MakeError(Reason::kFileMode,
                     {{DetailKey::kFile, folder_},
                      {DetailKey::kExpected, "a folder of the service's user or of root that no others may change"}});
  }
  return absl::OkStatus();
}

absl::StatusOr<KeyEncryptionKey> KekCredential::Load(SecretArena& arena, const std::optional<KekId>& needed) {
  KOBLING_RETURN_IF_ERROR(CheckFolder());
  KOBLING_ASSIGN_OR_RETURN(const std::string chosen,
                           ChooseKekFile({.path = path_, .id = ReadIdOfKekFile(path_, kRule)},
                                         {.path = next_path_, .id = ReadIdOfKekFile(next_path_, kRule)}, needed));
  KOBLING_ASSIGN_OR_RETURN(KeyEncryptionKey kek, ReadKekFile(chosen, kRule, arena));
  in_use_ = kek.id();
  return kek;
}

absl::StatusOr<KeyEncryptionKey> KekCredential::MakeNext(SecretArena& arena) {
  KOBLING_RETURN_IF_ERROR(CheckFolder());
  if (!in_use_.has_value()) {
    return MakeError(Reason::kInternal, {{DetailKey::kHint, "the key-encryption key in use is not settled"}});
  }
  absl::StatusOr<KeyEncryptionKey> next = ReadKekFile(next_path_, kRule, arena);
  if (domain::ReasonOf(next.status()) == Reason::kFileNotFound) {
    return MakeError(Reason::kFileNotFound, {{DetailKey::kFile, next_path_}, {DetailKey::kHint, kHowToMakeTheNext}});
  }
  if (next.ok() && next->id() == *in_use_) {
    return MakeError(Reason::kKeyUnusable,
                     {{DetailKey::kFile, next_path_}, {DetailKey::kHint, "it is the key in use already"}});
  }
  if (next.ok()) {
    in_use_.reset();
  }
  return next;
}

absl::Status KekCredential::Settle(const KekId& in_use) {
  KOBLING_RETURN_IF_ERROR(ChooseKekFile({.path = path_, .id = ReadIdOfKekFile(path_, kRule)},
                                        {.path = next_path_, .id = ReadIdOfKekFile(next_path_, kRule)}, in_use)
                              .status());
  in_use_ = in_use;
  return absl::OkStatus();
}

}  // namespace kobling::crypto
