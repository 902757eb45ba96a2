// A file that appears whole or not at all.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/files/file_descriptor.h"

namespace kobling::client {

enum class Overwrite { kRefuse, kAllow };

// Writes to "<path>.part", readable by the owner alone (0600), and renames to <path> on Commit. Whatever happens before
// that, the destination is as it was; the temporary file is removed when the object goes without a commit. A ".part"
// that a killed run has left is replaced if overwriting is allowed; one that another run is writing is not. Buffered;
// not thread-safe.
//
// Errors name the path: FILE_EXISTS (the destination, if it may not be overwritten, or a ".part"), FILE_UNWRITABLE
// (also a destination that is a link, a folder or a device). The first failed write is remembered and returned by every
// later call.
class AtomicFile {
 public:
  static absl::StatusOr<std::unique_ptr<AtomicFile>> Create(const std::string& path, Overwrite overwrite);

  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  [[nodiscard]] absl::Status Write(std::string_view bytes);

  // Writes out all that is buffered and syncs it to disk, so that a full disk shows before anything is renamed. Where
  // several files belong together, prepare all before committing the first.
  [[nodiscard]] absl::Status Prepare();

  // Prepares if need be, renames, syncs the folder. After success no other call is allowed.
  [[nodiscard]] absl::Status Commit();

  const std::string& path() const { return path_; }

 private:
  AtomicFile(std::string path, Overwrite overwrite, FileDescriptor file);
  absl::Status Flush();
  absl::Status Rename();

  std::string path_;
  std::string part_path_;
  Overwrite overwrite_;
  FileDescriptor file_;
  std::string buffer_;
  absl::Status state_;
  bool prepared_ = false;
  bool committed_ = false;
};

// Removes the temporary file of every AtomicFile that is not committed. From any thread, for a process that is about to
// end: none of these files can be committed afterwards.
void RemoveUnfinishedFiles();

// Fails with FILE_UNWRITABLE if the path is anything but a regular file, and with FILE_EXISTS if it is one that may not
// be overwritten.
absl::Status CheckDestination(const std::string& path, Overwrite overwrite);

// Syncs the folder that holds the path, so that a rename in it survives a power cut.
absl::Status SyncFolderOf(const std::string& path);

}  // namespace kobling::client
