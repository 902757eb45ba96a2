// Does this build, on this machine, compute what the standards say?
#pragma once

#include "absl/status/status.h"
#include "crypto/secret_memory.h"

namespace kobling::crypto {

// Runs published vectors through every primitive that the service relies on (SHA-256, HMAC, HKDF, X25519,
// ChaCha20-Poly1305, XChaCha20-Poly1305, BLAKE2b, Ed25519) and the project's own through the derivations. The server
// runs it at start and does not start if it fails: INTERNAL, naming the primitive.
absl::Status SelfTest(SecretArena& arena);

}  // namespace kobling::crypto
