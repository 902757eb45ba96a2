#include "server/core/delivery_deadline.h"

#include <gtest/gtest.h>

namespace kobling::server {
namespace {

constexpr CaseDeadlines kRules = {.one_source = 30, .several_sources = 60};

storage::ProjectRows ProjectWith(const std::vector<std::string>& registers, const std::string& complete) {
  storage::ProjectRows rows;
  rows.project.mutable_project_case()->set_application_complete_date(complete);
  for (const std::string& id : registers) {
    rows.project.mutable_project_case()->add_sources()->set_register_id(id);
  }
  return rows;
}

void Deliver(const std::string& register_id, const std::string& day, storage::ProjectRows& rows) {
  storage::records::UsageRecord& usage = rows.usage.emplace_back();
  usage.set_register_id(register_id);
  usage.set_delivered_on(day);
}

TEST(DeliveryDeadline, NoClockRunsBeforeTheApplicationIsComplete) {
  EXPECT_FALSE(DeadlineOf(ProjectWith({"NPR"}, ""), kRules, "2026-11-22").has_value());
}

TEST(DeliveryDeadline, OneSourceHasThirtyWorkingDaysAndSeveralHaveSixty) {
  // As in the almanac: 1 April 2026 is the Wednesday before Easter; Ascension Day, 1 and 17 May and Whitsun follow.
  const auto one = DeadlineOf(ProjectWith({"NPR"}, "2026-04-01"), kRules, "2026-05-19");
  EXPECT_EQ(one->working_days(), 30U);
  EXPECT_EQ(one->due_date(), "2026-05-20");
  EXPECT_EQ(one->working_days_left(), 1U);
  EXPECT_FALSE(one->overdue());
  const auto two = DeadlineOf(ProjectWith({"NPR", "MFR"}, "2026-04-01"), kRules, "2026-05-19");
  EXPECT_EQ(two->working_days(), 60U);
  EXPECT_EQ(two->due_date(), "2026-07-02");
}

TEST(DeliveryDeadline, TheLastDayIsInTimeAndTheNextIsNot) {
  EXPECT_FALSE(DeadlineOf(ProjectWith({"NPR"}, "2026-04-01"), kRules, "2026-05-20")->overdue());
  const auto late = DeadlineOf(ProjectWith({"NPR"}, "2026-04-01"), kRules, "2026-05-21");
  EXPECT_TRUE(late->overdue());
  EXPECT_EQ(late->working_days_left(), 0U);
}

TEST(DeliveryDeadline, APostponementHolds) {
  storage::ProjectRows rows = ProjectWith({"NPR"}, "2026-04-01");
  rows.project.add_postponements()->set_until("2026-06-01");
  rows.project.add_postponements()->set_until("2026-07-01");
  const auto deadline = DeadlineOf(rows, kRules, "2026-06-15");
  EXPECT_EQ(deadline->due_date(), "2026-05-20");
  EXPECT_EQ(deadline->postponed_until(), "2026-07-01");
  EXPECT_FALSE(deadline->overdue());
  EXPECT_EQ(LastDayOf(*deadline), "2026-07-01");
}

TEST(DeliveryDeadline, TheClockStopsWhenTheLastSourceHasDelivered) {
  storage::ProjectRows rows = ProjectWith({"NPR", "MFR", "KREFT"}, "2026-04-01");
  rows.project.mutable_project_case()->mutable_sources(2)->set_withdrawn(true);
  Deliver("NPR", "2026-05-01", rows);
  Deliver("NPR", "2026-09-01", rows);
  EXPECT_TRUE(DeadlineOf(rows, kRules, "2026-12-01")->delivered_on().empty());
  EXPECT_TRUE(DeadlineOf(rows, kRules, "2026-12-01")->overdue());
  Deliver("MFR", "2026-06-01", rows);
  const auto stopped = DeadlineOf(rows, kRules, "2026-12-01");
  EXPECT_EQ(stopped->delivered_on(), "2026-06-01") << "a source that has left is not waited for";
  EXPECT_FALSE(stopped->overdue());
  rows.usage.back().set_replaced(true);
  EXPECT_TRUE(DeadlineOf(rows, kRules, "2026-12-01")->delivered_on().empty()) << "a report that was corrected is none";
}

}  // namespace
}  // namespace kobling::server
