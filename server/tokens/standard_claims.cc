#include "server/tokens/standard_claims.h"

#include <algorithm>
#include <cstdint>

#include "crypto/fingerprint.h"
#include "domain/national_id.h"
#include "server/tokens/refusal.h"

namespace kobling::server {
namespace {

// Seconds up to the year 10000: beyond it, arithmetic would no longer be exact.
constexpr std::uint64_t kTimeEnd = 253'402'300'800;

constexpr std::string_view kUnspecified = "unspecified";

bool HoldsElevenDigits(std::string_view text) {
  std::size_t run = 0;
  for (const char c : text) {
    run = c >= '0' && c <= '9' ? run + 1 : 0;
    if (run == domain::NationalId::kLength) {
      return true;
    }
  }
  return false;
}

// A claim that is a text or a list of texts; nothing if it is anything else.
std::optional<std::vector<std::string>> TextOrTexts(const Json& claim) {
  if (const std::string* text = claim.text()) {
    return std::vector<std::string>{*text};
  }
  if (claim.array() == nullptr) {
    return std::nullopt;
  }
  std::vector<std::string> texts;
  for (const Json& element : *claim.array()) {
    if (element.text() == nullptr) {
      return std::nullopt;
    }
    texts.push_back(*element.text());
  }
  return texts;
}

}  // namespace

std::optional<absl::Time> ReadTime(const Json& claims, std::string_view name) {
  const Json* claim = claims.Find(name);
  const std::optional<std::uint64_t> seconds = claim == nullptr ? std::nullopt : claim->whole_number();
  if (!seconds || *seconds >= kTimeEnd) {
    return std::nullopt;
  }
  return absl::FromUnixSeconds(static_cast<std::int64_t>(*seconds));
}

absl::StatusOr<absl::Time> CheckTimes(const Json& claims, absl::Duration max_life, absl::Time now) {
  const std::optional<absl::Time> expires = ReadTime(claims, "exp");
  if (!expires || now >= *expires + kClockSkew) {
    return Refused("exp");
  }
  const std::optional<absl::Time> issued = ReadTime(claims, "iat");
  if (!issued || now < *issued - kClockSkew) {
    return Refused("iat");
  }
  if (claims.Find("nbf") != nullptr) {
    const std::optional<absl::Time> begins = ReadTime(claims, "nbf");
    if (!begins || now < *begins - kClockSkew) {
      return Refused("nbf");
    }
  }
  if (*expires <= *issued || *expires - *issued > max_life) {
    return Refused("life");
  }
  return *expires;
}

absl::Status CheckAudience(const Json& claims, const TokenIssuerConfig& issuer) {
  const Json* claim = claims.Find("aud");
  if (claim == nullptr) {
    return issuer.audience_may_be_unspecified ? absl::OkStatus() : Refused("aud");
  }
  const std::optional<std::vector<std::string>> audiences = TextOrTexts(*claim);
  if (!audiences || (audiences->size() > 1 && !issuer.several_audiences)) {
    return Refused("aud");
  }
  const bool is_ours = std::find(audiences->begin(), audiences->end(), issuer.audience) != audiences->end();
  const bool is_open =
      issuer.audience_may_be_unspecified && audiences->size() == 1 && audiences->front() == kUnspecified;
  return is_ours || is_open ? absl::OkStatus() : Refused("aud");
}

bool IsScope(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~' && c != '"' && c != '\\'; });
}

absl::StatusOr<std::vector<std::string>> ReadScopes(const Json& claims) {
  const Json* claim = claims.Find("scope");
  if (claim == nullptr) {
    return std::vector<std::string>();
  }
  std::optional<std::vector<std::string>> scopes = TextOrTexts(*claim);
  if (!scopes) {
    return Refused("scope");
  }
  if (const std::string* text = claim->text()) {
    scopes->clear();
    for (std::size_t begin = 0; begin <= text->size();) {
      const std::size_t end = std::min(text->find(' ', begin), text->size());
      scopes->push_back(text->substr(begin, end - begin));
      begin = end + 1;
    }
  }
  if (!std::all_of(scopes->begin(), scopes->end(), IsScope)) {
    return Refused("scope");
  }
  return *std::move(scopes);
}

absl::StatusOr<std::optional<std::string>> FingerprintOfClaim(const Json& claims, std::string_view name) {
  if (claims.Find(name) == nullptr) {
    return std::optional<std::string>();
  }
  const std::string* text = claims.FindText(name);
  if (text == nullptr || text->empty()) {
    return Refused(name);
  }
  return HoldsElevenDigits(*text) ? std::nullopt : std::optional<std::string>(crypto::FingerprintOf(*text));
}

}  // namespace kobling::server
