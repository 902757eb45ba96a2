// Signatures over files in the format of the stock `minisign` program: pre-hashed (BLAKE2b-512), Ed25519, with a
// trusted comment that the signature covers. docs/formats/key-file.md describes the bytes.
//
// Where the secret key is kept is no matter of this file: it is given a SigningKey, and minisign's own secret key files
// are neither read nor written.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/signing.h"

namespace kobling::crypto {

// Tells keys apart; random, made with the key and kept with it. It is no secret, and proves nothing.
using MinisignKeyId = std::array<std::uint8_t, 8>;

// As minisign prints it: 16 upper-case hexadecimal digits, the last byte first.
std::string MinisignKeyIdText(const MinisignKeyId& key_id);

// What is signed in place of a file: its BLAKE2b-512.
using MinisignHash = std::array<std::uint8_t, 64>;

// Hashes a file that comes in parts. For one thread at a time.
class MinisignHasher {
 public:
  MinisignHasher();
  MinisignHasher(const MinisignHasher&) = delete;
  MinisignHasher& operator=(const MinisignHasher&) = delete;

  void Update(std::span<const std::uint8_t> part);
  // To be called once, last.
  MinisignHash Finish();

 private:
  alignas(64) std::array<std::uint8_t, 384> state_;  // libsodium's state, whose header stays out of ours
};

// What is needed to check signatures. A value; safe to share between threads.
class MinisignPublicKey {
 public:
  MinisignPublicKey(const SigningPublicKey& key, const MinisignKeyId& key_id) : key_(key), key_id_(key_id) {}

  // Reads a public key file of minisign, or its second line alone ("RW...", 56 characters). Fails with FILE_MALFORMED.
  static absl::StatusOr<MinisignPublicKey> Parse(std::string_view text);

  // The key in one line, as for `minisign -P`.
  std::string line() const;
  // The content of a public key file, as for `minisign -p`.
  std::string text() const;
  // What two people compare to see that they mean the same key; see crypto/fingerprint.h. Made from line().
  std::string Fingerprint() const;

  const SigningPublicKey& key() const { return key_; }
  const MinisignKeyId& key_id() const { return key_id_; }

  friend bool operator==(const MinisignPublicKey&, const MinisignPublicKey&) = default;

 private:
  SigningPublicKey key_;
  MinisignKeyId key_id_;
};

// The longest comment, trusted or not, in bytes. Stock minisign holds up to 1,024 and 8,192.
inline constexpr std::size_t kMaxMinisignUntrustedComment = 1000;
inline constexpr std::size_t kMaxMinisignTrustedComment = 8000;

// Makes signatures. Sign is const and may be called from several threads at once.
class MinisignSigner {
 public:
  MinisignSigner(SigningKey key, const MinisignKeyId& key_id);

  const MinisignPublicKey& public_key() const { return public_key_; }

  // The content of a .minisig file. The comment is one line without control characters; fails with FIELD_MALFORMED or
  // FIELD_TOO_LONG if it is not.
  absl::StatusOr<std::string> Sign(const MinisignHash& hash, std::string_view trusted_comment) const;

 private:
  SigningKey key_;
  MinisignPublicKey public_key_;
};

// A .minisig file taken apart. Nothing in it is to be believed before VerifyMinisig.
struct MinisignSignature {
  // Exactly four lines, each with a line feed, as minisign writes them, for a pre-hashed file. Fails with
  // KEY_FILE_SIGNATURE.
  static absl::StatusOr<MinisignSignature> Parse(std::string_view text);

  std::string untrusted_comment;  // not covered by the signature: never to be shown or used
  MinisignKeyId key_id;
  Signature signature;
  std::string trusted_comment;
  Signature comment_signature;  // over signature and trusted comment
};

// The trusted comment, if the text of a .minisig file is a right signature of this key over this file and this comment.
// Fails with KEY_FILE_SIGNATURE.
[[nodiscard]] absl::StatusOr<std::string> VerifyMinisig(const MinisignPublicKey& public_key, const MinisignHash& hash,
                                                        std::string_view signature_text);

}  // namespace kobling::crypto
