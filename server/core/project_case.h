// The rules of a case: what a caseworker may write, and what must be there before a project can be active.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "kobling/storage/v1/records.pb.h"
#include "server/runtime/case_rules.h"
#include "transparency/event.h"

namespace kobling::server {

namespace records = ::kobling::storage::v1;

// A field that the event log keeps and people read: at most `max_bytes` bytes of UTF-8 in one line or several, without
// control characters other than line breaks, and nothing in it that looks like a national identifier or a løpenummer.
// Fails with FIELD_MALFORMED or FIELD_TOO_LONG, naming the field.
absl::Status CheckText(std::string_view field, std::string_view value, std::size_t max_bytes = 4000);

// As CheckText, and not empty: FIELD_MISSING.
absl::Status CheckRequiredText(std::string_view field, std::string_view value, std::size_t max_bytes = 4000);

// A date that may be empty. Fails with FIELD_MALFORMED.
absl::Status CheckDate(std::string_view field, std::string_view value);

// What is written is well formed, as far as it goes; a draft may lack fields. Kinds, authorities and rooms are those of
// the rules.
absl::Status CheckCase(const records::CaseRecord& project_case,
                       const std::map<std::string, records::RegisterRecord>& registers, const CaseRules& rules);

// Which fields differ, with their old and new values; sources by register, as sources[NPR].scope, conditions by number,
// as conditions[1].text.
std::vector<transparency::EventChange> DifferencesOf(const records::CaseRecord& before,
                                                     const records::CaseRecord& after);

}  // namespace kobling::server
