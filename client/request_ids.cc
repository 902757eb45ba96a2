#include "client/request_ids.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <span>
#include <system_error>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"
#include "client/files/atomic_file.h"
#include "client/files/file_descriptor.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "domain/error.h"
#include "domain/ids.h"
#include "domain/status_macros.h"

namespace kobling::client {
namespace {

std::span<const std::uint8_t> AsBytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

absl::Status WriteAndSync(const std::filesystem::path& file, std::string_view text) {
  const FileDescriptor descriptor(open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!descriptor.is_open() || write(descriptor.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      fsync(descriptor.get()) != 0) {
    return WriteError(file.string(), errno);
  }
  return absl::OkStatus();
}

}  // namespace

RequestIds::RequestIds(std::filesystem::path folder, std::string address, const domain::Clock& clock)
    : folder_(std::move(folder)), address_(std::move(address)), clock_(clock) {}

std::filesystem::path RequestIds::FileOf(const google::protobuf::Message& request) const {
  const std::string text =
      absl::StrFormat("%s\n%s\n%s", address_, request.GetDescriptor()->full_name(), request.SerializeAsString());
  const crypto::Digest digest = crypto::Sha256(AsBytes(text));
  return folder_ /
         absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

absl::StatusOr<RequestIds::Held> RequestIds::Read(const std::filesystem::path& file) const {
  std::ifstream in(file);
  Held held;
  held.origin = Origin::kUnanswered;
  if (!(in >> held.id >> held.since) || !domain::RequestId::Parse(held.id).ok()) {
    return domain::MakeError(domain::Reason::kFileUnreadable, {{domain::DetailKey::kFile, file.string()}});
  }
  return held;
}

absl::StatusOr<RequestIds::Held> RequestIds::Obtain(const google::protobuf::Message& request) {
  const std::filesystem::path file = FileOf(request);
  std::error_code error;
  if (std::filesystem::exists(file, error)) {
    return Read(file);
  }
  std::filesystem::create_directories(folder_, error);
  if (error) {
    return WriteError(folder_.string(), error.value());
  }
  const Held held = {.id = crypto::NewRequestId(), .origin = Origin::kNew, .since = ""};
  const std::string time = absl::FormatTime(absl::RFC3339_sec, clock_.Now(), absl::UTCTimeZone());
  // Written apart and linked into place, so that the file is never seen half written and the first of two processes
  // wins.
  const std::filesystem::path unfinished = folder_ / ("new-" + held.id);
  KOBLING_RETURN_IF_ERROR(
      WriteAndSync(unfinished, absl::StrFormat("%s %s %s\n", held.id, time, request.GetDescriptor()->name())));
  const int linked = link(unfinished.c_str(), file.c_str());
  const int link_error = errno;
  unlink(unfinished.c_str());
  if (linked != 0 && link_error == EEXIST) {
    return Read(file);
  }
  if (linked != 0) {
    return WriteError(file.string(), link_error);
  }
  KOBLING_RETURN_IF_ERROR(SyncFolderOf(file.string()));
  return held;
}

absl::Status RequestIds::Forget(const google::protobuf::Message& request) {
  const std::filesystem::path file = FileOf(request);
  if (unlink(file.c_str()) != 0 && errno != ENOENT) {
    return WriteError(file.string(), errno);
  }
  return absl::OkStatus();
}

}  // namespace kobling::client
