#include "crypto/minisign.h"

#include <sodium.h>

#include <algorithm>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "crypto/base64.h"
#include "crypto/fingerprint.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::crypto {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

using AlgorithmName = std::array<std::uint8_t, 2>;
constexpr AlgorithmName kPlainAlgorithm = {'E', 'd'};      // of public keys, and of signatures over the file itself
constexpr AlgorithmName kPreHashedAlgorithm = {'E', 'D'};  // of signatures over the file's hash

constexpr std::string_view kUntrustedMark = "untrusted comment: ";
constexpr std::string_view kTrustedMark = "trusted comment: ";
constexpr std::string_view kUntrustedComment = "signature from Kobling";

// Byte arrays, one after the other.
template <typename... Parts>
std::vector<std::uint8_t> Join(const Parts&... parts) {
  std::vector<std::uint8_t> joined;
  (joined.insert(joined.end(), std::begin(parts), std::end(parts)), ...);
  return joined;
}

// Takes bytes apart in order; their number was checked before.
class Taker {
 public:
  explicit Taker(std::span<const std::uint8_t> bytes) : rest_(bytes) {}

  template <std::size_t kSize>
  void Take(std::array<std::uint8_t, kSize>& out) {
    std::copy_n(rest_.begin(), kSize, out.begin());
    rest_ = rest_.subspan(kSize);
  }

 private:
  std::span<const std::uint8_t> rest_;
};

constexpr std::size_t kPublicKeyBytes = sizeof(AlgorithmName) + sizeof(MinisignKeyId) + sizeof(SigningPublicKey);
constexpr std::size_t kSignatureBytes = sizeof(AlgorithmName) + sizeof(MinisignKeyId) + sizeof(Signature);

// Decodes base64 of exactly this many bytes.
std::optional<std::vector<std::uint8_t>> DecodeExactly(std::string_view text, std::size_t bytes) {
  std::optional<std::vector<std::uint8_t>> decoded = Base64Decode(text, Base64Padding::kPadded);
  return decoded.has_value() && decoded->size() == bytes ? decoded : std::nullopt;
}

// A comment may be shown on a terminal, so that nothing in it may steer one.
bool IsPlainLine(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char character) {
    const auto byte = static_cast<unsigned char>(character);
    return byte < 0x20 || byte == 0x7f;
  });
}

// The lines of a text in which each line ends in a line feed; nothing if the last does not.
std::optional<std::vector<std::string_view>> WholeLines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) {
      return std::nullopt;
    }
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return lines;
}

// What follows the mark at the beginning of a line, if it is a plain line of at most this many bytes.
std::optional<std::string_view> CommentAfter(std::string_view mark, std::string_view line, std::size_t max_bytes) {
  if (line.substr(0, mark.size()) != mark) {
    return std::nullopt;
  }
  const std::string_view comment = line.substr(mark.size());
  return IsPlainLine(comment) && comment.size() <= max_bytes ? std::optional(comment) : std::nullopt;
}

absl::Status BadSignature(std::string_view hint) {
  return MakeError(Reason::kKeyFileSignature, {{DetailKey::kHint, hint}});
}

crypto_generichash_blake2b_state* StateIn(std::span<std::uint8_t> memory) {
  return std::launder(reinterpret_cast<crypto_generichash_blake2b_state*>(memory.data()));
}

}  // namespace

std::string MinisignKeyIdText(const MinisignKeyId& key_id) {
  std::string text;
  for (auto byte = key_id.rbegin(); byte != key_id.rend(); ++byte) {
    text.append(absl::StrFormat("%02X", *byte));
  }
  return text;
}

MinisignHasher::MinisignHasher() {
  static_assert(sizeof(state_) >= sizeof(crypto_generichash_blake2b_state));
  static_assert(alignof(MinisignHasher) >= alignof(crypto_generichash_blake2b_state));
  // Picks the fast code for this machine; should it fail, the hash is the same, only slower.
  [[maybe_unused]] const int ignored = sodium_init();
  ::new (state_.data()) crypto_generichash_blake2b_state;
  crypto_generichash_blake2b_init(StateIn(state_), nullptr, 0, sizeof(MinisignHash));
}

void MinisignHasher::Update(std::span<const std::uint8_t> part) {
  crypto_generichash_blake2b_update(StateIn(state_), part.data(), part.size());
}

MinisignHash MinisignHasher::Finish() {
  MinisignHash hash;
  crypto_generichash_blake2b_final(StateIn(state_), hash.data(), hash.size());
  return hash;
}

absl::StatusOr<MinisignPublicKey> MinisignPublicKey::Parse(std::string_view text) {
  const auto malformed = [] {
    return MakeError(Reason::kFileMalformed, {{DetailKey::kHint, "not a minisign public key"}});
  };
  std::string with_line_feed(text);
  if (!text.empty() && text.back() != '\n') {
    with_line_feed.push_back('\n');
  }
  const std::optional<std::vector<std::string_view>> lines = WholeLines(with_line_feed);
  if (!lines.has_value() || lines->empty() || lines->size() > 2) {
    return malformed();
  }
  if (lines->size() == 2 && !CommentAfter(kUntrustedMark, lines->front(), kMaxMinisignUntrustedComment).has_value()) {
    return malformed();
  }
  const std::optional<std::vector<std::uint8_t>> bytes = DecodeExactly(lines->back(), kPublicKeyBytes);
  if (!bytes.has_value()) {
    return malformed();
  }
  Taker taker(*bytes);
  AlgorithmName algorithm;
  MinisignKeyId key_id;
  SigningPublicKey key;
  taker.Take(algorithm);
  taker.Take(key_id);
  taker.Take(key);
  if (algorithm != kPlainAlgorithm) {
    return malformed();
  }
  return MinisignPublicKey(key, key_id);
}

std::string MinisignPublicKey::line() const {
  return Base64Encode(Join(kPlainAlgorithm, key_id_, key_), Base64Padding::kPadded);
}

std::string MinisignPublicKey::text() const {
  return absl::StrFormat("%sminisign public key %s\n%s\n", kUntrustedMark, MinisignKeyIdText(key_id_), line());
}

std::string MinisignPublicKey::Fingerprint() const { return FingerprintOf(line()); }

MinisignSigner::MinisignSigner(SigningKey key, const MinisignKeyId& key_id)
    : key_(std::move(key)), public_key_(key_.public_key(), key_id) {}

absl::StatusOr<std::string> MinisignSigner::Sign(const MinisignHash& hash, std::string_view trusted_comment) const {
  if (trusted_comment.size() > kMaxMinisignTrustedComment) {
    return MakeError(Reason::kFieldTooLong,
                     {{DetailKey::kField, "trusted_comment"}, {DetailKey::kLimit, kMaxMinisignTrustedComment}});
  }
  if (!IsPlainLine(trusted_comment)) {
    return MakeError(Reason::kFieldMalformed, {{DetailKey::kField, "trusted_comment"}});
  }
  const Signature signature = key_.Sign(hash);
  const Signature comment_signature = key_.Sign(Join(signature, trusted_comment));
  return absl::StrFormat(
      "%s%s\n%s\n%s%s\n%s\n", kUntrustedMark, kUntrustedComment,
      Base64Encode(Join(kPreHashedAlgorithm, public_key_.key_id(), signature), Base64Padding::kPadded), kTrustedMark,
      trusted_comment, Base64Encode(comment_signature, Base64Padding::kPadded));
}

absl::StatusOr<MinisignSignature> MinisignSignature::Parse(std::string_view text) {
  const std::optional<std::vector<std::string_view>> lines = WholeLines(text);
  if (!lines.has_value() || lines->size() != 4) {
    return BadSignature("a signature file has four lines");
  }
  const auto untrusted_comment = CommentAfter(kUntrustedMark, (*lines)[0], kMaxMinisignUntrustedComment);
  const auto signature_bytes = DecodeExactly((*lines)[1], kSignatureBytes);
  const auto trusted_comment = CommentAfter(kTrustedMark, (*lines)[2], kMaxMinisignTrustedComment);
  const auto comment_signature_bytes = DecodeExactly((*lines)[3], sizeof(Signature));
  if (!untrusted_comment.has_value() || !signature_bytes.has_value() || !trusted_comment.has_value() ||
      !comment_signature_bytes.has_value()) {
    return BadSignature("the signature file is malformed");
  }
  MinisignSignature parsed = {.untrusted_comment = std::string(*untrusted_comment),
                              .key_id = {},
                              .signature = {},
                              .trusted_comment = std::string(*trusted_comment),
                              .comment_signature = {}};
  AlgorithmName algorithm;
  Taker taker(*signature_bytes);
  taker.Take(algorithm);
  taker.Take(parsed.key_id);
  taker.Take(parsed.signature);
  Taker(*comment_signature_bytes).Take(parsed.comment_signature);
  if (algorithm != kPreHashedAlgorithm) {
    return BadSignature("the signature is of another kind than pre-hashed Ed25519");
  }
  return parsed;
}

absl::StatusOr<std::string> VerifyMinisig(const MinisignPublicKey& public_key, const MinisignHash& hash,
                                          std::string_view signature_text) {
  KOBLING_ASSIGN_OR_RETURN(MinisignSignature parsed, MinisignSignature::Parse(signature_text));
  if (parsed.key_id != public_key.key_id()) {
    return BadSignature("the signature was made with another key");
  }
  if (!VerifySignature(public_key.key(), hash, parsed.signature)) {
    return BadSignature("the file is not the one that was signed");
  }
  if (!VerifySignature(public_key.key(), Join(parsed.signature, parsed.trusted_comment), parsed.comment_signature)) {
    return BadSignature("the signed comment was changed");
  }
  return std::move(parsed).trusted_comment;
}

}  // namespace kobling::crypto
