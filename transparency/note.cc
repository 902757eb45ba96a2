#include "transparency/note.h"

#include <algorithm>
#include <span>

#include "crypto/base64.h"
#include "crypto/sha256.h"
#include "domain/error.h"
#include "domain/status_macros.h"
#include "domain/text.h"

namespace kobling::transparency {
namespace {

using crypto::Base64Padding;
using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr std::string_view kLineStart = "\u2014 ";
constexpr std::size_t kMaxNameBytes = 200;
constexpr char kHexDigits[] = "0123456789abcdef";

std::span<const std::uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

absl::Status Malformed(std::string_view what) { return MakeError(Reason::kLogMalformed, {{DetailKey::kHint, what}}); }

SignerId IdOf(SignerKind kind, std::string_view name, const crypto::SigningPublicKey& key) {
  const std::array<std::uint8_t, 2> separator = {'\n', static_cast<std::uint8_t>(kind)};
  const crypto::Digest digest = crypto::Sha256({Bytes(name), separator, key});
  SignerId id;
  std::copy_n(digest.begin(), id.size(), id.begin());
  return id;
}

std::string Hex(const SignerId& id) {
  std::string text;
  for (const std::uint8_t byte : id) {
    text += kHexDigits[byte >> 4];
    text += kHexDigits[byte & 15];
  }
  return text;
}

}  // namespace

bool IsSignerName(std::string_view text) {
  return !text.empty() && text.size() <= kMaxNameBytes &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~' && c != '+'; });
}

VerifierKey::VerifierKey(SignerKind kind, std::string name, const crypto::SigningPublicKey& key)
    : kind_(kind), name_(std::move(name)), key_(key), id_(IdOf(kind_, name_, key_)) {}

absl::StatusOr<VerifierKey> VerifierKey::Parse(std::string_view text) {
  const auto malformed = [] {
    return MakeError(Reason::kFieldMalformed,
                     {{DetailKey::kField, "verifier key"}, {DetailKey::kExpected, "NAME+ID+KEY, as it was published"}});
  };
  const std::size_t first = text.find('+');
  const std::size_t second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos || !IsSignerName(text.substr(0, first))) {
    return malformed();
  }
  const auto bytes = crypto::Base64Decode(text.substr(second + 1), Base64Padding::kPadded);
  crypto::SigningPublicKey key;
  if (!bytes.has_value() || bytes->size() != 1 + key.size()) {
    return malformed();
  }
  const std::uint8_t kind = bytes->front();
  if (kind != static_cast<std::uint8_t>(SignerKind::kLog) && kind != static_cast<std::uint8_t>(SignerKind::kWitness)) {
    return malformed();
  }
  std::copy(bytes->begin() + 1, bytes->end(), key.begin());
  VerifierKey parsed(static_cast<SignerKind>(kind), std::string(text.substr(0, first)), key);
  if (parsed.text() != text) {
    return malformed();
  }
  return parsed;
}

std::string VerifierKey::text() const {
  std::vector<std::uint8_t> bytes = {static_cast<std::uint8_t>(kind_)};
  bytes.insert(bytes.end(), key_.begin(), key_.end());
  return name_ + '+' + Hex(id_) + '+' + crypto::Base64Encode(bytes, Base64Padding::kPadded);
}

std::string NoteSignature::line() const {
  std::vector<std::uint8_t> bytes(id.begin(), id.end());
  bytes.insert(bytes.end(), signature.begin(), signature.end());
  std::string text(kLineStart);
  text += name;
  text += ' ';
  text += crypto::Base64Encode(bytes, Base64Padding::kPadded);
  text += '\n';
  return text;
}

absl::StatusOr<NoteSignature> NoteSignature::Parse(std::string_view line) {
  if (!line.starts_with(kLineStart) || !line.ends_with('\n')) {
    return Malformed("a signature line");
  }
  const std::string_view rest = line.substr(kLineStart.size(), line.size() - kLineStart.size() - 1);
  const std::size_t space = rest.find(' ');
  if (space == std::string_view::npos || !IsSignerName(rest.substr(0, space))) {
    return Malformed("a signature line");
  }
  const auto bytes = crypto::Base64Decode(rest.substr(space + 1), Base64Padding::kPadded);
  NoteSignature parsed;
  if (!bytes.has_value() || bytes->size() <= parsed.id.size()) {
    return Malformed("a signature line");
  }
  parsed.name = std::string(rest.substr(0, space));
  std::copy_n(bytes->begin(), parsed.id.size(), parsed.id.begin());
  parsed.signature.assign(bytes->begin() + static_cast<std::ptrdiff_t>(parsed.id.size()), bytes->end());
  return parsed;
}

std::string Note::bytes() const {
  std::string all = text + '\n';
  for (const NoteSignature& signature : signatures) {
    all += signature.line();
  }
  return all;
}

absl::StatusOr<Note> Note::Parse(std::string_view bytes) {
  if (bytes.size() > kMaxBytes || !domain::IsUtf8(bytes) ||
      std::any_of(bytes.begin(), bytes.end(), [](char c) { return c >= 0 && c < ' ' && c != '\n'; })) {
    return Malformed("a signed note");
  }
  const std::size_t border = bytes.rfind("\n\n");
  if (border == std::string_view::npos) {
    return Malformed("a signed note without signatures");
  }
  Note note;
  note.text = std::string(bytes.substr(0, border + 1));
  for (std::string_view rest = bytes.substr(border + 2); !rest.empty();) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end == std::string_view::npos ? end : end + 1);
    rest.remove_prefix(line.size());
    KOBLING_ASSIGN_OR_RETURN(NoteSignature signature, NoteSignature::Parse(line));
    // One line a key: two could differ, and it would be a matter of taste which of them counts.
    if (std::any_of(note.signatures.begin(), note.signatures.end(), [&](const NoteSignature& other) {
          return other.name == signature.name && other.id == signature.id;
        })) {
      return Malformed("a signed note with two signatures by one key");
    }
    note.signatures.push_back(std::move(signature));
  }
  if (note.signatures.empty() || note.signatures.size() > kMaxSignatures) {
    return Malformed("a signed note without signatures, or with too many");
  }
  return note;
}

std::optional<std::string_view> Note::SignatureBy(const VerifierKey& key) const {
  const auto found = std::find_if(signatures.begin(), signatures.end(), [&](const NoteSignature& signature) {
    return signature.name == key.name() && signature.id == key.id();
  });
  return found == signatures.end() ? std::nullopt : std::optional<std::string_view>(found->signature);
}

}  // namespace kobling::transparency
