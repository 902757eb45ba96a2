#include "tests/bench/timed_lookups.h"

#include "domain/status_macros.h"
#include "server/use_cases/insight.h"
#include "tests/bench/bench_program.h"

namespace kobling::bench {

absl::StatusOr<server::Call> LookupCall() {
  return CallBy(domain::Role::kInsightPortal, "innsyn.portal", "/kobling.v1.InsightService/Lookup");
}

absl::StatusOr<TimedLookups> TimeLookups(const OpenedCore& opened, const server::Call& call,
                                         const std::vector<std::string>& persons) {
  const server::Insight insight(opened.core(), opened.rules());
  TimedLookups lookups;
  for (const std::string& person : persons) {
    server::api::LookupRequest request;
    request.set_identifier(person);
    request.set_purpose(kLookupPurpose);
    const auto start = SteadyClock::now();
    KOBLING_ASSIGN_OR_RETURN(const server::api::LookupResponse response, insight.Lookup(call, request));
    lookups.durations.emplace_back(SteadyClock::now() - start);
    lookups.projects += static_cast<std::uint64_t>(response.projects_size());
  }
  return lookups;
}

}  // namespace kobling::bench
