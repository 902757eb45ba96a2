// The keyed hashes that the service is about, one class for each purpose, byte exact as docs/formats/derivations.md:
//
//   tag        = HMAC-SHA-256(K_index,   "kobling/v1/index"      00 identifier[11])[0:16]
//   uid        = HMAC-SHA-256(K_person,  "kobling/v1/person"     00 identifier[11])[0:16]
//   lopenummer = HMAC-SHA-256(K_project, "kobling/v1/lopenummer" 00 uid[16])[0:10], written by domain::Lopenummer
//   subject    = HMAC-SHA-256(K_subject, "kobling/v1/subject"    00 uid[16])[0:16]
//   digest     = HMAC-SHA-256(K_digest,  "kobling/v1/digest"     00 purpose 00 data)
//
// Each key is 256 random bits and serves one purpose. The label is hashed as well, so that even the same key in two
// places by mistake would give unrelated values.
//
// All classes are move-only, hold a prepared key in the arena (which must outlive them) and do not keep the SecretKey
// that they were made from. Create fails only when the arena is full. Const functions may be called from several
// threads.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "crypto/hmac_sha256.h"
#include "crypto/secret_memory.h"
#include "domain/lopenummer.h"
#include "domain/national_id.h"

namespace kobling::crypto {

// Where an identifier is found in the directory: a keyed fingerprint of it. Stored, and useless without K_index.
struct Tag {
  std::array<std::uint8_t, 16> bytes;
  friend auto operator<=>(const Tag&, const Tag&) = default;
};

// A person's number inside the secret domain, the same in all projects. Never stored and never sent.
struct Uid {
  std::array<std::uint8_t, 16> bytes;
  friend auto operator<=>(const Uid&, const Uid&) = default;
};

// How an event names a person, so that "who looked me up" has an answer. Destroying K_subject ends the connection.
struct SubjectReference {
  std::array<std::uint8_t, 16> bytes;
  friend auto operator<=>(const SubjectReference&, const SubjectReference&) = default;
};

// For finding identifiers in the directory, and nothing else. With 128 bits, two of 10^9 identifiers share a tag with a
// chance of 1.5 * 10^-21.
class IdentityIndex {
 public:
  static absl::StatusOr<IdentityIndex> Create(SecretArena& arena, const SecretKey& index_key);

  Tag TagOf(const domain::NationalId& identifier) const;
  // tags[i] = TagOf(identifiers[i]); both of the same length.
  void TagsOf(std::span<const domain::NationalId> identifiers, std::span<Tag> tags) const;

 private:
  explicit IdentityIndex(HmacSha256 mac) : mac_(std::move(mac)) {}
  HmacSha256 mac_;
};

// The first of the two steps from an identifier to a løpenummer. It is given the person's *representative* identifier
// in the project, never simply the identifier at hand: otherwise a person with two identifiers becomes two persons.
class PersonPseudonymizer {
 public:
  static absl::StatusOr<PersonPseudonymizer> Create(SecretArena& arena, const SecretKey& person_key);

  Uid UidOf(const domain::NationalId& representative) const;
  // uids[i] = UidOf(representatives[i]); both of the same length.
  void UidsOf(std::span<const domain::NationalId> representatives, std::span<Uid> uids) const;

 private:
  explicit PersonPseudonymizer(HmacSha256 mac) : mac_(std::move(mac)) {}
  HmacSha256 mac_;
};

// The second step, under the key of one project and key version.
//
// A løpenummer has 80 bits. With n persons in a project, the chance that any two of them share one is about n^2 / 2^81:
// 4 * 10^-11 for 10 million persons, and 8 * 10^-7 for one collision anywhere in 20,000 projects of that size. So it is
// unlikely, not impossible: whoever issues løpenumre must check that they are distinct within the project, and issue
// nothing if they are not.
class LinkagePrf {
 public:
  static absl::StatusOr<LinkagePrf> Create(SecretArena& arena, const SecretKey& project_key);

  domain::Lopenummer Of(const Uid& uid) const;
  // lopenumre[i] = Of(uids[i]); both of the same length.
  void LopenumreOf(std::span<const Uid> uids, std::span<domain::Lopenummer> lopenumre) const;

 private:
  explicit LinkagePrf(HmacSha256 mac) : mac_(std::move(mac)) {}
  HmacSha256 mac_;
};

// Names a person in events. It is given the uid of the person's *canonical* identifier, which is the same in all
// projects.
class SubjectReferencer {
 public:
  static absl::StatusOr<SubjectReferencer> Create(SecretArena& arena, const SecretKey& subject_key);

  SubjectReference Of(const Uid& canonical_uid) const;

 private:
  explicit SubjectReferencer(HmacSha256 mac) : mac_(std::move(mac)) {}
  HmacSha256 mac_;
};

// What a digest is of: one to 32 of a-z, 0-9 and '-', written as a literal and checked by the compiler. Digests of the
// same data for two purposes have nothing in common.
class DigestPurpose {
 public:
  template <std::size_t size>
  consteval DigestPurpose(const char (&literal)[size])  // NOLINT(google-explicit-constructor): digest.Of("set", data)
      : text_(literal, size - 1) {
    static_assert(size >= 2 && size <= 33, "a purpose has 1 to 32 characters");
    for (const char c : text_) {
      if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) {
        throw "a purpose is made of a-z, 0-9 and '-'";  // never runs: it makes the constant expression ill-formed
      }
    }
  }

  std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

// The digest of anything that identifiers or løpenumre could be guessed from (a plaintext, a set, a request) and that
// leaves the secret domain, for example into an event or a signed comment. An unkeyed digest could be tried against all
// possible identifiers.
class KeyedDigest {
 public:
  static absl::StatusOr<KeyedDigest> Create(SecretArena& arena, const SecretKey& digest_key);

  Digest Of(DigestPurpose purpose, std::span<const std::uint8_t> data) const;
  // For data that comes in parts: Update, then Finish once. The result is that of Of over all parts.
  HmacSha256::Stream Start(DigestPurpose purpose) const;

 private:
  explicit KeyedDigest(HmacSha256 mac) : mac_(std::move(mac)) {}
  HmacSha256 mac_;
};

}  // namespace kobling::crypto
