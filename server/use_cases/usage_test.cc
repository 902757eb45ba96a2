#include "server/use_cases/usage.h"

#include "crypto/random.h"
#include "server/core/core_testing.h"

namespace kobling::server {
namespace {

using domain::Reason;

class UsageTest : public ::testing::Test {
 protected:
  UsageTest() {
    server_.SubmitAll(project_, "NPR", People(0, 10));
    server_.SubmitAll(project_, "MFR", People(5, 15));
    server_.Complete(project_, "NPR");
    server_.Complete(project_, "MFR");
    server_.Issue(project_, "NPR");
    server_.Issue(project_, "MFR");
  }

  std::vector<std::string> Lopenumre(std::size_t begin, std::size_t end) const {
    std::vector<std::string> list;
    for (const std::string& person : People(begin, end)) {
      list.push_back(server_.ExpectedLopenummer(project_, person));
    }
    return list;
  }

  static std::vector<std::pair<std::uint64_t, Reason>> Faults(const Streamed<api::ReportResponse>& streamed) {
    std::vector<std::pair<std::uint64_t, Reason>> list;
    for (const api::RowFault& fault : streamed.faults) {
      list.emplace_back(fault.row(), static_cast<Reason>(fault.reason()));
    }
    return list;
  }

  std::vector<records::UsageRecord> Stored() const {
    return server_.core().state.Read()->projects.at(project_).rows.usage;
  }

  std::uint64_t PersonsIn(const records::UsageRecord& usage) const {
    return server_.core().sets.Get(usage.used_set())->cardinality();
  }

  TestCore server_;
  std::string project_ = server_.ActiveProject({Defining("NPR"), Defining("MFR")});
};

TEST_F(UsageTest, WhatTheKeyFileHoldsCountsAndTheRestIsReportedByRow) {
  std::vector<std::string> rows = Lopenumre(8, 12);  // 10 and 11 are MFR's alone
  rows.push_back("");
  rows.push_back("LAAAAAAAAAAAAAAAAA");  // wrong check character or form
  rows.push_back(rows[0]);
  rows.push_back(server_.ExpectedLopenummer("P0007", Person(0)));  // another project's
  const auto reported = server_.Report(server_.Header(project_, 1, "leveranse 1"), rows);
  ASSERT_THAT(reported.response, IsOk());
  const api::UsageReport& result = reported.response->result();
  EXPECT_EQ(result.used(), 2U);
  EXPECT_EQ(result.rows(), 8U);
  EXPECT_EQ(result.duplicates(), 1U);
  const auto faults = Faults(reported);
  ASSERT_EQ(faults.size(), 4U);
  EXPECT_EQ(faults[0].first, 5U);
  EXPECT_EQ(faults[1], std::pair(std::uint64_t{2}, Reason::kLopenummerNotIssued));
  EXPECT_EQ(faults[2], std::pair(std::uint64_t{3}, Reason::kLopenummerNotIssued));
  EXPECT_EQ(faults[3], std::pair(std::uint64_t{7}, Reason::kLopenummerNotIssued));
  ASSERT_EQ(Stored().size(), 1U);
  EXPECT_EQ(PersonsIn(Stored()[0]), 2U);
  EXPECT_EQ(server_.StoredState(), server_.StateInMemory());
}

TEST_F(UsageTest, TheEventCountsAllFaultsWhereverTheyWereFound) {
  std::vector<std::string> rows = Lopenumre(0, 2);
  rows.push_back("LAAAAAAAAAAAAAAAAA");       // found in the batch
  rows.push_back(Lopenumre(12, 13).front());  // found at the commit
  ASSERT_THAT(server_.Report(server_.Header(project_, 1, "leveranse 1"), rows).response, IsOk());
  const transparency::Event event = server_.LastEvent();
  EXPECT_THAT(event.counts, ::testing::Contains(std::pair<std::string, std::uint64_t>("faults", 2)));
  EXPECT_THAT(event.counts, ::testing::Contains(std::pair<std::string, std::uint64_t>("used", 2)));
}

TEST_F(UsageTest, AnotherRegistersLopenumreAreNotIts) {
  EXPECT_THAT(server_.Report(server_.Header(project_, 1, "leveranse 1"), Lopenumre(10, 15)).response,
              RefusedWith(Reason::kNothingValid));
  EXPECT_TRUE(Stored().empty());
  EXPECT_THAT(server_.ReportBy("MFR", server_.Header(project_, 1, "leveranse 1"), Lopenumre(10, 15)).response, IsOk());
}

TEST_F(UsageTest, OnlyAnOwnKeyFileIsReported) {
  server_.AddRegister("ABC");
  EXPECT_THAT(server_.Report(server_.Header(project_, 2, "x"), Lopenumre(0, 1)).response,
              RefusedWith(Reason::kKeyFileNotFound));
  const auto outsider = server_.ReportBy("ABC", server_.Header(project_, 1, "x"), {}).response;
  EXPECT_THAT(outsider, RefusedWith(Reason::kNotPermitted));
  EXPECT_EQ(outsider.status(), server_.ReportBy("ABC", server_.Header("P9999", 1, "x"), {}).response.status());
}

TEST_F(UsageTest, TheSameDeliveryAgainChangesNothing) {
  ASSERT_THAT(server_.Report(server_.Header(project_, 1, "leveranse 1"), Lopenumre(0, 4)).response, IsOk());
  const std::string before = server_.StateInMemory();
  std::vector<std::string> other_order = Lopenumre(0, 4);
  std::swap(other_order[0], other_order[3]);
  const auto again = server_.Report(server_.Header(project_, 1, "leveranse 1"), other_order);
  ASSERT_THAT(again.response, IsOk());
  EXPECT_TRUE(again.response->already_reported());
  EXPECT_EQ(again.response->result().version(), 1U);
  EXPECT_EQ(server_.StateInMemory(), before);
  EXPECT_THAT(server_.Report(server_.Header(project_, 1, "leveranse 1"), Lopenumre(0, 5)).response,
              RefusedWith(Reason::kDeliveryExists));
  EXPECT_EQ(server_.StateInMemory(), before);
}

TEST_F(UsageTest, ARepeatedRequestGetsItsAnswerAndAnotherContentIsRefused) {
  const api::ReportHeader header = server_.Header(project_, 1, "leveranse 1");
  const auto first = server_.Report(header, Lopenumre(0, 4));
  ASSERT_THAT(first.response, IsOk());
  const std::size_t events = server_.Events().size();
  EXPECT_EQ(server_.Report(header, Lopenumre(0, 4)).response->SerializeAsString(), first.response->SerializeAsString());
  EXPECT_EQ(server_.Events().size(), events);
  EXPECT_THAT(server_.Report(header, Lopenumre(0, 5)).response, RefusedWith(Reason::kRequestIdReused));
}

TEST_F(UsageTest, ACorrectionReplacesTheEarlierReport) {
  ASSERT_THAT(server_.Report(server_.Header(project_, 1, "leveranse 1"), Lopenumre(0, 4)).response, IsOk());
  api::ReportHeader correction = server_.Header(project_, 1, "leveranse 1");
  correction.set_corrects_reference("leveranse 1");
  EXPECT_THAT(server_.Report(correction, Lopenumre(0, 3)).response, RefusedWith(Reason::kFieldMissing)) << "no reason";
  correction.set_correction_reason("én rad for mye");
  const auto corrected = server_.Report(correction, Lopenumre(0, 3));
  ASSERT_THAT(corrected.response, IsOk());
  EXPECT_EQ(corrected.response->result().version(), 2U);
  ASSERT_EQ(Stored().size(), 2U);
  EXPECT_TRUE(Stored()[0].replaced());
  EXPECT_FALSE(Stored()[1].replaced());
  EXPECT_EQ(PersonsIn(Stored()[1]), 3U);
  correction.set_request_id(crypto::NewRequestId());
  correction.set_delivery_reference("leveranse 1b");
  ASSERT_THAT(server_.Report(correction, Lopenumre(0, 2)).response, IsOk());
  EXPECT_TRUE(Stored()[1].replaced());
  EXPECT_EQ(Stored()[2].version(), 3U);
  correction.set_request_id(crypto::NewRequestId());
  EXPECT_THAT(server_.Report(correction, Lopenumre(0, 1)).response, RefusedWith(Reason::kDeliveryNotFound))
      << "it was replaced, and does not stand any more";
  EXPECT_EQ(server_.StoredState(), server_.StateInMemory());
}

TEST_F(UsageTest, ACorrectionDoesNotTakeTheReferenceOfAThirdDelivery) {
  ASSERT_THAT(server_.Report(server_.Header(project_, 1, "leveranse 1"), Lopenumre(0, 4)).response, IsOk());
  ASSERT_THAT(server_.Report(server_.Header(project_, 1, "leveranse 2"), Lopenumre(0, 5)).response, IsOk());
  const std::string before = server_.StateInMemory();
  api::ReportHeader correction = server_.Header(project_, 1, "leveranse 2");
  correction.set_corrects_reference("leveranse 1");
  correction.set_correction_reason("feil");
  EXPECT_THAT(server_.Report(correction, Lopenumre(0, 3)).response, RefusedWith(Reason::kDeliveryExists));
  EXPECT_EQ(server_.StateInMemory(), before) << "the corrected one lost its place";
}

TEST_F(UsageTest, NothingUsedIsAReportToo) {
  api::ReportHeader header = server_.Header(project_, 1, "leveranse 1");
  header.set_none_used(true);
  EXPECT_THAT(server_.Report(header, Lopenumre(0, 1)).response, RefusedWith(Reason::kStreamProtocol));
  const auto none = server_.Report(header, {});
  ASSERT_THAT(none.response, IsOk());
  EXPECT_EQ(none.response->result().used(), 0U);
  EXPECT_THAT(server_.Report(server_.Header(project_, 1, "leveranse 2"), {}).response,
              RefusedWith(Reason::kNothingValid));
}

TEST_F(UsageTest, TheHeaderIsCheckedInFull) {
  using Spoil = void (*)(api::ReportHeader&);
  const std::vector<std::tuple<std::string, Reason, Spoil>> cases = {
      {"delivery_reference", Reason::kFieldMissing, [](api::ReportHeader& h) { h.clear_delivery_reference(); }},
      {"recipient", Reason::kFieldMissing, [](api::ReportHeader& h) { h.clear_recipient(); }},
      {"delivered_on", Reason::kFieldMissing, [](api::ReportHeader& h) { h.clear_delivered_on(); }},
      {"delivered_on", Reason::kFieldMalformed, [](api::ReportHeader& h) { h.set_delivered_on("2026-02-30"); }},
      {"delivered_on", Reason::kFieldMalformed, [](api::ReportHeader& h) { h.set_delivered_on("2026-11-23"); }},
      {"recipient", Reason::kFieldMalformed, [](api::ReportHeader& h) { h.set_recipient("til " + Person(0)); }},
      {"delivery_reference", Reason::kFieldMalformed,
       [](api::ReportHeader& h) { h.set_delivery_reference(Person(0)); }},
  };
  for (const auto& [field, reason, spoil] : cases) {
    api::ReportHeader header = server_.Header(project_, 1, "leveranse 1");
    spoil(header);
    const auto refused = server_.Report(header, Lopenumre(0, 1)).response;
    EXPECT_THAT(refused, RefusedWith(reason)) << field;
    EXPECT_EQ(DetailOf(refused.status(), "field"), field);
  }
}

TEST_F(UsageTest, StatusTellsWhatIsDueAndWhatIsOverdue) {
  ASSERT_THAT(server_.Report(server_.Header(project_, 1, "leveranse 1"), Lopenumre(0, 4)).response, IsOk());
  api::GetUsageStatusRequest request;
  request.set_project_id(project_);
  const Call officer = server_.Officer("UsageService/GetUsageStatus");
  const auto status = server_.usage().Status(officer, request);
  ASSERT_EQ(status->key_files_size(), 2);
  EXPECT_EQ(status->key_files(0).register_id(), "MFR");
  EXPECT_EQ(status->key_files(0).due_date(), "2027-02-20");
  EXPECT_FALSE(status->key_files(0).overdue());
  server_.clock().Advance(absl::Hours(24 * 91));
  const auto later = server_.usage().Status(officer, request);
  EXPECT_TRUE(later->key_files(0).overdue());
  EXPECT_FALSE(later->key_files(1).overdue()) << "it was reported";
  const auto own = server_.usage().Status(server_.Register("NPR", "UsageService/GetUsageStatus"), request);
  ASSERT_EQ(own->key_files_size(), 1);
  EXPECT_EQ(own->key_files(0).reports_size(), 1);
}

}  // namespace
}  // namespace kobling::server
