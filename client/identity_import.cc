#include "client/identity_import.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "client/server_answer.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::client {
namespace {

using domain::DetailKey;

constexpr int kMostEvents = 2'000;  // of a batch: a part that is applied while everybody else waits

// One pass through the file.
class EventsOfFile final : public IdentityEventSource {
 public:
  // Events up to the number `known_through` are left out, and so are the first `answered` of the others.
  EventsOfFile(std::unique_ptr<IdentityEventReader> reader, std::uint64_t known_through, std::uint64_t answered,
               std::optional<std::uint64_t> size, Progress& progress)
      : reader_(std::move(reader)),
        known_through_(known_through),
        answered_(answered),
        size_(size),
        progress_(progress) {
    Read();
  }

  bool Next(api::IdentityEventBatch& batch) override {
    batch.Clear();
    while (has_event_ && batch.events_size() < kMostEvents) {
      Remember();
      batch.add_events()->Swap(&event_);
      Read();
    }
    progress_.Update(read_, reader_->bytes_read(), size_);
    return batch.events_size() > 0;
  }

  // Why the file was not read to its end.
  const absl::Status& fault() const { return fault_; }
  std::uint64_t left_out() const { return left_out_; }

  // The line of an event by its place among those sent, from 0.
  std::uint64_t LineOf(std::uint64_t place) const {
    const auto after = std::upper_bound(runs_.begin(), runs_.end(), place,
                                        [](std::uint64_t wanted, const Run& run) { return wanted < run.place; });
    return after == runs_.begin() ? 0 : std::prev(after)->line + (place - std::prev(after)->place);
  }

 private:
  // Events on one line after the other: most files have one run.
  struct Run {
    std::uint64_t place;
    std::uint64_t line;
  };

  // Reads on to the next event that is to be sent.
  void Read() {
    while (true) {
      const absl::StatusOr<bool> more = reader_->Next(event_);
      fault_ = more.status();
      has_event_ = more.ok() && *more;
      if (!has_event_) {
        return;
      }
      ++read_;
      if (event_.sequence() <= known_through_) {
        ++left_out_;
      } else if (read_ - left_out_ > answered_) {
        return;
      }
    }
  }

  void Remember() {
    const std::uint64_t line = reader_->line();
    if (runs_.empty() || line != LineOf(sent_)) {
      runs_.push_back({sent_, line});
    }
    ++sent_;
  }

  std::unique_ptr<IdentityEventReader> reader_;
  const std::uint64_t known_through_;
  const std::uint64_t answered_;
  const std::optional<std::uint64_t> size_;
  Progress& progress_;
  api::IdentityEvent event_;
  bool has_event_ = false;
  absl::Status fault_;
  std::uint64_t read_ = 0;
  std::uint64_t left_out_ = 0;
  std::uint64_t sent_ = 0;
  std::vector<Run> runs_;
};

// The server knows the event's number and field, not the file and the line.
absl::Status WithPlace(const absl::Status& error, const std::string& file, std::uint64_t line) {
  std::vector<std::pair<std::string, std::string>> details = domain::DetailsOf(error);
  const auto is = [](DetailKey key) {
    return [key](const auto& detail) { return detail.first == domain::NameOf(key); };
  };
  if (line == 0 || std::none_of(details.begin(), details.end(), is(DetailKey::kPosition))) {
    return error;  // not about an event
  }
  std::stable_partition(details.begin(), details.end(), is(DetailKey::kField));
  std::stable_partition(details.begin(), details.end(), std::not_fn(is(DetailKey::kHint)));
  details.insert(details.begin(), {{std::string(domain::NameOf(DetailKey::kFile)), file},
                                   {std::string(domain::NameOf(DetailKey::kLine)), std::to_string(line)}});
  return MarkFromServer(domain::ErrorFromWire(*domain::ReasonOf(error), details));
}

// The passes of one import.
class Import {
 public:
  Import(Connection& connection, const IdentityImportOptions& options, Progress& progress)
      : connection_(connection), options_(options), progress_(progress) {}

  IdentityImport Run() {
    int attempts_left = options_.retry.attempts;
    absl::Duration wait = options_.retry.first_wait;
    bool is_told = false;
    while (true) {
      const std::uint64_t answered_before = answered_;
      result_.status = Pass();
      --attempts_left;
      if (answered_ > answered_before) {  // a pass that brought something does not count
        attempts_left = options_.retry.attempts;
        wait = options_.retry.first_wait;
        is_told = false;
      }
      if (!MayHelpToSendAgain(result_.status) || attempts_left <= 0 || options_.file.is_stream()) {
        return std::move(result_);
      }
      if (!is_told) {
        Tell();
        is_told = true;
      }
      absl::SleepFor(wait);
      wait = std::min(2 * wait, kLongestWait);
    }
  }

 private:
  void Tell() const {
    const domain::ReasonInfo& info = domain::InfoOf(*domain::ReasonOf(result_.status));
    options_.tell(absl::StrFormat("%s [%s] It has answered for %s events of the file so far; trying again for up to %s",
                                  info.what, info.name, Grouped(answered_),
                                  absl::FormatDuration(absl::Trunc(WaitsOf(options_.retry), absl::Seconds(1)))));
  }

  // Sends what is left.
  absl::Status Pass() {
    if (options_.known == KnownEvents::kLeaveOut && !known_through_) {
      KOBLING_ASSIGN_OR_RETURN(const api::IdentityStatus status,
                               connection_.GetIdentityStatus(api::GetIdentityStatusRequest()));
      known_through_ = status.version();
      result_.version = status.version();
    }
    KOBLING_ASSIGN_OR_RETURN(auto reader, IdentityEventReader::Open(options_.file, options_.format));
    EventsOfFile events(std::move(reader), known_through_.value_or(0), answered_, options_.file.Size(), progress_);
    const IdentityStreamEnd end = connection_.ImportEvents(options_.header, events);
    const std::uint64_t answered = end.last.applied() + end.last.passed_over();
    answered_ += answered;
    result_.applied += end.last.applied();
    result_.already_applied += end.last.passed_over();
    result_.without_effect += end.last.without_effect();
    result_.not_compared = events.left_out();
    result_.version = std::max(result_.version, end.last.applied_through());
    return end.status.ok() ? events.fault() : WithPlace(end.status, options_.file.Name(), events.LineOf(answered));
  }

  Connection& connection_;
  const IdentityImportOptions& options_;
  Progress& progress_;
  std::optional<std::uint64_t> known_through_;
  std::uint64_t answered_ = 0;  // events sent that the server has answered for
  IdentityImport result_;
};

}  // namespace

IdentityImport ImportIdentityEvents(Connection& connection, const IdentityImportOptions& options, Progress& progress) {
  return Import(connection, options, progress).Run();
}

}  // namespace kobling::client
