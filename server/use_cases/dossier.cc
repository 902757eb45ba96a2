#include "server/use_cases/dossier.h"

#include <set>
#include <string>

#include "domain/error.h"
#include "domain/status_macros.h"
#include "server/core/access.h"
#include "server/core/convert.h"
#include "server/core/source_rows.h"
#include "server/use_cases/audit.h"
#include "server/use_cases/disclosures.h"

namespace kobling::server {
namespace {

api::CaseVersion DescribeVersion(const records::CaseVersionRecord& version) {
  api::CaseVersion target;
  target.set_number(version.number());
  *target.mutable_project_case() = ToApi(version.project_case());
  *target.mutable_changed() = ToApi(version.changed());
  target.set_decision_reference(version.decision_reference());
  target.set_decision_date(version.decision_date());
  target.set_state(static_cast<api::ProjectState>(static_cast<int>(version.state())));
  return target;
}

// Of any version: a draft may have lost a source, and it is to be seen which.
std::set<std::string> RegistersOf(const storage::ProjectRows& rows) {
  std::set<std::string> ids;
  for (const records::CaseVersionRecord& version : rows.versions) {
    for (const records::SourceRecord& source : version.project_case().sources()) {
      ids.insert(source.register_id());
    }
  }
  return ids;
}

}  // namespace

absl::StatusOr<api::Dossier> Dossiers::Get(const Call& call, const api::GetDossierRequest& request) const {
  api::Dossier dossier;
  *dossier.mutable_made() = ToApi(MakeMark(core_, call));
  StateData copy;
  {
    const State::View state = core_.state.Read();
    KOBLING_ASSIGN_OR_RETURN(const Project* const project, VisibleProject(*state, call.caller, request.project_id()));
    Describe(call, *state, *project, dossier);
    copy = CopyOfProject(*state, *project);
  }
  KOBLING_RETURN_IF_ERROR(projects_.AddLaterReservations(copy, *dossier.mutable_project()));
  if (dossier.ByteSizeLong() > Disclosures::kMaxAnswerBytes) {
    return domain::MakeError(domain::Reason::kAnswerTooLarge, {{domain::DetailKey::kProject, request.project_id()}});
  }
  return dossier;
}

void Dossiers::Describe(const Call& call, const StateData& state, const Project& project, api::Dossier& dossier) const {
  const storage::ProjectRows& rows = project.rows;
  *dossier.mutable_project() = projects_.Show(call, state, project);
  for (const records::CaseVersionRecord& version : rows.versions) {
    *dossier.add_versions() = DescribeVersion(version);
  }
  for (const std::string& id : RegistersOf(rows)) {
    const records::RegisterRecord& record = state.registers.at(id);
    *dossier.add_registers() = ToApi(record);
    for (const records::RecipientKeyRecord& key : record.keys()) {
      *dossier.add_recipient_keys() = ToApi(key, id);
    }
  }
  for (const records::SubmissionRecord& submission : rows.submissions) {
    *dossier.add_submissions() = ToApi(submission);
  }
  for (const records::MatchRecord& match : rows.matches) {
    *dossier.add_matches() = ToApi(match);
  }
  for (const records::KeyFileRecord& key_file : rows.key_files) {
    *dossier.add_key_files() = ToApi(key_file);
  }
  for (const records::UsageRecord& usage : rows.usage) {
    *dossier.add_usage() = ToApi(usage);
  }
  AddDisclosures(state, project, {}, *dossier.mutable_disclosures());
  dossier.set_index_persons(core_.identities.CountPersons(project.index));
  dossier.set_relatives(core_.identities.CountPersonsInEither(project.index, project.relatives) -
                        dossier.index_persons());
  if (!rows.project.has_memberships_deleted()) {
    dossier.set_former(dossier.project().persons() - dossier.index_persons() - dossier.relatives());
  }
  dossier.set_may_list_events(MayListEvents(call.caller, rows.project));
}

}  // namespace kobling::server
