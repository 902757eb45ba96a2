// The claims that the tokens of all issuers share: for whom, how long, for what.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/tokens/strict_json.h"
#include "server/tokens/token_config.h"

namespace kobling::server {

// How far an issuer's clock and ours may be apart.
inline constexpr absl::Duration kClockSkew = absl::Seconds(30);

// Whether the claims hold at `now`, and not for longer than `max_life` altogether. The answer is `exp`. Fails with
// TOKEN_REFUSED for "exp", "iat", "nbf" or "life".
absl::StatusOr<absl::Time> CheckTimes(const Json& claims, absl::Duration max_life, absl::Time now);

// Whether the token is meant for this service. Fails with TOKEN_REFUSED for "aud".
absl::Status CheckAudience(const Json& claims, const TokenIssuerConfig& issuer);

// The words of `scope`, which is a text or a list; empty if there is none. Fails with TOKEN_REFUSED for "scope".
absl::StatusOr<std::vector<std::string>> ReadScopes(const Json& claims);

// Whether the text is one scope as RFC 6749 has it.
bool IsScope(std::string_view text);

// A claim that may be told in the log: a fingerprint of it, as crypto/fingerprint.h makes them. Nothing if the token
// has no such claim, and nothing if it holds eleven digits in a row: a fingerprint would give an identifier away. Fails
// with TOKEN_REFUSED, naming the claim, if it is no text or empty.
absl::StatusOr<std::optional<std::string>> FingerprintOfClaim(const Json& claims, std::string_view name);

// A time in whole seconds, as RFC 7519 counts them.
std::optional<absl::Time> ReadTime(const Json& claims, std::string_view name);

}  // namespace kobling::server
