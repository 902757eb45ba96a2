// For tests of sealed and signed files: streams in memory, temporary folders, and the stock programs as child
// processes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/age.h"
#include "crypto/age_stream.h"
#include "crypto/secret_memory.h"

namespace kobling::crypto {

using Bytes = std::vector<std::uint8_t>;

class MemorySink final : public ByteSink {
 public:
  absl::Status Write(std::span<const std::uint8_t> bytes) override;

  Bytes written;
};

// A sink on a full disk: takes a number of bytes, then fails with DISK_FULL.
class FailingSink final : public ByteSink {
 public:
  explicit FailingSink(std::size_t room) : room_(room) {}
  absl::Status Write(std::span<const std::uint8_t> bytes) override;

 private:
  std::size_t room_;
};

class MemorySource final : public ByteSource {
 public:
  // Gives at most `most_at_once` bytes a call. The bytes must outlive the source.
  MemorySource(std::span<const std::uint8_t> bytes, std::size_t most_at_once) : rest_(bytes), most_(most_at_once) {}
  absl::StatusOr<std::size_t> Read(std::span<std::uint8_t> out) override;

 private:
  std::span<const std::uint8_t> rest_;
  std::size_t most_;
};

// A folder of its own, removed with all that is in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

// Runs a program found in PATH, without a shell and without input, and waits for it. Its exit status; -1 if it cannot
// be started or was ended by a signal. What it prints goes to /dev/null.
int RunProgram(const std::vector<std::string>& arguments);

Bytes ReadWholeFile(const std::filesystem::path& file);
void WriteWholeFile(const std::filesystem::path& file, std::span<const std::uint8_t> bytes);
std::string TextOf(std::span<const std::uint8_t> bytes);
Bytes BytesOfText(std::string_view text);

// Bytes that look random and are the same for the same seed.
Bytes PatternBytes(std::size_t size, std::uint64_t seed);

// A new identity; fails the test if there is no room for it.
AgeIdentity TestIdentity(SecretArena& arena);

// A sealed file in memory; fails the test if sealing does.
Bytes Sealed(std::span<const std::uint8_t> plaintext, std::span<const AgeRecipient> recipients, SecretArena& arena);

// All that a reader gave out, and how it ended.
struct Opened {
  Bytes plaintext;
  absl::Status status;
};
struct ReadSizes {
  std::size_t source = 1 << 20;  // bytes that the source gives at once
  std::size_t reader = 1 << 16;  // bytes that the reader is asked for at once
};
Opened OpenAll(std::span<const std::uint8_t> sealed, const AgeIdentity& identity, SecretArena& arena,
               const ReadSizes& sizes = {});

}  // namespace kobling::crypto
