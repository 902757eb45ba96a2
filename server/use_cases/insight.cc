#include "server/use_cases/insight.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "absl/strings/escaping.h"
#include "domain/error.h"
#include "domain/status_macros.h"
#include "server/core/convert.h"
#include "server/core/copy_fields.h"
#include "server/core/dates.h"
#include "server/core/project_case.h"
#include "server/core/reservations.h"

namespace kobling::server {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr std::size_t kShortText = 400;

// Asks stored sets about one person. The same set is often a submission, a population and a key file.
class Membership {
 public:
  Membership(const storage::SetStore& sets, std::vector<std::uint32_t> numbers)
      : sets_(sets), numbers_(std::move(numbers)) {}

  bool InAny(const storage::NumberSet& set) const {
    return std::any_of(numbers_.begin(), numbers_.end(), [&](std::uint32_t number) { return set.contains(number); });
  }

  const std::vector<std::uint32_t>& numbers() const { return numbers_; }

  // What is known of a stored set without reading it.
  void Know(const storage::SetId& id, bool contains) { answers_.emplace(id, contains); }

  absl::StatusOr<bool> InStored(const storage::SetId& id) {
    if (const auto known = answers_.find(id); known != answers_.end()) {
      return known->second;
    }
    bool answer = false;
    for (const std::uint32_t number : numbers_) {
      KOBLING_ASSIGN_OR_RETURN(const bool contains, sets_.Contains(id, number));
      answer = answer || contains;
    }
    answers_.emplace(id, answer);
    return answer;
  }

 private:
  const storage::SetStore& sets_;
  const std::vector<std::uint32_t> numbers_;
  std::map<storage::SetId, bool> answers_;
};

// By whom the person is in the population, as far as the source is concerned.
enum class NamedBy { kNobody, kReservedOnly, kOthersToo };

// Somebody whom only registers have named that may not use their data is in nobody's key file.
absl::StatusOr<NamedBy> WhoNamed(const StateData& state, const Project& project, const records::SourceRecord& source,
                                 Membership& person) {
  NamedBy named = NamedBy::kNobody;
  for (const records::SubmissionRecord& submission : project.rows.submissions) {
    const records::SourceRecord* const namer =
        FindSource(project.rows.project.project_case(), submission.register_id());
    if (submission.withdrawn() || namer == nullptr) {
      continue;
    }
    KOBLING_ASSIGN_OR_RETURN(const bool in_index, person.InStored(submission.index_set()));
    KOBLING_ASSIGN_OR_RETURN(const bool in_relatives, person.InStored(submission.relative_set()));
    const bool relatives_count = source.includes_relatives() || submission.register_id() == source.register_id();
    if (!in_index && !(in_relatives && relatives_count)) {
      continue;
    }
    if (!namer->reservation_exception().empty() || !IsInAList(state, namer->register_id(), person.numbers())) {
      return NamedBy::kOthersToo;
    }
    named = NamedBy::kReservedOnly;
  }
  return named;
}

// Whether the person is in any reservation list that matters to the project.
bool IsReservedAnywhere(const StateData& state, const Project& project, const Membership& person) {
  const auto& sources = project.rows.project.project_case().sources();
  return std::any_of(sources.begin(), sources.end(), [&](const records::SourceRecord& source) {
    return IsInAList(state, source.register_id(), person.numbers());
  });
}

// What the person's reservations do to a register's part. Nothing if there is none.
absl::StatusOr<api::ReservationEffect> EffectOf(const StateData& state, const Project& project,
                                                const records::SourceRecord& source, bool was_issued,
                                                Membership& person) {
  if (!IsReservedAnywhere(state, project, person)) {
    return api::RESERVATION_EFFECT_UNSPECIFIED;
  }
  const bool is_in_list = IsInAList(state, source.register_id(), person.numbers());
  KOBLING_ASSIGN_OR_RETURN(const NamedBy named, WhoNamed(state, project, source, person));
  if ((is_in_list && source.reservation_exception().empty()) || named == NamedBy::kReservedOnly) {
    return was_issued ? api::RESERVATION_EFFECT_AFTER_ISSUE : api::RESERVATION_EFFECT_LEFT_OUT;
  }
  return is_in_list ? api::RESERVATION_EFFECT_EXCEPTED : api::RESERVATION_EFFECT_UNSPECIFIED;
}

absl::Status AddUse(const storage::ProjectRows& rows, const std::vector<records::KeyFileRecord>& key_files,
                    api::RegisterInsight& insight, Membership& person) {
  const auto holds_person = [&](const records::UsageRecord& usage) {
    return std::any_of(key_files.begin(), key_files.end(), [&](const records::KeyFileRecord& key_file) {
      return key_file.number() == usage.key_file_number();
    });
  };
  for (const records::UsageRecord& usage : rows.usage) {
    if (usage.replaced() || usage.register_id() != insight.register_id() || !holds_person(usage)) {
      continue;
    }
    KOBLING_ASSIGN_OR_RETURN(const bool used, person.InStored(usage.used_set()));
    if (used) {
      insight.add_used_on(usage.delivered_on());
    }
  }
  // What is known of the use of an imported series came with the import.
  const bool is_known = !insight.used_on().empty() || std::none_of(key_files.begin(), key_files.end(), IsImported);
  if (!key_files.empty() && is_known) {
    // Only when every file with the person is reported on can it be said that none of them was used.
    const bool all_reported =
        std::all_of(key_files.begin(), key_files.end(), [&](const records::KeyFileRecord& key_file) {
          return IsCorrection(key_file) || HasStandingReport(rows, key_file);
        });
    insight.set_use(!insight.used_on().empty() ? api::USE_USED
                    : all_reported             ? api::USE_NOT_USED
                                               : api::USE_NOT_YET_REPORTED);
  }
  return absl::OkStatus();
}

absl::StatusOr<api::RegisterInsight> DescribeRegister(const StateData& state, const Project& project,
                                                      const records::SourceRecord& source, Membership& person) {
  const storage::ProjectRows& rows = project.rows;
  const records::RegisterRecord& record = state.registers.at(source.register_id());
  api::RegisterInsight insight;
  insight.set_register_id(source.register_id());
  insight.set_register_name(record.name());
  insight.set_controller(source.controller().empty() ? record.controller() : source.controller());
  insight.set_legal_reference(source.legal_reference());
  for (const records::SubmissionRecord& submission : rows.submissions) {
    if ((submission.withdrawn() && !submission.withdrawn_after_issue()) ||
        submission.register_id() != source.register_id() || insight.submitted()) {
      continue;
    }
    KOBLING_ASSIGN_OR_RETURN(const bool in_index, person.InStored(submission.index_set()));
    KOBLING_ASSIGN_OR_RETURN(const bool in_relatives, person.InStored(submission.relative_set()));
    if (in_index || in_relatives) {
      insight.set_submitted(true);
      SetTime(submission.submitted().time_us(), *insight.mutable_submitted_time());
    }
  }
  std::vector<records::KeyFileRecord> key_files;
  for (const records::KeyFileRecord& key_file : rows.key_files) {
    if (!WasHandedOut(key_file) || key_file.register_id() != source.register_id()) {
      continue;
    }
    KOBLING_ASSIGN_OR_RETURN(const bool included, person.InStored(CoveredSetOf(key_file)));
    if (included) {
      if (key_files.empty()) {
        insight.set_key_file_issued(true);
        SetTime(key_file.issued().time_us(), *insight.mutable_key_file_time());
      }
      key_files.push_back(key_file);
    }
    if (IsCorrection(key_file)) {
      KOBLING_ASSIGN_OR_RETURN(const bool corrected, person.InStored(key_file.set()));
      if (corrected) {
        SetTime(key_file.issued().time_us(), *insight.add_corrected_times());
      }
    }
  }
  KOBLING_RETURN_IF_ERROR(AddUse(rows, key_files, insight, person));
  KOBLING_ASSIGN_OR_RETURN(const api::ReservationEffect effect,
                           EffectOf(state, project, source, insight.key_file_issued(), person));
  insight.set_reservation(effect);
  if (insight.reservation() == api::RESERVATION_EFFECT_EXCEPTED) {
    insight.set_reservation_exception(source.reservation_exception());
  }
  return insight;
}

// The union of a single submission is that submission, so that its sets, and key files with the same rows, need not be
// read.
void KnowWhatIsInMemory(const Project& project, Membership& person) {
  const records::SubmissionRecord* only = nullptr;
  for (const records::SubmissionRecord& submission : project.rows.submissions) {
    if (submission.withdrawn()) {
      continue;
    }
    if (only != nullptr) {
      return;
    }
    only = &submission;
  }
  if (only != nullptr) {
    person.Know(only->index_set(), person.InAny(project.index));
    person.Know(only->relative_set(), person.InAny(project.relatives));
  }
}

absl::StatusOr<api::ProjectInsight> DescribeProject(const StateData& state, const Project& project,
                                                    api::Inclusion inclusion, Membership& person) {
  const records::ProjectRecord& record = project.rows.project;
  const records::CaseRecord& project_case = record.project_case();
  api::ProjectInsight insight;
  insight.set_project_id(record.id());
  CopySameFields(project_case, insight);
  insight.set_state(static_cast<api::ProjectState>(static_cast<int>(record.state())));
  insight.set_inclusion(inclusion);
  KnowWhatIsInMemory(project, person);
  for (const records::SourceRecord& source : project_case.sources()) {
    KOBLING_ASSIGN_OR_RETURN(*insight.add_registers(), DescribeRegister(state, project, source, person));
  }
  return insight;
}

api::Inclusion InclusionOf(const Project& project, const Membership& person) {
  return person.InAny(project.index)       ? api::INCLUSION_INDEX_PERSON
         : person.InAny(project.relatives) ? api::INCLUSION_RELATIVE
         : person.InAny(project.former)    ? api::INCLUSION_FORMER
                                           : api::INCLUSION_UNSPECIFIED;
}

api::PersonReservation DescribeReservation(const StateData& state, const ReservationList& list,
                                           const Membership& person) {
  api::PersonReservation reservation;
  // The person is in the list now, so the newest version that added a number that is still in it is the one that holds.
  const auto is_of_now = [&](const storage::NumberSet& added) {
    return std::any_of(person.numbers().begin(), person.numbers().end(), [&](std::uint32_t number) {
      return added.contains(number) && list.identifiers.contains(number);
    });
  };
  for (std::size_t i = list.versions.size(); i-- > 0;) {
    if (is_of_now(list.added[i])) {
      const records::ReservationListRecord& version = list.versions[i];
      reservation.set_register_id(version.register_id());
      reservation.set_reserved_on(version.list_date());
      reservation.set_legal_reference(version.legal_reference());
      break;
    }
  }
  if (!reservation.register_id().empty()) {
    reservation.set_register_name(state.registers.at(reservation.register_id()).name());
  }
  return reservation;
}

bool IsExempt(const records::CaseRecord& project_case, const std::string& today) {
  return !project_case.insight_exemption_until().empty() && today <= project_case.insight_exemption_until();
}

// All that may be said of a project while it is exempt from insight. The project's own contact would tell which it is.
api::ProjectInsight Withhold(const records::CaseRecord& project_case, const std::string& controller) {
  api::ProjectInsight insight;
  api::Withheld& withheld = *insight.mutable_withheld();
  withheld.set_reason(project_case.insight_exemption_reason());
  withheld.set_legal_reference(project_case.insight_exemption_reference());
  withheld.set_until(project_case.insight_exemption_until());
  withheld.set_contact(controller);
  return insight;
}

absl::Status CheckRepresentation(const api::Representation& representation) {
  if (representation.kind() == api::REPRESENTATION_KIND_UNSPECIFIED) {
    return MakeError(Reason::kFieldMissing, {{DetailKey::kField, "representation.kind"}});
  }
  if (!api::RepresentationKind_IsValid(representation.kind())) {
    return MakeError(Reason::kFieldMalformed, {{DetailKey::kField, "representation.kind"},
                                               {DetailKey::kHint, "GUARDIAN, PARENT or POWER_OF_ATTORNEY"}});
  }
  return CheckRequiredText("representation.reference", representation.reference(), kShortText);
}

}  // namespace

absl::StatusOr<FoundPerson> Insight::Find(std::string_view field, const std::string& identifier) const {
  const domain::NationalIdRules::ParseResult parsed = rules_.Parse(identifier);
  if (!parsed.id.has_value()) {
    return MakeError(parsed.fault, {{DetailKey::kField, field}});
  }
  return FindPerson(core_, *parsed.id);
}

absl::Status Insight::CheckAllowed(const api::Representation& representation, const FoundPerson& representative,
                                   const FoundPerson& person) const {
  const auto flags_of = [&](const FoundPerson& each) {
    return each.numbers.empty() ? storage::PersonFlags{}
                                : core_.identities.FlagsOf(domain::IdentifierNumber{each.numbers.front()});
  };
  const storage::PersonFlags flags = flags_of(person);
  const bool is_parent = representation.kind() == api::REPRESENTATION_KIND_PARENT;
  // Why is not said: that somebody's address is protected is itself to be protected.
  return flags.is_protected || flags_of(representative).is_protected || (is_parent && flags.parents_blocked)
             ? MakeError(Reason::kRepresentationNotAllowed)
             : absl::OkStatus();
}

absl::Status Insight::RecordRepresentation(const api::Representation& representation, const FoundPerson& person,
                                           transparency::Event& event) const {
  KOBLING_RETURN_IF_ERROR(CheckRepresentation(representation));
  constexpr std::string_view kField = "representation.representative";
  KOBLING_ASSIGN_OR_RETURN(const FoundPerson representative, Find(kField, representation.representative()));
  if (representative.subject == person.subject) {
    return MakeError(Reason::kFieldMalformed,
                     {{DetailKey::kField, kField}, {DetailKey::kHint, "nobody represents themselves"}});
  }
  KOBLING_RETURN_IF_ERROR(CheckAllowed(representation, representative, person));
  event.changes = {{std::string(kRepresentationChange), "", WordOf(representation.kind())},
                   {"representative", "", absl::BytesToHexString(representative.subject)},
                   {"representation_reference", "", representation.reference()}};
  return absl::OkStatus();
}

absl::StatusOr<api::LookupResponse> Insight::Lookup(const Call& call, const api::LookupRequest& request) const {
  if (request.purpose().find_first_not_of(' ') == std::string::npos) {
    return MakeError(Reason::kPurposeMissing);
  }
  KOBLING_RETURN_IF_ERROR(CheckText("purpose", request.purpose()));
  KOBLING_ASSIGN_OR_RETURN(const FoundPerson found, Find("identifier", request.identifier()));
  transparency::Event event = MakeEvent(call);
  event.purpose = request.purpose();
  SetSubject(found, event);
  if (request.has_representation()) {
    KOBLING_RETURN_IF_ERROR(RecordRepresentation(request.representation(), found, event));
  }

  api::LookupResponse response;
  std::vector<api::ProjectInsight> withheld;  // told last, so that the place tells nothing about the project
  Membership person(core_.sets, found.numbers);
  {
    const std::string today = DateText(DayOf(core_.clock.Now()));
    const State::View state = core_.state.Read();
    for (const auto& [id, project] : state->projects) {
      const api::Inclusion inclusion = InclusionOf(project, person);
      if (inclusion == api::INCLUSION_UNSPECIFIED) {
        continue;
      }
      if (IsExempt(project.rows.project.project_case(), today)) {
        withheld.push_back(Withhold(project.rows.project.project_case(), core_.config.controller));
        continue;
      }
      KOBLING_ASSIGN_OR_RETURN(*response.add_projects(), DescribeProject(*state, project, inclusion, person));
    }
    for (const auto& [id, list] : state->reservations) {
      if (person.InAny(list.identifiers)) {
        *response.add_reservations() = DescribeReservation(*state, list, person);
      }
    }
  }
  response.mutable_projects()->Add(withheld.begin(), withheld.end());
  KOBLING_RETURN_IF_ERROR(AddAccesses(core_, found, response));  // before the event of this look-up is there
  event.counts = {{"projects", static_cast<std::uint64_t>(response.projects_size())},
                  {"withheld", static_cast<std::uint64_t>(withheld.size())}};
  KOBLING_RETURN_IF_ERROR(core_.committer.Record(std::move(event)));
  return response;
}

}  // namespace kobling::server
