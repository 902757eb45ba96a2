#include "server/core/convert.h"

#include <string>
#include <string_view>

#include "absl/strings/escaping.h"
#include "server/core/copy_fields.h"
#include "server/core/project_case.h"
#include "server/core/state.h"

namespace kobling::server {
namespace {

// The states are stored with the numbers of the API, which a test holds equal.
template <typename Target, typename Source>
Target SameNumber(Source value) {
  return static_cast<Target>(static_cast<int>(value));
}

// Reservation lists that were applied to rows.
void CopyLists(const google::protobuf::RepeatedPtrField<records::AppliedReservationListRecord>& source,
               google::protobuf::RepeatedPtrField<api::AppliedReservationList>& target) {
  for (const records::AppliedReservationListRecord& list : source) {
    api::AppliedReservationList& added = *target.Add();
    added.set_register_id(list.register_id());
    added.set_version(list.version());
    added.set_list_date(list.list_date());
  }
}

}  // namespace

void SetTime(std::int64_t time_us, google::protobuf::Timestamp& target) {
  std::int64_t seconds = time_us / 1'000'000;
  std::int64_t rest = time_us % 1'000'000;
  if (rest < 0) {
    rest += 1'000'000;
    --seconds;
  }
  target.set_seconds(seconds);
  target.set_nanos(static_cast<std::int32_t>(rest * 1000));
}

api::Mark ToApi(const records::MarkRecord& mark) {
  api::Mark target;
  target.set_actor(mark.actor());
  target.set_reason(mark.reason());
  SetTime(mark.time_us(), *target.mutable_time());
  return target;
}

api::Register ToApi(const records::RegisterRecord& record) {
  api::Register target;
  target.set_id(record.id());
  target.set_name(record.name());
  target.set_controller(record.controller());
  target.set_contact(record.contact());
  target.set_inclusion_reference(record.inclusion_reference());
  target.set_inclusion_date(record.inclusion_date());
  target.set_kind(record.kind());
  *target.mutable_created() = ToApi(record.created());
  if (record.has_updated()) {
    *target.mutable_updated() = ToApi(record.updated());
  }
  return target;
}

api::RecipientKey ToApi(const records::RecipientKeyRecord& key, std::string_view register_id) {
  api::RecipientKey target;
  target.set_register_id(std::string(register_id));
  target.set_number(key.number());
  target.set_recipient(key.recipient());
  target.set_fingerprint(key.fingerprint());
  target.set_state(SameNumber<api::RecipientKeyState>(key.state()));
  *target.mutable_submitted() = ToApi(key.submitted());
  if (key.has_approved()) {
    *target.mutable_approved() = ToApi(key.approved());
  }
  if (key.has_revoked()) {
    *target.mutable_revoked() = ToApi(key.revoked());
  }
  target.set_expiry_date(key.expiry_date());
  return target;
}

api::ProjectCase ToApi(const records::CaseRecord& project_case) {
  api::ProjectCase target;
  CopySameFields(project_case, target);
  return target;
}

api::StreamCounts ToApi(const records::StreamCountsRecord& counts) {
  api::StreamCounts target;
  target.set_rows(counts.rows());
  target.set_kept_back(counts.kept_back());
  target.set_valid_rows(counts.valid_rows());
  target.set_duplicates(counts.duplicates());
  target.set_identifiers(counts.identifiers());
  target.set_relatives(counts.relatives());
  for (const records::FaultCountRecord& fault : counts.faults()) {
    api::FaultCount& added = *target.add_faults();
    added.set_reason(fault.reason());
    added.set_rows(fault.rows());
  }
  return target;
}

api::Submission ToApi(const records::SubmissionRecord& submission) {
  api::Submission target;
  target.set_project_id(submission.project_id());
  target.set_register_id(submission.register_id());
  target.set_number(submission.number());
  target.set_state(submission.withdrawn() ? api::SUBMISSION_STATE_WITHDRAWN : api::SUBMISSION_STATE_COMMITTED);
  *target.mutable_counts() = ToApi(submission.counts());
  *target.mutable_columns() = submission.columns();
  *target.mutable_submitted() = ToApi(submission.submitted());
  if (submission.has_withdrawal()) {
    *target.mutable_withdrawn() = ToApi(submission.withdrawal());
  }
  return target;
}

api::MatchWindow ToApi(const records::MatchRecord& match) {
  api::MatchWindow target;
  target.set_project_id(match.project_id());
  target.set_register_id(match.register_id());
  target.set_number(match.number());
  target.set_state(SameNumber<api::MatchState>(match.state()));
  target.set_max_rows(match.max_rows());
  *target.mutable_opened() = ToApi(match.opened());
  if (match.has_matched()) {
    *target.mutable_matched() = ToApi(match.matched());
    *target.mutable_counts() = ToApi(match.counts());
  }
  target.set_matched_identifiers(match.matched_identifiers());
  target.set_matched_persons(match.matched_persons());
  target.set_parked_because(match.parked_because());
  if (match.has_released()) {
    *target.mutable_released() = ToApi(match.released());
  }
  CopyLists(match.reservation_lists(), *target.mutable_reservation_lists());
  return target;
}

api::KeyFile ToApi(const records::KeyFileRecord& key_file) {
  api::KeyFile target;
  target.set_project_id(key_file.project_id());
  target.set_register_id(key_file.register_id());
  target.set_number(key_file.number());
  target.set_state(key_file.withdrawn() ? api::KEY_FILE_STATE_WITHDRAWN
                   : key_file.expired() ? api::KEY_FILE_STATE_EXPIRED
                                        : api::KEY_FILE_STATE_ISSUED);
  target.set_scope(SameNumber<api::Scope>(key_file.scope()));
  target.set_file_name(key_file.file_name());
  target.set_rows(key_file.rows());
  target.set_persons(key_file.persons());
  target.set_key_version(key_file.key_version());
  target.set_map_version(key_file.map_version());
  target.set_recipient_fingerprint(key_file.recipient_fingerprint());
  target.set_sealed_bytes(key_file.sealed_bytes());
  target.set_sealed_sha256(key_file.sealed_sha256());
  target.set_signature(key_file.signature());
  target.set_expiry_date(key_file.expiry_date());
  target.set_event_index(key_file.event_index());
  *target.mutable_issued() = ToApi(key_file.issued());
  if (key_file.has_withdrawal()) {
    *target.mutable_withdrawn() = ToApi(key_file.withdrawal());
  }
  if (key_file.has_first_fetched()) {
    *target.mutable_first_fetched() = ToApi(key_file.first_fetched());
  }
  target.set_usage_due_date(key_file.usage_due_date());
  target.set_kind(key_file.kind() == records::KEY_FILE_KIND_RECORD_UNSPECIFIED
                      ? api::KEY_FILE_KIND_FULL  // issued before there were others
                      : SameNumber<api::KeyFileKind>(key_file.kind()));
  target.set_since(key_file.since());
  target.set_withdrawn_rows(key_file.withdrawn_rows());
  target.set_plaintext_digest(absl::BytesToHexString(key_file.plaintext_digest()));
  CopyLists(key_file.reservation_lists(), *target.mutable_reservation_lists());
  target.set_reserved(key_file.reserved());
  target.set_annulled(key_file.annulled());
  return target;
}

api::ReservationListVersion ToApi(const records::ReservationListRecord& list) {
  api::ReservationListVersion target;
  target.set_register_id(list.register_id());
  target.set_version(list.version());
  target.set_mode(static_cast<api::ReservationMode>(list.mode()));
  target.set_list_date(list.list_date());
  target.set_legal_reference(list.legal_reference());
  *target.mutable_counts() = ToApi(list.counts());
  target.set_added(list.added());
  target.set_removed(list.removed());
  target.set_identifiers(list.identifiers());
  *target.mutable_loaded() = ToApi(list.loaded());
  return target;
}

api::UsageReport ToApi(const records::UsageRecord& usage) {
  api::UsageReport target;
  target.set_project_id(usage.project_id());
  target.set_register_id(usage.register_id());
  target.set_key_file_number(usage.key_file_number());
  target.set_delivery_reference(usage.delivery_reference());
  target.set_version(usage.version());
  target.set_delivered_on(usage.delivered_on());
  target.set_recipient(usage.recipient());
  target.set_used(usage.used());
  target.set_rows(usage.rows());
  target.set_duplicates(usage.duplicates());
  for (const records::FaultCountRecord& fault : usage.faults()) {
    api::FaultCount& added = *target.add_faults();
    added.set_reason(fault.reason());
    added.set_rows(fault.rows());
  }
  *target.mutable_reported() = ToApi(usage.reported());
  target.set_replaced(usage.replaced());
  target.set_corrects_reference(usage.corrects_reference());
  target.set_correction_reason(usage.correction_reason());
  return target;
}

namespace {

api::Destruction ToApiDestruction(const records::ProjectRecord& project) {
  api::Destruction target;
  target.set_on(project.destruction_on());
  if (project.has_destruction_warned()) {
    *target.mutable_warned() = ToApi(project.destruction_warned());
  }
  if (project.has_destruction_blocked()) {
    *target.mutable_blocked() = ToApi(project.destruction_blocked());
  }
  if (project.has_usage_waived()) {
    *target.mutable_usage_waived() = ToApi(project.usage_waived());
  }
  if (project.has_memberships_deleted()) {
    *target.mutable_memberships_deleted() = ToApi(project.memberships_deleted());
  }
  return target;
}

}  // namespace

api::Project ToApi(const records::ProjectRecord& project, std::uint64_t persons) {
  api::Project target;
  target.set_id(project.id());
  target.set_state(SameNumber<api::ProjectState>(project.state()));
  *target.mutable_project_case() = ToApi(project.project_case());
  for (api::Source& source : *target.mutable_project_case()->mutable_sources()) {
    const records::SourceProgressRecord progress = ProgressOf(project, source.register_id());
    source.set_complete(progress.complete());
    source.set_locked(progress.locked());
  }
  for (const records::ConditionMetRecord& met : project.conditions_met()) {
    const int index = static_cast<int>(met.condition()) - 1;
    if (index < target.project_case().conditions_size()) {
      *target.mutable_project_case()->mutable_conditions(index)->mutable_met() = ToApi(met.met());
    }
  }
  if (project.has_pending_revision()) {
    const records::RevisionRecord& revision = project.pending_revision();
    api::Revision& pending = *target.mutable_pending_revision();
    pending.set_number(revision.number());
    *pending.mutable_proposed() = ToApi(revision.proposed());
    *pending.mutable_proposed_by() = ToApi(revision.proposed_by());
    pending.set_decision_reference(revision.decision_reference());
    pending.set_decision_date(revision.decision_date());
    for (const transparency::EventChange& change : DifferencesOf(project.project_case(), revision.proposed())) {
      pending.add_changed_fields(change.field);
    }
  }
  *target.mutable_created() = ToApi(project.created());
  if (project.has_ready()) {
    *target.mutable_ready() = ToApi(project.ready());
  }
  if (project.has_activated()) {
    *target.mutable_activated() = ToApi(project.activated());
  }
  if (project.has_closed()) {
    *target.mutable_closed() = ToApi(project.closed());
  }
  if (project.has_cancelled()) {
    *target.mutable_cancelled() = ToApi(project.cancelled());
  }
  if (project.has_key_destroyed()) {
    *target.mutable_key_destroyed() = ToApi(project.key_destroyed());
  }
  if (project.has_destruction_warned() || project.has_usage_waived() || project.has_memberships_deleted()) {
    *target.mutable_destruction() = ToApiDestruction(project);
  }
  target.set_persons(persons);
  target.set_key_version(project.key_version());
  target.set_case_version(project.case_version());
  return target;
}

records::SourceRecord ToRecord(const api::Source& source) {
  records::SourceRecord target;
  CopySameFields(source, target);
  return target;
}

records::CaseRecord ToRecord(const api::ProjectCase& project_case) {
  records::CaseRecord target;
  CopySameFields(project_case, target);
  return target;
}

records::StreamCountsRecord ToRecord(const api::StreamCounts& counts) {
  records::StreamCountsRecord target;
  target.set_rows(counts.rows());
  target.set_kept_back(counts.kept_back());
  target.set_valid_rows(counts.valid_rows());
  target.set_duplicates(counts.duplicates());
  target.set_identifiers(counts.identifiers());
  target.set_relatives(counts.relatives());
  for (const api::FaultCount& fault : counts.faults()) {
    records::FaultCountRecord& added = *target.add_faults();
    added.set_reason(fault.reason());
    added.set_rows(fault.rows());
  }
  return target;
}

}  // namespace kobling::server
