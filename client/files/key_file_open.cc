// From a sealed file on disk to the rows in it: signature, then age, then the rows.
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "client/files/file_descriptor.h"
#include "client/files/key_file_rows.h"
#include "crypto/age.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::client {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr std::size_t kReadBytes = std::size_t{1} << 18;
constexpr std::size_t kLargestSignature = std::size_t{64} << 10;
constexpr std::uint64_t kShortestRow = 31;

class FileSource final : public crypto::ByteSource {
 public:
  FileSource(int file, std::string path) : file_(file), path_(std::move(path)) {}
  absl::StatusOr<std::size_t> Read(std::span<std::uint8_t> out) override {
    while (true) {
      const ssize_t got = ::read(file_, out.data(), out.size());
      if (got >= 0) {
        return static_cast<std::size_t>(got);
      }
      if (errno != EINTR) {
        return ReadError(path_);
      }
    }
  }

 private:
  int file_;
  std::string path_;
};

absl::StatusOr<std::string> ReadSmallFile(const std::string& path) {
  KOBLING_ASSIGN_OR_RETURN(const FileDescriptor file, OpenForReading(path));
  FileSource source(file.get(), path);
  std::string content;
  std::vector<std::uint8_t> part(kReadBytes);
  while (content.size() <= kLargestSignature) {
    KOBLING_ASSIGN_OR_RETURN(const std::size_t got, source.Read(part));
    if (got == 0) {
      return content;
    }
    content.append(reinterpret_cast<const char*>(part.data()), got);
  }
  return MakeError(Reason::kKeyFileSignature, {{DetailKey::kFile, path}});
}

struct FileHashes {
  crypto::MinisignHash minisign;
  crypto::Digest sha256;
};

absl::StatusOr<FileHashes> HashFile(FileSource& source) {
  crypto::MinisignHasher minisign;
  crypto::Sha256Hasher sha256;
  std::vector<std::uint8_t> part(kReadBytes);
  while (true) {
    KOBLING_ASSIGN_OR_RETURN(const std::size_t got, source.Read(part));
    if (got == 0) {
      return FileHashes{minisign.Finish(), sha256.Finish()};
    }
    minisign.Update({part.data(), got});
    sha256.Update({part.data(), got});
  }
}

// The same error, with the file that it is about.
absl::Status NamingFile(const absl::Status& status, const std::string& path) {
  std::vector<domain::Detail> details = {{DetailKey::kFile, path}};
  for (const auto& [name, value] : domain::DetailsOf(status)) {
    if (name == domain::NameOf(DetailKey::kHint)) {
      details.emplace_back(DetailKey::kHint, value);
    }
  }
  return MakeError(domain::ReasonOf(status).value_or(Reason::kInternal), std::move(details));
}

// What shows that a file was changed while it was read.
struct FileState {
  std::uint64_t size = 0;
  std::int64_t seconds = 0;
  std::int64_t nanoseconds = 0;
  friend bool operator==(const FileState&, const FileState&) = default;
};

FileState StateOf(const FileDescriptor& file) {
  struct stat information {};
  if (::fstat(file.get(), &information) != 0) {
    return {};
  }
  return {static_cast<std::uint64_t>(information.st_size), information.st_ctim.tv_sec, information.st_ctim.tv_nsec};
}

// Reads the whole file, to the end.
absl::StatusOr<DescribedKeyFile> Describe(FileSource& source, const SignedFile& file) {
  KOBLING_ASSIGN_OR_RETURN(const std::string signature, ReadSmallFile(file.signature_path));
  KOBLING_ASSIGN_OR_RETURN(const FileHashes hashes, HashFile(source));
  const auto comment_text = crypto::VerifyMinisig(file.public_key, hashes.minisign, signature);
  if (!comment_text.ok()) {
    return NamingFile(comment_text.status(), file.path);
  }
  KOBLING_ASSIGN_OR_RETURN(crypto::KeyFileComment comment, crypto::ParseKeyFileComment(*comment_text));
  return DescribedKeyFile{std::move(comment), hashes.sha256};
}

}  // namespace

absl::StatusOr<DescribedKeyFile> DescribeKeyFile(const SignedFile& file) {
  KOBLING_ASSIGN_OR_RETURN(const FileDescriptor sealed, OpenForReading(file.path));
  FileSource source(sealed.get(), file.path);
  return Describe(source, file);
}

absl::StatusOr<crypto::KeyFileComment> OpenKeyFile(const SealedKeyFile& file, KeyFileRows& rows) {
  KOBLING_ASSIGN_OR_RETURN(const FileDescriptor sealed, OpenForReading(file.path));
  const FileState before = StateOf(sealed);
  FileSource source(sealed.get(), file.path);
  KOBLING_ASSIGN_OR_RETURN(DescribedKeyFile described,
                           Describe(source, {file.path, file.signature_path, file.public_key}));
  crypto::KeyFileComment& comment = described.comment;
  // Whoever takes the rows makes room for as many as announced, so the number must be one that the file can hold.
  if (comment.rows > before.size / kShortestRow) {
    return MakeError(Reason::kKeyFileRows, {{DetailKey::kFile, file.path}, {DetailKey::kCount, comment.rows}});
  }
  if (::lseek(sealed.get(), 0, SEEK_SET) != 0) {
    return ReadError(file.path);
  }
  const auto opened_or = crypto::AgeReader::Open(source, file.identity, file.arena);
  if (!opened_or.ok()) {
    return NamingFile(opened_or.status(), file.path);
  }
  const auto& opened = *opened_or;
  KOBLING_RETURN_IF_ERROR(rows.Begin(comment));
  KeyFileRowParser parser(comment, rows);
  std::vector<std::uint8_t> plaintext(kReadBytes);
  while (true) {
    const absl::StatusOr<std::size_t> got = opened->Read(plaintext);
    absl::Status status = got.status();
    if (status.ok() && *got > 0) {
      status = parser.Add({reinterpret_cast<const char*>(plaintext.data()), *got});
    }
    if (!status.ok() || *got == 0) {
      crypto::Wipe(plaintext);
      KOBLING_RETURN_IF_ERROR(status);
      break;
    }
  }
  KOBLING_RETURN_IF_ERROR(parser.Finish());
  if (StateOf(sealed) != before) {
    return MakeError(Reason::kKeyFileAltered,
                     {{DetailKey::kFile, file.path}, {DetailKey::kHint, "changed while it was read"}});
  }
  return std::move(comment);
}

}  // namespace kobling::client
