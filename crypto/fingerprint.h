// Fingerprints of public keys: short enough for two people to compare over the telephone.
#pragma once

#include <string>
#include <string_view>

namespace kobling::crypto {

// The first 16 bytes of the SHA-256 of a public key's text, as eight groups of four lower-case hexadecimal digits with
// hyphens between them: 39 characters. Only for text that is public.
std::string FingerprintOf(std::string_view public_key_text);

// True if the text has the form that FingerprintOf gives.
bool IsFingerprint(std::string_view text);

}  // namespace kobling::crypto
