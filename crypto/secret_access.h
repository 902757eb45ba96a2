// The word that must be said to read the bytes of a secret.
#pragma once

namespace kobling::crypto {

// Functions that give out key bytes take a SecretAccess, so that every place that reads a key can be found by searching
// for this name. Only crypto/ may say it; everything else uses keys through the classes that are named after a purpose.
struct SecretAccess {
  explicit SecretAccess() = default;
};

}  // namespace kobling::crypto
