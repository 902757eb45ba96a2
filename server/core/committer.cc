#include "server/core/committer.h"

#include <iterator>
#include <utility>

#include "domain/error.h"
#include "domain/status_macros.h"
#include "transparency/event.h"
#include "transparency/tiles.h"

namespace kobling::server {
namespace {

// An event that cannot be published must not come to be: the log would end before it.
absl::Status CheckPublishable(const transparency::Event& event) {
  if (transparency::EncodeEvent(event).size() <= transparency::kMaxEntryBytes) {
    return absl::OkStatus();
  }
  return domain::MakeError(domain::Reason::kFieldTooLong,
                           {{domain::DetailKey::kField, "event"},
                            {domain::DetailKey::kLimit, std::uint64_t{transparency::kMaxEntryBytes}},
                            {domain::DetailKey::kHint, "all texts of one change together; make it in several steps"}});
}

}  // namespace

void Change::Put(const records::RegisterRecord& row) {
  storage::RegisterStore::Put(row, batch);
  Then([row](StateData& state) { state.registers[row.id()] = row; });
}
void Change::Put(const records::ProjectRecord& row) {
  storage::ProjectStore::Put(row, batch);
  Then([row](StateData& state) { state.projects[row.id()].rows.project = row; });
}
void Change::Put(const records::SubmissionRecord& row) {
  storage::ProjectStore::Put(row, batch);
  Then([row](StateData& state) { Upsert(state.projects[row.project_id()].rows.submissions, row); });
}
void Change::Put(const records::MatchRecord& row) {
  storage::ProjectStore::Put(row, batch);
  Then([row](StateData& state) { Upsert(state.projects[row.project_id()].rows.matches, row); });
}
void Change::Put(const records::KeyFileRecord& row) {
  storage::ProjectStore::Put(row, batch);
  Then([row](StateData& state) { Upsert(state.projects[row.project_id()].rows.key_files, row); });
}
void Change::Put(const records::UsageRecord& row) {
  storage::ProjectStore::Put(row, batch);
  Then([row](StateData& state) { Upsert(state.projects[row.project_id()].rows.usage, row); });
}
void Change::Put(const records::CaseVersionRecord& row) {
  storage::ProjectStore::Put(row, batch);
  Then([row](StateData& state) { state.projects[row.project_id()].rows.versions.push_back(row); });
}
void Change::Put(const records::CorrectionRecord& row) {
  storage::ProjectStore::Put(row, batch);
  Then([row](StateData& state) { Upsert(state.projects[row.project_id()].rows.corrections, row); });
}
void Change::Put(const records::ReservationListRecord& row) {
  storage::ReservationStore::Put(row, batch);
  Then([row](StateData& state) { state.reservations[row.register_id()].versions.push_back(row); });
}

void Change::Put(std::string_view actor, const records::CallerRecord& row) {
  storage::CallerStore::Put(actor, row, batch);
  Then([actor = std::string(actor), row](StateData& state) { state.callers[actor] = row; });
}

Committer::Committer(storage::KeyValueStore& store, storage::EventLog& events, State& state, const domain::Clock& clock,
                     std::function<void(const absl::Status&)> on_failure)
    : store_(store), events_(events), state_(state), clock_(clock), on_failure_(std::move(on_failure)) {}

absl::Status Committer::Write(storage::WriteBatch& batch, std::span<transparency::Event> events) {
  for (transparency::Event& event : events) {
    event.time = clock_.Now();
  }
  crypto::MerkleFrontier frontier = events_.Append(events, batch);
  if (absl::Status status = store_.Commit(batch); !status.ok()) {
    const auto reason = domain::ReasonOf(status);
    if (reason == domain::Reason::kStorageUnavailable || reason == domain::Reason::kDiskFull) {
      on_failure_(status);
    }
    return status;
  }
  events_.Publish(std::move(frontier));
  return absl::OkStatus();
}

absl::Status Committer::Commit(const std::function<absl::Status(Change&)>& prepare) {
  KOBLING_RETURN_IF_ERROR(may_change_());
  const std::lock_guard lock(commit_mutex_);
  Change change;
  KOBLING_RETURN_IF_ERROR(prepare(change));
  KOBLING_RETURN_IF_ERROR(CheckPublishable(change.event));
  KOBLING_RETURN_IF_ERROR(Write(change.batch, std::span(&change.event, 1)));
  Publish(change);
  return absl::OkStatus();
}

void Committer::Publish(Change& change) noexcept {
  if (!change.mutations_.empty()) {
    state_.Change([&](StateData& state) {
      for (const auto& mutation : change.mutations_) {
        mutation(state);
      }
    });
  }
  for (const auto& action : change.actions_) {
    action();
  }
}

absl::Status Committer::Record(transparency::Event event) noexcept {
  Waiting own{.event = std::move(event), .status = absl::OkStatus()};
  std::unique_lock queue_lock(queue_mutex_);
  queue_.push_back(&own);
  queue_changed_.wait(queue_lock, [&] { return own.stage == Waiting::Stage::kDone || leader_ == Leader::kNone; });
  if (own.stage == Waiting::Stage::kDone) {
    return own.status;
  }
  leader_ = Leader::kWriting;
  const std::vector<Waiting*> taken = std::exchange(queue_, {});
  queue_lock.unlock();

  std::vector<transparency::Event> events;
  events.reserve(taken.size());
  for (Waiting* waiting : taken) {
    events.push_back(std::move(waiting->event));
  }
  absl::Status status;
  {
    const std::lock_guard lock(commit_mutex_);
    storage::WriteBatch batch;
    status = Write(batch, events);
  }

  queue_lock.lock();
  for (Waiting* waiting : taken) {
    waiting->status = status;
    waiting->stage = Waiting::Stage::kDone;
  }
  leader_ = Leader::kNone;
  queue_changed_.notify_all();
  return own.status;
}

}  // namespace kobling::server
