#include "server/core/log_publisher.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"
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

// Whoever may enter the folder may read the files: the folder's mode decides.
constexpr mode_t kFileMode = 0644;
constexpr std::string_view kCheckpointFile = "checkpoint";
constexpr std::string_view kKeysFile = "keys";
// After so many events a failure no longer loses what was done before it.
constexpr std::uint64_t kEventsAtOnce = 65'536;
constexpr absl::Duration kNotTriedAgain = absl::Seconds(1);

crypto::Digest LeafOf(std::string_view entry) {
  return crypto::LeafHash(std::span(reinterpret_cast<const std::uint8_t*>(entry.data()), entry.size()));
}

absl::Status Inconsistent(std::string_view hint) {
  return MakeError(Reason::kLogInconsistent, {{DetailKey::kHint, hint}});
}

// The folder is not as it was published: it can be made anew.
bool IsDamage(const absl::Status& status) {
  const std::optional<Reason> reason = domain::ReasonOf(status);
  return reason == Reason::kLogInconsistent || reason == Reason::kLogMalformed || reason == Reason::kFileNotFound ||
         reason == Reason::kFileUnreadable;
}

// Whether every full tile and bundle of a tree of so many leaves is there, tiles in their full length. What they hold
// is looked at when it is needed.
bool HasAllFullFiles(const fs::path& folder, std::uint64_t size) {
  std::error_code error;
  for (unsigned level = 0; transparency::HashesAtLevel(level, size) >= kTileWidth; ++level) {
    for (std::uint64_t index = 0; index < transparency::HashesAtLevel(level, size) / kTileWidth; ++index) {
      const fs::path tile = folder / transparency::TilePath(level, index, kTileWidth);
      if (fs::file_size(tile, error) != kTileWidth * kHashBytes || error ||
          (level == 0 && !fs::is_regular_file(folder / transparency::EntriesPath(index, kTileWidth), error))) {
        return false;
      }
    }
  }
  return true;
}

absl::Status Unwritable(const fs::path& path, const std::error_code& error) {
  return MakeError(error == std::errc::no_space_on_device ? Reason::kDiskFull : Reason::kFileUnwritable,
                   {{DetailKey::kFile, path.string()}});
}

}  // namespace

LogPublisher::LogPublisher(const Parts& parts)
    : parts_(parts), verifier_(transparency::SignerKind::kLog, parts.origin, parts.key.public_key()) {}

absl::StatusOr<std::unique_ptr<LogPublisher>> LogPublisher::Open(const Parts& parts) {
  std::unique_ptr<LogPublisher> publisher(new LogPublisher(parts));
  KOBLING_RETURN_IF_ERROR(publisher->GoOnFromFolder());
  KOBLING_RETURN_IF_ERROR(publisher->WriteKeys());
  return publisher;
}

absl::Status LogPublisher::GoOnFromFolder() {
  transparency::LogFolder folder(parts_.folder);
  absl::StatusOr<transparency::Note> note = folder.ReadCheckpoint();
  if (domain::ReasonOf(note.status()) == Reason::kFileNotFound) {
    return absl::OkStatus();
  }
  const absl::StatusOr<transparency::TreeHead> head =
      note.ok() ? transparency::VerifyCheckpoint(*note, verifier_) : note.status();
  if (!head.ok()) {
    return BeginAnew();
  }
  KOBLING_ASSIGN_OR_RETURN(const crypto::MerkleFrontier stored, storage::EventLog::ReadFrontier(parts_.store));
  if (stored.size() < head->size || (stored.size() == head->size && stored.Root() != head->root)) {
    return Inconsistent("more, or something else, was published than the database holds; put its newest copy in place");
  }
  published_before_ = *head;
  absl::StatusOr<transparency::TreeEdge> edge = transparency::TreeEdge::Read(folder, head->size);
  if (!edge.ok() || edge->Root() != head->root || !HasAllFullFiles(parts_.folder, head->size)) {
    return BeginAnew();
  }
  // The entries that the next bundle begins with are the database's, and must be those of the tree.
  std::string hashes;
  std::vector<std::string> entries;
  KOBLING_RETURN_IF_ERROR(
      storage::EventLog::ForEachEntry(parts_.store, head->size - head->size % kTileWidth,
                                      [&](std::uint64_t index, std::string_view entry) -> absl::StatusOr<bool> {
                                        if (index == head->size) {
                                          return false;
                                        }
                                        const crypto::Digest leaf = LeafOf(entry);
                                        hashes.append(leaf.begin(), leaf.end());
                                        entries.emplace_back(entry);
                                        return true;
                                      }));
  if (hashes != edge->PartialTile(0)) {
    return MakeError(Reason::kRecordCorrupt, {{DetailKey::kHint, "a stored event is not the one that was published"}});
  }
  end_ = {*std::move(edge), std::move(entries)};
  newest_ = *std::move(note);
  published_ = head->size;
  return absl::OkStatus();
}

absl::Status LogPublisher::BeginAnew() {
  std::error_code error;
  if (fs::exists(parts_.folder, error) && !fs::is_empty(parts_.folder, error)) {
    // Kept: somebody may have to see what was there.
    const std::string time = absl::FormatTime("%Y%m%dT%H%M%E3SZ", parts_.clock.Now(), absl::UTCTimeZone());
    fs::path aside = parts_.folder.string() + ".unfit-" + time;
    for (int more = 2; fs::exists(aside, error); ++more) {
      aside = absl::StrFormat("%s.unfit-%s-%d", parts_.folder.string(), time, more);
    }
    const fs::perms mode = fs::status(parts_.folder, error).permissions();
    fs::rename(parts_.folder, aside, error);
    if (!error) {
      fs::create_directory(parts_.folder, error);
    }
    if (!error) {
      fs::permissions(parts_.folder, mode, error);
    }
    if (error) {
      return Unwritable(parts_.folder, error);
    }
    // What was signed stays signed, also if the server ends before it has made the rest: the events must lead there.
    const absl::StatusOr<transparency::Note> signed_before = transparency::LogFolder(aside).ReadCheckpoint();
    if (signed_before.ok() && transparency::VerifyCheckpoint(*signed_before, verifier_).ok()) {
      KOBLING_RETURN_IF_ERROR(WriteFile(std::string(kCheckpointFile), signed_before->bytes()));
    }
  }
  was_made_anew_ = true;
  end_ = End();
  const std::lock_guard lock(newest_mutex_);
  newest_.reset();
  published_ = 0;
  return absl::OkStatus();
}

absl::Status LogPublisher::MakeFolders(const fs::path& folder) const {
  std::error_code error;
  if (fs::is_directory(folder, error)) {
    return absl::OkStatus();
  }
  KOBLING_RETURN_IF_ERROR(MakeFolders(folder.parent_path()));
  fs::create_directory(folder, error);
  if (!error) {
    // Not what the process's umask leaves: whoever may read the folder may read all of it.
    fs::permissions(folder, fs::status(parts_.folder).permissions(), error);
  }
  return error ? Unwritable(folder, error) : absl::OkStatus();
}

absl::Status LogPublisher::WriteFile(const std::string& path, std::string_view bytes) const {
  const fs::path file = parts_.folder / path;
  KOBLING_RETURN_IF_ERROR(MakeFolders(file.parent_path()));
  return ReplaceFile(file, bytes, kFileMode);
}

absl::Status LogPublisher::WriteKeys() const {
  const std::string line = verifier_.text() + '\n';
  std::string keys = ReadSmallFile(parts_.folder / kKeysFile).value_or("");
  if (keys.find(line) != std::string::npos) {
    return absl::OkStatus();
  }
  return WriteFile(std::string(kKeysFile), keys.append(line));
}

absl::Status LogPublisher::AddEntry(std::string entry, End& end) const {
  if (entry.size() > transparency::kMaxEntryBytes) {
    return MakeError(Reason::kFieldTooLong, {{DetailKey::kField, "event"},
                                             {DetailKey::kPosition, end.edge.size()},
                                             {DetailKey::kLimit, std::uint64_t{transparency::kMaxEntryBytes}}});
  }
  const crypto::Digest leaf = LeafOf(entry);
  end.entries.push_back(std::move(entry));
  const auto write_full = [&](const std::string& path, std::string_view bytes) {
    absl::Status written = WriteFile(path, bytes);
    std::error_code ignored;  // what is left over does no harm
    fs::remove_all(parts_.folder / (path + ".p"), ignored);
    return written;
  };
  if (end.entries.size() == kTileWidth) {
    KOBLING_RETURN_IF_ERROR(write_full(transparency::EntriesPath(end.edge.size() / kTileWidth, kTileWidth),
                                       transparency::EncodeEntries(end.entries)));
    end.entries.clear();
  }
  return end.edge.Append(leaf, [&](unsigned level, std::uint64_t index, std::string_view hashes) {
    return write_full(transparency::TilePath(level, index, kTileWidth), hashes);
  });
}

absl::Status LogPublisher::AddEvents(std::uint64_t size) {
  while (end_.edge.size() < size) {
    // On a copy: what fails half-way is begun again.
    End end = end_;
    const std::uint64_t until = std::min(size, end.edge.size() + kEventsAtOnce);
    const auto add = [&](std::uint64_t index, std::string_view entry) -> absl::StatusOr<bool> {
      if (index == until) {
        return false;
      }
      KOBLING_RETURN_IF_ERROR(AddEntry(std::string(entry), end));
      if (published_before_.has_value() && end.edge.size() == published_before_->size &&
          end.edge.Root() != published_before_->root) {
        return MakeError(Reason::kRecordCorrupt,
                         {{DetailKey::kHint, "the stored events do not lead to what was published before"}});
      }
      return true;
    };
    KOBLING_RETURN_IF_ERROR(storage::EventLog::ForEachEntry(parts_.store, end.edge.size(), add));
    if (end.edge.size() != until) {
      return MakeError(Reason::kRecordCorrupt, {{DetailKey::kHint, "an event is missing"}});
    }
    end_ = std::move(end);
  }
  return absl::OkStatus();
}

absl::Status LogPublisher::WritePartialTiles() const {
  for (unsigned level = 0; level < end_.edge.levels(); ++level) {
    const std::string_view hashes = end_.edge.PartialTile(level);
    if (hashes.empty()) {
      continue;
    }
    const std::uint64_t index = transparency::HashesAtLevel(level, end_.edge.size()) / kTileWidth;
    KOBLING_RETURN_IF_ERROR(WriteFile(transparency::TilePath(level, index, hashes.size() / kHashBytes), hashes));
  }
  if (end_.entries.empty()) {
    return absl::OkStatus();
  }
  return WriteFile(transparency::EntriesPath(end_.edge.size() / kTileWidth, end_.entries.size()),
                   transparency::EncodeEntries(end_.entries));
}

absl::StatusOr<transparency::NoteSignature> LogPublisher::AskWitness(const transparency::Note& note,
                                                                     const transparency::TreeHead& head) {
  transparency::LogFolder folder(parts_.folder);
  transparency::TreeReader tree(folder, head.size);
  const auto prove = [&](std::uint64_t old_size) -> absl::StatusOr<transparency::Proof> {
    KOBLING_ASSIGN_OR_RETURN(transparency::Proof proof, transparency::ProveConsistency(tree, old_size));
    if (old_size > 0) {
      // A tile that was damaged must not look like a log that was changed.
      KOBLING_ASSIGN_OR_RETURN(const crypto::Digest old_root, tree.Root(0, old_size));
      KOBLING_RETURN_IF_ERROR(transparency::VerifyConsistency({old_size, old_root}, {head.size, head.root}, proof));
    }
    return proof;
  };
  absl::StatusOr<transparency::NoteSignature> signature = parts_.witness->Cosign(note, prove);
  if (IsDamage(signature.status())) {
    KOBLING_RETURN_IF_ERROR(BeginAnew());
  }
  return signature;
}

absl::Status LogPublisher::WriteCheckpoint() {
  const transparency::TreeHead head{parts_.origin, end_.edge.size(), end_.edge.Root()};
  transparency::Note note = transparency::SignTreeHead(head, parts_.key);
  if (parts_.witness != nullptr) {
    KOBLING_ASSIGN_OR_RETURN(transparency::NoteSignature cosignature, AskWitness(note, head));
    note.signatures.push_back(std::move(cosignature));
  }
  const std::string hour = absl::FormatTime("checkpoints/%Y/%m/%d-%H", parts_.clock.Now(), absl::UTCTimeZone());
  // In this order: whoever reads meanwhile finds no kept checkpoint that is newer than the newest.
  KOBLING_RETURN_IF_ERROR(WriteFile(std::string(kCheckpointFile), note.bytes()));
  KOBLING_RETURN_IF_ERROR(WriteFile(hour, note.bytes()));
  published_before_ = head;
  const std::lock_guard lock(newest_mutex_);
  newest_ = std::move(note);
  published_ = head.size;
  return absl::OkStatus();
}

absl::Status LogPublisher::Publish() { return PublishAll(IfNothingNew::kDoNothing); }

absl::Status LogPublisher::Confirm() { return PublishAll(IfNothingNew::kSignAnew); }

absl::Status LogPublisher::PublishAll(IfNothingNew if_nothing_new) {
  const std::lock_guard lock(publish_mutex_);
  const auto publish = [&]() -> absl::Status {
    KOBLING_ASSIGN_OR_RETURN(const crypto::MerkleFrontier stored, storage::EventLog::ReadFrontier(parts_.store));
    if (if_nothing_new == IfNothingNew::kDoNothing && Newest().has_value() && stored.size() == published()) {
      return absl::OkStatus();
    }
    std::error_code error;
    if (Newest().has_value() && !fs::exists(parts_.folder / kCheckpointFile, error)) {
      KOBLING_RETURN_IF_ERROR(BeginAnew());  // the folder was taken away
    }
    KOBLING_RETURN_IF_ERROR(AddEvents(stored.size()));
    if (end_.edge.Root() != stored.Root()) {
      return MakeError(Reason::kRecordCorrupt, {{DetailKey::kHint, "the stored events do not give the stored tree"}});
    }
    KOBLING_RETURN_IF_ERROR(WritePartialTiles());
    return WriteCheckpoint();
  };
  absl::Status outcome = publish();
  NoteOutcome(outcome);
  return outcome;
}

void LogPublisher::NoteOutcome(const absl::Status& published) {
  const absl::Time now = parts_.clock.Now();
  const std::lock_guard lock(newest_mutex_);
  last_failure_ = published;
  last_attempt_ = now;
  if (published.ok()) {
    behind_since_.reset();
  } else if (parts_.witness != nullptr) {
    behind_since_ = behind_since_.value_or(now);
  }
}

absl::Status LogPublisher::RequireWitnessed(std::uint64_t index) {
  if (parts_.witness == nullptr) {
    return absl::OkStatus();
  }
  {
    const std::lock_guard lock(newest_mutex_);
    if (published_ > index) {
      return absl::OkStatus();
    }
    if (!last_failure_.ok() && absl::AbsDuration(parts_.clock.Now() - last_attempt_) < kNotTriedAgain) {
      return last_failure_;
    }
  }
  return Publish();
}

absl::Status LogPublisher::CheckNotBehind() const {
  const std::lock_guard lock(newest_mutex_);
  if (!behind_since_.has_value() || parts_.clock.Now() - *behind_since_ <= kLongestUnwitnessed) {
    return absl::OkStatus();
  }
  return MakeError(
      Reason::kWitnessUnreachable,
      {{DetailKey::kHint, "events have waited for its signature for over a minute; nothing more may happen"}});
}

std::optional<transparency::Note> LogPublisher::Newest() const {
  const std::lock_guard lock(newest_mutex_);
  return newest_;
}

std::uint64_t LogPublisher::published() const {
  const std::lock_guard lock(newest_mutex_);
  return published_;
}

absl::StatusOr<LogPublisher::Proved> LogPublisher::ProveFromFolder(std::uint64_t index) const {
  Proved proved;
  std::uint64_t size = 0;
  {
    const std::lock_guard lock(newest_mutex_);
    if (!newest_.has_value() || index >= published_) {
      return MakeError(Reason::kLogMalformed, {{DetailKey::kHint, "made anew at this moment"}});
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

absl::StatusOr<LogPublisher::Proved> LogPublisher::Prove(std::uint64_t index) {
  KOBLING_ASSIGN_OR_RETURN(const crypto::MerkleFrontier stored, storage::EventLog::ReadFrontier(parts_.store));
  if (index >= stored.size()) {
    return MakeError(Reason::kEventNotFound, {{DetailKey::kPosition, index}});
  }
  if (index >= published()) {
    KOBLING_RETURN_IF_ERROR(parts_.witness == nullptr ? Publish() : RequireWitnessed(index));
  }
  absl::StatusOr<Proved> proved = ProveFromFolder(index);
  if (!IsDamage(proved.status())) {
    return proved;
  }
  {
    const std::lock_guard lock(publish_mutex_);
    KOBLING_RETURN_IF_ERROR(BeginAnew());
  }
  KOBLING_RETURN_IF_ERROR(Publish());
  return ProveFromFolder(index);
}

}  // namespace kobling::server
