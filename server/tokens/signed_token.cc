#include "server/tokens/signed_token.h"

#include <algorithm>

#include "server/tokens/base64url.h"
#include "server/tokens/refusal.h"

namespace kobling::server {
namespace {

absl::Status Fails(SignedKind kind, std::string_view check) {
  return Refused(kind == SignedKind::kProof ? std::string("dpop ").append(check) : std::string(check));
}

// A member that need not be there, but is a text if it is.
bool IsTextIfThere(const Json& header, std::string_view name) {
  return header.Find(name) == nullptr || header.FindText(name) != nullptr;
}

}  // namespace

absl::StatusOr<SignedToken> SignedToken::Parse(std::string_view text, SignedKind kind) {
  if (text.size() > kMaxBytes) {
    return Fails(kind, "length");
  }
  const std::size_t first_dot = text.find('.');
  const std::size_t last_dot = text.rfind('.');
  // Four dots are a JWE, which is none of ours.
  if (std::count(text.begin(), text.end(), '.') != 2) {
    return Fails(kind, "form");
  }
  const std::optional<std::string> header_text = Base64UrlDecode(text.substr(0, first_dot));
  std::optional<Json> header = header_text ? Json::ParseObject(*header_text) : std::nullopt;
  if (!header) {
    return Fails(kind, "header");
  }
  const std::string* algorithm_name = header->FindText("alg");
  const std::optional<SignatureAlgorithm> algorithm =
      algorithm_name == nullptr ? std::nullopt : SignatureAlgorithmFromName(*algorithm_name);
  if (!algorithm) {
    return Fails(kind, "alg");
  }
  // Whatever it names, nothing of it is understood here.
  if (header->Find("crit") != nullptr) {
    return Fails(kind, "crit");
  }
  for (const std::string_view name : {"typ", "kid"}) {
    if (!IsTextIfThere(*header, name)) {
      return Fails(kind, name);
    }
  }
  std::optional<std::string> payload = Base64UrlDecode(text.substr(first_dot + 1, last_dot - first_dot - 1));
  std::optional<Json> claims = payload ? Json::ParseObject(*payload) : std::nullopt;
  if (!claims) {
    if (payload) {
      WipeText(*payload);
    }
    return Fails(kind, "claims");
  }
  SignedToken token(text, *algorithm, *std::move(header), *std::move(claims), *payload);
  WipeText(*payload);
  return token;
}

}  // namespace kobling::server
