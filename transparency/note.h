// Signed notes: a text that several keys sign (C2SP signed-note). docs/formats/log.md has the bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "crypto/signing.h"

namespace kobling::transparency {

// What a key signs: the number is part of the key's id, so that a key of one kind is never taken for the other.
enum class SignerKind : std::uint8_t { kLog = 0x01, kWitness = 0x04 };

// Tells keys of one name apart. No secret, and proves nothing.
using SignerId = std::array<std::uint8_t, 4>;

// Whether the text may name a signer: 1 to 200 printable ASCII characters without spaces and without "+".
bool IsSignerName(std::string_view text);

// The public half of a signer, as auditors are given it: "NAME+ID+KEY". A value.
class VerifierKey {
 public:
  VerifierKey(SignerKind kind, std::string name, const crypto::SigningPublicKey& key);

  // Fails with FIELD_MALFORMED unless the text is exactly what text() gives.
  static absl::StatusOr<VerifierKey> Parse(std::string_view text);
  std::string text() const;

  SignerKind kind() const { return kind_; }
  const std::string& name() const { return name_; }
  const SignerId& id() const { return id_; }
  const crypto::SigningPublicKey& key() const { return key_; }

  friend bool operator==(const VerifierKey&, const VerifierKey&) = default;

 private:
  SignerKind kind_;
  std::string name_;
  crypto::SigningPublicKey key_;
  SignerId id_;
};

// One line below a note. Nothing in it is to be believed before it is verified.
struct NoteSignature {
  std::string name;
  SignerId id;
  std::string signature;

  // The line, its line feed included.
  std::string line() const;
  // Fails with LOG_MALFORMED.
  static absl::StatusOr<NoteSignature> Parse(std::string_view line);

  friend bool operator==(const NoteSignature&, const NoteSignature&) = default;
};

// A text with its signatures.
struct Note {
  static constexpr std::size_t kMaxBytes = 16 * 1024;
  static constexpr std::size_t kMaxSignatures = 16;

  std::string text;  // ends with a line feed
  std::vector<NoteSignature> signatures;

  std::string bytes() const;
  // Fails with LOG_MALFORMED.
  static absl::StatusOr<Note> Parse(std::string_view bytes);

  // The signature by this key, if there is a line of its name and id.
  std::optional<std::string_view> SignatureBy(const VerifierKey& key) const;
};

}  // namespace kobling::transparency
