// How this folder refuses: the name of the check that failed, and never a value of the token.
#pragma once

#include <string_view>

#include "domain/error.h"

namespace kobling::server {

// TOKEN_REFUSED. `check` is a constant: the name of a claim, of a member of the header or of a step, for example "exp",
// "typ" or "signature"; of the proof with "dpop " before it.
inline absl::Status Refused(std::string_view check) {
  return domain::MakeError(domain::Reason::kTokenRefused, {{domain::DetailKey::kHint, check}});
}

}  // namespace kobling::server
