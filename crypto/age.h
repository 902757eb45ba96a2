// Sealed files in the age v1 format (age-encryption.org/v1), for X25519 recipients only: anyone with the recipient's
// identity opens them with the stock `age` program too, and files made by it are opened here. docs/formats/key-file.md
// describes the bytes.
//
// Both directions stream: memory does not grow with the file. Each object is for one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/age_key.h"
#include "crypto/age_stream.h"
#include "crypto/secret_memory.h"

namespace kobling::crypto {

// How much plaintext is sealed at a time, in bytes.
inline constexpr std::size_t kAgeChunkBytes = 64 * 1024;

// Seals what is written to it. A file is whole only after Finish; without it, every reader refuses the end of the file.
class AgeWriter final : public ByteSink {
 public:
  // How many may open one file.
  static constexpr std::size_t kMaxRecipients = 20;

  // Writes the header for these recipients. The sink and the arena must outlive the writer. Fails with
  // RECIPIENT_KEY_MISSING without a recipient, FIELD_TOO_LONG with too many, CONFIGURATION when the arena is full, and
  // as the sink does.
  static absl::StatusOr<std::unique_ptr<AgeWriter>> Create(ByteSink& sink, std::span<const AgeRecipient> recipients,
                                                           SecretArena& arena);
  ~AgeWriter() override;
  AgeWriter(const AgeWriter&) = delete;
  AgeWriter& operator=(const AgeWriter&) = delete;

  // Fails as the sink does, and with INTERNAL after Finish. After a failure the file can only be thrown away: every
  // further call gives the same error.
  absl::Status Write(std::span<const std::uint8_t> plaintext) override;

  // Seals the end of the file. To be called once, last; does not close the sink.
  [[nodiscard]] absl::Status Finish();

 private:
  AgeWriter(ByteSink& sink, SecretKey payload_key);

  absl::Status SealChunk(std::span<const std::uint8_t> plaintext, std::uint8_t last_chunk_mark);

  ByteSink& sink_;
  SecretKey payload_key_;
  std::uint64_t chunk_number_ = 0;
  std::vector<std::uint8_t> waiting_;  // plaintext that is not sealed yet, since it may be the end; at most one chunk
  std::vector<std::uint8_t> sealed_;
  absl::Status state_;
};

// Opens a sealed file. Gives out no byte that is not authenticated, and says that the file ended only if its true end
// was seen.
class AgeReader final : public ByteSource {
 public:
  // Reads the header. The source and the arena must outlive the reader. Fails with KEY_FILE_ALTERED if
  // the header is not exactly as the format wants it, KEY_FILE_TRUNCATED if it ends too early, KEY_FILE_RECIPIENT if
  // the file was not sealed for this identity, CONFIGURATION when the arena is full, and as the source does.
  static absl::StatusOr<std::unique_ptr<AgeReader>> Open(ByteSource& source, const AgeIdentity& identity,
                                                         SecretArena& arena);
  ~AgeReader() override;
  AgeReader(const AgeReader&) = delete;
  AgeReader& operator=(const AgeReader&) = delete;

  // Plaintext, as ByteSource says; fastest when `out` has room for a chunk. Fails with KEY_FILE_TRUNCATED if the file
  // was cut where a chunk ends or hardly begins, with KEY_FILE_ALTERED if anything else was changed or cut (the two
  // look alike inside a chunk), and as the source does. An error stays: every further call gives it again. Whatever was
  // read before an error is the beginning of the true plaintext, but must not be used as if it were all of it.
  absl::StatusOr<std::size_t> Read(std::span<std::uint8_t> out) override;

 private:
  AgeReader(ByteSource& source, SecretKey payload_key, std::span<const std::uint8_t> payload_begin);

  // Opens the next chunk into `plaintext`, which has room for one. Zero bytes only for an empty file.
  absl::StatusOr<std::size_t> OpenChunk(std::span<std::uint8_t> plaintext);
  bool Decrypt(std::span<const std::uint8_t> sealed, std::uint8_t last_chunk_mark, std::span<std::uint8_t> plaintext);

  ByteSource& source_;
  SecretKey payload_key_;
  std::uint64_t chunk_number_ = 0;
  std::vector<std::uint8_t> sealed_;  // one chunk and one byte, which shows whether the chunk is the last
  std::size_t sealed_size_ = 0;
  std::vector<std::uint8_t> opened_;  // plaintext from begin to end is not given out yet
  std::size_t opened_begin_ = 0;
  std::size_t opened_end_ = 0;
  enum class Position : std::uint8_t { kInside, kAtEnd } position_ = Position::kInside;
  absl::Status state_;
};

}  // namespace kobling::crypto
