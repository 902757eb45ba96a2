#include "crypto/sealed_box.h"

#include <sodium.h>

#include <cstdint>

#include "domain/error.h"

namespace kobling::crypto {
namespace {

constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
static_assert(RecordSealer::kOverhead == kNonceBytes + crypto_aead_xchacha20poly1305_ietf_ABYTES);

const std::uint8_t* Bytes(const char* text) { return reinterpret_cast<const std::uint8_t*>(text); }
std::uint8_t* Bytes(char* text) { return reinterpret_cast<std::uint8_t*>(text); }

}  // namespace

std::string RecordSealer::Seal(std::string_view plaintext, AssociatedData what) const {
  std::string sealed(kOverhead + plaintext.size(), '\0');
  std::uint8_t* const nonce = Bytes(sealed.data());
  randombytes_buf(nonce, kNonceBytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + kNonceBytes, nullptr, Bytes(plaintext.data()), plaintext.size(),
                                             Bytes(what.text.data()), what.text.size(), nullptr, nonce,
                                             SecretBytes(key_, SecretAccess()).data());
  return sealed;
}

absl::StatusOr<std::string> RecordSealer::Open(std::string_view sealed, AssociatedData what) const {
  if (sealed.size() < kOverhead) {
    return domain::MakeError(domain::Reason::kRecordCorrupt);
  }
  std::string plaintext(sealed.size() - kOverhead, '\0');
  const std::uint8_t* const nonce = Bytes(sealed.data());
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(Bytes(plaintext.data()), nullptr, nullptr, nonce + kNonceBytes,
                                                 sealed.size() - kNonceBytes, Bytes(what.text.data()), what.text.size(),
                                                 nonce, SecretBytes(key_, SecretAccess()).data()) != 0) {
    return domain::MakeError(domain::Reason::kRecordCorrupt);
  }
  return plaintext;
}

}  // namespace kobling::crypto
