#include "crypto/age_test_support.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>

#include "domain/error.h"

namespace kobling::crypto {

absl::Status MemorySink::Write(std::span<const std::uint8_t> bytes) {
  written.insert(written.end(), bytes.begin(), bytes.end());
  return absl::OkStatus();
}

absl::Status FailingSink::Write(std::span<const std::uint8_t> bytes) {
  if (bytes.size() > room_) {
    return domain::MakeError(domain::Reason::kDiskFull);
  }
  room_ -= bytes.size();
  return absl::OkStatus();
}

absl::StatusOr<std::size_t> MemorySource::Read(std::span<std::uint8_t> out) {
  const std::size_t size = std::min({out.size(), most_, rest_.size()});
  std::copy_n(rest_.begin(), size, out.begin());
  rest_ = rest_.subspan(size);
  return size;
}

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "kobling-test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) {
    ADD_FAILURE() << "no temporary folder can be made";
  }
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

int RunProgram(const std::vector<std::string>& arguments) {
  std::vector<std::string> copies = arguments;
  std::vector<char*> argv;
  for (std::string& argument : copies) {
    argv.push_back(argument.data());
  }
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = -1;
  const int started = posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (started != 0) {
    ADD_FAILURE() << arguments.front() << " cannot be started; deploy/packages.txt lists what the tests need";
    return -1;
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Bytes ReadWholeFile(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  EXPECT_TRUE(stream.is_open()) << file;
  return Bytes(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
}

void WriteWholeFile(const std::filesystem::path& file, std::span<const std::uint8_t> bytes) {
  std::ofstream stream(file, std::ios::binary);
  stream.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  EXPECT_TRUE(stream.flush().good()) << file;
}

std::string TextOf(std::span<const std::uint8_t> bytes) { return std::string(bytes.begin(), bytes.end()); }

Bytes BytesOfText(std::string_view text) { return Bytes(text.begin(), text.end()); }

Bytes PatternBytes(std::size_t size, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Bytes bytes(size);
  std::generate(bytes.begin(), bytes.end(), [&random] { return static_cast<std::uint8_t>(random()); });
  return bytes;
}

AgeIdentity TestIdentity(SecretArena& arena) {
  absl::StatusOr<AgeIdentity> identity = AgeIdentity::Generate(arena);
  EXPECT_TRUE(identity.ok()) << identity.status();
  return *std::move(identity);
}

Bytes Sealed(std::span<const std::uint8_t> plaintext, std::span<const AgeRecipient> recipients, SecretArena& arena) {
  MemorySink sink;
  absl::StatusOr<std::unique_ptr<AgeWriter>> writer = AgeWriter::Create(sink, recipients, arena);
  EXPECT_TRUE(writer.ok()) << writer.status();
  EXPECT_TRUE((*writer)->Write(plaintext).ok());
  EXPECT_TRUE((*writer)->Finish().ok());
  return std::move(sink.written);
}

Opened OpenAll(std::span<const std::uint8_t> sealed, const AgeIdentity& identity, SecretArena& arena,
               const ReadSizes& sizes) {
  MemorySource source(sealed, sizes.source);
  absl::StatusOr<std::unique_ptr<AgeReader>> reader = AgeReader::Open(source, identity, arena);
  if (!reader.ok()) {
    return {.plaintext = {}, .status = reader.status()};
  }
  Opened opened;
  Bytes part(sizes.reader);
  while (true) {
    const absl::StatusOr<std::size_t> size = (*reader)->Read(part);
    if (!size.ok() || *size == 0) {
      opened.status = size.status();
      return opened;
    }
    opened.plaintext.insert(opened.plaintext.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(*size));
  }
}

}  // namespace kobling::crypto
