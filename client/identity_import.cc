#include "client/identity_import.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "client/server_answer.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::client {
namespace {

constexpr int kMostEvents = 2'000;  // of a batch: a part that is applied while everybody else waits

// Where a pass through the file begins to send.
struct Beginning {
  std::uint64_t after_sequence = 0;  // events up to this one are left out
  std::uint64_t after_events = 0;    // so many events are left out
};

// One pass through the file.
class EventsOfFile final : public IdentityEventSource {
 public:
  EventsOfFile(std::unique_ptr<IdentityEventReader> reader, Beginning beginning, std::uint64_t version_before,
               std::optional<std::uint64_t> size, Progress& progress)
      : reader_(std::move(reader)),
        beginning_(beginning),
        version_before_(version_before),
        size_(size),
        progress_(progress) {
    Read();
  }

  // Whether there is anything to send.
  bool has_more() const { return has_event_; }

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
  // Events read that the server had applied before the import began.
  std::uint64_t already_applied() const { return already_applied_; }
  // Of the first event sent; 0 if there was none.
  std::uint64_t first_sequence() const { return runs_.empty() ? 0 : runs_.front().sequence; }

  // The line of an event that was sent; 0 if none has the number.
  std::uint64_t LineOf(std::uint64_t sequence) const {
    const auto found = std::find_if(runs_.begin(), runs_.end(), [&](const Run& run) { return run.Holds(sequence); });
    return found == runs_.end() ? 0 : found->line + (sequence - found->sequence);
  }
  // The line of the event that was sent next after that one, or first; 0 if there is none.
  std::uint64_t LineAfter(std::uint64_t sequence) const {
    const auto found = std::find_if(runs_.begin(), runs_.end(), [&](const Run& run) { return run.Holds(sequence); });
    if (found == runs_.end()) {
      return runs_.empty() ? 0 : runs_.front().line;
    }
    if (found->Holds(sequence + 1)) {
      return LineOf(sequence + 1);
    }
    return found + 1 == runs_.end() ? 0 : (found + 1)->line;
  }

 private:
  // Events with one number after the other on one line after the other: a right file has one run.
  struct Run {
    std::uint64_t sequence;
    std::uint64_t line;
    std::uint64_t events;
    bool Holds(std::uint64_t wanted) const { return wanted >= sequence && wanted - sequence < events; }
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
      already_applied_ += event_.sequence() <= version_before_ ? 1 : 0;
      if (event_.sequence() > beginning_.after_sequence && read_ > beginning_.after_events) {
        return;
      }
    }
  }

  void Remember() {
    const std::uint64_t line = reader_->line();
    if (!runs_.empty()) {
      Run& last = runs_.back();
      if (event_.sequence() == last.sequence + last.events && line == last.line + last.events) {
        ++last.events;
        return;
      }
    }
    runs_.push_back({event_.sequence(), line, 1});
  }

  std::unique_ptr<IdentityEventReader> reader_;
  Beginning beginning_;
  std::uint64_t version_before_;
  std::optional<std::uint64_t> size_;
  Progress& progress_;
  api::IdentityEvent event_;
  bool has_event_ = false;
  absl::Status fault_;
  std::uint64_t read_ = 0;
  std::uint64_t already_applied_ = 0;
  std::vector<Run> runs_;
};

// The number of the event that an error is about, if it says so. The server writes it as 48,210,377, so that no number
// looks like an identifier.
std::uint64_t PositionOf(const absl::Status& error) {
  std::uint64_t position = 0;
  for (auto [name, value] : domain::DetailsOf(error)) {
    if (name == domain::NameOf(domain::DetailKey::kPosition)) {
      std::erase(value, ',');
      std::from_chars(value.data(), value.data() + value.size(), position);
    }
  }
  return position;
}

// The passes of one import.
class Import {
 public:
  Import(Connection& connection, const IdentityImportOptions& options, Progress& progress)
      : connection_(connection),
        options_(options),
        progress_(progress),
        attempts_left_(options.retry.attempts),
        wait_(options.retry.first_wait) {}

  absl::StatusOr<IdentityImport> Run() {
    KOBLING_ASSIGN_OR_RETURN(version_before_, AskVersion());
    result_.version = version_before_;
    while (true) {
      KOBLING_ASSIGN_OR_RETURN(auto reader, IdentityEventReader::Open(options_.file, options_.format));
      EventsOfFile events(std::move(reader), NextBeginning(), version_before_, options_.file.Size(), progress_);
      if (!Pass(events)) {
        return std::move(result_);
      }
      absl::SleepFor(wait_);
      wait_ = std::min(2 * wait_, absl::Seconds(10));
    }
  }

 private:
  absl::StatusOr<std::uint64_t> AskVersion() {
    KOBLING_ASSIGN_OR_RETURN(const api::IdentityStatus status,
                             connection_.GetIdentityStatus(api::GetIdentityStatusRequest()));
    return status.version();
  }

  Beginning NextBeginning() const {
    return options_.sent == SentEvents::kAll ? Beginning{.after_events = answered_}
                                             : Beginning{.after_sequence = result_.version};
  }

  // Sends what is left. Says whether there is to be another pass.
  bool Pass(EventsOfFile& events) {
    const std::uint64_t version_at_start = result_.version;
    const std::uint64_t answered_at_start = answered_;
    absl::Status sent;
    if (events.has_more()) {
      api::ImportEventsHeader header = options_.header;
      if (version_at_start > 0) {
        header.set_start_at(0);
      }
      if (version_at_start > version_before_) {
        header.clear_resume_reason();
      }
      const IdentityStreamEnd end = connection_.ImportEvents(header, events);
      sent = end.status;
      answered_ += end.last.applied() + end.last.passed_over();
      result_.without_effect += end.last.without_effect();
      result_.version = std::max(result_.version, end.last.applied_through());
    }
    // The answer to a part may have been lost with the connection.
    const auto version = sent.ok() ? absl::StatusOr<std::uint64_t>(result_.version) : AskVersion();
    result_.version = std::max(result_.version, version.value_or(0));
    Count(events);
    if (sent.ok()) {
      result_.status = events.fault();
      return false;
    }
    const bool has_brought = result_.version > version_at_start || answered_ > answered_at_start;
    // A pass that brought something does not count.
    attempts_left_ = has_brought ? options_.retry.attempts : attempts_left_ - 1;
    if (version.ok() && MayHelpToSendAgain(sent) && attempts_left_ > 0 && !options_.file.is_stream()) {
      return true;
    }
    result_.status = sent;
    if (IsFromServer(sent)) {
      const std::uint64_t position = PositionOf(sent);
      result_.stopped_at_line = position > 0 ? events.LineOf(position) : events.LineAfter(result_.version);
    }
    return false;
  }

  // Numbers rise by one, so that the versions tell how many were applied.
  void Count(const EventsOfFile& events) {
    if (begin_ == 0 && events.first_sequence() > 0) {
      begin_ = version_before_ > 0 ? version_before_ + 1 : events.first_sequence();
    }
    result_.applied = begin_ > 0 && result_.version >= begin_ ? result_.version - begin_ + 1 : 0;
    result_.already_applied = events.already_applied();
  }

  Connection& connection_;
  const IdentityImportOptions& options_;
  Progress& progress_;
  int attempts_left_;
  absl::Duration wait_;
  std::uint64_t version_before_ = 0;
  std::uint64_t begin_ = 0;     // the first number that the import could apply; 0 while it is not known
  std::uint64_t answered_ = 0;  // events sent that the server has answered for
  IdentityImport result_;
};

}  // namespace

absl::StatusOr<IdentityImport> ImportIdentityEvents(Connection& connection, const IdentityImportOptions& options,
                                                    Progress& progress) {
  return Import(connection, options, progress).Run();
}

}  // namespace kobling::client
