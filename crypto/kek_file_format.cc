#include "crypto/kek_file_format.h"

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>

#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::crypto {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr std::string_view kMagic = "KBK1";
constexpr std::size_t kKeyAt = kMagic.size();
constexpr std::size_t kIdAt = kKeyAt + SecretKey::kBytes;
constexpr std::size_t kFileBytes = kIdAt + std::tuple_size_v<KekId>;

absl::Status Unusable(const std::string& path) { return MakeError(Reason::kKeyUnusable, {{DetailKey::kFile, path}}); }

}  // namespace

absl::StatusOr<KeyEncryptionKey> ReadKekFile(const std::string& path, SecretFileRule rule, SecretArena& arena) {
  // One byte more than the file should have, to see that it ends.
  KOBLING_ASSIGN_OR_RETURN(SecretBuffer buffer, SecretBuffer::Allocate(arena, kFileBytes + 1));
  const std::span<std::uint8_t> bytes = buffer.bytes(SecretAccess());
  KOBLING_ASSIGN_OR_RETURN(const std::size_t count, ReadSecretFile(path, rule, bytes));
  if (count != kFileBytes || !std::equal(kMagic.begin(), kMagic.end(), bytes.begin())) {
    return Unusable(path);
  }
  KOBLING_ASSIGN_OR_RETURN(SecretKey key, SecretKey::CopyOf(arena, bytes.subspan<kKeyAt, SecretKey::kBytes>()));
  KeyEncryptionKey kek(std::move(key));
  if (!std::equal(kek.id().begin(), kek.id().end(), bytes.begin() + kIdAt)) {
    return Unusable(path);
  }
  return kek;
}

absl::StatusOr<KekId> ReadIdOfKekFile(const std::string& path, SecretFileRule rule) {
  KOBLING_ASSIGN_OR_RETURN(const Descriptor file, OpenSecretFile(path, rule));
  KekId id;
  if (::pread(file.number(), id.data(), id.size(), kIdAt) != static_cast<ssize_t>(id.size())) {
    return Unusable(path);
  }
  return id;
}

absl::Status WriteKekFile(const std::string& path, const KeyEncryptionKey& kek, SecretArena& arena) {
  KOBLING_ASSIGN_OR_RETURN(SecretBuffer buffer, SecretBuffer::Allocate(arena, kFileBytes));
  const std::span<std::uint8_t> bytes = buffer.bytes(SecretAccess());
  std::copy(kMagic.begin(), kMagic.end(), bytes.begin());
  std::ranges::copy(SecretBytes(kek, SecretAccess()), bytes.begin() + kKeyAt);
  std::copy(kek.id().begin(), kek.id().end(), bytes.begin() + kIdAt);
  return WriteNewSecretFile(path, bytes);
}

}  // namespace kobling::crypto
