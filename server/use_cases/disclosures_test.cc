#include "server/use_cases/disclosures.h"

#include "crypto/random.h"
#include "server/core/core_testing.h"

namespace kobling::server {
namespace {

using domain::Reason;

class DisclosuresTest : public ::testing::Test {
 protected:
  // NPR's key file is issued on 22 November, MFR's after a change of the case, on 2 December.
  DisclosuresTest() {
    server_.SubmitAll(project_, "NPR", People(0, 10));
    server_.SubmitAll(project_, "MFR", People(5, 15));
    server_.Complete(project_, "NPR");
    server_.Complete(project_, "MFR");
    server_.Issue(project_, "NPR");
    server_.clock().Advance(absl::Hours(24 * 10));
    ChangeCase();
    server_.Issue(project_, "MFR");
  }

  void ChangeCase() {
    auto request = About<api::UpdateProjectRequest>(project_);
    *request.mutable_project_case() = FullCase({Defining("MFR"), Defining("NPR")});
    request.mutable_project_case()->set_legal_basis("§§ 4, 5 og 7");
    request.mutable_project_case()->set_data_user("Et annet universitet");
    request.mutable_project_case()->mutable_sources(1)->set_legal_reference("forskriften § 3-2");
    ASSERT_THAT(server_.projects().Update(server_.Caseworker("ProjectService/UpdateProject"), request), IsOk());
    auto confirm = About<api::ConfirmRevisionRequest>(project_);
    confirm.set_revision(1);
    ASSERT_THAT(server_.projects().ConfirmRevision(server_.Officer("ProjectService/ConfirmRevision"), confirm), IsOk());
  }

  std::vector<std::string> Lopenumre(std::size_t begin, std::size_t end) const {
    std::vector<std::string> list;
    for (const std::string& person : People(begin, end)) {
      list.push_back(server_.ExpectedLopenummer(project_, person));
    }
    return list;
  }

  void Report(const std::string& reference, std::size_t persons) {
    ASSERT_THAT(server_.Report(server_.Header(project_, 1, reference), Lopenumre(0, persons)).response, IsOk());
  }

  absl::StatusOr<api::ListDisclosuresResponse> TryList(const Call& call,
                                                       const api::ListDisclosuresRequest& request) const {
    return Disclosures(server_.core()).List(call, request);
  }
  Call Auditor() const { return server_.By(Role::kAuditor, "revisor", "AuditService/ListDisclosures"); }
  Call Register(const std::string& id) const { return server_.Register(id, "AuditService/ListDisclosures"); }

  // "NPR 1 leveranse 1", or "MFR 1" for a key file without a report.
  std::vector<std::string> Rows(const Call& call, const api::ListDisclosuresRequest& request) const {
    std::vector<std::string> names;
    const auto response = TryList(call, request);
    EXPECT_THAT(response, IsOk());
    for (const api::Disclosure& row : response->disclosures()) {
      const std::string report = row.not_yet_reported() ? "" : " " + row.delivery_reference();
      names.push_back(row.register_id() + " " + std::to_string(row.key_file_number()) + report);
    }
    return names;
  }
  std::vector<std::string> InPeriod(const std::string& since, const std::string& until) const {
    api::ListDisclosuresRequest request;
    request.set_since(since);
    request.set_until(until);
    return Rows(Auditor(), request);
  }

  TestCore server_;
  std::string project_ = server_.ActiveProject({Defining("NPR"), Defining("MFR")});
};

using Names = std::vector<std::string>;

TEST_F(DisclosuresTest, ADeliverySaysWhoReceivedWhatWhenAndHowMany) {
  Report("leveranse 1", 4);
  const auto list = TryList(Auditor(), {});
  ASSERT_THAT(list, IsOk());
  ASSERT_EQ(list->disclosures_size(), 2);
  const api::Disclosure& row = list->disclosures(1);
  EXPECT_EQ(row.register_id(), "NPR");
  EXPECT_EQ(row.register_name(), "Register NPR");
  EXPECT_EQ(row.controller(), "Eier av NPR");
  EXPECT_EQ(row.project_id(), project_);
  EXPECT_EQ(row.recipient(), "Universitetet i Eksempel");
  EXPECT_EQ(row.delivered_on(), "2026-12-02");
  EXPECT_EQ(row.used(), 4U);
  EXPECT_EQ(row.persons(), 10U);
  EXPECT_EQ(row.key_file_number(), 1U);
  EXPECT_EQ(row.issued().actor(), "olav.key");
  EXPECT_EQ(row.delivery_reference(), "leveranse 1");
  EXPECT_EQ(row.report_version(), 1U);
  EXPECT_EQ(row.reported().actor(), "NPR");
  EXPECT_FALSE(row.none_used());
  EXPECT_FALSE(row.not_yet_reported());
}

TEST_F(DisclosuresTest, AKeyFileWithoutAReportIsARowThatSaysSo) {
  const auto list = TryList(Auditor(), {});
  ASSERT_THAT(list, IsOk());
  ASSERT_EQ(list->disclosures_size(), 2);
  for (const api::Disclosure& row : list->disclosures()) {
    EXPECT_TRUE(row.not_yet_reported());
    EXPECT_EQ(row.persons(), 10U);
    EXPECT_EQ(row.delivered_on(), "");
    EXPECT_FALSE(row.has_reported());
  }
}

TEST_F(DisclosuresTest, TheBasisIsWhatHeldWhenTheKeyFileWasIssued) {
  Report("leveranse 1", 4);
  const auto list = TryList(Auditor(), {});
  ASSERT_EQ(list->disclosures_size(), 2);
  const api::Disclosure& after = list->disclosures(0);
  const api::Disclosure& before = list->disclosures(1);
  ASSERT_EQ(before.register_id(), "NPR");
  EXPECT_EQ(before.legal_basis(), "§§ 4 og 5, REK 2026/77");
  EXPECT_EQ(before.legal_reference(), "helseregisterloven § 19 e");
  EXPECT_EQ(before.data_user(), "Universitetet i Eksempel, professor Eksempel");
  EXPECT_EQ(before.decision_reference(), "26/1234-5");
  EXPECT_EQ(before.decision_date(), "2026-10-01");
  EXPECT_EQ(after.legal_basis(), "§§ 4, 5 og 7");
  EXPECT_EQ(after.data_user(), "Et annet universitet");
  EXPECT_EQ(after.case_version(), before.case_version() + 1);
}

TEST_F(DisclosuresTest, TheSourcesOwnDecisionAndDispensationAreShown) {
  api::Source source = Defining("SSB");
  source.set_decision_reference("SSB-26/77");
  source.set_decision_date("2026-09-20");
  source.set_decision_authority("ssb");
  source.set_dispensation_reference("26/4411");
  source.set_dispensation_date("2026-09-01");
  source.set_dispensation_authority("rek");
  const std::string other = server_.ActiveProject({source});
  server_.SubmitAll(other, "SSB", People(0, 3));
  server_.Complete(other, "SSB");
  server_.Issue(other, "SSB");
  api::ListDisclosuresRequest request;
  request.set_project_id(other);
  const auto list = TryList(Auditor(), request);
  ASSERT_EQ(list->disclosures_size(), 1);
  const api::Disclosure& row = list->disclosures(0);
  EXPECT_EQ(row.own_decision_reference(), "SSB-26/77");
  EXPECT_EQ(row.own_decision_date(), "2026-09-20");
  EXPECT_EQ(row.own_decision_authority(), "ssb");
  EXPECT_EQ(row.dispensation_reference(), "26/4411");
  EXPECT_EQ(row.dispensation_date(), "2026-09-01");
  EXPECT_EQ(row.dispensation_authority(), "rek");
}

TEST_F(DisclosuresTest, OnlyReportsThatStandCountAndACorrectionSaysWhatItCorrects) {
  Report("leveranse 1", 4);
  api::ReportHeader correction = server_.Header(project_, 1, "leveranse 1b");
  correction.set_corrects_reference("leveranse 1");
  correction.set_correction_reason("én rad for mye");
  ASSERT_THAT(server_.Report(correction, Lopenumre(0, 3)).response, IsOk());
  EXPECT_EQ(Rows(Auditor(), {}), Names({"MFR 1", "NPR 1 leveranse 1b"}));
  const api::Disclosure row = TryList(Auditor(), {})->disclosures(1);
  EXPECT_EQ(row.used(), 3U);
  EXPECT_EQ(row.report_version(), 2U);
  EXPECT_EQ(row.corrects_reference(), "leveranse 1");
  EXPECT_EQ(row.correction_reason(), "én rad for mye");
}

TEST_F(DisclosuresTest, TwoDeliveriesWithOneKeyFileAreTwoRows) {
  Report("leveranse 1", 4);
  Report("leveranse 2", 5);
  EXPECT_EQ(Rows(Auditor(), {}), Names({"MFR 1", "NPR 1 leveranse 1", "NPR 1 leveranse 2"}));
}

TEST_F(DisclosuresTest, NothingDeliveredIsSaidAsReported) {
  api::ReportHeader header = server_.Header(project_, 1, "ingen");
  header.set_none_used(true);
  ASSERT_THAT(server_.Report(header, {}).response, IsOk());
  const api::Disclosure row = TryList(Auditor(), {})->disclosures(1);
  EXPECT_TRUE(row.none_used());
  EXPECT_FALSE(row.not_yet_reported());
  EXPECT_EQ(row.used(), 0U);
}

TEST_F(DisclosuresTest, ThePeriodCountsBothItsDays) {
  server_.clock().Advance(absl::Hours(24 * 10));
  Report("leveranse 1", 4);  // 12 December, with a key file of 22 November
  EXPECT_EQ(InPeriod("2026-12-02", "2026-12-12"), Names({"MFR 1", "NPR 1 leveranse 1"}));
  EXPECT_EQ(InPeriod("2026-12-03", ""), Names({"NPR 1 leveranse 1"}));
  EXPECT_EQ(InPeriod("2026-12-13", ""), Names());
  EXPECT_EQ(InPeriod("", "2026-12-11"), Names({"MFR 1"}));
  EXPECT_EQ(InPeriod("", "2026-12-01"), Names()) << "the delivery counts, not the issue";
}

TEST_F(DisclosuresTest, WhatWasNeverHandedOutIsNoDisclosure) {
  api::WithdrawKeyFileRequest withdraw = About<api::WithdrawKeyFileRequest>(project_);
  withdraw.set_register_id("MFR");
  withdraw.set_number(1);
  ASSERT_THAT(server_.key_files().Withdraw(server_.Officer("KeyFileService/WithdrawKeyFile"), withdraw), IsOk());
  EXPECT_EQ(Rows(Auditor(), {}), Names({"NPR 1"}));
}

TEST_F(DisclosuresTest, ARegisterSeesItsOwnRowsOnly) {
  api::ListDisclosuresRequest request;
  EXPECT_EQ(Rows(Register("NPR"), request), Names({"NPR 1"}));
  request.set_project_id(project_);
  EXPECT_EQ(Rows(Register("NPR"), request), Names({"NPR 1"}));
  request.set_register_id("MFR");
  EXPECT_THAT(TryList(Register("NPR"), request), RefusedWith(Reason::kNotPermitted));
  EXPECT_EQ(Rows(Auditor(), request), Names({"MFR 1"}));

  server_.AddRegister("ABC");
  EXPECT_EQ(Rows(Register("ABC"), {}), Names());
  request.clear_register_id();
  const auto refused = TryList(Register("ABC"), request);
  EXPECT_THAT(refused, RefusedWith(Reason::kNotPermitted));
  request.set_project_id("P9999");
  EXPECT_EQ(TryList(Register("ABC"), request).status(), refused.status());
}

TEST_F(DisclosuresTest, TheOverviewOutlivesTheKey) {
  Report("leveranse 1", 4);
  const auto before = TryList(Auditor(), {});
  ASSERT_THAT(server_.projects().Close(server_.Officer("ProjectService/CloseProject"),
                                       About<api::CloseProjectRequest>(project_)),
              IsOk());
  auto destroy = About<api::DestroyProjectKeyRequest>(project_);
  destroy.set_confirmation(project_);
  destroy.set_waiver_reason("MFR finnes ikke lenger");
  ASSERT_THAT(server_.projects().DestroyKey(server_.Officer("ProjectService/DestroyProjectKey"), destroy), IsOk());
  server_.Restart();
  EXPECT_EQ(Rows(Auditor(), {}), Names({"NPR 1 leveranse 1"})) << "MFR never fetched what has expired";
  EXPECT_EQ(TryList(Auditor(), {})->disclosures(0).SerializeAsString(), before->disclosures(1).SerializeAsString());
}

TEST_F(DisclosuresTest, BadInputIsNamed) {
  const auto refused = [&](const std::string& field, const std::string& since, const std::string& until) {
    api::ListDisclosuresRequest request;
    request.set_since(since);
    request.set_until(until);
    const absl::Status status = TryList(Auditor(), request).status();
    EXPECT_EQ(DetailOf(status, "field"), field);
    return domain::ReasonOf(status);
  };
  EXPECT_EQ(refused("since", "22.11.2026", ""), Reason::kFieldMalformed);
  EXPECT_EQ(refused("until", "", "2026-02-30"), Reason::kFieldMalformed);
  EXPECT_EQ(refused("until", "2026-12-02", "2026-12-01"), Reason::kDateOrder);
  api::ListDisclosuresRequest request;
  request.set_register_id("NRP");
  EXPECT_THAT(TryList(Auditor(), request), RefusedWith(Reason::kRegisterNotFound));
  request.clear_register_id();
  request.set_project_id("P9999");
  EXPECT_THAT(TryList(Auditor(), request), RefusedWith(Reason::kProjectNotFound));
}

TEST_F(DisclosuresTest, AnAnswerThatNoMessageCanHoldIsRefusedAndASmallerOneIsNot) {
  const Disclosures small(server_.core(), TryList(Auditor(), {})->ByteSizeLong() - 1);
  EXPECT_THAT(small.List(Auditor(), {}), RefusedWith(Reason::kAnswerTooLarge));
  api::ListDisclosuresRequest request;
  request.set_register_id("NPR");
  EXPECT_THAT(small.List(Auditor(), request), IsOk());
}

}  // namespace
}  // namespace kobling::server
