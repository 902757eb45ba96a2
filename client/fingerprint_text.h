// Fingerprints as people type them.
#pragma once

#include <string>
#include <string_view>

namespace kobling::client {

// The fingerprint in its one form, small letters in eight groups, if the text is one apart from capitals, hyphens and
// spaces; else the text as it is.
std::string NormalFingerprint(std::string_view text);

}  // namespace kobling::client
