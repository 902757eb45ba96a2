#include "crypto/kek_share.h"

#include <algorithm>
#include <tuple>

#include "crypto/bech32.h"
#include "crypto/random.h"
#include "crypto/shamir.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::crypto {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr std::string_view kPrefix = "kobling-share-";
constexpr std::string_view kWhiteSpace = " \t\r\n";
constexpr std::uint8_t kFewest = 2;
constexpr std::uint8_t kMost = 16;

// Splitting id, counts and number, value, KEK id.
constexpr std::size_t kSplittingBytes = std::tuple_size_v<decltype(KekSplitting::id)>;
constexpr std::size_t kNeededAt = kSplittingBytes;
constexpr std::size_t kCountAt = kNeededAt + 1;
constexpr std::size_t kNumberAt = kCountAt + 1;
constexpr std::size_t kValueAt = kNumberAt + 1;
constexpr std::size_t kKekIdAt = kValueAt + SecretKey::kBytes;
constexpr std::size_t kShareBytes = kKekIdAt + std::tuple_size_v<KekId>;
static_assert(Bech32Length(kPrefix.size(), kShareBytes) == KekShare::kTextLength);

bool InRange(const ShareCounts& counts) {
  return counts.needed >= kFewest && counts.needed <= counts.count && counts.count <= kMost;
}

std::string_view WithoutWhiteSpaceAround(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(kWhiteSpace), text.size());
  const std::size_t end = text.find_last_not_of(kWhiteSpace) + 1;
  return text.substr(begin, std::max(begin, end) - begin);
}

}  // namespace

absl::StatusOr<KekShare> KekShare::Parse(std::string_view text, SecretArena& arena) {
  const std::string_view line = WithoutWhiteSpaceAround(text);
  KOBLING_ASSIGN_OR_RETURN(SecretBuffer buffer, SecretBuffer::Allocate(arena, kShareBytes));
  const std::span<std::uint8_t> bytes = buffer.bytes(SecretAccess());
  // Bech32 itself would take upper case as well: one share has one text.
  if (!line.starts_with(kPrefix) || !Bech32DecodeTo(kPrefix, line, bytes)) {
    return MakeError(Reason::kKekShareMalformed);
  }
  KekSplitting splitting = {.id = {}, .counts = {.needed = bytes[kNeededAt], .count = bytes[kCountAt]}, .kek_id = {}};
  std::ranges::copy(bytes.first<kSplittingBytes>(), splitting.id.begin());
  std::ranges::copy(bytes.subspan<kKekIdAt>(), splitting.kek_id.begin());
  const std::uint8_t number = bytes[kNumberAt];
  if (!InRange(splitting.counts) || number == 0 || number > splitting.counts.count) {
    return MakeError(Reason::kKekShareMalformed);
  }
  KOBLING_ASSIGN_OR_RETURN(SecretKey value, SecretKey::CopyOf(arena, bytes.subspan<kValueAt, SecretKey::kBytes>()));
  return KekShare(splitting, number, std::move(value));
}

absl::StatusOr<SecretBuffer> KekShare::Text(SecretArena& arena) const {
  KOBLING_ASSIGN_OR_RETURN(SecretBuffer buffer, SecretBuffer::Allocate(arena, kShareBytes));
  const std::span<std::uint8_t> bytes = buffer.bytes(SecretAccess());
  std::ranges::copy(splitting_.id, bytes.begin());
  bytes[kNeededAt] = splitting_.counts.needed;
  bytes[kCountAt] = splitting_.counts.count;
  bytes[kNumberAt] = number_;
  std::ranges::copy(SecretBytes(value_, SecretAccess()), bytes.begin() + kValueAt);
  std::ranges::copy(splitting_.kek_id, bytes.begin() + kKekIdAt);
  KOBLING_ASSIGN_OR_RETURN(SecretBuffer text, SecretBuffer::Allocate(arena, kTextLength));
  const std::span<std::uint8_t> characters = text.bytes(SecretAccess());
  Bech32EncodeTo(kPrefix, bytes, {reinterpret_cast<char*>(characters.data()), characters.size()});
  return text;
}

std::span<const std::uint8_t, SecretKey::kBytes> SecretBytes(const KekShare& share, SecretAccess access) {
  return SecretBytes(share.value_, access);
}

absl::StatusOr<std::vector<KekShare>> SplitKek(const KeyEncryptionKey& kek, const ShareCounts& counts,
                                               SecretArena& arena) {
  if (!InRange(counts)) {
    return MakeError(
        Reason::kConfiguration,
        {{DetailKey::kField, "shares"}, {DetailKey::kExpected, "2 to 16 shares, of which at least 2 are needed"}});
  }
  // The KEK, and random coefficients: with one of them fixed, fewer shares than needed would say something.
  KOBLING_ASSIGN_OR_RETURN(SecretBuffer buffer, SecretBuffer::Allocate(arena, counts.needed * kSharedBytes));
  const std::span<std::uint8_t> coefficients = buffer.bytes(SecretAccess());
  std::ranges::copy(SecretBytes(kek, SecretAccess()), coefficients.begin());
  FillRandom(coefficients.subspan(kSharedBytes));
  KekSplitting splitting = {.id = {}, .counts = counts, .kek_id = kek.id()};
  FillRandom(splitting.id);
  std::vector<KekShare> shares;
  shares.reserve(counts.count);
  for (std::uint8_t number = 1; number <= counts.count; ++number) {
    KOBLING_ASSIGN_OR_RETURN(SecretKey value, SecretKey::Zero(arena));
    ShareAt(number, coefficients, MutableSecretBytes(value, SecretAccess()));
    shares.emplace_back(splitting, number, std::move(value));
  }
  return shares;
}

}  // namespace kobling::crypto
