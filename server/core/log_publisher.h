// Publishes the event log for those who do not have to trust the server: tiles and signed checkpoints in a folder.
// docs/formats/log.md says which files; transparency/log_check.h what anybody can check in them.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crypto/signing.h"
#include "domain/clock.h"
#include "server/core/cosigner.h"
#include "storage/key_value_store.h"
#include "transparency/note.h"
#include "transparency/proof.h"
#include "transparency/tree_edge.h"

namespace kobling::server {

// The folder holds nothing that does not follow from the events: what is missing there or does not fit is made anew,
// and what was there is put aside.
class LogPublisher {
 public:
  struct Parts {
    std::filesystem::path folder;
    std::string origin;
    const storage::Reader& store;
    const crypto::SigningKey& key;
    const domain::Clock& clock;
    Cosigner* witness = nullptr;  // none: checkpoints are published with the log's signature alone
  };

  // Goes on from what the folder holds, or begins anew if that is nothing or damaged; `was_made_anew` tells. Fails with
  // LOG_INCONSISTENT if the folder has a checkpoint by this very key that is larger than the stored log, or of another
  // history: the database is older than what was published, or was changed. Fails with RECORD_CORRUPT, FILE_UNWRITABLE
  // or DISK_FULL.
  static absl::StatusOr<std::unique_ptr<LogPublisher>> Open(const Parts& parts);

  LogPublisher(const LogPublisher&) = delete;
  LogPublisher& operator=(const LogPublisher&) = delete;

  // Publishes all events that are stored: tiles first, the checkpoint last, and that only once the witness has signed
  // it. Nothing is written if there is nothing new. One caller at a time waits for another. Fails with RECORD_CORRUPT
  // if the stored events do not give the stored root, in which case no checkpoint is signed, with FIELD_TOO_LONG for an
  // event that no entry can hold, with FILE_UNWRITABLE or DISK_FULL, and as the witness does.
  absl::Status Publish();

  // The same, and has the witness sign anew even if nothing is: that the log as it is stored here, now, is the newest
  // that there is.
  absl::Status Confirm();

  // That the witness has signed for the event, now at the latest. OK without a witness. Fails as Publish does; what
  // failed within the last second is not tried again.
  absl::Status RequireWitnessed(std::uint64_t index);

  // How long events may wait for the witness before nothing more may happen: what it has not signed, nobody would miss.
  static constexpr absl::Duration kLongestUnwitnessed = absl::Minutes(1);
  // Fails with WITNESS_UNREACHABLE if events have waited for longer. OK without a witness.
  absl::Status CheckNotBehind() const;

  // The checkpoint that was published last. Nothing before the first one.
  std::optional<transparency::Note> Newest() const;
  // How many events it speaks of.
  std::uint64_t published() const;

  // The key that checkpoints are verified with.
  const transparency::VerifierKey& verifier() const { return verifier_; }

  bool was_made_anew() const { return was_made_anew_; }

  // An event's bytes, and the proof that they are in the log. Publishes first, if the event is newer than the newest
  // checkpoint. Fails with EVENT_NOT_FOUND for one that is not stored, and as Publish does.
  struct Proved {
    std::string entry;
    transparency::InclusionReceipt receipt;
  };
  absl::StatusOr<Proved> Prove(std::uint64_t index);

 private:
  explicit LogPublisher(const Parts& parts);

  enum class IfNothingNew : std::uint8_t { kDoNothing, kSignAnew };
  absl::Status PublishAll(IfNothingNew if_nothing_new);
  absl::Status GoOnFromFolder();
  // Where the log grows: the last tiles of the tree, and the entries after the last full bundle.
  struct End {
    transparency::TreeEdge edge;
    std::vector<std::string> entries;
  };
  absl::Status AddEntry(std::string entry, End& end) const;
  absl::Status AddEvents(std::uint64_t size);
  absl::Status WritePartialTiles() const;
  absl::Status WriteCheckpoint();
  absl::StatusOr<transparency::NoteSignature> AskWitness(const transparency::Note& note,
                                                         const transparency::TreeHead& head);
  absl::Status BeginAnew();
  void NoteOutcome(const absl::Status& published);
  absl::Status WriteFile(const std::string& path, std::string_view bytes) const;
  absl::Status MakeFolders(const std::filesystem::path& folder) const;
  absl::Status WriteKeys() const;
  absl::StatusOr<Proved> ProveFromFolder(std::uint64_t index) const;

  const Parts parts_;
  const transparency::VerifierKey verifier_;
  std::atomic<bool> was_made_anew_ = false;

  std::mutex publish_mutex_;
  End end_;  // guarded by publish_mutex_
  // What was published by this key before: the events must lead there. Guarded by publish_mutex_.
  std::optional<transparency::TreeHead> published_before_;

  mutable std::mutex newest_mutex_;
  std::optional<transparency::Note> newest_;  // guarded by newest_mutex_
  std::uint64_t published_ = 0;               // guarded by newest_mutex_
  absl::Status last_failure_;                 // of the last attempt; guarded by newest_mutex_
  absl::Time last_attempt_;                   // guarded by newest_mutex_
  std::optional<absl::Time> behind_since_;    // when the witness first did not sign; guarded by newest_mutex_
};

}  // namespace kobling::server
