#include "server/use_cases/identity_history.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "domain/error.h"
#include "domain/status_macros.h"
#include "server/core/convert.h"
#include "server/core/dates.h"
#include "server/core/project_case.h"
#include "server/use_cases/accesses.h"

namespace kobling::server {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

// Calls `visit` with each event up to that version, its sequence number and the block it is in.
template <typename Visit>
absl::Status ForEachEvent(const Core& core, std::uint64_t version, const Visit& visit) {
  return core.identity_log.ForEach(0, [&](const storage::IdentityBlock& block) {
    for (std::size_t i = 0; i < block.changes.size() && block.first_sequence + i <= version; ++i) {
      visit(block.first_sequence + i, block.changes[i], block);
    }
    return block.first_sequence + block.changes.size() <= version;
  });
}

bool Concerns(const storage::IdentityChange& change, const storage::NumberSet& identifiers) {
  return identifiers.contains(change.other) ||
         std::any_of(change.numbers.begin(), change.numbers.end(),
                     [&](std::uint32_t number) { return identifiers.contains(number); });
}

// Every identifier that any event up to that version connects with the one, directly or through others.
absl::StatusOr<storage::NumberSet> ConnectedWith(const Core& core, std::uint64_t version, std::uint32_t number) {
  storage::NumberSet connected = storage::NumberSet::bitmapOf(1, number);
  for (std::uint64_t before = 0; before != connected.cardinality();) {
    before = connected.cardinality();
    KOBLING_RETURN_IF_ERROR(ForEachEvent(
        core, version,
        [&](std::uint64_t /*sequence*/, const storage::IdentityChange& change, const storage::IdentityBlock&) {
          if (change.other != storage::kNoIdentifier && Concerns(change, connected)) {
            connected.add(change.other);
            connected.addMany(change.numbers.size(), change.numbers.data());
          }
        }));
  }
  return connected;
}

using DigitsOf = std::map<std::uint32_t, std::string>;

absl::StatusOr<DigitsOf> ReadDigits(const Core& core, const storage::NumberSet& identifiers) {
  DigitsOf digits_of;
  KOBLING_RETURN_IF_ERROR(
      core.directory.ForEach(identifiers, [&](domain::IdentifierNumber number, const domain::NationalId& identifier) {
        const auto digits = identifier.digits();
        digits_of[static_cast<std::uint32_t>(number)] = std::string(digits.data(), digits.size());
      }));
  return digits_of;
}

api::IdentityEvent Describe(std::uint64_t sequence, const storage::IdentityChange& change, DigitsOf& digits_of) {
  api::IdentityEvent event;
  event.set_sequence(sequence);
  event.set_kind(static_cast<api::IdentityEventKind>(static_cast<int>(change.kind)));
  for (const std::uint32_t number : change.numbers) {
    event.add_identifiers(digits_of[number]);
  }
  if (change.other != storage::kNoIdentifier) {
    event.set_other(digits_of[change.other]);
  }
  if (change.day != storage::kNoDay) {
    event.set_effective_date(DateText(absl::CivilDay(1970, 1, 1) + change.day));
  }
  return event;
}

}  // namespace

absl::StatusOr<api::IdentityStatus> IdentityHistories::Status(const Call& /*call*/,
                                                              const api::GetIdentityStatusRequest& /*request*/) const {
  api::IdentityStatus status;
  status.set_version(core_.identities.version());
  status.set_next_sequence(status.version() + 1);
  status.set_mode(core_.config.catalogue == CatalogueMode::kRequired ? api::CATALOGUE_MODE_REQUIRED
                                                                     : api::CATALOGUE_MODE_LEARNED);
  const storage::IdentityCounts counts = core_.identities.counts();
  status.set_identifiers(counts.known);
  status.set_persons_with_several(counts.persons_with_several);
  status.set_annulled(counts.annulled);
  status.set_protected_(counts.is_protected);
  if (status.version() != 0) {
    KOBLING_RETURN_IF_ERROR(core_.identity_log.ForEach(status.version(), [&](const storage::IdentityBlock& block) {
      SetTime(block.applied_us, *status.mutable_last_applied());
      return false;
    }));
  }
  return status;
}

absl::StatusOr<api::IdentityHistory> IdentityHistories::Get(const Call& call,
                                                            const api::GetIdentityHistoryRequest& request) const {
  if (request.purpose().find_first_not_of(' ') == std::string::npos) {
    return MakeError(Reason::kPurposeMissing);
  }
  KOBLING_RETURN_IF_ERROR(CheckText("purpose", request.purpose()));
  const domain::NationalIdRules::ParseResult parsed = rules_.Parse(request.identifier());
  if (!parsed.id.has_value()) {
    return MakeError(parsed.fault, {{DetailKey::kField, "identifier"}});
  }
  KOBLING_ASSIGN_OR_RETURN(const FoundPerson person, FindPerson(core_, *parsed.id));
  api::IdentityHistory history;
  storage::NumberSet connected;
  if (!person.numbers.empty()) {
    const domain::IdentifierNumber number{person.numbers.front()};
    const auto current = static_cast<std::uint32_t>(core_.identities.Current(number));
    const std::uint64_t version = core_.identities.version();  // the feed goes on meanwhile
    KOBLING_ASSIGN_OR_RETURN(connected, ConnectedWith(core_, version, person.numbers.front()));
    connected.add(current);
    KOBLING_ASSIGN_OR_RETURN(DigitsOf digits_of, ReadDigits(core_, connected));
    history.add_identifiers(digits_of[current]);
    for (const std::uint32_t each : person.numbers) {
      if (each != current) {
        history.add_identifiers(digits_of[each]);
      }
    }
    const storage::PersonFlags flags = core_.identities.FlagsOf(number);
    history.set_annulled(flags.annulled);
    history.set_protected_(flags.is_protected);
    history.set_parents_blocked(flags.parents_blocked);
    const auto add = [&](std::uint64_t sequence, const storage::IdentityChange& change,
                         const storage::IdentityBlock& block) {
      if (Concerns(change, connected)) {
        api::AppliedIdentityEvent& applied = *history.add_events();
        *applied.mutable_event() = Describe(sequence, change, digits_of);
        SetTime(block.applied_us, *applied.mutable_applied());
      }
    };
    KOBLING_RETURN_IF_ERROR(ForEachEvent(core_, version, add));
  }
  transparency::Event event = MakeEvent(call);
  event.purpose = request.purpose();
  SetSubject(person, event);
  // Everybody whose number is shown is looked at, whoever they are by now.
  for (const std::uint32_t each : connected) {
    KOBLING_ASSIGN_OR_RETURN(const FoundPerson other, DescribePerson(core_, {domain::IdentifierNumber{each}}));
    if (std::find(person.references.begin(), person.references.end(), other.subject) == person.references.end()) {
      event.other_subjects.push_back(other.subject);
    }
  }
  event.counts = {{"identifiers", static_cast<std::uint64_t>(history.identifiers_size())},
                  {"events", static_cast<std::uint64_t>(history.events_size())}};
  KOBLING_RETURN_IF_ERROR(core_.committer.Record(std::move(event)));
  return history;
}

}  // namespace kobling::server
