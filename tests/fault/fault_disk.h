// A disk that can fail: it knows which bytes and which file names a loss of power would leave, and refuses chosen
// operations. Files are real files in a real folder; what is modelled is only what of them is durable.
//
// The model of a loss of power is harsher than most file systems:
// - of a file, what was there at its last successful sync stays; of what was appended since, any part may be left
// - a created, renamed or deleted name is durable only after a sync of its folder; of the changes since, the first few
//   may be left
// - a failed sync drops what it should have written: later syncs of that file report success and write nothing
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace kobling::tests {

enum class Operation : std::uint8_t { kAppend, kSync, kFolderSync, kCreate, kRename, kDelete };
inline constexpr std::size_t kOperationKinds = 6;

enum class Outcome : std::uint8_t { kDone, kIoError, kNoSpace };

// What is left of bytes that were appended but not synced.
enum class Unsynced : std::uint8_t {
  kLost,    // nothing
  kPrefix,  // some first part
  kHoles,   // the file has its full length, and some of its new pages are zeros
};

// Safe for concurrent use.
class FaultDisk {
 public:
  // The part of a file's content that is durable.
  struct File {
    std::uint64_t size = 0;
    std::uint64_t synced = 0;
    bool sync_failed = false;
  };

  // `graveyard` is an empty folder of the same file system, where deleted files wait until their deletion is durable.
  explicit FaultDisk(std::filesystem::path graveyard);

  // Lets the nth operation of the kind from now (1 is the next) fail with the outcome, once.
  void FailNth(Operation operation, std::uint64_t nth, Outcome outcome);
  // After that many operations of any kind the power is gone: everything fails and nothing changes any more.
  void LosePowerAfter(std::uint64_t operations);
  void LosePowerNow();
  // Appends beyond this many bytes fail with kNoSpace, and so does creating files once it is used up.
  void LimitSpace(std::uint64_t bytes);

  // Whether any operation was refused.
  bool refused() const;
  std::uint64_t CountOf(Operation operation) const;
  // The folders that were synced.
  std::vector<std::string> synced_folders() const;

  // Leaves on the real disk what the loss of power leaves. Call after everything that used the disk is destroyed.
  void ApplyPowerLoss(Unsynced unsynced, std::mt19937_64& random);

  // For the file system on top. `act` does the real work and says whether it succeeded.
  Outcome Append(File& file, std::uint64_t bytes, const std::function<bool()>& act);
  Outcome Truncate(File& file, std::uint64_t size, const std::function<bool()>& act);
  Outcome Sync(File& file);
  Outcome SyncFolder(const std::string& folder);
  // Makes an empty file; one of this name that exists is deleted first.
  Outcome Create(const std::string& path, std::shared_ptr<File>& file, const std::function<bool()>& act);
  Outcome Rename(const std::string& from, const std::string& to);
  Outcome Delete(const std::string& path);

 private:
  // A change of names that is not durable yet. Undone by renaming `now` to `before`, or by deleting `now`; then a file
  // that was replaced comes back from its grave.
  struct NameChange {
    std::string now;
    std::optional<std::string> before;
    std::optional<std::string> replaced;
  };

  Outcome Begin(Operation operation, std::uint64_t bytes = 0);
  bool MoveName(const std::string& from, const std::string& to);
  // Moves the file away and says where to; nothing on failure.
  std::optional<std::string> Bury(const std::string& path);
  std::vector<NameChange>& PendingOf(const std::string& path);

  const std::filesystem::path graveyard_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<File>> files_;
  std::map<std::string, std::vector<NameChange>> pending_;  // by folder
  std::vector<std::string> synced_folders_;
  std::array<std::uint64_t, kOperationKinds> counts_ = {};
  std::uint64_t operations_ = 0;
  std::uint64_t buried_ = 0;
  std::optional<std::uint64_t> power_until_;
  std::optional<std::uint64_t> space_;
  struct PlannedFault {
    Operation operation;
    std::uint64_t at;
    Outcome outcome;
  };
  std::optional<PlannedFault> planned_;
  bool refused_ = false;
};

}  // namespace kobling::tests
