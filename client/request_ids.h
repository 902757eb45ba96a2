// Request ids that outlive the process: a command that was interrupted and is run again is the same request.
#pragma once

#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "domain/clock.h"
#include "google/protobuf/message.h"

namespace kobling::client {

// One small file for each request without an answer, in a folder of the profile. A file's name is the SHA-256 of the
// server's address, the request's type and the request without its id; it holds the id, the time and the type, and
// nothing else of the request. For a stream the request is its header: the same command with a changed file is first
// taken for the earlier request, and the server then says REQUEST_ID_REUSED.
//
// Several processes may use one folder; the same request in two of them gets the same id. Errors: FILE_UNWRITABLE,
// FILE_UNREADABLE.
class RequestIds {
 public:
  // The folder is made when it is first needed. The clock must outlive the object.
  RequestIds(std::filesystem::path folder, std::string address, const domain::Clock& clock);

  enum class Origin { kNew, kUnanswered };
  struct Held {
    std::string id;
    Origin origin = Origin::kNew;
    std::string since;  // when the request was first sent; only for kUnanswered
  };

  // The id for this request, on disk when the function returns: the one that it had before, if that was not answered.
  // The request's own id field must be empty.
  absl::StatusOr<Held> Obtain(const google::protobuf::Message& request);

  // The request was answered.
  [[nodiscard]] absl::Status Forget(const google::protobuf::Message& request);

 private:
  std::filesystem::path FileOf(const google::protobuf::Message& request) const;
  absl::StatusOr<Held> Read(const std::filesystem::path& file) const;

  std::filesystem::path folder_;
  std::string address_;
  const domain::Clock& clock_;
};

}  // namespace kobling::client
