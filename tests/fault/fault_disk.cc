#include "tests/fault/fault_disk.h"

#include <algorithm>
#include <fstream>
#include <system_error>
#include <utility>

namespace kobling::tests {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kPage = 4096;

std::uint64_t Draw(std::uint64_t low, std::uint64_t high, std::mt19937_64& random) {
  return std::uniform_int_distribution<std::uint64_t>(low, high)(random);
}

// Writes zeros over about half of the pages from `begin` on.
void PunchHoles(const std::string& path, std::uint64_t begin, std::uint64_t end, std::mt19937_64& random) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  for (std::uint64_t page = begin / kPage * kPage; page < end; page += kPage) {
    if (Draw(0, 1, random) == 0) {
      const std::uint64_t from = std::max(page, begin);
      const std::string zeros(std::min(page + kPage, end) - from, '\0');
      file.seekp(static_cast<std::streamoff>(from));
      file.write(zeros.data(), static_cast<std::streamsize>(zeros.size()));
    }
  }
}

}  // namespace

FaultDisk::FaultDisk(fs::path graveyard) : graveyard_(std::move(graveyard)) {}

void FaultDisk::FailNth(Operation operation, std::uint64_t nth, Outcome outcome) {
  const std::lock_guard lock(mutex_);
  planned_ = {operation, counts_[static_cast<std::size_t>(operation)] + nth, outcome};
}

void FaultDisk::LosePowerAfter(std::uint64_t operations) {
  const std::lock_guard lock(mutex_);
  power_until_ = operations_ + operations;
}

void FaultDisk::LosePowerNow() { LosePowerAfter(0); }

void FaultDisk::LimitSpace(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  space_ = bytes;
}

bool FaultDisk::refused() const {
  const std::lock_guard lock(mutex_);
  return refused_;
}

std::uint64_t FaultDisk::CountOf(Operation operation) const {
  const std::lock_guard lock(mutex_);
  return counts_[static_cast<std::size_t>(operation)];
}

std::vector<std::string> FaultDisk::synced_folders() const {
  const std::lock_guard lock(mutex_);
  return synced_folders_;
}

Outcome FaultDisk::Begin(Operation operation, std::uint64_t bytes) {
  const std::uint64_t count = ++counts_[static_cast<std::size_t>(operation)];
  const bool power = !power_until_.has_value() || operations_ < *power_until_;
  ++operations_;
  Outcome outcome = power ? Outcome::kDone : Outcome::kIoError;
  if (power && planned_.has_value() && planned_->operation == operation && planned_->at == count) {
    outcome = planned_->outcome;
  }
  if (outcome == Outcome::kDone && space_.has_value()) {
    const bool needs_space = operation == Operation::kAppend || operation == Operation::kCreate;
    if (needs_space && (bytes > *space_ || *space_ == 0)) {
      outcome = Outcome::kNoSpace;
    } else {
      *space_ -= bytes;
    }
  }
  refused_ = refused_ || outcome != Outcome::kDone;
  return outcome;
}

Outcome FaultDisk::Append(File& file, std::uint64_t bytes, const std::function<bool()>& act) {
  const std::lock_guard lock(mutex_);
  const Outcome outcome = Begin(Operation::kAppend, bytes);
  if (outcome != Outcome::kDone) {
    return outcome;
  }
  if (!act()) {
    return Outcome::kIoError;
  }
  file.size += bytes;
  return outcome;
}

Outcome FaultDisk::Truncate(File& file, std::uint64_t size, const std::function<bool()>& act) {
  const std::lock_guard lock(mutex_);
  const Outcome outcome = Begin(Operation::kAppend);
  if (outcome != Outcome::kDone) {
    return outcome;
  }
  if (!act()) {
    return Outcome::kIoError;
  }
  file.size = size;
  file.synced = std::min(file.synced, size);
  return outcome;
}

Outcome FaultDisk::Sync(File& file) {
  const std::lock_guard lock(mutex_);
  const Outcome outcome = Begin(Operation::kSync);
  file.sync_failed = file.sync_failed || outcome != Outcome::kDone;
  if (!file.sync_failed) {
    file.synced = file.size;
  }
  return outcome;
}

Outcome FaultDisk::SyncFolder(const std::string& folder) {
  const std::lock_guard lock(mutex_);
  const Outcome outcome = Begin(Operation::kFolderSync);
  if (outcome == Outcome::kDone) {
    pending_[fs::path(folder).lexically_normal().string()].clear();
    synced_folders_.push_back(folder);
  }
  return outcome;
}

std::vector<FaultDisk::NameChange>& FaultDisk::PendingOf(const std::string& path) {
  return pending_[fs::path(path).lexically_normal().parent_path().string()];
}

bool FaultDisk::MoveName(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) {
    return false;
  }
  if (const auto found = files_.find(from); found != files_.end()) {
    files_[to] = found->second;
    files_.erase(found);
  } else {
    files_.erase(to);
  }
  return true;
}

std::optional<std::string> FaultDisk::Bury(const std::string& path) {
  std::string grave = (graveyard_ / std::to_string(++buried_)).string();
  return MoveName(path, grave) ? std::optional(std::move(grave)) : std::nullopt;
}

Outcome FaultDisk::Create(const std::string& path, std::shared_ptr<File>& file, const std::function<bool()>& act) {
  const std::lock_guard lock(mutex_);
  const Outcome outcome = Begin(Operation::kCreate);
  if (outcome != Outcome::kDone) {
    return outcome;
  }
  const std::optional<std::string> replaced = Bury(path);
  if (!act()) {
    return Outcome::kIoError;
  }
  file = std::make_shared<File>();
  files_[path] = file;
  PendingOf(path).push_back({path, std::nullopt, replaced});
  return outcome;
}

Outcome FaultDisk::Rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  const Outcome outcome = Begin(Operation::kRename);
  if (outcome != Outcome::kDone) {
    return outcome;
  }
  const std::optional<std::string> replaced = Bury(to);
  if (!MoveName(from, to)) {
    return Outcome::kIoError;
  }
  PendingOf(to).push_back({to, from, replaced});
  return outcome;
}

Outcome FaultDisk::Delete(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const Outcome outcome = Begin(Operation::kDelete);
  if (outcome != Outcome::kDone) {
    return outcome;
  }
  const std::optional<std::string> grave = Bury(path);
  if (!grave.has_value()) {
    return Outcome::kIoError;
  }
  PendingOf(path).push_back({*grave, path, std::nullopt});
  return outcome;
}

void FaultDisk::ApplyPowerLoss(Unsynced unsynced, std::mt19937_64& random) {
  const std::lock_guard lock(mutex_);
  for (auto& [folder, changes] : pending_) {
    const std::uint64_t kept = unsynced == Unsynced::kLost ? 0 : Draw(0, changes.size(), random);
    for (; changes.size() > kept; changes.pop_back()) {
      const NameChange& change = changes.back();
      if (change.before.has_value()) {
        MoveName(change.now, *change.before);
      } else {
        std::error_code ignored;
        fs::remove(change.now, ignored);
        files_.erase(change.now);
      }
      if (change.replaced.has_value()) {
        MoveName(*change.replaced, change.now);
      }
    }
    changes.clear();
  }
  for (const auto& [path, file] : files_) {
    if (file->synced < file->size && fs::exists(path)) {
      if (unsynced == Unsynced::kHoles) {
        PunchHoles(path, file->synced, file->size, random);
      } else {
        fs::resize_file(path, unsynced == Unsynced::kLost ? file->synced : Draw(file->synced, file->size, random));
      }
    }
  }
  files_.clear();
  for (const fs::directory_entry& grave : fs::directory_iterator(graveyard_)) {
    fs::remove(grave.path());
  }
}

}  // namespace kobling::tests
