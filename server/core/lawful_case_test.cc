#include "server/core/lawful_case.h"

#include <gtest/gtest.h>

#include "server/core/convert.h"
#include "server/core/core_testing.h"

namespace kobling::server {
namespace {

using domain::Reason;

constexpr const char* kToday = "2026-11-22";

records::RegisterRecord Included() {
  records::RegisterRecord record;
  record.set_id("NPR");
  record.set_inclusion_reference("§ 3");
  record.set_inclusion_date(kToday);
  return record;
}

records::RegisterRecord NotIncluded() {
  records::RegisterRecord record;
  record.set_id("NPR");
  return record;
}

records::SourceRecord SourceOfKind(const std::string& kind) {
  records::SourceRecord source;
  source.set_register_id("NPR");
  source.set_kind(kind);
  return source;
}

void AddDecision(records::SourceRecord& source) {
  source.set_decision_reference("26/99");
  source.set_decision_date("2026-10-01");
  source.set_decision_authority("registerforvalter");
}

void AddDispensation(records::SourceRecord& source) {
  source.set_dispensation_reference("26/100");
  source.set_dispensation_date("2026-10-02");
  source.set_dispensation_authority("rek");
}

absl::Status Lawful(const records::SourceRecord& source, const records::RegisterRecord& record) {
  return CheckLawful(source, record, DefaultCaseRules(), kToday);
}

TEST(LawfulSource, AnIncludedRegisterNeedsNothingMore) { EXPECT_THAT(Lawful(SourceOfKind("npr"), Included()), IsOk()); }

TEST(LawfulSource, ARegisterThatIsIncludedLaterIsNotIncludedYet) {
  records::RegisterRecord record = Included();
  record.set_inclusion_date("2026-11-23");
  EXPECT_THAT(Lawful(SourceOfKind("npr"), record), RefusedWith(Reason::kSourceUnlawful));
}

TEST(LawfulSource, OneThatIsNotIncludedNeedsEveryPartOfItsOwnDecision) {
  records::SourceRecord source = SourceOfKind("npr");
  const absl::Status status = Lawful(source, NotIncluded());
  EXPECT_THAT(status, RefusedWith(Reason::kSourceUnlawful));
  EXPECT_EQ(DetailOf(status, "register"), "NPR");
  EXPECT_EQ(DetailOf(status, "field"), "sources[NPR].decision_reference");
  EXPECT_TRUE(DetailOf(status, "hint").starts_with("§ 3 f: "));
  source.set_decision_reference("26/99");
  EXPECT_EQ(DetailOf(Lawful(source, NotIncluded()), "field"), "sources[NPR].decision_date");
  source.set_decision_date("2026-12-01");
  EXPECT_EQ(DetailOf(Lawful(source, NotIncluded()), "field"), "sources[NPR].decision_date") << "not taken yet";
  source.set_decision_date(kToday);
  EXPECT_EQ(DetailOf(Lawful(source, NotIncluded()), "field"), "sources[NPR].decision_authority");
  AddDecision(source);
  EXPECT_THAT(Lawful(source, NotIncluded()), IsOk());
}

TEST(LawfulSource, PatientRecordsFolkeregisteretAndSsbNeedDispensationTooAndAreNeverIncluded) {
  for (const std::string kind : {"patient-records", "folkeregisteret", "ssb"}) {
    records::SourceRecord source = SourceOfKind(kind);
    AddDecision(source);
    EXPECT_EQ(DetailOf(Lawful(source, Included()), "field"), "sources[NPR].dispensation_reference") << kind;
    AddDispensation(source);
    EXPECT_THAT(Lawful(source, Included()), IsOk()) << kind;
    source.clear_dispensation_authority();
    EXPECT_EQ(DetailOf(Lawful(source, Included()), "field"), "sources[NPR].dispensation_authority") << kind;
  }
}

TEST(LawfulSource, AKindThatTheRulesDoNotHaveAnyMoreIsRefused) {
  EXPECT_EQ(DetailOf(Lawful(SourceOfKind("abolished"), Included()), "field"), "sources[NPR].kind");
}

TEST(LawfulSource, OneThatHasLeftIsNotLookedAt) {
  records::CaseRecord project_case;
  *project_case.add_sources() = SourceOfKind("ssb");
  const std::map<std::string, records::RegisterRecord> registers = {{"NPR", NotIncluded()}};
  EXPECT_THAT(CheckLawfulSources(project_case, registers, DefaultCaseRules(), kToday),
              RefusedWith(Reason::kSourceUnlawful));
  project_case.mutable_sources(0)->set_withdrawn(true);
  EXPECT_THAT(CheckLawfulSources(project_case, registers, DefaultCaseRules(), kToday), IsOk());
}

TEST(FillInFromRegisters, LeavesWhatTheCaseworkerWrote) {
  records::RegisterRecord record = Included();
  record.set_kind("npr");
  record.set_controller("FHI");
  records::CaseRecord project_case;
  *project_case.add_sources() = SourceOfKind("");
  *project_case.add_sources() = SourceOfKind("other");
  project_case.mutable_sources(1)->set_controller("Helsedirektoratet");
  FillInFromRegisters({{"NPR", record}}, project_case);
  EXPECT_EQ(project_case.sources(0).kind(), "npr");
  EXPECT_EQ(project_case.sources(0).controller(), "FHI");
  EXPECT_EQ(project_case.sources(1).kind(), "other");
  EXPECT_EQ(project_case.sources(1).controller(), "Helsedirektoratet");
}

}  // namespace
}  // namespace kobling::server
