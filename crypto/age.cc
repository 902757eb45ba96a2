#include "crypto/age.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "crypto/age_file_key.h"
#include "crypto/age_header.h"
#include "crypto/random.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::crypto {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr std::size_t kTagBytes = crypto_aead_chacha20poly1305_ietf_ABYTES;
constexpr std::size_t kSealedChunkBytes = kAgeChunkBytes + kTagBytes;
constexpr std::size_t kHeaderReadBytes = 4096;
constexpr std::uint8_t kLastChunk = 1;
constexpr std::uint8_t kNotLastChunk = 0;

using ChunkNonce = std::array<std::uint8_t, crypto_aead_chacha20poly1305_ietf_NPUBBYTES>;

// Eleven bytes of chunk number, big-endian, and the mark of the last chunk.
ChunkNonce NonceOf(std::uint64_t chunk_number, std::uint8_t last_chunk_mark) {
  ChunkNonce nonce = {};
  for (std::size_t i = 0; i < sizeof(chunk_number); ++i) {
    nonce[10 - i] = static_cast<std::uint8_t>(chunk_number >> (8 * i));
  }
  nonce[11] = last_chunk_mark;
  return nonce;
}

std::span<const std::uint8_t> BytesOf(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Reads until `out` is full or the source ends, and says how much that is.
absl::StatusOr<std::size_t> ReadFully(ByteSource& source, std::span<std::uint8_t> out) {
  std::size_t size = 0;
  while (size < out.size()) {
    KOBLING_ASSIGN_OR_RETURN(const std::size_t got, source.Read(out.subspan(size)));
    if (got == 0) {
      break;
    }
    size += got;
  }
  return size;
}

absl::Status Truncated() { return MakeError(Reason::kKeyFileTruncated); }
absl::Status Altered(std::string_view hint) { return MakeError(Reason::kKeyFileAltered, {{DetailKey::kHint, hint}}); }

// libsodium picks its fast code when it is initialised; doing so again costs nothing.
absl::Status PrepareLibrary() { return sodium_init() < 0 ? MakeError(Reason::kInternal) : absl::OkStatus(); }

absl::StatusOr<AgeFileKey> FileKeyFor(const AgeIdentity& identity, const AgeHeader& header, SecretArena& arena) {
  std::optional<AgeFileKey> file_key;
  for (const AgeStanza& stanza : header.stanzas) {
    if (stanza.arguments.front() == "scrypt" && header.stanzas.size() > 1) {
      return Altered("a passphrase may not stand beside other recipients");
    }
    KOBLING_ASSIGN_OR_RETURN(std::optional<AgeFileKey> unwrapped, AgeFileKey::Unwrap(stanza, identity, arena));
    if (unwrapped.has_value() && !file_key.has_value()) {
      file_key = std::move(unwrapped);
    }
  }
  if (!file_key.has_value()) {
    return MakeError(Reason::kKeyFileRecipient);
  }
  if (!EqualInConstantTime(file_key->HeaderMac(header.authenticated), header.mac)) {
    return Altered("the header was changed");
  }
  return *std::move(file_key);
}

}  // namespace

absl::StatusOr<std::unique_ptr<AgeWriter>> AgeWriter::Create(ByteSink& sink, std::span<const AgeRecipient> recipients,
                                                             SecretArena& arena) {
  if (recipients.empty()) {
    return MakeError(Reason::kRecipientKeyMissing);
  }
  if (recipients.size() > kMaxRecipients) {
    return MakeError(Reason::kFieldTooLong, {{DetailKey::kField, "recipients"}, {DetailKey::kLimit, kMaxRecipients}});
  }
  KOBLING_RETURN_IF_ERROR(PrepareLibrary());
  KOBLING_ASSIGN_OR_RETURN(const AgeFileKey file_key, AgeFileKey::Generate(arena));
  std::vector<AgeStanza> stanzas;
  for (const AgeRecipient& recipient : recipients) {
    KOBLING_ASSIGN_OR_RETURN(AgeStanza stanza, file_key.WrapFor(recipient, arena));
    stanzas.push_back(std::move(stanza));
  }
  std::array<std::uint8_t, AgeFileKey::kNonceBytes> nonce;
  FillRandom(nonce);
  KOBLING_ASSIGN_OR_RETURN(SecretKey payload_key, file_key.PayloadKey(nonce, arena));
  std::string header = AgeHeaderText(stanzas);
  header.append(AgeHeaderEnd(file_key.HeaderMac(header)));
  KOBLING_RETURN_IF_ERROR(sink.Write(BytesOf(header)));
  KOBLING_RETURN_IF_ERROR(sink.Write(nonce));
  return std::unique_ptr<AgeWriter>(new AgeWriter(sink, std::move(payload_key)));
}

AgeWriter::AgeWriter(ByteSink& sink, SecretKey payload_key)
    : sink_(sink), payload_key_(std::move(payload_key)), sealed_(kSealedChunkBytes) {
  waiting_.reserve(kAgeChunkBytes);
}

AgeWriter::~AgeWriter() {
  waiting_.resize(waiting_.capacity());
  Wipe(waiting_);
}

absl::Status AgeWriter::Write(std::span<const std::uint8_t> plaintext) {
  while (state_.ok() && !plaintext.empty()) {
    if (waiting_.size() == kAgeChunkBytes) {
      state_ = SealChunk(waiting_, kNotLastChunk);
      waiting_.clear();
    } else if (waiting_.empty() && plaintext.size() > kAgeChunkBytes) {
      state_ = SealChunk(plaintext.first(kAgeChunkBytes), kNotLastChunk);
      plaintext = plaintext.subspan(kAgeChunkBytes);
    } else {
      const std::size_t size = std::min(plaintext.size(), kAgeChunkBytes - waiting_.size());
      waiting_.insert(waiting_.end(), plaintext.begin(), plaintext.begin() + static_cast<std::ptrdiff_t>(size));
      plaintext = plaintext.subspan(size);
    }
  }
  return state_;
}

absl::Status AgeWriter::Finish() {
  KOBLING_RETURN_IF_ERROR(state_);
  const absl::Status sealed = SealChunk(waiting_, kLastChunk);
  state_ =
      sealed.ok() ? MakeError(Reason::kInternal, {{DetailKey::kHint, "the sealed file is already finished"}}) : sealed;
  return sealed;
}

absl::Status AgeWriter::SealChunk(std::span<const std::uint8_t> plaintext, std::uint8_t last_chunk_mark) {
  const ChunkNonce nonce = NonceOf(chunk_number_, last_chunk_mark);
  crypto_aead_chacha20poly1305_ietf_encrypt(sealed_.data(), nullptr, plaintext.data(), plaintext.size(), nullptr, 0,
                                            nullptr, nonce.data(), SecretBytes(payload_key_, SecretAccess()).data());
  ++chunk_number_;
  return sink_.Write(std::span(sealed_).first(plaintext.size() + kTagBytes));
}

absl::StatusOr<std::unique_ptr<AgeReader>> AgeReader::Open(ByteSource& source, const AgeIdentity& identity,
                                                           SecretArena& arena) {
  KOBLING_RETURN_IF_ERROR(PrepareLibrary());
  std::string begin;
  std::optional<std::size_t> header_size;
  while (!header_size.has_value() || begin.size() < *header_size + AgeFileKey::kNonceBytes) {
    std::array<std::uint8_t, kHeaderReadBytes> block;
    KOBLING_ASSIGN_OR_RETURN(const std::size_t got, source.Read(block));
    if (got == 0) {
      return Truncated();
    }
    begin.append(reinterpret_cast<const char*>(block.data()), got);
    if (!header_size.has_value()) {
      KOBLING_ASSIGN_OR_RETURN(header_size, FindAgeHeaderSize(begin));
    }
  }
  KOBLING_ASSIGN_OR_RETURN(const AgeHeader header, ParseAgeHeader(std::string_view(begin).substr(0, *header_size)));
  KOBLING_ASSIGN_OR_RETURN(const AgeFileKey file_key, FileKeyFor(identity, header, arena));
  const std::span<const std::uint8_t> payload = BytesOf(begin).subspan(*header_size);
  KOBLING_ASSIGN_OR_RETURN(SecretKey payload_key, file_key.PayloadKey(payload.first<AgeFileKey::kNonceBytes>(), arena));
  return std::unique_ptr<AgeReader>(
      new AgeReader(source, std::move(payload_key), payload.subspan(AgeFileKey::kNonceBytes)));
}

AgeReader::AgeReader(ByteSource& source, SecretKey payload_key, std::span<const std::uint8_t> payload_begin)
    : source_(source),
      payload_key_(std::move(payload_key)),
      sealed_(kSealedChunkBytes + 1),
      sealed_size_(payload_begin.size()),
      opened_(kAgeChunkBytes) {
  static_assert(kHeaderReadBytes <= kSealedChunkBytes, "what was read beyond the header fits into the first chunk");
  std::copy(payload_begin.begin(), payload_begin.end(), sealed_.begin());
}

AgeReader::~AgeReader() { Wipe(opened_); }

absl::StatusOr<std::size_t> AgeReader::Read(std::span<std::uint8_t> out) {
  if (out.empty()) {
    return MakeError(Reason::kInternal, {{DetailKey::kHint, "no room to read into"}});
  }
  KOBLING_RETURN_IF_ERROR(state_);
  if (opened_begin_ == opened_end_) {
    if (position_ == Position::kAtEnd) {
      return 0;
    }
    const bool opens_in_place = out.size() >= kAgeChunkBytes;
    absl::StatusOr<std::size_t> size = OpenChunk(opens_in_place ? out.first(kAgeChunkBytes) : std::span(opened_));
    if (!size.ok()) {
      state_ = size.status();
      return state_;
    }
    if (opens_in_place) {
      return size;
    }
    opened_begin_ = 0;
    opened_end_ = *size;
  }
  const std::size_t size = std::min(out.size(), opened_end_ - opened_begin_);
  std::copy_n(opened_.begin() + static_cast<std::ptrdiff_t>(opened_begin_), size, out.begin());
  opened_begin_ += size;
  return size;
}

absl::StatusOr<std::size_t> AgeReader::OpenChunk(std::span<std::uint8_t> plaintext) {
  KOBLING_ASSIGN_OR_RETURN(const std::size_t got, ReadFully(source_, std::span(sealed_).subspan(sealed_size_)));
  sealed_size_ += got;
  const bool is_last = sealed_size_ <= kSealedChunkBytes;
  const std::span<const std::uint8_t> sealed = std::span(sealed_).first(std::min(sealed_size_, kSealedChunkBytes));
  if (sealed.size() < kTagBytes) {
    return Truncated();
  }
  if (sealed.size() == kTagBytes && chunk_number_ > 0) {
    return Altered("the last chunk is empty");
  }
  if (!Decrypt(sealed, is_last ? kLastChunk : kNotLastChunk, plaintext)) {
    const bool more_should_follow =
        is_last && sealed.size() == kSealedChunkBytes && Decrypt(sealed, kNotLastChunk, plaintext);
    Wipe(plaintext);
    return more_should_follow ? Truncated() : Altered("the content was changed or cut");
  }
  ++chunk_number_;
  if (is_last) {
    position_ = Position::kAtEnd;
  } else {
    sealed_[0] = sealed_[kSealedChunkBytes];
    sealed_size_ = 1;
  }
  return sealed.size() - kTagBytes;
}

bool AgeReader::Decrypt(std::span<const std::uint8_t> sealed, std::uint8_t last_chunk_mark,
                        std::span<std::uint8_t> plaintext) {
  const ChunkNonce nonce = NonceOf(chunk_number_, last_chunk_mark);
  return crypto_aead_chacha20poly1305_ietf_decrypt(plaintext.data(), nullptr, nullptr, sealed.data(), sealed.size(),
                                                   nullptr, 0, nonce.data(),
                                                   SecretBytes(payload_key_, SecretAccess()).data()) == 0;
}

}  // namespace kobling::crypto
