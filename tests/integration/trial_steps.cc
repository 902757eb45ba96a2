#include "tests/integration/trial_steps.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "crypto/random.h"
#include "server/core/dates.h"

namespace kobling::tests {
namespace {

class Collector final : public client::EventSink {
 public:
  absl::Status Take(const api::Event& event) override {
    events.push_back(event);
    return absl::OkStatus();
  }
  std::vector<api::Event> events;
};

}  // namespace

std::string ReasonName(const absl::Status& status) {
  if (status.ok()) {
    return "OK";
  }
  const auto reason = domain::ReasonOf(status);
  return reason.has_value() ? std::string(domain::InfoOf(*reason).name) : "";
}

std::string Day(int days_from_today) { return server::DateText(server::DayOf(absl::Now()) + days_from_today); }

MemoryRows::MemoryRows(std::vector<std::string> columns, std::size_t row_bytes, std::size_t batch_rows)
    : columns_(std::move(columns)), row_bytes_(row_bytes), batch_rows_(batch_rows) {}

absl::StatusOr<bool> MemoryRows::Next(client::RowBatch& batch) {
  while (column_ < columns_.size() && place_ == columns_[column_].size()) {
    ++column_;
    place_ = 0;
  }
  if (column_ == columns_.size()) {
    return false;
  }
  batch.column = static_cast<std::uint32_t>(column_);
  batch.first_row = place_ / row_bytes_;
  batch.bytes = columns_[column_].substr(place_, batch_rows_ * row_bytes_);
  place_ += batch.bytes.size();
  return true;
}

absl::Status MemoryRows::Rewind() {
  column_ = 0;
  place_ = 0;
  return absl::OkStatus();
}

std::vector<api::Event> AllEvents(client::Connection& auditor) {
  Collector collector;
  const absl::Status listed = auditor.ListEvents({}, collector);
  EXPECT_TRUE(listed.ok()) << listed;
  return std::move(collector.events);
}

void AddRegister(client::Connection& caseworker, const std::string& id) {
  api::AddRegisterRequest request;
  request.set_request_id(crypto::NewRequestId());
  request.mutable_register_()->set_id(id);
  request.mutable_register_()->set_kind("kvalitetsregister");
  request.mutable_register_()->set_inclusion_reference("§ 3");
  request.mutable_register_()->set_inclusion_date(Day(-900));
  request.mutable_register_()->set_name("Invented register " + id);
  request.mutable_register_()->set_controller("Invented controller");
  request.mutable_register_()->set_contact("register@example.org");
  const auto added = caseworker.AddRegister(request);
  ASSERT_TRUE(added.ok()) << added.status();
}

void EnrolKey(client::Connection& register_holder, client::Connection& key_officer, const std::string& register_id,
              const crypto::AgeRecipient& recipient) {
  api::SubmitRecipientKeyRequest submit;
  submit.set_request_id(crypto::NewRequestId());
  submit.set_recipient(recipient.text());
  const auto submitted = register_holder.SubmitRecipientKey(submit);
  ASSERT_TRUE(submitted.ok()) << submitted.status();
  EXPECT_EQ(submitted->fingerprint(), recipient.Fingerprint());
  api::ApproveRecipientKeyRequest approve;
  approve.set_request_id(crypto::NewRequestId());
  approve.set_register_id(register_id);
  approve.set_number(submitted->number());
  approve.set_fingerprint(recipient.Fingerprint());
  const auto approved = key_officer.ApproveRecipientKey(approve);
  ASSERT_TRUE(approved.ok()) << approved.status();
}

api::Source MakeSource(const std::string& register_id, api::Scope scope) {
  api::Source source;
  source.set_register_id(register_id);
  source.set_scope(scope);
  source.set_defines_population(scope == api::SCOPE_OWN);
  source.set_legal_reference("helseregisterloven § 19 a");
  source.set_scope_reason(scope == api::SCOPE_POPULATION ? "everybody is followed from birth" : "");
  return source;
}

api::ProjectCase MakeCase(const std::vector<api::Source>& sources, std::uint64_t approved_persons) {
  api::ProjectCase project_case;
  project_case.set_title("Invented study");
  project_case.set_purpose("To see whether the whole path holds.");
  project_case.set_purpose_kind(api::PURPOSE_KIND_RESEARCH);
  project_case.set_data_user("Invented university");
  project_case.set_decision_reference("26/1234");
  project_case.set_decision_date(Day(-30));
  project_case.set_legal_basis("§§ 4, 5 and 7");
  project_case.set_linkage_performer(api::LINKAGE_PERFORMER_DATA_USER);
  for (const api::Source& source : sources) {
    *project_case.add_sources() = source;
  }
  project_case.set_approved_persons(approved_persons);
  project_case.set_start_date(Day(-1));
  project_case.set_end_date(Day(300));
  project_case.set_deletion_date(Day(600));
  project_case.set_contact("study@example.org");
  project_case.set_analysis_room("TSD");
  project_case.set_title_nynorsk("Dikta studie");
  project_case.set_title_english("Invented study");
  project_case.set_purpose_nynorsk("For å sjå om heile vegen held.");
  project_case.set_purpose_english("To see whether the whole path holds.");
  return project_case;
}

std::string MakeActiveProject(client::Connection& caseworker, client::Connection& key_officer,
                              const api::ProjectCase& project_case) {
  api::CreateProjectRequest create;
  create.set_request_id(crypto::NewRequestId());
  *create.mutable_project_case() = project_case;
  const auto created = caseworker.CreateProject(create);
  EXPECT_TRUE(created.ok()) << created.status();
  if (!created.ok()) {
    return "";
  }
  api::MarkReadyRequest ready;
  ready.set_request_id(crypto::NewRequestId());
  ready.set_project_id(created->id());
  const auto marked = caseworker.MarkReady(ready);
  EXPECT_TRUE(marked.ok()) << marked.status();
  api::ActivateProjectRequest activate;
  activate.set_request_id(crypto::NewRequestId());
  activate.set_project_id(created->id());
  const auto activated = key_officer.ActivateProject(activate);
  EXPECT_TRUE(activated.ok()) << activated.status();
  return created->id();
}

absl::StatusOr<api::SubmitResponse> Submit(client::Connection& register_holder, const std::string& request_id,
                                           const std::string& project, const std::vector<std::string>& identifiers) {
  api::SubmitHeader header;
  header.set_request_id(request_id);
  header.set_project_id(project);
  header.add_columns("fnr");
  std::string packed;
  for (const std::string& identifier : identifiers) {
    packed += identifier;
  }
  MemoryRows rows({std::move(packed)}, 11);
  CountingListener listener;
  return register_holder.Submit(header, rows, listener);
}

absl::StatusOr<api::CompletePopulationResponse> Complete(client::Connection& register_holder,
                                                         const std::string& project) {
  api::CompletePopulationRequest request;
  request.set_request_id(crypto::NewRequestId());
  request.set_project_id(project);
  return register_holder.CompletePopulation(request);
}

absl::StatusOr<api::MatchWindow> OpenMatch(client::Connection& key_officer, const std::string& project,
                                           const std::string& register_id, std::uint64_t max_rows) {
  api::OpenMatchRequest request;
  request.set_request_id(crypto::NewRequestId());
  request.set_project_id(project);
  request.set_register_id(register_id);
  request.set_max_rows(max_rows);
  return key_officer.OpenMatch(request);
}

absl::StatusOr<api::KeyFile> Issue(client::Connection& key_officer, const std::string& project,
                                   const std::string& register_id) {
  api::IssueKeyFileRequest request;
  request.set_request_id(crypto::NewRequestId());
  request.set_project_id(project);
  request.set_register_id(register_id);
  return key_officer.IssueKeyFile(request);
}

api::ReportHeader MakeReportHeader(const api::KeyFile& key_file, const std::string& delivery) {
  api::ReportHeader header;
  header.set_request_id(crypto::NewRequestId());
  header.set_project_id(key_file.project_id());
  header.set_key_file_number(key_file.number());
  header.set_delivery_reference(delivery);
  header.set_delivered_on(Day(0));
  header.set_recipient("Invented university");
  return header;
}

}  // namespace kobling::tests
