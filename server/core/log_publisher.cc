#include "server/core/log_publisher.h"

#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/time/time.h"
#include "crypto/merkle.h"
#include "domain/error.h"
#include "domain/status_macros.h"
#include "server/runtime/files.h"
#include "storage/event_log.h"
#include "transparency/log_folder.h"
#include "transparency/tiles.h"

namespace kobling::server {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;
using transparency::kHashBytes;
using transparency::kTileWidth;
namespace fs = std::filesystem;

// Whoever may read the folder may read the files: the folder's mode decides.
constexpr mode_t kFileMode = 0644;
constexpr std::string_view kCheckpointFile = "checkpoint";
constexpr std::string_view kKeysFile = "keys";

crypto::Digest LeafOf(std::string_view entry) {
  return crypto::LeafHash(std::span(reinterpret_cast<const std::uint8_t*>(entry.data()), entry.size()));
}

}  // namespace

LogPublisher::LogPublisher(const Parts& parts)
    : parts_(parts), verifier_(transparency::SignerKind::kLog, parts.origin, parts.key.public_key()) {}

absl::StatusOr<std::unique_ptr<LogPublisher>> LogPublisher::Open(const Parts& parts) {
  std::unique_ptr<LogPublisher> publisher(new LogPublisher(parts));
  if (const absl::Status status = publisher->GoOnFromFolder(); !status.ok()) {
    publisher->edge_ = transparency::TreeEdge();
    publisher->last_bundle_.clear();
    publisher->newest_.reset();
    publisher->published_ = 0;
    std::error_code error;
    publisher->was_made_anew_ = fs::exists(parts.folder / kCheckpointFile, error);
  }
  KOBLING_RETURN_IF_ERROR(publisher->WriteKeys());
  return publisher;
}

absl::Status LogPublisher::GoOnFromFolder() {
  transparency::LogFolder folder(parts_.folder);
  KOBLING_ASSIGN_OR_RETURN(transparency::Note note, folder.ReadCheckpoint());
  KOBLING_ASSIGN_OR_RETURN(const transparency::TreeHead head, transparency::VerifyCheckpoint(note, verifier_));
  KOBLING_ASSIGN_OR_RETURN(edge_, transparency::TreeEdge::Read(folder, head.size));
  const auto wrong = [] { return MakeError(Reason::kLogInconsistent); };
  if (edge_.Root() != head.root) {
    return wrong();
  }
  // That the events of the store lead to the same tree is seen when the next ones are added: the root of all must be
  // the stored one.
  KOBLING_ASSIGN_OR_RETURN(const crypto::MerkleFrontier stored, storage::EventLog::ReadFrontier(parts_.store));
  if (stored.size() < head.size || (stored.size() == head.size && stored.Root() != head.root)) {
    return wrong();
  }
  const std::uint64_t bundle_begin = head.size - head.size % kTileWidth;
  KOBLING_RETURN_IF_ERROR(storage::EventLog::ForEachEntry(
      parts_.store, bundle_begin, [&](std::uint64_t index, std::string_view entry) -> absl::StatusOr<bool> {
        if (index == head.size) {
          return false;
        }
        last_bundle_.emplace_back(entry);
        return true;
      }));
  newest_ = std::move(note);
  published_ = head.size;
  return absl::OkStatus();
}

absl::Status LogPublisher::WriteFile(const std::string& path, std::string_view bytes) const {
  const fs::path file = parts_.folder / path;
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  if (error) {
    return MakeError(error == std::errc::no_space_on_device ? Reason::kDiskFull : Reason::kFileUnwritable,
                     {{DetailKey::kFile, file.parent_path().string()}});
  }
  return ReplaceFile(file, bytes, kFileMode);
}

absl::Status LogPublisher::WriteKeys() const {
  const std::string keys = verifier_.text() + '\n';
  const absl::StatusOr<std::string> there = ReadSmallFile(parts_.folder / kKeysFile);
  return there.ok() && *there == keys ? absl::OkStatus() : WriteFile(std::string(kKeysFile), keys);
}

absl::Status LogPublisher::AddEntry(std::string entry) {
  if (entry.size() > transparency::kMaxEntryBytes) {
    return MakeError(Reason::kFieldTooLong, {{DetailKey::kField, "event"},
                                             {DetailKey::kPosition, edge_.size()},
                                             {DetailKey::kLimit, std::uint64_t{transparency::kMaxEntryBytes}}});
  }
  const crypto::Digest leaf = LeafOf(entry);
  last_bundle_.push_back(std::move(entry));
  if (last_bundle_.size() == kTileWidth) {
    const std::uint64_t index = edge_.size() / kTileWidth;
    KOBLING_RETURN_IF_ERROR(
        WriteFile(transparency::EntriesPath(index, kTileWidth), transparency::EncodeEntries(last_bundle_)));
    std::error_code ignored;  // what is left over does no harm
    fs::remove_all(parts_.folder / (transparency::EntriesPath(index, kTileWidth) + ".p"), ignored);
    last_bundle_.clear();
  }
  return edge_.Append(leaf, [&](unsigned level, std::uint64_t index, std::string_view hashes) {
    const std::string path = transparency::TilePath(level, index, kTileWidth);
    absl::Status written = WriteFile(path, hashes);
    std::error_code ignored;
    fs::remove_all(parts_.folder / (path + ".p"), ignored);
    return written;
  });
}

absl::Status LogPublisher::WritePartialTiles() const {
  for (unsigned level = 0; level < edge_.levels(); ++level) {
    const std::string_view hashes = edge_.PartialTile(level);
    if (hashes.empty()) {
      continue;
    }
    const std::uint64_t index = transparency::HashesAtLevel(level, edge_.size()) / kTileWidth;
    KOBLING_RETURN_IF_ERROR(WriteFile(transparency::TilePath(level, index, hashes.size() / kHashBytes), hashes));
  }
  if (last_bundle_.empty()) {
    return absl::OkStatus();
  }
  return WriteFile(transparency::EntriesPath(edge_.size() / kTileWidth, last_bundle_.size()),
                   transparency::EncodeEntries(last_bundle_));
}

absl::Status LogPublisher::WriteCheckpoint() {
  transparency::Note note = transparency::SignTreeHead({parts_.origin, edge_.size(), edge_.Root()}, parts_.key);
  if (parts_.witness != nullptr) {
    transparency::LogFolder folder(parts_.folder);
    transparency::TreeReader tree(folder, edge_.size());
    KOBLING_ASSIGN_OR_RETURN(transparency::NoteSignature cosignature,
                             parts_.witness->Cosign(note, [&](std::uint64_t old_size) {
                               return transparency::ProveConsistency(tree, old_size);
                             }));
    note.signatures.push_back(std::move(cosignature));
  }
  const std::string hour = absl::FormatTime("checkpoints/%Y/%m/%d-%H", parts_.clock.Now(), absl::UTCTimeZone());
  // In this order: whoever reads meanwhile finds no kept checkpoint that is newer than the newest.
  KOBLING_RETURN_IF_ERROR(WriteFile(std::string(kCheckpointFile), note.bytes()));
  KOBLING_RETURN_IF_ERROR(WriteFile(hour, note.bytes()));
  const std::lock_guard lock(newest_mutex_);
  newest_ = std::move(note);
  published_ = edge_.size();
  return absl::OkStatus();
}

absl::Status LogPublisher::Publish() { return PublishAll(IfNothingNew::kDoNothing); }

absl::Status LogPublisher::Confirm() { return PublishAll(IfNothingNew::kSignAnew); }

absl::Status LogPublisher::PublishAll(IfNothingNew if_nothing_new) {
  const std::lock_guard lock(publish_mutex_);
  KOBLING_ASSIGN_OR_RETURN(const crypto::MerkleFrontier stored, storage::EventLog::ReadFrontier(parts_.store));
  if (if_nothing_new == IfNothingNew::kDoNothing && Newest().has_value() && stored.size() == published()) {
    return absl::OkStatus();
  }
  const auto add = [&](std::uint64_t index, std::string_view entry) -> absl::StatusOr<bool> {
    if (index == stored.size()) {
      return false;
    }
    KOBLING_RETURN_IF_ERROR(AddEntry(std::string(entry)));
    return true;
  };
  KOBLING_RETURN_IF_ERROR(storage::EventLog::ForEachEntry(parts_.store, edge_.size(), add));
  if (edge_.size() != stored.size() || edge_.Root() != stored.Root()) {
    return MakeError(Reason::kRecordCorrupt, {{DetailKey::kHint, "the stored events do not give the stored tree"}});
  }
  KOBLING_RETURN_IF_ERROR(WritePartialTiles());
  return WriteCheckpoint();
}

absl::Status LogPublisher::RequireWitnessed(std::uint64_t index) {
  return parts_.witness == nullptr || published() > index ? absl::OkStatus() : Publish();
}

std::optional<transparency::Note> LogPublisher::Newest() const {
  const std::lock_guard lock(newest_mutex_);
  return newest_;
}

std::uint64_t LogPublisher::published() const {
  const std::lock_guard lock(newest_mutex_);
  return published_;
}

absl::StatusOr<LogPublisher::Proved> LogPublisher::Prove(std::uint64_t index) {
  if (index >= published()) {
    KOBLING_RETURN_IF_ERROR(Publish());
  }
  std::uint64_t size = 0;
  Proved proved;
  {
    const std::lock_guard lock(newest_mutex_);
    if (index >= published_) {
      return MakeError(Reason::kEventNotFound, {{DetailKey::kPosition, index}});
    }
    size = published_;
    proved.receipt.checkpoint = *newest_;
  }
  KOBLING_ASSIGN_OR_RETURN(proved.entry, storage::EventLog::ReadEntry(parts_.store, index));
  transparency::LogFolder folder(parts_.folder);
  transparency::TreeReader tree(folder, size);
  proved.receipt.index = index;
  KOBLING_ASSIGN_OR_RETURN(proved.receipt.proof, transparency::ProveInclusion(tree, index));
  // What the folder holds is not believed: a wrong proof is not handed out.
  KOBLING_RETURN_IF_ERROR(proved.receipt.Verify(proved.entry, verifier_).status());
  return proved;
}

}  // namespace kobling::server
