#include "server/use_cases/identity_feed.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"
#include "domain/error.h"
#include "domain/status_macros.h"
#include "server/core/dates.h"
#include "server/core/project_case.h"

namespace kobling::server {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr int kMaxSplit = 50;
constexpr std::uint64_t kLastStart = std::uint64_t{1} << 62;
constexpr int kYearsKept = 3;  // Folkeregisteret deletes events after 36 months

// 48,210,377 or 12,345 million 678,709: a long run of digits in an error, with separators or not, would be taken for an
// identifier and removed.
std::string SequenceText(std::uint64_t sequence) {
  constexpr std::uint64_t kMillion = 1'000'000;
  constexpr std::uint64_t kLong = 1'000'000'000;
  if (sequence >= kLong) {
    const std::uint64_t rest = sequence % kMillion;
    return SequenceText(sequence / kMillion) + absl::StrFormat(" million %03d,%03d", rest / 1000, rest % 1000);
  }
  return sequence < 1000 ? std::to_string(sequence)
                         : SequenceText(sequence / 1000) + absl::StrFormat(",%03d", sequence % 1000);
}

// A number as it was sent, unless it may be an identifier that stands in the wrong column.
std::string SentText(std::uint64_t sequence) {
  constexpr std::uint64_t kFirstPossibleIdentifier = 1'000'000'000;
  constexpr std::uint64_t kLastPossibleIdentifier = 99'999'999'999;
  const bool may_be_identifier = sequence >= kFirstPossibleIdentifier && sequence <= kLastPossibleIdentifier;
  return may_be_identifier ? "not shown, since it may be an identifier" : SequenceText(sequence);
}

bool HasOther(api::IdentityEventKind kind) {
  return kind == api::IDENTITY_EVENT_KIND_ADDED || kind == api::IDENTITY_EVENT_KIND_REPLACED ||
         kind == api::IDENTITY_EVENT_KIND_MERGED || kind == api::IDENTITY_EVENT_KIND_SPLIT;
}

// The first field in which two events are not the same; empty if they are.
std::string_view DifferingField(const storage::IdentityChange& one, const storage::IdentityChange& other) {
  if (one == other) {
    return "";
  }
  if (one.kind != other.kind) {
    return "event";
  }
  if (one.numbers != other.numbers) {
    return "identifier";
  }
  return one.other != other.other ? "other" : "effective_date";
}

absl::Status Malformed(const api::IdentityEvent& event, std::string_view field, std::string_view hint) {
  return MakeError(
      Reason::kIdentityEventMalformed,
      {{DetailKey::kPosition, SentText(event.sequence())}, {DetailKey::kField, field}, {DetailKey::kHint, hint}});
}

// "merged": the word of the event in files.
std::string WordOf(storage::IdentityEventKind kind) {
  constexpr std::string_view kPrefix = "IDENTITY_EVENT_KIND_";
  std::string word =
      api::IdentityEventKind_Name(static_cast<api::IdentityEventKind>(static_cast<int>(kind))).substr(kPrefix.size());
  std::transform(word.begin(), word.end(), word.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return word;
}

}  // namespace

absl::StatusOr<std::unique_ptr<IdentityFeed>> IdentityFeed::Begin(const Core& core, const Call& call,
                                                                  const domain::NationalIdRules& rules,
                                                                  const api::ImportEventsHeader& header) {
  std::unique_ptr<IdentityFeed> feed(new IdentityFeed(core, call, rules, header));
  KOBLING_RETURN_IF_ERROR(feed->CheckHeader());
  feed->progress_.set_applied_through(core.identities.version());
  return feed;
}

absl::Status IdentityFeed::CheckHeader() const {
  KOBLING_RETURN_IF_ERROR(CheckText("resume_reason", header_.resume_reason()));
  const std::uint64_t version = core_.identities.version();
  if (header_.start_at() > kLastStart) {
    return MakeError(Reason::kFieldMalformed, {{DetailKey::kField, "start_at"}, {DetailKey::kLimit, "2^62"}});
  }
  // The same start again is right: the same file may be sent again with the same command.
  if (header_.start_at() != 0 && version != 0 && header_.start_at() != core_.identities.first_sequence()) {
    return MakeError(Reason::kFieldMalformed, {{DetailKey::kField, "start_at"},
                                               {DetailKey::kExpected, SequenceText(core_.identities.first_sequence())},
                                               {DetailKey::kHint, "events have been applied, from this number on"}});
  }
  if (version == 0 || !header_.resume_reason().empty()) {
    return absl::OkStatus();
  }
  std::int64_t applied_us = 0;
  KOBLING_RETURN_IF_ERROR(core_.identity_log.ForEach(version, [&](const storage::IdentityBlock& block) {
    applied_us = block.applied_us;
    return true;
  }));
  const absl::CivilDay today = DayOf(core_.clock.Now());
  if (DayOf(absl::FromUnixMicros(applied_us)) < absl::CivilDay(today.year() - kYearsKept, today.month(), today.day())) {
    return MakeError(Reason::kIdentityFeedTooOld,
                     {{DetailKey::kHint, "last applied on " + DateText(DayOf(absl::FromUnixMicros(applied_us)))}});
  }
  return absl::OkStatus();
}

absl::StatusOr<IdentityFeed::ParsedEvent> IdentityFeed::Parse(const api::IdentityEvent& event) const {
  if (!api::IdentityEventKind_IsValid(event.kind()) || event.kind() == api::IDENTITY_EVENT_KIND_UNSPECIFIED) {
    return Malformed(event, "event", "the event is of no kind that is known");
  }
  const bool is_split = event.kind() == api::IDENTITY_EVENT_KIND_SPLIT;
  if (event.identifiers().empty() || event.identifiers_size() > (is_split ? kMaxSplit : 1)) {
    return Malformed(event, "identifier",
                     is_split ? "a split has 1 to 50 identifiers" : "this kind of event has exactly one identifier");
  }
  if (event.other().empty() == HasOther(event.kind())) {
    return Malformed(event, "other",
                     event.other().empty() ? "this kind of event needs a second identifier"
                                           : "this kind of event has no second identifier");
  }
  ParsedEvent parsed{.sequence = event.sequence(), .change = {}, .identifiers = {}, .tags = {}};
  parsed.change.kind = static_cast<storage::IdentityEventKind>(static_cast<int>(event.kind()));
  const auto read = [&](std::string_view field, const std::string& text) -> absl::Status {
    const domain::NationalIdRules::ParseResult result = rules_.Parse(text);
    if (!result.id.has_value()) {
      return Malformed(event, field, domain::InfoOf(result.fault).what);
    }
    if (std::find(parsed.identifiers.begin(), parsed.identifiers.end(), *result.id) != parsed.identifiers.end()) {
      return Malformed(event, field, "the same identifier stands twice in the event");
    }
    parsed.identifiers.push_back(*result.id);
    return absl::OkStatus();
  };
  for (const std::string& identifier : event.identifiers()) {
    KOBLING_RETURN_IF_ERROR(read("identifier", identifier));
  }
  if (HasOther(event.kind())) {
    KOBLING_RETURN_IF_ERROR(read("other", event.other()));
  }
  if (!event.effective_date().empty()) {
    const auto day = ParseDate(event.effective_date());
    if (!day.has_value()) {
      return Malformed(event, "effective_date", "a date such as 2026-11-22 is expected, or nothing");
    }
    parsed.change.day = static_cast<std::int32_t>(*day - absl::CivilDay(1970, 1, 1));
  }
  // Here, since everybody else waits for the commit.
  parsed.tags.resize(parsed.identifiers.size());
  core_.directory.TagsOf(parsed.identifiers, parsed.tags);
  return parsed;
}

absl::Status IdentityFeed::Add(const api::IdentityEventBatch& batch) {
  if (batch.events().empty()) {
    return MakeError(Reason::kStreamProtocol, {{DetailKey::kExpected, "events"}});
  }
  if (batch.events_size() > kMaxBatchEvents) {
    return MakeError(Reason::kMessageTooLarge, {{DetailKey::kLimit, static_cast<std::uint64_t>(kMaxBatchEvents)}});
  }
  // What is right before the first fault is applied: the feed goes on from there once it is mended.
  absl::Status stopped;
  std::vector<ParsedEvent> events;
  for (const api::IdentityEvent& event : batch.events()) {
    absl::StatusOr<ParsedEvent> parsed = Parse(event);
    if (!parsed.ok()) {
      stopped = parsed.status();
      break;
    }
    events.push_back(*std::move(parsed));
  }
  received_ += static_cast<std::uint64_t>(batch.events_size());
  if (!events.empty()) {
    const absl::Status status =
        core_.committer.Commit([&](Change& change) { return ApplyInChange(events, stopped, change); });
    if (!status.ok() && status != NothingToChange()) {
      return status;
    }
  }
  return stopped;
}

absl::Status IdentityFeed::PassOver(std::vector<ParsedEvent>& events) {
  const std::uint64_t version = core_.identities.version();
  const auto end = std::find_if(events.begin(), events.end(),
                                [&](const ParsedEvent& event) { return version == 0 || event.sequence > version; });
  if (end == events.begin()) {
    return absl::OkStatus();
  }
  if (const std::uint64_t first = core_.identities.first_sequence(); events.front().sequence < first) {
    return MakeError(Reason::kIdentityEventDiffers,
                     {{DetailKey::kPosition, SentText(events.front().sequence)},
                      {DetailKey::kField, "sequence"},
                      {DetailKey::kHint, "the history begins with the event " + SequenceText(first)}});
  }
  std::vector<crypto::Tag> tags;
  for (auto event = events.begin(); event != end; ++event) {
    tags.insert(tags.end(), event->tags.begin(), event->tags.end());
  }
  std::vector<std::uint32_t> numbers(tags.size());
  core_.directory.Find(tags, numbers);
  std::vector<storage::IdentityChange> sent;
  std::size_t at = 0;
  for (auto event = events.begin(); event != end; ++event) {
    storage::IdentityChange& change = sent.emplace_back(event->change);
    for (std::size_t i = 0; i < event->identifiers.size(); ++i) {
      change.numbers.push_back(numbers[at++]);
    }
    if (HasOther(static_cast<api::IdentityEventKind>(static_cast<int>(change.kind)))) {
      change.other = change.numbers.back();
      change.numbers.pop_back();
    }
  }
  std::size_t same = 0;
  std::string_view differs;
  KOBLING_RETURN_IF_ERROR(core_.identity_log.ForEach(events.front().sequence, [&](const storage::IdentityBlock& block) {
    for (; same < sent.size(); ++same) {
      const std::uint64_t place = events[same].sequence - block.first_sequence;
      if (place >= block.changes.size()) {
        return true;
      }
      differs = DifferingField(block.changes[place], sent[same]);
      if (!differs.empty()) {
        return false;
      }
    }
    return false;
  }));
  progress_.set_passed_over(progress_.passed_over() + same);
  events.erase(events.begin(), events.begin() + static_cast<std::ptrdiff_t>(same));
  if (!differs.empty()) {
    return MakeError(Reason::kIdentityEventDiffers,
                     {{DetailKey::kPosition, SequenceText(events.front().sequence)}, {DetailKey::kField, differs}});
  }
  return absl::OkStatus();
}

// Gives numbers to the identifiers of all the events, new ones where the directory has none.
storage::Allotment IdentityFeed::Number(std::vector<ParsedEvent>& events, storage::WriteBatch& batch,
                                        absl::Status& status) const {
  std::vector<domain::NationalId> identifiers;
  std::vector<crypto::Tag> tags;
  for (const ParsedEvent& event : events) {
    identifiers.insert(identifiers.end(), event.identifiers.begin(), event.identifiers.end());
    tags.insert(tags.end(), event.tags.begin(), event.tags.end());
  }
  std::vector<std::uint32_t> numbers(tags.size());
  core_.directory.Find(tags, numbers);
  std::map<crypto::Tag, std::uint32_t> strangers;  // by tag, as numbers are given out
  std::vector<storage::NewIdentifier> entries;
  for (std::size_t i = 0; i < tags.size(); ++i) {
    if (numbers[i] == storage::Directory::kAbsent && strangers.emplace(tags[i], 0).second) {
      entries.push_back({.tag = tags[i], .identifier = identifiers[i]});
    }
  }
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.tag < b.tag; });
  absl::StatusOr<storage::Allotment> allotment = core_.directory.Allot(entries, batch);
  if (!allotment.ok()) {
    status = allotment.status();
    return {};
  }
  std::uint32_t next = allotment->first;
  for (auto& [tag, number] : strangers) {
    number = next++;
  }
  std::size_t at = 0;
  for (ParsedEvent& event : events) {
    for (std::size_t i = 0; i < event.identifiers.size(); ++i, ++at) {
      event.change.numbers.push_back(numbers[at] == storage::Directory::kAbsent ? strangers.at(tags[at]) : numbers[at]);
    }
    if (HasOther(static_cast<api::IdentityEventKind>(static_cast<int>(event.change.kind)))) {
      event.change.other = event.change.numbers.back();
      event.change.numbers.pop_back();
    }
  }
  return *std::move(allotment);
}

absl::Status IdentityFeed::ApplyInChange(std::vector<ParsedEvent>& events, absl::Status& stopped, Change& change) {
  const auto break_off = [&](std::size_t at, std::uint64_t expected) {
    std::vector<domain::Detail> details = {{DetailKey::kPosition, SentText(events[at].sequence)},
                                           {DetailKey::kField, "sequence"},
                                           {DetailKey::kExpected, SequenceText(expected)}};
    if (core_.identities.version() == 0 && at == 0) {
      details.emplace_back(DetailKey::kHint, "a history that does not begin there is begun with --start-at");
    }
    stopped = MakeError(Reason::kIdentitySequence, std::move(details));
    events.erase(events.begin() + static_cast<std::ptrdiff_t>(at), events.end());
  };
  for (std::size_t i = 1; i < events.size(); ++i) {
    if (events[i].sequence != events[i - 1].sequence + 1) {
      break_off(i, events[i - 1].sequence + 1);
    }
  }
  // Somebody else may have sent the same events meanwhile.
  const std::uint64_t version = core_.identities.version();
  progress_.set_applied_through(version);
  KOBLING_RETURN_IF_ERROR(PassOver(events));
  const std::uint64_t first = version != 0 ? version + 1 : std::max<std::uint64_t>(header_.start_at(), 1);
  if (!events.empty() && events.front().sequence != first) {
    break_off(0, first);
  }
  if (events.empty()) {
    return NothingToChange();
  }
  absl::Status numbered;
  storage::Allotment allotment = Number(events, change.batch, numbered);
  KOBLING_RETURN_IF_ERROR(numbered);
  storage::IdentityBlock block;
  block.first_sequence = first;
  block.applied_us = absl::ToUnixMicros(core_.clock.Now());
  std::map<storage::IdentityEventKind, std::uint64_t> kinds;
  for (ParsedEvent& event : events) {
    ++kinds[event.change.kind];
    block.changes.push_back(std::move(event.change));
  }
  core_.identity_log.Append(block, change.batch);
  change.event = MakeEvent(call_);
  change.event.object = "events " + SequenceText(first) + " to " + SequenceText(first + block.changes.size() - 1);
  change.event.reason = header_.resume_reason();
  for (const auto& [kind, count] : kinds) {
    change.event.counts.emplace_back(WordOf(kind), count);
  }
  change.event.counts.emplace_back("new_identifiers", allotment.tags.size());
  change.Afterwards([this, allotment = std::move(allotment), block = std::move(block)] {
    core_.directory.Publish(allotment);
    const std::uint64_t without_effect = core_.identities.Apply(block.first_sequence, block.changes);
    progress_.set_applied(progress_.applied() + block.changes.size());
    progress_.set_without_effect(progress_.without_effect() + without_effect);
    progress_.set_applied_through(block.first_sequence + block.changes.size() - 1);
  });
  return absl::OkStatus();
}

absl::StatusOr<api::ImportEventsResponse> IdentityFeed::Commit(const api::ImportEventsCommit& commit) {
  if (commit.events() != received_) {
    return MakeError(Reason::kStreamProtocol, {{DetailKey::kField, "events"}});
  }
  progress_.set_applied_through(core_.identities.version());
  progress_.set_done(true);
  return progress_;
}

}  // namespace kobling::server
