#include "transparency/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <span>
#include <utility>

#include "crypto/base64.h"
#include "domain/big_endian.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::transparency {
namespace {

using crypto::Base64Padding;
using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr std::size_t kTimeBytes = 8;

std::span<const std::uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

absl::Status Malformed(std::string_view what) { return MakeError(Reason::kLogMalformed, {{DetailKey::kHint, what}}); }

absl::Status WrongSignature(std::string_view what) {
  return MakeError(Reason::kLogSignature, {{DetailKey::kHint, what}});
}

std::string CosignedText(std::uint64_t seconds, std::string_view text) {
  return "cosignature/v1\ntime " + std::to_string(seconds) + "\n" + std::string(text);
}

// The whole signature, or nothing if it has another length.
bool CopySignature(std::string_view bytes, crypto::Signature& signature) {
  if (bytes.size() != signature.size()) {
    return false;
  }
  std::copy(bytes.begin(), bytes.end(), signature.begin());
  return true;
}

}  // namespace

std::string TreeHead::text() const { return origin + '\n' + std::to_string(size) + '\n' + HashText(root) + '\n'; }

absl::StatusOr<TreeHead> TreeHead::Parse(std::string_view text) {
  const std::size_t first = text.find('\n');
  const std::size_t second = first == std::string_view::npos ? first : text.find('\n', first + 1);
  const std::size_t third = second == std::string_view::npos ? second : text.find('\n', second + 1);
  if (third == std::string_view::npos || third + 1 != text.size() || !IsSignerName(text.substr(0, first))) {
    return Malformed("a checkpoint");
  }
  TreeHead head;
  head.origin = std::string(text.substr(0, first));
  KOBLING_ASSIGN_OR_RETURN(head.size, ParseSize(text.substr(first + 1, second - first - 1)));
  KOBLING_ASSIGN_OR_RETURN(head.root, ParseHash(text.substr(second + 1, third - second - 1)));
  return head;
}

Note SignTreeHead(const TreeHead& head, const crypto::SigningKey& key) {
  Note note;
  note.text = head.text();
  const VerifierKey verifier(SignerKind::kLog, head.origin, key.public_key());
  const crypto::Signature signature = key.Sign(Bytes(note.text));
  note.signatures.push_back({head.origin, verifier.id(), std::string(signature.begin(), signature.end())});
  return note;
}

NoteSignature Cosign(std::string_view text, const VerifierKey& witness, const crypto::SigningKey& key,
                     absl::Time time) {
  const auto seconds = static_cast<std::uint64_t>(std::max<std::int64_t>(absl::ToUnixSeconds(time), 0));
  const std::string message = CosignedText(seconds, text);
  const crypto::Signature signature = key.Sign(Bytes(message));
  NoteSignature line{witness.name(), witness.id(), ""};
  domain::AppendBigEndian(line.signature, seconds);
  line.signature.append(signature.begin(), signature.end());
  return line;
}

absl::StatusOr<TreeHead> VerifyCheckpoint(const Note& note, const VerifierKey& log) {
  KOBLING_ASSIGN_OR_RETURN(TreeHead head, TreeHead::Parse(note.text));
  if (head.origin != log.name() || log.kind() != SignerKind::kLog) {
    return WrongSignature("the checkpoint is another log's");
  }
  const auto bytes = note.SignatureBy(log);
  if (!bytes.has_value()) {
    return WrongSignature("the checkpoint is not signed by this key of the log");
  }
  crypto::Signature signature;
  if (!CopySignature(*bytes, signature) || !crypto::VerifySignature(log.key(), Bytes(note.text), signature)) {
    return WrongSignature("the log's signature of the checkpoint is wrong");
  }
  return head;
}

absl::StatusOr<absl::Time> VerifyCosignature(const Note& note, const VerifierKey& witness) {
  const auto bytes = note.SignatureBy(witness);
  if (!bytes.has_value() || witness.kind() != SignerKind::kWitness) {
    return WrongSignature("the checkpoint is not cosigned by this witness");
  }
  crypto::Signature signature;
  if (bytes->size() < kTimeBytes || !CopySignature(bytes->substr(kTimeBytes), signature)) {
    return WrongSignature("the witness's signature of the checkpoint is wrong");
  }
  const auto seconds = domain::ReadBigEndian<std::uint64_t>(*bytes);
  if (seconds > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) ||
      !crypto::VerifySignature(witness.key(), Bytes(CosignedText(seconds, note.text)), signature)) {
    return WrongSignature("the witness's signature of the checkpoint is wrong");
  }
  return absl::FromUnixSeconds(static_cast<std::int64_t>(seconds));
}

absl::StatusOr<std::uint64_t> ParseSize(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || (text.size() > 1 && text.front() == '0') ||
      number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return Malformed("a number");
  }
  return number;
}

absl::StatusOr<crypto::Digest> ParseHash(std::string_view text) {
  const auto bytes = crypto::Base64Decode(text, Base64Padding::kPadded);
  crypto::Digest hash;
  if (!bytes.has_value() || bytes->size() != hash.size()) {
    return Malformed("a hash");
  }
  std::copy(bytes->begin(), bytes->end(), hash.begin());
  return hash;
}

std::string HashText(const crypto::Digest& hash) { return crypto::Base64Encode(hash, Base64Padding::kPadded); }

}  // namespace kobling::transparency
