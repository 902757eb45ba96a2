// What the law asks of a case before anything is done with it.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "kobling/storage/v1/records.pb.h"
#include "server/runtime/case_rules.h"

namespace kobling::server {

namespace records = ::kobling::storage::v1;

// The project's numbers were made elsewhere, before this service; the case says by whom.
bool IsMadeElsewhere(const records::CaseRecord& project_case);

// Everything that a lawful project needs is there. Fails with PROJECT_INCOMPLETE, naming the first field that is
// missing and the rule behind it. Less is asked of a case whose numbers were made elsewhere, and nothing by the checks
// below: it was lawful, or not, by the law of then.
absl::Status CheckComplete(const records::CaseRecord& project_case, const CaseRules& rules);

// The decision has been taken and the project has not ended. Fails with PROJECT_INCOMPLETE or PROJECT_ENDED.
absl::Status CheckDatesAsOf(const records::CaseRecord& project_case, std::string_view today);

// Whether the register is included in the national solution on that day (§ 3 and its annex).
bool IsIncluded(const records::RegisterRecord& record, std::string_view today);

// The source has what its kind needs: it is included in the solution and so covered by the directorate's decision, or
// it has its own decision and dispensation. Fails with SOURCE_UNLAWFUL, naming the register, the field and the
// paragraph.
absl::Status CheckLawful(const records::SourceRecord& source, const records::RegisterRecord& record,
                         const CaseRules& rules, std::string_view today);

// CheckLawful for every source that has not left the project. `registers` has all of them.
absl::Status CheckLawfulSources(const records::CaseRecord& project_case,
                                const std::map<std::string, records::RegisterRecord>& registers, const CaseRules& rules,
                                std::string_view today);

// Fills in kind and controller of sources that have none, from their registers.
void FillInFromRegisters(const std::map<std::string, records::RegisterRecord>& registers,
                         records::CaseRecord& project_case);

}  // namespace kobling::server
