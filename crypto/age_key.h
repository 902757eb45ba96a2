// Keys of the age file format (age-encryption.org/v1), X25519 kind: a register's recipient, which seals files for it,
// and its identity, which opens them. Texts and files are those of the stock `age-keygen` program.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crypto/secret_memory.h"

namespace kobling::crypto {

// A point of Curve25519: a public key, or the public share of a one-time key.
using X25519Point = std::array<std::uint8_t, 32>;

// Who may open a file: a public key. A value; safe to share between threads.
class AgeRecipient {
 public:
  // Reads "age1...", 62 characters in lower case. Fails with RECIPIENT_KEY_MALFORMED if the text is anything else, or a
  // point with which no secret can be agreed on.
  static absl::StatusOr<AgeRecipient> Parse(std::string_view text);

  const std::string& text() const { return text_; }
  const X25519Point& point() const { return point_; }

  // What two people compare to see that they mean the same key; see crypto/fingerprint.h.
  std::string Fingerprint() const;

  friend bool operator==(const AgeRecipient& left, const AgeRecipient& right) { return left.point_ == right.point_; }

 private:
  friend class AgeIdentity;
  explicit AgeRecipient(const X25519Point& point);

  X25519Point point_;
  std::string text_;
};

// The secret that opens files sealed for recipient(). It lives in the arena, which must outlive it. Move-only. Const
// functions may be called from several threads at once.
class AgeIdentity {
 public:
  // A new random identity. Fails only when the arena is full.
  static absl::StatusOr<AgeIdentity> Generate(SecretArena& arena);

  // Reads "AGE-SECRET-KEY-1...". The caller wipes its own copy of the text. Fails with PROFILE.
  static absl::StatusOr<AgeIdentity> Parse(std::string_view text, SecretArena& arena);

  // Reads a file as `age-keygen` writes it: one identity; lines that are empty or begin with '#' do not count. Fails
  // with FILE_NOT_FOUND, FILE_MODE (others than its owner could read or change it), FILE_UNREADABLE, or PROFILE (not
  // exactly one identity). Each names the file.
  static absl::StatusOr<AgeIdentity> Load(const std::filesystem::path& file, SecretArena& arena);

  // Writes a new file that Load and the stock `age -i` read, for its owner only, and makes sure that it is on disk.
  // `created` is noted in it, in UTC. Never replaces a file: fails with FILE_EXISTS, else with FILE_UNWRITABLE.
  absl::Status Write(const std::filesystem::path& file, absl::Time created) const;

  const AgeRecipient& recipient() const { return recipient_; }

  // The secret that this identity and the holder of the share's private half have in common. Fails with
  // KEY_FILE_ALTERED if the share is a point that gives everybody the same secret.
  absl::StatusOr<SecretKey> AgreeWith(const X25519Point& share, SecretArena& arena) const;

 private:
  AgeIdentity(SecretKey secret, AgeRecipient recipient);

  static absl::StatusOr<AgeIdentity> FromSecret(SecretKey secret);

  SecretKey secret_;
  AgeRecipient recipient_;
};

}  // namespace kobling::crypto
