// OpenSSL 3 deprecates the functions on SHA256_CTX in favour of EVP, which looks the algorithm up and allocates on
// every call: several times the cost of hashing one block. They remain in OpenSSL 3 for good.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/sha256.h"

#include <openssl/sha.h>

#include <new>

namespace kobling::crypto {
namespace {

SHA256_CTX* ContextIn(std::byte* storage) { return std::launder(reinterpret_cast<SHA256_CTX*>(storage)); }

}  // namespace

Digest Sha256(std::span<const std::uint8_t> data) { return Sha256({data}); }

Digest Sha256(std::initializer_list<std::span<const std::uint8_t>> parts) {
  SHA256_CTX context;
  SHA256_Init(&context);
  for (const auto part : parts) {
    SHA256_Update(&context, part.data(), part.size());
  }
  Digest digest;
  SHA256_Final(digest.data(), &context);
  return digest;
}

Sha256Hasher::Sha256Hasher() {
  static_assert(sizeof(state_) == sizeof(SHA256_CTX) && alignof(SHA256_CTX) <= 8);
  SHA256_Init(new (state_.data()) SHA256_CTX);
}

void Sha256Hasher::Update(std::span<const std::uint8_t> part) {
  SHA256_Update(ContextIn(state_.data()), part.data(), part.size());
}

Digest Sha256Hasher::Finish() {
  Digest digest;
  SHA256_Final(digest.data(), ContextIn(state_.data()));
  return digest;
}

}  // namespace kobling::crypto
