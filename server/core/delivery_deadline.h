// The deadline of helseregisterloven § 19 f: data are made available within so many working days of a complete
// application.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kobling/v1/project_service.pb.h"
#include "server/runtime/case_rules.h"
#include "storage/project_store.h"

namespace kobling::server {

namespace api = ::kobling::v1;

// Where the project stands on that day; nothing before its application is complete. The clock stops on the day on which
// the last source of those that have not left made its first delivery, as the reports of use tell.
std::optional<api::DeliveryDeadline> DeadlineOf(const storage::ProjectRows& project, const CaseDeadlines& rules,
                                                std::string_view today);

// The last day that holds: as postponed, if it was. Of a deadline that DeadlineOf gave.
const std::string& LastDayOf(const api::DeliveryDeadline& deadline);

}  // namespace kobling::server
