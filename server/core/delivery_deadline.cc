#include "server/core/delivery_deadline.h"

#include <algorithm>

#include "domain/working_days.h"
#include "server/core/convert.h"
#include "server/core/dates.h"

namespace kobling::server {
namespace {

// The day of the register's first delivery that stands; empty if there is none.
std::string FirstDelivery(const storage::ProjectRows& project, const std::string& register_id) {
  std::string first;
  for (const auto& usage : project.usage) {
    if (!usage.replaced() && usage.register_id() == register_id && (first.empty() || usage.delivered_on() < first)) {
      first = usage.delivered_on();
    }
  }
  return first;
}

}  // namespace

const std::string& LastDayOf(const api::DeliveryDeadline& deadline) {
  return deadline.postponed_until().empty() ? deadline.due_date() : deadline.postponed_until();
}

std::optional<api::DeliveryDeadline> DeadlineOf(const storage::ProjectRows& project, const CaseDeadlines& rules,
                                                std::string_view today) {
  const auto& project_case = project.project.project_case();
  const auto complete = ParseDate(project_case.application_complete_date());
  if (!complete.has_value()) {
    return std::nullopt;
  }
  std::uint32_t sources = 0;
  bool all_delivered = true;
  std::string last_delivery;
  for (const auto& source : project_case.sources()) {
    if (!source.withdrawn()) {
      ++sources;
      const std::string delivered = FirstDelivery(project, source.register_id());
      all_delivered = all_delivered && !delivered.empty();
      last_delivery = std::max(last_delivery, delivered);
    }
  }
  api::DeliveryDeadline deadline;
  deadline.set_application_complete_date(project_case.application_complete_date());
  deadline.set_working_days(sources > 1 ? rules.several_sources : rules.one_source);
  deadline.set_due_date(DateText(domain::AddWorkingDays(*complete, deadline.working_days())));
  if (const auto& postponements = project.project.postponements(); !postponements.empty()) {
    deadline.set_postponed_until(postponements.rbegin()->until());
    *deadline.mutable_postponed() = ToApi(postponements.rbegin()->postponed());
  }
  if (sources > 0 && all_delivered) {
    deadline.set_delivered_on(last_delivery);
    return deadline;
  }
  const std::string& last_day = LastDayOf(deadline);
  deadline.set_overdue(last_day < today);
  const auto from = ParseDate(today);
  const auto to = ParseDate(last_day);
  if (from.has_value() && to.has_value()) {
    deadline.set_working_days_left(domain::CountWorkingDays(*from, *to));
  }
  return deadline;
}

}  // namespace kobling::server
