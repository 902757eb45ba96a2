#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/system_clock.h>

#include <algorithm>
#include <string>
#include <utility>

#include "tests/fault/fault_environment.h"

namespace kobling::tests {
namespace {

using rocksdb::DataVerificationInfo;
using rocksdb::DirFsyncOptions;
using rocksdb::FileOptions;
using rocksdb::FSDirectory;
using rocksdb::FSWritableFile;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

// The error of the real work if that is what failed. Injected errors are retryable, which is what tempts RocksDB to
// carry on after them.
IOStatus StatusOf(Outcome outcome, const IOStatus& real = IOStatus::OK()) {
  if (!real.ok() || outcome == Outcome::kDone) {
    return real;
  }
  IOStatus status = outcome == Outcome::kNoSpace ? IOStatus::NoSpace() : IOStatus::IOError("injected");
  status.SetRetryable(true);
  return status;
}

class FaultWritableFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FaultWritableFile(std::unique_ptr<FSWritableFile> file, FaultDisk& disk, std::shared_ptr<FaultDisk::File> state)
      : FSWritableFileOwnerWrapper(std::move(file)), disk_(disk), state_(std::move(state)) {}

  using FSWritableFileOwnerWrapper::Append;
  using FSWritableFileOwnerWrapper::PositionedAppend;

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    IOStatus real;
    const Outcome outcome = disk_.Append(*state_, data.size(), [&] {
      real = target()->Append(data, options, debug);
      return real.ok();
    });
    return StatusOf(outcome, real);
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const DataVerificationInfo&,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  // Only direct writes use it, which are off.
  IOStatus PositionedAppend(const Slice&, std::uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::NotSupported("positioned append");
  }
  IOStatus PositionedAppend(const Slice&, std::uint64_t, const IOOptions&, const DataVerificationInfo&,
                            IODebugContext*) override {
    return IOStatus::NotSupported("positioned append");
  }
  IOStatus Truncate(std::uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    IOStatus real;
    const Outcome outcome = disk_.Truncate(*state_, size, [&] {
      real = target()->Truncate(size, options, debug);
      return real.ok();
    });
    return StatusOf(outcome, real);
  }
  IOStatus Sync(const IOOptions&, IODebugContext*) override { return StatusOf(disk_.Sync(*state_)); }
  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return StatusOf(disk_.Sync(*state_)); }
  // A hint to start writing; makes nothing durable.
  IOStatus RangeSync(std::uint64_t, std::uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();
  }

 private:
  FaultDisk& disk_;
  std::shared_ptr<FaultDisk::File> state_;
};

class FaultDirectory final : public rocksdb::FSDirectoryWrapper {
 public:
  FaultDirectory(std::unique_ptr<FSDirectory> directory, FaultDisk& disk, std::string path)
      : FSDirectoryWrapper(std::move(directory)), disk_(disk), path_(std::move(path)) {}

  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return StatusOf(disk_.SyncFolder(path_)); }
  IOStatus FsyncWithDirOptions(const IOOptions&, IODebugContext*, const DirFsyncOptions&) override {
    return StatusOf(disk_.SyncFolder(path_));
  }

 private:
  FaultDisk& disk_;
  const std::string path_;
};

class FaultFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  explicit FaultFileSystem(FaultDisk& disk) : FileSystemWrapper(rocksdb::FileSystem::Default()), disk_(disk) {}

  const char* Name() const override { return "KoblingFaultFileSystem"; }

  IOStatus NewWritableFile(const std::string& path, const FileOptions& options, std::unique_ptr<FSWritableFile>* result,
                           IODebugContext* debug) override {
    IOStatus real;
    std::unique_ptr<FSWritableFile> file;
    std::shared_ptr<FaultDisk::File> state;
    const Outcome outcome = disk_.Create(path, state, [&] {
      real = target()->NewWritableFile(path, options, &file, debug);
      return real.ok();
    });
    if (outcome == Outcome::kDone) {
      *result = std::make_unique<FaultWritableFile>(std::move(file), disk_, std::move(state));
    }
    return StatusOf(outcome, real);
  }
  // Not used with our settings; refusing makes sure of it.
  IOStatus ReopenWritableFile(const std::string&, const FileOptions&, std::unique_ptr<FSWritableFile>*,
                              IODebugContext*) override {
    return IOStatus::NotSupported("reopening a file");
  }
  IOStatus ReuseWritableFile(const std::string&, const std::string&, const FileOptions&,
                             std::unique_ptr<FSWritableFile>*, IODebugContext*) override {
    return IOStatus::NotSupported("using a file again");
  }
  IOStatus NewRandomRWFile(const std::string&, const FileOptions&, std::unique_ptr<rocksdb::FSRandomRWFile>*,
                           IODebugContext*) override {
    return IOStatus::NotSupported("writing inside a file");
  }
  IOStatus LinkFile(const std::string&, const std::string&, const IOOptions&, IODebugContext*) override {
    return IOStatus::NotSupported("linking a file");
  }
  IOStatus NewDirectory(const std::string& path, const IOOptions& options, std::unique_ptr<FSDirectory>* result,
                        IODebugContext* debug) override {
    std::unique_ptr<FSDirectory> directory;
    IOStatus real = target()->NewDirectory(path, options, &directory, debug);
    if (real.ok()) {
      *result = std::make_unique<FaultDirectory>(std::move(directory), disk_, path);
    }
    return real;
  }
  IOStatus DeleteFile(const std::string& path, const IOOptions&, IODebugContext*) override {
    return StatusOf(disk_.Delete(path));
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions&, IODebugContext*) override {
    return StatusOf(disk_.Rename(from, to));
  }

 private:
  FaultDisk& disk_;
};

class HastyClock final : public rocksdb::SystemClockWrapper {
 public:
  HastyClock() : SystemClockWrapper(rocksdb::SystemClock::Default()) {}

  const char* Name() const override { return "KoblingHastyClock"; }
  void SleepForMicroseconds(int microseconds) override {
    constexpr int kLongest = 1'000;
    target_->SleepForMicroseconds(std::min(microseconds, kLongest));
  }
};

class FaultEnvironment final : public rocksdb::EnvWrapper {
 public:
  explicit FaultEnvironment(FaultDisk& disk)
      : EnvWrapper(rocksdb::NewCompositeEnv(std::make_shared<FaultFileSystem>(disk))) {
    system_clock_ = std::make_shared<HastyClock>();
  }

  const char* Name() const override { return "KoblingFaultEnvironment"; }
};

}  // namespace

std::shared_ptr<rocksdb::Env> MakeFaultEnvironment(FaultDisk& disk) { return std::make_shared<FaultEnvironment>(disk); }

}  // namespace kobling::tests
