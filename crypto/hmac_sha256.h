// HMAC-SHA-256 (RFC 2104) with a key that is prepared once, and HKDF-SHA-256 (RFC 5869).
//
// A keyed hash of one identifier is the innermost step of all that the service does in bulk. Preparing a key hashes its
// two padded blocks once; a short message then costs two blocks instead of four. The two states are as good as the key,
// so that they live in secret memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/status/statusor.h"
#include "crypto/secret_memory.h"
#include "crypto/sha256.h"

namespace kobling::crypto {

// A prepared key. Move-only; the arena must outlive it. Const functions may be called from several threads at once.
class HmacSha256 {
 public:
  // Fails only when the arena is full.
  static absl::StatusOr<HmacSha256> Create(SecretArena& arena, const SecretKey& key);
  // Any length of key. The caller wipes its own copy.
  static absl::StatusOr<HmacSha256> Create(SecretArena& arena, std::span<const std::uint8_t> key);

  // The authentication code of a message. Fastest for messages of up to 55 bytes.
  Digest Mac(std::span<const std::uint8_t> message) const;

  // The code of a message that comes in parts. The HmacSha256 that started it must outlive it and stay where it is. For
  // one thread at a time. A moved-from stream may only be destroyed.
  class Stream {
   public:
    Stream(Stream&& other) noexcept;
    Stream& operator=(Stream&&) = delete;
    ~Stream();

    void Update(std::span<const std::uint8_t> part);
    // To be called once, last.
    Digest Finish();

   private:
    friend class HmacSha256;
    explicit Stream(const HmacSha256& key);

    const HmacSha256* key_;
    alignas(8) std::array<std::byte, 112> state_;  // OpenSSL's SHA256_CTX, whose header stays out of ours
  };

  Stream Start() const { return Stream(*this); }

 private:
  explicit HmacSha256(SecretBuffer states) : states_(std::move(states)) {}

  SecretBuffer states_;  // the states after the inner and the outer padded key, 32 bytes each
};

// The authentication code under a key that is used once and therefore not worth preparing.
Digest MacOnce(std::span<const std::uint8_t, 32> key, std::span<const std::uint8_t> message);

// What HKDF derives from. An empty salt means 32 zero bytes, as the standard says.
struct HkdfInput {
  std::span<const std::uint8_t> key_material;
  std::span<const std::uint8_t> salt;
  std::span<const std::uint8_t> info;
};

// Fills `out`, at most 255 * 32 bytes, with HKDF-SHA-256 (extract, then expand).
void HkdfSha256(const HkdfInput& input, std::span<std::uint8_t> out);

}  // namespace kobling::crypto
