// The feed of lives.h: what happens to people, and how it is told.
#include <algorithm>

#include "tests/model/lives.h"

namespace kobling::tests {

using server::Person;
using server::TestCore;

namespace {

// Whoever is ever confused with somebody is one of so many neighbours, or now and then of the next ones.
constexpr std::size_t kNeighbours = 4;

}  // namespace

LifeEvent Lives::SomeSplit() {
  LifeEvent event;
  event.kind = api::IDENTITY_EVENT_KIND_SPLIT;
  std::size_t from = Below(kIdentifiers);
  for (int i = 0; i < 30 && model_.identities.PersonOf(from).size() == 1; ++i) {
    from = Below(kIdentifiers);
  }
  event.other = {from};
  for (const std::size_t each : model_.identities.PersonOf(from)) {
    if (each != from && Below(2) == 0) {
      event.identifiers.insert(event.identifiers.begin() + static_cast<int>(Below(event.identifiers.size() + 1)), each);
    }
  }
  // Now and then others too, who stay as they are.
  for (std::size_t others = event.identifiers.empty() ? 1 + Below(2) : Below(8) / 6; others > 0; --others) {
    const std::size_t stranger = (from + others * kNeighbours + Below(kNeighbours)) % kIdentifiers;
    if (std::find(event.identifiers.begin(), event.identifiers.end(), stranger) == event.identifiers.end()) {
      event.identifiers.insert(event.identifiers.begin() + static_cast<int>(Below(event.identifiers.size() + 1)),
                               stranger);
    }
  }
  return event;
}

LifeEvent Lives::SomeEvent() {
  static constexpr api::IdentityEventKind kKinds[] = {
      api::IDENTITY_EVENT_KIND_CREATED,        api::IDENTITY_EVENT_KIND_ADDED,
      api::IDENTITY_EVENT_KIND_ADDED,          api::IDENTITY_EVENT_KIND_REPLACED,
      api::IDENTITY_EVENT_KIND_REPLACED,       api::IDENTITY_EVENT_KIND_MERGED,
      api::IDENTITY_EVENT_KIND_MERGED,         api::IDENTITY_EVENT_KIND_MERGED,
      api::IDENTITY_EVENT_KIND_MERGED,         api::IDENTITY_EVENT_KIND_SPLIT,
      api::IDENTITY_EVENT_KIND_SPLIT,          api::IDENTITY_EVENT_KIND_SPLIT,
      api::IDENTITY_EVENT_KIND_SPLIT,          api::IDENTITY_EVENT_KIND_ENDED,
      api::IDENTITY_EVENT_KIND_ANNULLED,       api::IDENTITY_EVENT_KIND_RESTORED,
      api::IDENTITY_EVENT_KIND_RESTORED,       api::IDENTITY_EVENT_KIND_PROTECTED,
      api::IDENTITY_EVENT_KIND_UNPROTECTED,    api::IDENTITY_EVENT_KIND_PARENTS_BLOCKED,
      api::IDENTITY_EVENT_KIND_PARENTS_ALLOWED};
  LifeEvent event;
  event.kind = kKinds[Below(std::size(kKinds))];
  if (event.kind == api::IDENTITY_EVENT_KIND_SPLIT) {
    event = SomeSplit();
  } else {
    const std::size_t identifier = Below(kIdentifiers);
    event.identifiers = {identifier};
    if (event.kind == api::IDENTITY_EVENT_KIND_ADDED || event.kind == api::IDENTITY_EVENT_KIND_REPLACED ||
        event.kind == api::IDENTITY_EVENT_KIND_MERGED) {
      const std::size_t first = Below(20) == 0 ? identifier : identifier - identifier % kNeighbours;
      const std::size_t other = (first + Below(kNeighbours)) % kIdentifiers;
      event.other = {other != identifier ? other : (identifier + 1) % kIdentifiers};
    }
  }
  event.told_date = Below(3) == 0 ? "" : InDays(-static_cast<int>(Below(400)));
  return event;
}

api::IdentityEvent Lives::ToApi(const LifeEvent& event, std::uint64_t sequence) const {
  std::vector<std::string> identifiers;
  for (const std::size_t identifier : event.identifiers) {
    identifiers.push_back(Person(identifier));
  }
  api::IdentityEvent told =
      TestCore::Event(event.kind, identifiers, event.other.empty() ? "" : Person(event.other.front()), event.told_date);
  told.set_sequence(sequence);
  return told;
}

// Sends them as the next ones, now and then after some that were applied before.
void Lives::SendEvents(const std::vector<LifeEvent>& events, std::size_t batch_events) {
  const std::uint64_t version = model_.identities.version();
  const std::uint64_t again = std::min<std::uint64_t>(version, Below(4) == 0 ? Below(8) : 0);
  std::vector<api::IdentityEvent> told;
  for (std::uint64_t sequence = version - again + 1; sequence <= version; ++sequence) {
    told.push_back(ToApi(model_.identities.event(sequence), sequence));
  }
  for (const LifeEvent& event : events) {
    told.push_back(ToApi(event, version - again + told.size() + 1));
  }
  ArmAKill(static_cast<int>(Below(3)));
  const auto fed = server_.FeedAsTheyAre(told, {}, batch_events);
  const bool was_killed = server_.store().is_dead();
  if (was_killed) {
    Revive();
    ++done_["killed over a feed"];
  }
  server_.store().Mend();
  const std::uint64_t applied = server_.core().identities.version() - version;
  ASSERT_LE(applied, events.size());
  std::size_t without_effect = 0;
  for (std::size_t i = 0; i < applied; ++i) {
    LifeEvent event = events[i];
    event.date = event.told_date.empty() ? model_.day.today : event.told_date;
    const bool has_effect = model_.Apply(event);
    without_effect += has_effect ? 0 : 1;
    ++done_[api::IdentityEventKind_Name(event.kind) + (has_effect ? "" : " without effect")];
  }
  unsent_.assign(events.begin() + static_cast<std::ptrdiff_t>(applied), events.end());
  if (!was_killed) {
    ASSERT_THAT(fed, server::IsOk());
    EXPECT_EQ(fed->applied(), events.size());
    EXPECT_EQ(fed->applied_through(), model_.identities.version());
    EXPECT_EQ(fed->passed_over(), again);
    EXPECT_EQ(fed->without_effect(), without_effect);
  }
}

void Lives::Feed() {
  std::vector<LifeEvent> events = unsent_;
  for (std::size_t i = 1 + Below(16); i-- > 0;) {
    events.push_back(SomeEvent());
  }
  SendEvents(events, 1 + Below(20));
}

}  // namespace kobling::tests
