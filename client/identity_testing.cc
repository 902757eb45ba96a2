#include "client/identity_testing.h"

#include <optional>
#include <string>

#include "client/server_answer.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::client {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

namespace {

// 48,210,377: as the server writes the numbers of events.
std::string Written(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3;) {
    at -= 3;
    text.insert(at, 1, ',');
  }
  return text;
}

absl::Status OutOfOrder(std::uint64_t sequence, std::uint64_t expected) {
  return MarkFromServer(MakeError(Reason::kIdentitySequence, {{DetailKey::kExpected, Written(expected)},
                                                              {DetailKey::kField, "sequence"},
                                                              {DetailKey::kPosition, Written(sequence)}}));
}

}  // namespace

absl::Status FakeIdentityHistory::Apply(const api::IdentityEvent& event, api::ImportEventsResponse& answer) {
  const std::uint64_t sequence = event.sequence();
  if (const auto before = kept.find(sequence); before != kept.end()) {
    if (before->second.SerializeAsString() != event.SerializeAsString()) {
      return MarkFromServer(MakeError(Reason::kIdentityEventDiffers,
                                      {{DetailKey::kField, "identifier"}, {DetailKey::kPosition, Written(sequence)}}));
    }
    answer.set_passed_over(answer.passed_over() + 1);
    return absl::OkStatus();
  }
  if (sequence != version + 1) {
    return OutOfOrder(sequence, version + 1);
  }
  kept[sequence] = event;
  version = sequence;
  answer.set_applied(answer.applied() + 1);
  if (event.kind() == api::IDENTITY_EVENT_KIND_SPLIT) {
    answer.set_without_effect(answer.without_effect() + 1);
  }
  return absl::OkStatus();
}

IdentityStreamEnd FakeIdentityHistory::Import(const api::ImportEventsHeader& header, IdentityEventSource& events) {
  const std::size_t number = headers.size();
  headers.push_back(header);
  sequences.emplace_back();
  if (kept.empty() && header.start_at() > 0) {
    version = header.start_at() - 1;
  }
  IdentityStreamEnd end;
  if (!refuse_with.ok()) {
    end.status = refuse_with;
    return end;
  }
  const std::size_t breaks = number < break_after.size() ? break_after[number] : SIZE_MAX;
  api::ImportEventsResponse answer;
  std::size_t taken = 0;
  api::IdentityEventBatch batch;
  while (events.Next(batch)) {
    batch_sizes.push_back(batch.events_size());
    std::optional<std::uint64_t> next;  // each part must be without gaps
    for (const api::IdentityEvent& event : batch.events()) {
      if (taken == breaks) {
        end.status = break_with.ok() ? MakeError(Reason::kServerUnreachable) : break_with;
        return end;
      }
      ++taken;
      sequences.back().push_back(event.sequence());
      end.status = next && event.sequence() != *next ? OutOfOrder(event.sequence(), *next) : Apply(event, answer);
      next = event.sequence() + 1;
      if (!end.status.ok()) {
        answer.set_applied_through(version);
        end.last = answer;
        return end;
      }
      if (taken % part == 0 && taken < breaks) {
        answer.set_applied_through(version);
        end.last = answer;
      }
    }
  }
  answer.set_applied_through(version);
  answer.set_done(true);
  end.last = answer;
  return end;
}

}  // namespace kobling::client
