// A whole server without a network, for the tests of what it does: a store in memory, a clock that stands still, keys
// that the test knows, and short ways to the steps that nearly every test begins with.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crypto/age_key.h"
#include "crypto/key_file_comment.h"
#include "crypto/random.h"
#include "server/core/core.h"
#include "server/core/identifier_stream.h"
#include "server/core/key_file_folder.h"
#include "server/core/log_publisher.h"
#include "server/runtime/testing.h"
#include "server/use_cases/audit.h"
#include "server/use_cases/corrections.h"
#include "server/use_cases/endings.h"
#include "server/use_cases/identity_feed.h"
#include "server/use_cases/identity_history.h"
#include "server/use_cases/insight.h"
#include "server/use_cases/key_files.h"
#include "server/use_cases/population.h"
#include "server/use_cases/projects.h"
#include "server/use_cases/registers.h"
#include "server/use_cases/reservations.h"
#include "server/use_cases/series_import.h"
#include "server/use_cases/usage.h"
#include "storage/memory_key_value_store.h"

namespace kobling::server {

class FakeClock final : public domain::Clock {
 public:
  absl::Time Now() const override { return absl::FromUnixMicros(now_us_); }
  void Advance(absl::Duration duration) { now_us_ += absl::ToInt64Microseconds(duration); }

 private:
  std::atomic<std::int64_t> now_us_ = 1'795'345'200'000'000;  // 2026-11-22, noon in Norway
};

// A store in memory that can be made to fail, as a disk does: for good.
class FaultyStore final : public storage::KeyValueStore {
 public:
  void FailFromNowOn(domain::Reason reason) { failure_ = reason; }
  // As under a process that is killed: after so many more commits, the next one is the last, and nobody hears whether
  // it was written.
  enum class LastCommit { kIsLost, kIsWritten };
  void DieAfter(int commits, LastCommit last) {
    commits_left_ = commits;
    last_ = last;
  }
  bool is_dead() const { return failure_.has_value(); }
  void Mend() {
    failure_ = std::nullopt;
    commits_left_ = std::nullopt;
  }
  int purges() const { return purges_; }
  int commits() const { return commits_; }

  // Called before a wrapped key is read, if set: in the middle of an issue.
  std::function<void()> before_key_read;
  // Called before a read of sets or of the identity history, if set: in the middle of a scrub.
  std::function<void(storage::Family)> before_read;

  absl::StatusOr<std::optional<std::string>> Get(storage::Family family, std::string_view key) const override {
    if (family == storage::Family::kKeys && before_key_read) {
      const std::function<void()> hook = before_key_read;  // it may take itself away
      hook();
    }
    CallBeforeRead(family);
    return memory_.Get(family, key);
  }
  absl::StatusOr<std::vector<std::optional<std::string>>> MultiGet(
      storage::Family family, std::span<const std::string_view> keys) const override {
    return memory_.MultiGet(family, keys);
  }
  absl::StatusOr<std::unique_ptr<storage::Iterator>> Scan(storage::Family family,
                                                          const storage::KeyRange& range) const override {
    CallBeforeRead(family);
    return memory_.Scan(family, range);
  }
  absl::StatusOr<std::unique_ptr<storage::Reader>> TakeSnapshot() const override { return memory_.TakeSnapshot(); }
  absl::Status Commit(const storage::WriteBatch& batch) override;
  absl::Status Purge(storage::Family family) override {
    ++purges_;
    return memory_.Purge(family);
  }
  absl::StatusOr<std::uint64_t> ApproximateBytes(storage::Family family) const override {
    return memory_.ApproximateBytes(family);
  }

 private:
  void CallBeforeRead(storage::Family family) const {
    if ((family == storage::Family::kSets || family == storage::Family::kIdentity) && before_read) {
      const std::function<void(storage::Family)> hook = before_read;  // it may take itself away
      hook(family);
    }
  }

  storage::MemoryKeyValueStore memory_;
  std::optional<domain::Reason> failure_;
  std::optional<int> commits_left_;
  LastCommit last_ = LastCommit::kIsLost;
  std::atomic<int> purges_ = 0;
  std::atomic<int> commits_ = 0;
};

// The digits of the n-th synthetic person, the same every time.
std::string Person(std::size_t n);
// Persons from `begin` up to but not including `end`.
std::vector<std::string> People(std::size_t begin, std::size_t end);

// Sources of a case.
api::Source Defining(const std::string& register_id);         // scope OWN
api::Source Intersecting(const std::string& register_id);     // scope INTERSECTION
api::Source WholePopulation(const std::string& register_id);  // scope POPULATION
// A case that lacks nothing.
api::ProjectCase FullCase(const std::vector<api::Source>& sources);

// Rows of each column, eleven characters each; an empty one is sent as kept back.
using Columns = std::vector<std::vector<std::string>>;

// How a stream ended, and the faults that it reported on the way.
template <typename Response>
struct Streamed {
  absl::StatusOr<Response> response = absl::UnknownError("not run");
  std::vector<api::RowFault> faults;
};

// A key file as its register sees it.
struct OpenKeyFile {
  std::string text;                                            // the plaintext
  std::vector<std::pair<std::string, std::string>> rows;       // identifier, løpenummer: all that hold
  std::vector<std::pair<std::string, std::string>> withdrawn;  // of a delta
  std::vector<std::vector<std::string>> corrected;             // of a correction: identifier, old, new, date, cause
  crypto::KeyFileComment comment;                              // what the signature says, checked
  std::string sealed;
};

// A new request about a project, with a reason and a decision where it has room for them.
template <typename Request>
Request About(const std::string& project) {
  Request request;
  request.set_request_id(crypto::NewRequestId());
  request.set_project_id(project);
  if constexpr (requires { request.set_reason(""); }) {
    request.set_reason("fordi");
  }
  if constexpr (requires { request.set_decision_reference(""); }) {
    request.set_decision_reference("27/1-2");
    request.set_decision_date("2026-11-20");
  }
  return request;
}

class TestCore {
 public:
  TestCore() : TestCore(ServerConfig{}) {}
  explicit TestCore(ServerConfig config);

  // Ends the server and starts it again on the same store. References to `core` die.
  void Restart();

  Call By(Role role, std::string_view id, std::string_view method) const;
  Call Caseworker(std::string_view method) const { return By(Role::kCaseworker, "anna.sak", method); }
  Call Officer(std::string_view method) const { return By(Role::kKeyOfficer, "olav.key", method); }
  Call Register(std::string_view id, std::string_view method) const { return By(Role::kRegister, id, method); }

  Registers registers() const { return Registers(*core_); }
  Projects projects() const { return Projects(*core_, folder_); }
  Population population() const { return Population(*core_); }
  Matches matches() const { return Matches(*core_); }
  KeyFiles& key_files() const { return *key_files_; }
  Usage usage() const { return Usage(*core_); }
  ReservationLists reservations() const { return ReservationLists(*core_); }
  Insight insight() const { return Insight(*core_, rules_); }
  Audit audit() const { return Audit(*core_); }
  LogPublisher& publisher() { return *publisher_; }
  std::filesystem::path published_folder() const { return published_.path() / "log"; }
  Endings endings() { return Endings(*core_, folder_, log_); }
  const Core& core() const { return *core_; }
  const storage::EventLog& event_log() const { return *events_; }
  FaultyStore& store() { return store_; }
  FakeClock& clock() { return clock_; }
  // Lines of the operators' log.
  std::vector<std::string> LogLines() const { return log_lines_->lines(); }
  StreamRows& rows_in_use() { return rows_in_use_; }
  const domain::NationalIdRules& rules() const { return rules_; }
  const std::vector<absl::Status>& failures() const { return failures_; }
  crypto::SecretArena& arena() { return *arena_; }

  // Steps that must succeed.
  void AddRegister(const std::string& id);
  // A new key of the register, approved; the test keeps its secret half.
  api::RecipientKey EnrolKey(const std::string& register_id);
  std::string Draft(const api::ProjectCase& project_case);
  // Adds and enrols all its registers first, and gives the project a key that the test knows.
  std::string ActiveProject(const std::vector<api::Source>& sources);
  std::string ActiveProject(const api::ProjectCase& project_case);
  void SubmitAll(const std::string& project, const std::string& register_id, const std::vector<std::string>& people);
  void Complete(const std::string& project, const std::string& register_id);
  // Opens a complete source again, for more of its people.
  void Reopen(const std::string& project, const std::string& register_id);
  void WithdrawSubmission(const std::string& project, const std::string& register_id, std::uint32_t number);
  void OpenWindow(const std::string& project, const std::string& register_id, std::uint64_t max_rows);
  api::KeyFile Issue(const std::string& project, const std::string& register_id, std::uint32_t since = 0);

  // Steps that may fail.
  struct SubmitOptions {
    std::string request_id = {};
    bool refuse_invalid = false;
    bool dry_run = false;
  };
  Streamed<api::SubmitResponse> Submit(const std::string& project, const std::string& register_id,
                                       const Columns& columns, const SubmitOptions& options);
  Streamed<api::SubmitResponse> Submit(const std::string& project, const std::string& register_id,
                                       const Columns& columns) {
    return Submit(project, register_id, columns, SubmitOptions());
  }
  std::function<void()> before_match_commit;  // called in the middle of a match, if set
  Streamed<api::MatchResponse> Match(const std::string& project, const std::string& register_id,
                                     const std::vector<std::string>& rows, const std::string& request_id);
  Streamed<api::MatchResponse> Match(const std::string& project, const std::string& register_id,
                                     const std::vector<std::string>& rows);
  absl::StatusOr<api::KeyFile> TryIssue(const std::string& project, const std::string& register_id,
                                        std::uint32_t since = 0) const;
  // Faults of the batches and of the commit together, as the register gets them.
  Streamed<api::ReportResponse> Report(const api::ReportHeader& header, const std::vector<std::string>& lopenumre);
  api::ReportHeader Header(const std::string& project, std::uint32_t key_file, const std::string& reference) const;
  Streamed<api::ReportResponse> ReportBy(const std::string& register_id, const api::ReportHeader& header,
                                         const std::vector<std::string>& lopenumre);

  // The national list if the register is empty.
  Streamed<api::LoadReservationsResponse> LoadReservations(const std::string& register_id, api::ReservationMode mode,
                                                           const std::vector<std::string>& people,
                                                           const std::string& list_date);

  // An event without its number; `other` where the kind has one.
  static api::IdentityEvent Event(api::IdentityEventKind kind, const std::vector<std::string>& identifiers,
                                  const std::string& other = {}, const std::string& date = {});
  // Streams events, numbered from the next one on.
  absl::StatusOr<api::ImportEventsResponse> Feed(std::vector<api::IdentityEvent> events);
  // Streams them as they are, in batches of so many.
  absl::StatusOr<api::ImportEventsResponse> FeedAsTheyAre(const std::vector<api::IdentityEvent>& events,
                                                          const api::ImportEventsHeader& header = {},
                                                          std::size_t batch_events = 100);
  Corrections corrections() const { return Corrections(*core_); }
  IdentityHistories histories() const { return IdentityHistories(*core_, rules_); }
  // Proposed by one key officer and confirmed by another.
  api::Correction Correct(const std::string& project);
  // A correction file, which must succeed.
  api::KeyFile IssueCorrection(const std::string& project, const std::string& register_id);
  absl::StatusOr<api::KeyFile> TryIssueCorrection(const std::string& project, const std::string& register_id) const;

  // Rows are identifier and number; an empty identifier is sent as kept back. Faults of the batches and of the commit
  // together.
  using Series = std::vector<std::pair<std::string, std::string>>;
  Streamed<api::ImportSeriesResponse> ImportSeries(const std::string& register_id,
                                                   const api::ImportSeriesHeader& header, const Series& rows);

  // The sealed bytes from an offset on.
  absl::StatusOr<std::string> Fetch(const std::string& project, const std::string& register_id, std::uint32_t number,
                                    std::uint64_t offset) const;
  // Fetches, checks the signature, opens and takes apart.
  OpenKeyFile FetchAndOpen(const std::string& project, const std::string& register_id, std::uint32_t number);

  // The løpenummer, computed from the keys by the formulas of docs/formats/derivations.md and nothing of the server.
  std::string ExpectedLopenummer(const std::string& project, const std::string& person) const;
  // The reference to a person in events, in the same way.
  std::string ExpectedSubject(const std::string& person) const;

  std::vector<transparency::Event> Events() const;
  transparency::Event LastEvent() const { return Events().back(); }
  // The folder of sealed key files, and the names of the files in it.
  const std::filesystem::path& folder() const { return temporary_.path(); }
  std::vector<std::string> FilesInFolder() const;
  // What the server would know after a restart, as text; equal texts are equal states.
  std::string StoredState() const;
  std::string StateInMemory() const;
  // Every stored byte.
  std::string StoredBytes() const;

 private:
  void Open();

  ServerConfig config_;
  FakeClock clock_;
  std::shared_ptr<CollectingSink> log_lines_ = std::make_shared<CollectingSink>();
  Log log_{Level::kInfo, clock_, log_lines_};
  domain::NationalIdRules rules_;
  StreamRows rows_in_use_;
  TemporaryFolder temporary_;
  TemporaryFolder published_;
  KeyFileFolder folder_;
  std::unique_ptr<crypto::SecretArena> arena_;
  FaultyStore store_;
  std::unique_ptr<ServiceKeys> keys_;
  std::unique_ptr<storage::Directory> directory_;
  std::unique_ptr<storage::IdentityMap> identities_;
  std::unique_ptr<storage::IdentityLog> identity_log_;
  std::unique_ptr<storage::SetStore> sets_;
  std::unique_ptr<storage::EventLog> events_;
  std::unique_ptr<LogPublisher> publisher_;
  std::unique_ptr<State> state_;
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<Core> core_;
  std::unique_ptr<KeyFiles> key_files_;
  std::vector<absl::Status> failures_;
  std::map<std::string, crypto::AgeIdentity> identities_of_registers_;
};

// A status or StatusOr that was refused for this reason.
MATCHER_P(RefusedWith, reason, "is refused with that reason") {
  const absl::Status& status = [&]() -> const absl::Status& {
    if constexpr (requires { arg.status(); }) {
      return arg.status();
    } else {
      return arg;
    }
  }();
  *result_listener << status.ToString();
  return domain::ReasonOf(status) == reason;
}
MATCHER(IsOk, "is OK") {
  if constexpr (requires { arg.status(); }) {
    *result_listener << arg.status().ToString();
  } else {
    *result_listener << arg.ToString();
  }
  return arg.ok();
}

// The value of a detail of an error, or empty.
std::string DetailOf(const absl::Status& status, std::string_view name);

}  // namespace kobling::server
