#include "client/fetch.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/time/clock.h"
#include "client/files/file_descriptor.h"
#include "client/server_answer.h"
#include "crypto/key_file_comment.h"
#include "crypto/sha256.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::client {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

// The name comes from the server, so that it may not lead out of the folder.
bool IsSafeName(const std::string& name) {
  return name.size() > 4 && name.size() <= 100 && name.front() != '.' && name.ends_with(".age") &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
                  c == '-';
         });
}

absl::Status Altered(const std::string& path) { return MakeError(Reason::kKeyFileAltered, {{DetailKey::kFile, path}}); }

// The file that grows.
class Part final : public KeyFileSink {
 public:
  static absl::StatusOr<Part> Open(const std::string& path, std::uint64_t whole, Progress& progress) {
    FileDescriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
    const off_t size = file.is_open() ? lseek(file.get(), 0, SEEK_END) : -1;
    if (size < 0 || fchmod(file.get(), S_IRUSR | S_IWUSR) != 0) {
      return WriteError(path, errno);
    }
    Part part(path, std::move(file), whole, progress);
    part.size_ = static_cast<std::uint64_t>(size);
    if (part.size_ > whole) {
      KOBLING_RETURN_IF_ERROR(part.Clear());
    }
    return part;
  }

  std::uint64_t size() const { return size_; }
  bool is_whole() const { return size_ == whole_; }

  absl::Status Clear() {
    size_ = 0;
    if (ftruncate(file_.get(), 0) != 0 || lseek(file_.get(), 0, SEEK_SET) != 0) {
      return WriteError(path_, errno);
    }
    return absl::OkStatus();
  }

  absl::Status Take(const api::FetchKeyFileResponse& message) override {
    std::string_view data = message.data();
    if (size_ + data.size() > whole_) {
      return Altered(path_);
    }
    while (!data.empty()) {
      const ssize_t written = write(file_.get(), data.data(), data.size());
      if (written < 0 && errno == EINTR) {
        continue;
      }
      if (written < 0) {
        return WriteError(path_, errno);
      }
      size_ += static_cast<std::uint64_t>(written);
      data.remove_prefix(static_cast<std::size_t>(written));
    }
    progress_.Update(size_, size_, whole_);
    return absl::OkStatus();
  }

  absl::Status Sync() { return fsync(file_.get()) == 0 ? absl::OkStatus() : WriteError(path_, errno); }
  int descriptor() const { return file_.get(); }

 private:
  Part(std::string path, FileDescriptor file, std::uint64_t whole, Progress& progress)
      : path_(std::move(path)), file_(std::move(file)), whole_(whole), progress_(progress) {}

  std::string path_;
  FileDescriptor file_;
  std::uint64_t whole_;
  std::uint64_t size_ = 0;
  Progress& progress_;
};

// A file's bytes in memory, as far as the system sees fit.
class Mapping {
 public:
  Mapping(int descriptor, std::size_t size)
      : size_(size), data_(mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0)) {}
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (is_mapped()) {
      munmap(data_, size_);
    }
  }
  bool is_mapped() const { return data_ != MAP_FAILED; }
  std::span<const std::uint8_t> bytes() const { return {static_cast<const std::uint8_t*>(data_), size_}; }

 private:
  std::size_t size_;
  void* data_;
};

absl::Status FetchRest(Connection& connection, const api::KeyFile& record, const RetryPlan& retry, Part& part) {
  int attempts_left = retry.attempts;
  absl::Duration wait = retry.first_wait;
  while (!part.is_whole()) {
    api::FetchKeyFileRequest request;
    request.set_project_id(record.project_id());
    request.set_number(record.number());
    request.set_offset(part.size());
    const std::uint64_t before = part.size();
    const absl::Status status = connection.FetchKeyFile(request, part);
    if (part.is_whole()) {
      break;
    }
    if (!status.ok() && !MayHelpToSendAgain(status)) {
      return status;
    }
    // An attempt that brought something does not count.
    attempts_left = part.size() > before ? retry.attempts : attempts_left - 1;
    if (attempts_left <= 0) {
      return status.ok() ? MakeError(Reason::kKeyFileTruncated, {{DetailKey::kFile, record.file_name()}}) : status;
    }
    absl::SleepFor(wait);
    wait = std::min(2 * wait, kLongestWait);
  }
  return part.Sync();
}

absl::Status Verify(const Part& part, const std::string& path, const api::KeyFile& record,
                    const crypto::MinisignPublicKey& signing_key) {
  const Mapping mapping(part.descriptor(), part.size());
  if (!mapping.is_mapped()) {
    return ReadError(path);
  }
  const crypto::Digest digest = crypto::Sha256(mapping.bytes());
  const std::string hex =
      absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
  if (hex != record.sealed_sha256()) {
    return Altered(path);
  }
  crypto::MinisignHasher hasher;
  hasher.Update(mapping.bytes());
  KOBLING_ASSIGN_OR_RETURN(const std::string comment,
                           crypto::VerifyMinisig(signing_key, hasher.Finish(), record.signature()));
  const auto described = crypto::ParseKeyFileComment(comment);
  if (!described.ok() || described->project.text() != record.project_id() ||
      described->register_id.text() != record.register_id() || described->number != record.number()) {
    return MakeError(Reason::kKeyFileSignature,
                     {{DetailKey::kFile, path}, {DetailKey::kHint, "the signature is for another key file"}});
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<FetchedKeyFile> FetchKeyFile(Connection& connection, const api::KeyFile& record,
                                            const FetchOptions& options, Progress& progress) {
  if (!IsSafeName(record.file_name()) || record.sealed_bytes() == 0) {
    return MakeError(Reason::kKeyFileAltered,
                     {{DetailKey::kHint, "the server's description of the file is not usable"}});
  }
  const std::string path = (options.folder / record.file_name()).string();
  const std::string part_path = path + ".part";
  KOBLING_RETURN_IF_ERROR(CheckDestination(path, options.overwrite));
  KOBLING_ASSIGN_OR_RETURN(Part part, Part::Open(part_path, record.sealed_bytes(), progress));
  const bool has_old_bytes = part.size() > 0;
  if (absl::Status fetched = FetchRest(connection, record, options.retry, part); !fetched.ok()) {
    if (part.size() == 0) {
      unlink(part_path.c_str());  // nothing to go on from
    }
    return fetched;
  }
  absl::Status verified = Verify(part, part_path, record, options.signing_key);
  if (!verified.ok() && has_old_bytes && domain::ReasonOf(verified) == Reason::kKeyFileAltered) {
    // What was there before may have been another file's beginning.
    KOBLING_RETURN_IF_ERROR(part.Clear());
    KOBLING_RETURN_IF_ERROR(FetchRest(connection, record, options.retry, part));
    verified = Verify(part, part_path, record, options.signing_key);
  }
  progress.Finish();
  if (!verified.ok()) {
    unlink(part_path.c_str());
    return verified;
  }
  const std::string signature_path = path + ".minisig";
  KOBLING_ASSIGN_OR_RETURN(const auto signature, AtomicFile::Create(signature_path, Overwrite::kAllow));
  KOBLING_RETURN_IF_ERROR(signature->Write(record.signature()));
  KOBLING_RETURN_IF_ERROR(signature->Commit());
  if (rename(part_path.c_str(), path.c_str()) != 0) {
    return WriteError(path, errno);
  }
  KOBLING_RETURN_IF_ERROR(SyncFolderOf(path));
  return FetchedKeyFile{path, signature_path};
}

}  // namespace kobling::client
