// What the tests of imported series begin with: an active project of a time that has passed, and its registers' rows.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "server/core/core_testing.h"

namespace kobling::server {

inline constexpr const char* kOrigin = "laget av Registerenheten i 2015 med et program av den tiden";

// As much as is asked of a case whose numbers were made elsewhere, of a time that has passed.
inline api::ProjectCase OldCase() {
  api::ProjectCase project_case;
  project_case.set_title("Hofter 2015");
  project_case.set_purpose("Vi så på hofter.");
  project_case.set_contact("kontakt@universitet.example");
  project_case.set_data_user("Universitetet i Eksempel");
  project_case.set_decision_reference("14/200");
  project_case.set_decision_date("2014-11-01");
  project_case.set_legal_basis("helseforskningsloven § 35");
  project_case.set_start_date("2015-01-01");
  project_case.set_end_date("2019-12-31");
  project_case.set_deletion_date("2020-12-31");
  project_case.set_series_origin(kOrigin);
  for (const char* register_id : {"NPR", "MFR"}) {
    api::Source& source = *project_case.add_sources();
    source.set_register_id(register_id);
    source.set_legal_reference("NPR-forskriften § 3-1");
  }
  return project_case;
}

inline std::string Number(std::size_t n) { return "GAMMEL-" + std::to_string(1000 + n); }

inline TestCore::Series Rows(std::size_t begin, std::size_t end) {
  TestCore::Series rows;
  for (std::size_t n = begin; n < end; ++n) {
    rows.emplace_back(Person(n), Number(n));
  }
  return rows;
}

class SeriesImportTest : public ::testing::Test {
 protected:
  api::ImportSeriesHeader Header() const {
    api::ImportSeriesHeader header;
    header.set_request_id(crypto::NewRequestId());
    header.set_project_id(project_);
    header.set_issued_on("2015-03-01");
    return header;
  }
  api::ImportSeriesHeader Delivered(const std::string& reference) const {
    api::ImportSeriesHeader header = Header();
    header.set_delivered_on("2015-04-01");
    header.set_delivery_reference(reference);
    header.set_recipient("Universitetet i Eksempel");
    return header;
  }
  Streamed<api::ImportSeriesResponse> Import(const TestCore::Series& rows) { return ImportBy("NPR", Header(), rows); }
  Streamed<api::ImportSeriesResponse> ImportBy(const std::string& register_id, const api::ImportSeriesHeader& header,
                                               const TestCore::Series& rows) {
    return server_.ImportSeries(register_id, header, rows);
  }
  // Position and reason of each fault.
  static std::vector<std::pair<std::uint64_t, domain::Reason>> Told(const std::vector<api::RowFault>& faults) {
    std::vector<std::pair<std::uint64_t, domain::Reason>> told;
    for (const api::RowFault& fault : faults) {
      told.emplace_back(fault.row(), domain::ReasonFromNumber(fault.reason()).value());
    }
    return told;
  }
  std::optional<api::ProjectInsight> Told(const std::string& person) {
    api::LookupRequest request;
    request.set_identifier(person);
    request.set_purpose("eget innsyn");
    const auto response =
        server_.insight().Lookup(server_.By(Role::kInsightPortal, "portal", "InsightService/Lookup"), request);
    EXPECT_THAT(response, IsOk());
    return response.ok() && response->projects_size() == 1 ? std::optional(response->projects(0)) : std::nullopt;
  }
  absl::StatusOr<api::ReproduceKeyFileResponse> Reproduce(const std::string& register_id, std::uint32_t number) {
    api::ReproduceKeyFileRequest request;
    request.set_project_id(project_);
    request.set_register_id(register_id);
    request.set_number(number);
    request.set_purpose("tilsyn");
    return server_.key_files().Reproduce(server_.Officer("KeyFileService/ReproduceKeyFile"), request);
  }
  void Close() {
    ASSERT_THAT(server_.projects().Close(server_.Officer("ProjectService/CloseProject"),
                                         About<api::CloseProjectRequest>(project_)),
                IsOk());
  }
  std::vector<api::KeyFileUsage> UsageStatus(bool overdue_only) {
    api::GetUsageStatusRequest request;
    request.set_project_id(project_);
    request.set_overdue_only(overdue_only);
    const auto status = server_.usage().Status(server_.Officer("UsageService/GetUsageStatus"), request).value();
    return {status.key_files().begin(), status.key_files().end()};
  }
  std::size_t StoredBlocks() {
    const auto rows = server_.store().Scan(storage::Family::kSeries, storage::KeyRange::All()).value();
    std::size_t blocks = 0;
    for (; rows->Valid(); rows->Next()) {
      ++blocks;
    }
    return blocks;
  }
  absl::Status SeriesKey() { return storage::KeyStore::Get(server_.store(), "series", project_, 1).status(); }
  // The keyed digest of a text, as docs/formats say it is made.
  std::string DigestOf(const std::string& text) {
    auto digest = server_.core().keys.digest.Start("key-file");
    digest.Update(std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
    const crypto::Digest made = digest.Finish();
    return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(made.data()), made.size()));
  }

  TestCore server_;
  std::string project_ = server_.ActiveProject(OldCase());
};

}  // namespace kobling::server
