// The worked examples of docs/formats, computed. Built into kobling_vectors, which writes them, and into the test that
// compares the committed files with them.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "crypto/secret_memory.h"

namespace kobling::crypto {

// derivations.json: every derivation, the wrapping of keys and the sealing of rows, under keys of counting bytes and
// with fixed nonces. The identifiers are synthetic or officially published examples.
absl::StatusOr<std::string> DerivationVectors(SecretArena& arena);

// kek.json: a KEK as it stands in a file, split among three, and sealed by a hardware security module, with fixed
// coefficients and a fixed nonce.
absl::StatusOr<std::string> KekVectors(SecretArena& arena);

// events-tree.json: heads and frontiers of the trees over the first 0 to 8 leaves of RFC 6962's reference data.
std::string EventsTreeVectors();

}  // namespace kobling::crypto
