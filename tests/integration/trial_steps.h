// The steps of a job, as calls of the API. Each fails the test that it is used in when the server refuses.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/connection.h"
#include "crypto/age_key.h"
#include "domain/error.h"

namespace kobling::tests {

namespace api = ::kobling::v1;

// The reason's stable name; "OK" for no error, "" for an error without a reason.
std::string ReasonName(const absl::Status& status);

// "2026-11-22", so many days from today, as the server counts days.
std::string Day(int days_from_today);

// Rows in memory as a stream: for each column its rows, packed.
class MemoryRows final : public client::RowSource {
 public:
  MemoryRows(std::vector<std::string> columns, std::size_t row_bytes, std::size_t batch_rows = 20'000);

  std::size_t row_bytes() const override { return row_bytes_; }
  std::size_t columns() const override { return columns_.size(); }
  std::uint64_t kept_back() const override { return 0; }
  absl::StatusOr<bool> Next(client::RowBatch& batch) override;
  bool can_rewind() const override { return true; }
  absl::Status Rewind() override;

 private:
  const std::vector<std::string> columns_;
  const std::size_t row_bytes_;
  const std::size_t batch_rows_;
  std::size_t column_ = 0;
  std::size_t place_ = 0;  // in bytes, within the column
};

// Counts faults; keeps nothing else.
class CountingListener final : public client::StreamListener {
 public:
  void Restarted() override { faults = 0; }
  void Faults(const google::protobuf::RepeatedPtrField<api::RowFault>& told) override {
    faults += static_cast<std::uint64_t>(told.size());
  }
  std::uint64_t faults = 0;
};

// All events that the auditor sees, by index.
std::vector<api::Event> AllEvents(client::Connection& auditor);

void AddRegister(client::Connection& caseworker, const std::string& id);

// Submits the key as the register and approves it as the key officer.
void EnrolKey(client::Connection& register_holder, client::Connection& key_officer, const std::string& register_id,
              const crypto::AgeRecipient& recipient);

api::Source MakeSource(const std::string& register_id, api::Scope scope);
api::ProjectCase MakeCase(const std::vector<api::Source>& sources, std::uint64_t approved_persons);

// Creates the project, marks it ready and activates it; returns its id.
std::string MakeActiveProject(client::Connection& caseworker, client::Connection& key_officer,
                              const api::ProjectCase& project_case);

// One column of identifiers.
absl::StatusOr<api::SubmitResponse> Submit(client::Connection& register_holder, const std::string& request_id,
                                           const std::string& project, const std::vector<std::string>& identifiers);
absl::StatusOr<api::CompletePopulationResponse> Complete(client::Connection& register_holder,
                                                         const std::string& project);
absl::StatusOr<api::MatchWindow> OpenMatch(client::Connection& key_officer, const std::string& project,
                                           const std::string& register_id, std::uint64_t max_rows);
absl::StatusOr<api::KeyFile> Issue(client::Connection& key_officer, const std::string& project,
                                   const std::string& register_id);

// What a report of use for the key file begins with.
api::ReportHeader MakeReportHeader(const api::KeyFile& key_file, const std::string& delivery);

}  // namespace kobling::tests
