// OpenSSL 3 deprecates the functions on SHA256_CTX in favour of EVP, which can neither keep a padded key as 32 bytes in
// memory of our own nor come near their speed on one block. They remain in OpenSSL 3 for good.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/hmac_sha256.h"

#include <endian.h>
#include <openssl/sha.h>
#include <sodium.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "domain/status_macros.h"

namespace kobling::crypto {
namespace {

constexpr std::size_t kBlockBytes = 64;
constexpr std::size_t kStateBytes = 32;
// What fits into one block with SHA-256's padding: the byte 0x80 and the length in 8 bytes.
constexpr std::size_t kShortMessage = kBlockBytes - 9;

static_assert(sizeof(SHA256_CTX::h) == kStateBytes);

// Everything secret that a computation leaves on the stack, wiped together.
struct Scratch {
  SHA256_CTX context;
  std::array<std::uint8_t, kBlockBytes> block;
  Digest digest;

  ~Scratch() { sodium_memzero(this, sizeof(*this)); }
};

// Whole words and not bytes, because the next step reads this in wide loads, which wait for narrower stores.
void StoreDigest(const SHA256_CTX& context, std::uint8_t* out) {
  for (const SHA_LONG word : context.h) {
    const std::uint32_t big_endian = htobe32(word);
    std::memcpy(out, &big_endian, sizeof(big_endian));
    out += sizeof(big_endian);
  }
}

// The last block of a message whose first block was a padded key. The padding is the byte 0x80, zeros, and the number
// of bits in both blocks; `data` must be a short message.
void FillLastBlock(std::span<const std::uint8_t> data, std::array<std::uint8_t, kBlockBytes>& block) {
  block.fill(0);
  std::copy(data.begin(), data.end(), block.begin());
  block[data.size()] = 0x80;
  const std::uint64_t bits = htobe64((kBlockBytes + data.size()) * 8);
  std::memcpy(block.data() + kBlockBytes - sizeof(bits), &bits, sizeof(bits));
}

// The state after the key, padded and combined with a byte as HMAC says.
void AbsorbKey(std::span<const std::uint8_t> key, std::uint8_t combined_with, std::uint8_t* state) {
  Scratch scratch;
  scratch.block.fill(combined_with);
  for (std::size_t i = 0; i < key.size(); ++i) {
    scratch.block[i] = static_cast<std::uint8_t>(scratch.block[i] ^ key[i]);
  }
  SHA256_Init(&scratch.context);
  SHA256_Transform(&scratch.context, scratch.block.data());
  std::memcpy(state, scratch.context.h, kStateBytes);
}

void PrepareStates(std::span<const std::uint8_t> key, std::uint8_t* states) {
  Digest hashed{};
  if (key.size() > kBlockBytes) {
    hashed = Sha256(key);
    key = hashed;
  }
  AbsorbKey(key, 0x36, states);
  AbsorbKey(key, 0x5c, states + kStateBytes);
  Wipe(hashed);
}

// Continues a hash whose state is known after exactly one block.
void ResumeAfterOneBlock(const std::uint8_t* state, SHA256_CTX& context) {
  SHA256_Init(&context);
  std::memcpy(context.h, state, kStateBytes);
  context.Nl = kBlockBytes * 8;
}

// The hash of the padded key with this state and a short message.
void HashShort(const std::uint8_t* state, std::span<const std::uint8_t> message, Scratch& scratch) {
  FillLastBlock(message, scratch.block);
  std::memcpy(scratch.context.h, state, kStateBytes);
  SHA256_Transform(&scratch.context, scratch.block.data());
  StoreDigest(scratch.context, scratch.digest.data());
}

// The outer hash, over the inner one that is in scratch.digest.
Digest OuterHash(const std::uint8_t* outer_state, Scratch& scratch) {
  HashShort(outer_state, scratch.digest, scratch);
  return scratch.digest;
}

Digest MacWithStates(const std::uint8_t* states, std::span<const std::uint8_t> message) {
  Scratch scratch;
  if (message.size() <= kShortMessage) {
    HashShort(states, message, scratch);
  } else {
    ResumeAfterOneBlock(states, scratch.context);
    SHA256_Update(&scratch.context, message.data(), message.size());
    SHA256_Final(scratch.digest.data(), &scratch.context);
  }
  return OuterHash(states + kStateBytes, scratch);
}

SHA256_CTX* ContextIn(std::byte* storage) { return std::launder(reinterpret_cast<SHA256_CTX*>(storage)); }

}  // namespace

absl::StatusOr<HmacSha256> HmacSha256::Create(SecretArena& arena, const SecretKey& key) {
  return Create(arena, std::span<const std::uint8_t>(SecretBytes(key, SecretAccess())));
}

absl::StatusOr<HmacSha256> HmacSha256::Create(SecretArena& arena, std::span<const std::uint8_t> key) {
  KOBLING_ASSIGN_OR_RETURN(SecretBuffer states, SecretBuffer::Allocate(arena, 2 * kStateBytes));
  PrepareStates(key, states.bytes(SecretAccess()).data());
  return HmacSha256(std::move(states));
}

Digest HmacSha256::Mac(std::span<const std::uint8_t> message) const {
  return MacWithStates(states_.bytes(SecretAccess()).data(), message);
}

HmacSha256::Stream::Stream(const HmacSha256& key) : key_(&key) {
  static_assert(sizeof(state_) == sizeof(SHA256_CTX) && alignof(SHA256_CTX) <= 8);
  ResumeAfterOneBlock(key_->states_.bytes(SecretAccess()).data(), *new (state_.data()) SHA256_CTX);
}

HmacSha256::Stream::Stream(Stream&& other) noexcept : key_(other.key_), state_(other.state_) {
  sodium_memzero(other.state_.data(), other.state_.size());
}

HmacSha256::Stream::~Stream() { sodium_memzero(state_.data(), state_.size()); }

void HmacSha256::Stream::Update(std::span<const std::uint8_t> part) {
  SHA256_Update(ContextIn(state_.data()), part.data(), part.size());
}

Digest HmacSha256::Stream::Finish() {
  Scratch scratch;
  SHA256_Final(scratch.digest.data(), ContextIn(state_.data()));
  return OuterHash(key_->states_.bytes(SecretAccess()).data() + kStateBytes, scratch);
}

Digest MacOnce(std::span<const std::uint8_t, 32> key, std::span<const std::uint8_t> message) {
  std::array<std::uint8_t, 2 * kStateBytes> states;
  PrepareStates(key, states.data());
  const Digest digest = MacWithStates(states.data(), message);
  Wipe(states);
  return digest;
}

void HkdfSha256(const HkdfInput& input, std::span<std::uint8_t> out) {
  // Extract: the salt is the key. HMAC pads a key with zeros, so that an empty salt is the 32 zero bytes of the
  // standard.
  std::array<std::uint8_t, 2 * kStateBytes> states;
  PrepareStates(input.salt, states.data());
  Digest pseudo_random_key = MacWithStates(states.data(), input.key_material);
  PrepareStates(pseudo_random_key, states.data());
  Wipe(pseudo_random_key);

  // Expand: each block is the code of the block before it, the info, and a counter.
  Digest block{};
  std::uint8_t counter = 1;
  for (std::size_t done = 0; done < out.size(); done += block.size(), ++counter) {
    Scratch scratch;
    ResumeAfterOneBlock(states.data(), scratch.context);
    SHA256_Update(&scratch.context, block.data(), done == 0 ? 0 : block.size());
    SHA256_Update(&scratch.context, input.info.data(), input.info.size());
    SHA256_Update(&scratch.context, &counter, 1);
    SHA256_Final(scratch.digest.data(), &scratch.context);
    block = OuterHash(states.data() + kStateBytes, scratch);
    const std::size_t length = std::min(block.size(), out.size() - done);
    std::copy_n(block.begin(), length, out.begin() + static_cast<std::ptrdiff_t>(done));
  }
  Wipe(block);
  Wipe(states);
}

}  // namespace kobling::crypto
