#include "crypto/derivations.h"

#include <algorithm>
#include <string_view>

#include "domain/status_macros.h"

namespace kobling::crypto {
namespace {

constexpr std::string_view kIndexLabel = "kobling/v1/index";
constexpr std::string_view kPersonLabel = "kobling/v1/person";
constexpr std::string_view kLopenummerLabel = "kobling/v1/lopenummer";
constexpr std::string_view kSubjectLabel = "kobling/v1/subject";
constexpr std::string_view kDigestLabel = "kobling/v1/digest";

constexpr std::array<std::uint8_t, 1> kSeparator = {0};

// A message of the form label, zero byte, data. The label is written once and the data many times; it is wiped at the
// end, because the data is an identifier or a uid.
template <const std::string_view& kLabel, std::size_t kDataBytes>
class LabelledMessage {
 public:
  LabelledMessage() {
    std::copy(kLabel.begin(), kLabel.end(), bytes_.begin());
    bytes_[kLabel.size()] = kSeparator[0];
  }
  LabelledMessage(const LabelledMessage&) = delete;
  LabelledMessage& operator=(const LabelledMessage&) = delete;
  ~LabelledMessage() { Wipe(bytes_); }

  std::span<std::uint8_t, kDataBytes> data() { return std::span(bytes_).template last<kDataBytes>(); }
  std::span<const std::uint8_t> bytes() const { return bytes_; }

 private:
  std::array<std::uint8_t, kLabel.size() + 1 + kDataBytes> bytes_;
};

template <const std::string_view& kLabel>
using IdentifierMessage = LabelledMessage<kLabel, domain::NationalId::kLength>;
template <const std::string_view& kLabel>
using UidMessage = LabelledMessage<kLabel, sizeof(Uid::bytes)>;

template <typename Result>
Result FirstBytes(const Digest& digest) {
  Result result;
  std::copy_n(digest.begin(), result.bytes.size(), result.bytes.begin());
  return result;
}

template <typename Result, const std::string_view& kLabel>
Result OfIdentifier(const HmacSha256& mac, IdentifierMessage<kLabel>& message, const domain::NationalId& identifier) {
  const auto data = message.data();
  identifier.CopyDigits(
      std::span<char, domain::NationalId::kLength>(reinterpret_cast<char*>(data.data()), data.size()));
  return FirstBytes<Result>(mac.Mac(message.bytes()));
}

template <const std::string_view& kLabel>
Digest OfUid(const HmacSha256& mac, UidMessage<kLabel>& message, const Uid& uid) {
  std::copy(uid.bytes.begin(), uid.bytes.end(), message.data().begin());
  return mac.Mac(message.bytes());
}

domain::Lopenummer FirstBits(const Digest& digest) {
  domain::Lopenummer::Bits bits;
  std::copy_n(digest.begin(), bits.size(), bits.begin());
  return domain::Lopenummer(bits);
}

std::span<const std::uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

absl::StatusOr<IdentityIndex> IdentityIndex::Create(SecretArena& arena, const SecretKey& index_key) {
  KOBLING_ASSIGN_OR_RETURN(HmacSha256 mac, HmacSha256::Create(arena, index_key));
  return IdentityIndex(std::move(mac));
}

Tag IdentityIndex::TagOf(const domain::NationalId& identifier) const {
  IdentifierMessage<kIndexLabel> message;
  return OfIdentifier<Tag>(mac_, message, identifier);
}

void IdentityIndex::TagsOf(std::span<const domain::NationalId> identifiers, std::span<Tag> tags) const {
  IdentifierMessage<kIndexLabel> message;
  for (std::size_t i = 0; i < identifiers.size(); ++i) {
    tags[i] = OfIdentifier<Tag>(mac_, message, identifiers[i]);
  }
}

absl::StatusOr<PersonPseudonymizer> PersonPseudonymizer::Create(SecretArena& arena, const SecretKey& person_key) {
  KOBLING_ASSIGN_OR_RETURN(HmacSha256 mac, HmacSha256::Create(arena, person_key));
  return PersonPseudonymizer(std::move(mac));
}

Uid PersonPseudonymizer::UidOf(const domain::NationalId& representative) const {
  IdentifierMessage<kPersonLabel> message;
  return OfIdentifier<Uid>(mac_, message, representative);
}

void PersonPseudonymizer::UidsOf(std::span<const domain::NationalId> representatives, std::span<Uid> uids) const {
  IdentifierMessage<kPersonLabel> message;
  for (std::size_t i = 0; i < representatives.size(); ++i) {
    uids[i] = OfIdentifier<Uid>(mac_, message, representatives[i]);
  }
}

absl::StatusOr<LinkagePrf> LinkagePrf::Create(SecretArena& arena, const SecretKey& project_key) {
  KOBLING_ASSIGN_OR_RETURN(HmacSha256 mac, HmacSha256::Create(arena, project_key));
  return LinkagePrf(std::move(mac));
}

domain::Lopenummer LinkagePrf::Of(const Uid& uid) const {
  UidMessage<kLopenummerLabel> message;
  return FirstBits(OfUid(mac_, message, uid));
}

void LinkagePrf::LopenumreOf(std::span<const Uid> uids, std::span<domain::Lopenummer> lopenumre) const {
  UidMessage<kLopenummerLabel> message;
  for (std::size_t i = 0; i < uids.size(); ++i) {
    lopenumre[i] = FirstBits(OfUid(mac_, message, uids[i]));
  }
}

absl::StatusOr<SubjectReferencer> SubjectReferencer::Create(SecretArena& arena, const SecretKey& subject_key) {
  KOBLING_ASSIGN_OR_RETURN(HmacSha256 mac, HmacSha256::Create(arena, subject_key));
  return SubjectReferencer(std::move(mac));
}

SubjectReference SubjectReferencer::Of(const Uid& canonical_uid) const {
  UidMessage<kSubjectLabel> message;
  return FirstBytes<SubjectReference>(OfUid(mac_, message, canonical_uid));
}

absl::StatusOr<KeyedDigest> KeyedDigest::Create(SecretArena& arena, const SecretKey& digest_key) {
  KOBLING_ASSIGN_OR_RETURN(HmacSha256 mac, HmacSha256::Create(arena, digest_key));
  return KeyedDigest(std::move(mac));
}

Digest KeyedDigest::Of(DigestPurpose purpose, std::span<const std::uint8_t> data) const {
  HmacSha256::Stream stream = Start(purpose);
  stream.Update(data);
  return stream.Finish();
}

HmacSha256::Stream KeyedDigest::Start(DigestPurpose purpose) const {
  HmacSha256::Stream stream = mac_.Start();
  stream.Update(Bytes(kDigestLabel));
  stream.Update(kSeparator);
  stream.Update(Bytes(purpose.text()));
  stream.Update(kSeparator);
  return stream;
}

}  // namespace kobling::crypto
