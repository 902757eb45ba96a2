// How a case changes: at once while it is a draft, by a revision that another identity confirms once it is active.
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "domain/error.h"
#include "domain/status_macros.h"
#include "server/core/access.h"
#include "server/core/convert.h"
#include "server/core/dates.h"
#include "server/core/delivery_deadline.h"
#include "server/core/lawful_case.h"
#include "server/core/project_case.h"
#include "server/use_cases/project_record.h"
#include "server/use_cases/projects.h"

namespace kobling::server {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

absl::Status CheckPendingRevision(const records::ProjectRecord& project, std::uint32_t number) {
  if (!project.has_pending_revision() || project.pending_revision().number() != number) {
    return MakeError(Reason::kRevisionNotFound, {{DetailKey::kProject, project.id()}, {DetailKey::kPosition, number}});
  }
  return absl::OkStatus();
}

// A source or a condition of an active project has a history, so that it cannot simply be left out of the case.
absl::Status CheckNothingLost(const records::CaseRecord& before, const records::CaseRecord& after) {
  for (const records::SourceRecord& source : before.sources()) {
    if (FindSource(after, source.register_id()) == nullptr) {
      return MakeError(Reason::kFieldMalformed, {{DetailKey::kField, "sources"},
                                                 {DetailKey::kRegister, source.register_id()},
                                                 {DetailKey::kHint,
                                                  "a source of an active project cannot be left out; `kobling project "
                                                  "withdraw-source` lets it leave"}});
    }
  }
  if (after.conditions_size() < before.conditions_size()) {
    return MakeError(
        Reason::kFieldMalformed,
        {{DetailKey::kField, "conditions"},
         {DetailKey::kHint, "a condition of an active project cannot be taken out; add new ones after the others"}});
  }
  if (after.series_origin() != before.series_origin()) {
    return MakeError(Reason::kFieldMalformed,
                     {{DetailKey::kField, "series_origin"},
                      {DetailKey::kHint, "where the numbers are made cannot change once the project is active"}});
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Projects::CheckEverybodyFits(std::string_view project_id, const records::CaseRecord& wanted) const {
  const State::View state = core_.state.Read();
  if (IsMadeElsewhere(wanted) || CountPersons(*FindProject(*state, project_id)) <= wanted.approved_persons()) {
    return absl::OkStatus();
  }
  return MakeError(Reason::kFieldMalformed, {{DetailKey::kField, "approved_persons"},
                                             {DetailKey::kHint, "the project has more persons than that already"}});
}

absl::Status Projects::ChangeCase(const Call& call, records::CaseRecord wanted, const Basis& basis,
                                  records::ProjectRecord& project, Change& change) const {
  {
    const State::View state = core_.state.Read();
    FillInFromRegisters(state->registers, wanted);
    KOBLING_RETURN_IF_ERROR(CheckCase(wanted, state->registers, core_.config.case_rules));
    const Project* const same = FindByCaseNumber(*state, wanted.case_number());
    if (same != nullptr && same->rows.project.id() != project.id()) {
      return MakeError(Reason::kCaseNumberTaken, {{DetailKey::kProject, same->rows.project.id()}});
    }
  }
  KOBLING_RETURN_IF_ERROR(CheckText("reason", basis.reason));
  KOBLING_RETURN_IF_ERROR(CheckText("decision_reference", basis.decision_reference));
  KOBLING_RETURN_IF_ERROR(CheckDate("decision_date", basis.decision_date));
  change.event.changes = DifferencesOf(project.project_case(), wanted);
  change.event.reason = std::string(basis.reason);
  if (project.state() == records::PROJECT_STATE_RECORD_DRAFT ||
      project.state() == records::PROJECT_STATE_RECORD_READY) {
    *project.mutable_project_case() = std::move(wanted);
    if (project.state() == records::PROJECT_STATE_RECORD_READY) {
      SetState(project, records::PROJECT_STATE_RECORD_DRAFT, change);
      project.clear_ready();
    }
    AddAuthor(call, project);
    AddVersion(call, basis, project, change);
    return absl::OkStatus();
  }
  KOBLING_RETURN_IF_ERROR(CheckState(project, records::PROJECT_STATE_RECORD_ACTIVE));
  KOBLING_RETURN_IF_ERROR(CheckRequiredText("reason", basis.reason));
  KOBLING_RETURN_IF_ERROR(CheckRequiredText("decision_reference", basis.decision_reference));
  KOBLING_RETURN_IF_ERROR(CheckRequiredText("decision_date", basis.decision_date));
  if (const std::string today = DateText(DayOf(core_.clock.Now())); basis.decision_date > today) {
    return MakeError(Reason::kDateOrder, {{DetailKey::kField, "decision_date"},
                                          {DetailKey::kLimit, today},
                                          {DetailKey::kHint, "the day of the decision has not come yet"}});
  }
  if (change.event.changes.empty()) {
    return MakeError(Reason::kNothingChanges, {{DetailKey::kProject, project.id()}});
  }
  KOBLING_RETURN_IF_ERROR(CheckComplete(wanted, core_.config.case_rules));
  KOBLING_RETURN_IF_ERROR(CheckNothingLost(project.project_case(), wanted));
  KOBLING_RETURN_IF_ERROR(CheckEverybodyFits(project.id(), wanted));
  if (project.has_pending_revision()) {
    return MakeError(Reason::kRevisionPending, {{DetailKey::kProject, project.id()},
                                                {DetailKey::kPosition, project.pending_revision().number()}});
  }
  AddAuthor(call, project);
  project.set_revisions(project.revisions() + 1);
  records::RevisionRecord& revision = *project.mutable_pending_revision();
  revision.set_number(project.revisions());
  *revision.mutable_proposed() = std::move(wanted);
  *revision.mutable_proposed_by() = MakeMark(core_, call, basis.reason);
  revision.set_decision_reference(std::string(basis.decision_reference));
  revision.set_decision_date(std::string(basis.decision_date));
  change.event.object = "revision " + std::to_string(revision.number());
  return absl::OkStatus();
}

absl::StatusOr<api::Project> Projects::Update(const Call& call, const api::UpdateProjectRequest& request) const {
  return EditProject(call, request, [&](records::ProjectRecord& project, Change& change) -> absl::Status {
    if (!request.has_project_case()) {
      return MakeError(Reason::kFieldMissing, {{DetailKey::kField, "project_case"}});
    }
    if (request.case_version() != 0 && request.case_version() != project.case_version()) {
      return MakeError(Reason::kPreconditionFailed,
                       {{DetailKey::kProject, project.id()},
                        {DetailKey::kHint, "the case was changed since it was read; read it again"}});
    }
    return ChangeCase(call, ToRecord(request.project_case()),
                      {request.reason(), request.decision_reference(), request.decision_date()}, project, change);
  });
}

absl::StatusOr<api::Project> Projects::AddSource(const Call& call, const api::AddSourceRequest& request) const {
  return EditProject(call, request, [&](records::ProjectRecord& project, Change& change) {
    records::CaseRecord wanted = project.project_case();
    const auto& sources = wanted.sources();
    const auto left = std::find_if(sources.begin(), sources.end(), [&](const records::SourceRecord& source) {
      return source.register_id() == request.source().register_id() && source.withdrawn();
    });
    // A source that has left comes back as what it is to be from now on.
    (left == sources.end() ? *wanted.add_sources()
                           : *wanted.mutable_sources(static_cast<int>(left - sources.begin()))) =
        ToRecord(request.source());
    return ChangeCase(call, std::move(wanted),
                      {request.reason(), request.decision_reference(), request.decision_date()}, project, change);
  });
}

absl::StatusOr<api::Project> Projects::WithdrawSource(const Call& call,
                                                      const api::WithdrawSourceRequest& request) const {
  return EditProject(call, request, [&](records::ProjectRecord& project, Change& change) -> absl::Status {
    KOBLING_RETURN_IF_ERROR(CheckRequiredText("reason", request.reason()));
    records::CaseRecord wanted = project.project_case();
    auto& sources = *wanted.mutable_sources();
    const auto source = std::find_if(sources.begin(), sources.end(), [&](const records::SourceRecord& candidate) {
      return candidate.register_id() == request.register_id();
    });
    if (source == sources.end()) {
      return MakeError(Reason::kSourceNotFound, {{DetailKey::kRegister, request.register_id()}});
    }
    if (source->withdrawn()) {
      return MakeError(Reason::kSourceWithdrawn, {{DetailKey::kRegister, request.register_id()}});
    }
    if (project.state() == records::PROJECT_STATE_RECORD_ACTIVE) {
      source->set_withdrawn(true);
    } else {
      sources.erase(source);
    }
    change.event.register_id = request.register_id();
    return ChangeCase(call, std::move(wanted),
                      {request.reason(), request.decision_reference(), request.decision_date()}, project, change);
  });
}

absl::StatusOr<api::Project> Projects::MeetCondition(const Call& call, const api::MeetConditionRequest& request) const {
  return EditProject(call, request, [&](records::ProjectRecord& project, Change& change) -> absl::Status {
    KOBLING_RETURN_IF_ERROR(CheckRequiredText("reason", request.reason()));
    if (request.condition() == 0 ||
        request.condition() > static_cast<std::uint32_t>(project.project_case().conditions_size())) {
      return MakeError(Reason::kConditionNotFound,
                       {{DetailKey::kProject, project.id()}, {DetailKey::kPosition, request.condition()}});
    }
    auto& met = *project.mutable_conditions_met();
    const auto found = std::find_if(met.begin(), met.end(), [&](const records::ConditionMetRecord& record) {
      return record.condition() == request.condition();
    });
    const bool was_met = found != met.end();
    if (was_met) {
      met.erase(found);
    }
    if (!request.undo()) {
      records::ConditionMetRecord& record = *project.add_conditions_met();
      record.set_condition(request.condition());
      *record.mutable_met() = MakeMark(core_, call, request.reason());
    }
    change.event.object = "condition " + std::to_string(request.condition());
    change.event.changes = {{"met", was_met ? "yes" : "no", request.undo() ? "no" : "yes"}};
    change.event.reason = request.reason();
    return absl::OkStatus();
  });
}

absl::StatusOr<api::Project> Projects::PostponeDelivery(const Call& call,
                                                        const api::PostponeDeliveryRequest& request) const {
  return EditProject(call, request, [&](records::ProjectRecord& project, Change& change) -> absl::Status {
    KOBLING_RETURN_IF_ERROR(CheckRequiredText("reason", request.reason()));
    KOBLING_RETURN_IF_ERROR(CheckRequiredText("until", request.until()));
    KOBLING_RETURN_IF_ERROR(CheckDate("until", request.until()));
    std::optional<api::DeliveryDeadline> deadline;
    {
      const State::View state = core_.state.Read();
      deadline = DeadlineOf(FindProject(*state, project.id())->rows, core_.config.case_rules.deadlines,
                            DateText(DayOf(core_.clock.Now())));
    }
    if (!deadline.has_value() || !deadline->delivered_on().empty()) {
      return MakeError(Reason::kProjectState,
                       {{DetailKey::kProject, project.id()},
                        {DetailKey::kField, "application_complete_date"},
                        {DetailKey::kHint, deadline.has_value() ? "everything is delivered; the clock has stopped"
                                                                : "the application is not complete; no clock runs"}});
    }
    if (request.until() <= LastDayOf(*deadline)) {
      return MakeError(Reason::kDateOrder, {{DetailKey::kField, "until"}, {DetailKey::kLimit, LastDayOf(*deadline)}});
    }
    change.event.changes = {{"postponed_until", deadline->postponed_until(), request.until()}};
    change.event.reason = request.reason();
    records::PostponementRecord& postponement = *project.add_postponements();
    postponement.set_until(request.until());
    *postponement.mutable_postponed() = MakeMark(core_, call, request.reason());
    return absl::OkStatus();
  });
}

absl::StatusOr<api::Project> Projects::ConfirmRevision(const Call& call,
                                                       const api::ConfirmRevisionRequest& request) const {
  return EditProject(call, request, [&](records::ProjectRecord& project, Change& change) -> absl::Status {
    KOBLING_RETURN_IF_ERROR(CheckState(project, records::PROJECT_STATE_RECORD_ACTIVE));
    KOBLING_RETURN_IF_ERROR(CheckPendingRevision(project, request.revision()));
    const records::RevisionRecord revision = project.pending_revision();
    if (revision.proposed_by().actor() == call.caller.id.text()) {
      return MakeError(Reason::kSameIdentity, {{DetailKey::kProject, project.id()}});
    }
    KOBLING_RETURN_IF_ERROR(CheckEverybodyFits(project.id(), revision.proposed()));
    KOBLING_RETURN_IF_ERROR(CheckLawfulSources(revision.proposed(), core_.state.Read()->registers,
                                               core_.config.case_rules, DateText(DayOf(core_.clock.Now()))));
    change.event.changes = DifferencesOf(project.project_case(), revision.proposed());
    change.event.object = "revision " + std::to_string(revision.number());
    if (revision.proposed().deletion_date() != project.project_case().deletion_date()) {
      project.clear_destruction_warned();  // it was about another day
    }
    *project.mutable_project_case() = revision.proposed();
    project.clear_pending_revision();
    AddVersion(call, {revision.proposed_by().reason(), revision.decision_reference(), revision.decision_date()},
               project, change);
    return absl::OkStatus();
  });
}

absl::StatusOr<api::Project> Projects::RejectRevision(const Call& call,
                                                      const api::RejectRevisionRequest& request) const {
  return EditProject(call, request, [&](records::ProjectRecord& project, Change& change) -> absl::Status {
    KOBLING_RETURN_IF_ERROR(CheckRequiredText("reason", request.reason()));
    KOBLING_RETURN_IF_ERROR(CheckPendingRevision(project, request.revision()));
    if (call.caller.role != Role::kKeyOfficer &&
        project.pending_revision().proposed_by().actor() != call.caller.id.text()) {
      return MakeError(Reason::kNotPermitted);
    }
    change.event.object = "revision " + std::to_string(request.revision());
    change.event.reason = request.reason();
    project.clear_pending_revision();
    return absl::OkStatus();
  });
}

}  // namespace kobling::server
