#include "server/use_cases/disclosures.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "domain/error.h"
#include "domain/status_macros.h"
#include "server/core/access.h"
#include "server/core/convert.h"
#include "server/core/dates.h"
#include "server/core/project_case.h"

namespace kobling::server {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

bool IsInPeriod(const std::string& day, const DisclosureFilter& wanted) {
  return (wanted.since.empty() || day >= wanted.since) && (wanted.until.empty() || day <= wanted.until);
}

struct CaseInForce {
  const records::CaseRecord& project_case;
  std::uint32_t version;
};

// The case as it was at that moment.
CaseInForce CaseAt(const storage::ProjectRows& rows, std::int64_t time_us) {
  const auto version = std::find_if(
      rows.versions.rbegin(), rows.versions.rend(),
      [&](const records::CaseVersionRecord& candidate) { return candidate.changed().time_us() <= time_us; });
  if (version == rows.versions.rend()) {
    return {rows.project.project_case(), rows.project.case_version()};
  }
  return {version->project_case(), version->number()};
}

// What is known of the key file alone.
api::Disclosure OfKeyFile(const records::RegisterRecord& record, const storage::ProjectRows& rows,
                          const records::KeyFileRecord& key_file) {
  const auto& [project_case, version] = CaseAt(rows, key_file.issued().time_us());
  api::Disclosure row;
  row.set_register_id(key_file.register_id());
  row.set_register_name(record.name());
  row.set_project_id(key_file.project_id());
  row.set_project_title(project_case.title());
  row.set_data_user(project_case.data_user());
  row.set_key_file_number(key_file.number());
  *row.mutable_issued() = ToApi(key_file.issued());
  row.set_persons(key_file.persons());
  const api::KeyFile shown = ToApi(key_file);
  row.set_key_file_kind(shown.kind());
  row.set_since(key_file.since());
  row.set_withdrawn_rows(key_file.withdrawn_rows());
  row.set_case_version(version);
  row.set_legal_basis(project_case.legal_basis());
  row.set_decision_reference(project_case.decision_reference());
  row.set_decision_date(project_case.decision_date());
  row.set_controller(record.controller());
  if (const records::SourceRecord* const source = FindSource(project_case, key_file.register_id())) {
    if (!source->controller().empty()) {
      row.set_controller(source->controller());
    }
    row.set_legal_reference(source->legal_reference());
    row.set_own_decision_reference(source->decision_reference());
    row.set_own_decision_date(source->decision_date());
    row.set_own_decision_authority(source->decision_authority());
    row.set_dispensation_reference(source->dispensation_reference());
    row.set_dispensation_date(source->dispensation_date());
    row.set_dispensation_authority(source->dispensation_authority());
  }
  return row;
}

api::Disclosure OfReport(api::Disclosure row, const records::UsageRecord& usage) {
  row.set_recipient(usage.recipient());
  row.set_delivered_on(usage.delivered_on());
  row.set_used(usage.used());
  row.set_delivery_reference(usage.delivery_reference());
  row.set_report_version(usage.version());
  row.set_corrects_reference(usage.corrects_reference());
  row.set_correction_reason(usage.correction_reason());
  row.set_none_used(usage.used() == 0);
  *row.mutable_reported() = ToApi(usage.reported());
  return row;
}

}  // namespace

void AddDisclosures(const StateData& state, const Project& project, const DisclosureFilter& wanted,
                    google::protobuf::RepeatedPtrField<api::Disclosure>& rows) {
  for (const records::KeyFileRecord& key_file : project.rows.key_files) {
    if (!wanted.register_id.empty() && key_file.register_id() != wanted.register_id) {
      continue;
    }
    const auto begin = [&] { return OfKeyFile(state.registers.at(key_file.register_id()), project.rows, key_file); };
    for (const records::UsageRecord& usage : project.rows.usage) {
      if (!usage.replaced() && usage.register_id() == key_file.register_id() &&
          usage.key_file_number() == key_file.number() && IsInPeriod(usage.delivered_on(), wanted)) {
        *rows.Add() = OfReport(begin(), usage);
      }
    }
    const std::string issued = DateText(DayOf(absl::FromUnixMicros(key_file.issued().time_us())));
    const bool is_delivery = WasHandedOut(key_file) && !IsCorrection(key_file);
    if (is_delivery && !HasStandingReport(project.rows, key_file) && IsInPeriod(issued, wanted)) {
      *rows.Add() = begin();
      rows.rbegin()->set_not_yet_reported(true);
    }
  }
}

absl::StatusOr<api::ListDisclosuresResponse> Disclosures::List(const Call& call,
                                                               const api::ListDisclosuresRequest& request) const {
  KOBLING_ASSIGN_OR_RETURN(const std::string register_id, WantedRegister(call.caller, request.register_id()));
  KOBLING_RETURN_IF_ERROR(CheckDate("since", request.since()));
  KOBLING_RETURN_IF_ERROR(CheckDate("until", request.until()));
  if (!request.since().empty() && !request.until().empty() && request.until() < request.since()) {
    return MakeError(Reason::kDateOrder, {{DetailKey::kField, "until"}});
  }
  const State::View state = core_.state.Read();
  if (!request.project_id().empty()) {
    KOBLING_RETURN_IF_ERROR(VisibleProject(*state, call.caller, request.project_id()).status());
  }
  // A misspelt name must not look like a register that disclosed nothing.
  if (!request.register_id().empty() && !state->registers.contains(register_id)) {
    return MakeError(Reason::kRegisterNotFound, {{DetailKey::kRegister, register_id}});
  }
  api::ListDisclosuresResponse response;
  auto& rows = *response.mutable_disclosures();
  for (const auto& [id, project] : state->projects) {
    if (request.project_id().empty() || request.project_id() == id) {
      AddDisclosures(*state, project, {register_id, request.since(), request.until()}, rows);
    }
  }
  if (response.ByteSizeLong() > max_answer_bytes_) {
    return MakeError(Reason::kAnswerTooLarge,
                     {{DetailKey::kCount, static_cast<std::uint64_t>(response.disclosures_size())}});
  }
  std::stable_sort(rows.pointer_begin(), rows.pointer_end(), [](const api::Disclosure* a, const api::Disclosure* b) {
    return a->register_id() < b->register_id();
  });
  return response;
}

}  // namespace kobling::server
