// The one place where anything is changed: one change after another, each with its event in the same batch.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "domain/clock.h"
#include "server/core/state.h"
#include "storage/event_log.h"
#include "storage/key_value_store.h"

namespace kobling::server {

// What one change consists of. Each Put adds a row to the batch and, once that is durable, to the state.
class Change {
 public:
  void Put(const records::RegisterRecord& row);
  void Put(const records::ProjectRecord& row);
  void Put(const records::SubmissionRecord& row);
  void Put(const records::MatchRecord& row);
  void Put(const records::KeyFileRecord& row);
  void Put(const records::UsageRecord& row);
  void Put(const records::CaseVersionRecord& row);
  void Put(const records::CorrectionRecord& row);
  // The list's people change by a mutation of the caller's own.
  void Put(const records::ReservationListRecord& row);
  void Put(std::string_view actor, const records::CallerRecord& row);

  // Done to the state after the commit, in the order of the calls.
  void Then(std::function<void(StateData&)> mutation) { mutations_.push_back(std::move(mutation)); }
  // Done after the commit and before the next change, outside the state's lock.
  void Afterwards(std::function<void()> action) { actions_.push_back(std::move(action)); }

  storage::WriteBatch batch;
  transparency::Event event;

 private:
  friend class Committer;
  std::vector<std::function<void(StateData&)>> mutations_;
  std::vector<std::function<void()>> actions_;
};

// Safe for concurrent use.
class Committer {
 public:
  // `on_failure` is told once the store has failed for good; the server then ends.
  Committer(storage::KeyValueStore& store, storage::EventLog& events, State& state, const domain::Clock& clock,
            std::function<void(const absl::Status&)> on_failure);

  // Asked before every change: an error of `may_change` is the change's, and nothing happens. To be set before the
  // first one.
  void SetGate(std::function<absl::Status()> may_change) { may_change_ = std::move(may_change); }

  // Runs `prepare` while no other change can happen. If it is OK, its batch, its event and what follows from them take
  // effect; otherwise nothing does, and its error is returned. The event's time is set here.
  absl::Status Commit(const std::function<absl::Status(Change&)>& prepare);

  // Makes an event durable that belongs to no change: a refusal, a fetch, a look at a person. Events that arrive while
  // another batch is being written share the next one.
  // Ends the process if memory runs out half-way: others wait for the outcome and would wait for ever.
  absl::Status Record(transparency::Event event) noexcept;

  // Index that the event of the change in preparation will get. Only within `prepare`.
  std::uint64_t NextEventIndex() const { return events_.size(); }

 private:
  struct Waiting {
    transparency::Event event;
    absl::Status status;
    enum class Stage : std::uint8_t { kQueued, kDone } stage = Stage::kQueued;
  };

  absl::Status Write(storage::WriteBatch& batch, std::span<transparency::Event> events);
  // Ends the process if it cannot be done: memory must not stay behind the disk.
  void Publish(Change& change) noexcept;

  storage::KeyValueStore& store_;
  storage::EventLog& events_;  // guarded by commit_mutex_
  State& state_;
  const domain::Clock& clock_;
  const std::function<void(const absl::Status&)> on_failure_;
  std::function<absl::Status()> may_change_ = [] { return absl::OkStatus(); };

  std::mutex commit_mutex_;
  std::mutex queue_mutex_;
  std::condition_variable queue_changed_;
  std::vector<Waiting*> queue_;                                                  // guarded by queue_mutex_
  enum class Leader : std::uint8_t { kNone, kWriting } leader_ = Leader::kNone;  // guarded by queue_mutex_
};

}  // namespace kobling::server
