// What the law and the authorities let a case be, as far as it changes without the program: kinds of sources and what
// each needs, authorities, analysis rooms, deadlines, languages. One TOML file, read once at start; docs/case-rules.md
// explains it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace kobling::server {

// A kind of source: one of the registers of § 3, patient records, the population register, and so on.
struct SourceKind {
  std::string id;         // what a register's record names
  std::string name;       // for people, in Norwegian
  std::string paragraph;  // where the law has it
  // Whether a register of this kind may be included in the national solution (§ 3). The directorate's decision covers
  // an included register; one that is not included needs what follows.
  bool may_be_included = false;
  bool needs_decision = false;      // of its own controller: reference, date and authority
  bool needs_dispensation = false;  // from the duty of confidentiality (§ 7): reference, date and authority
};

struct NamedChoice {
  std::string id;
  std::string name;
};

struct AnalysisRoom {
  std::string id;
  std::string name;
  bool needs_details = false;  // the id alone does not say which room it is
};

// Working days from a complete application to the delivery, helseregisterloven § 19 f.
struct CaseDeadlines {
  std::uint32_t one_source = 30;
  std::uint32_t several_sources = 60;
};

// The languages of a text for citizens beside bokmål.
struct CaseLanguages {
  bool nynorsk = true;
  bool english = true;
};

struct CaseRules {
  std::vector<SourceKind> kinds;
  std::vector<NamedChoice> authorities;
  std::vector<AnalysisRoom> rooms;
  CaseDeadlines deadlines;
  CaseLanguages required_languages;

  // Null if there is none with the id.
  const SourceKind* FindKind(std::string_view id) const;
  const NamedChoice* FindAuthority(std::string_view id) const;
  const AnalysisRoom* FindRoom(std::string_view id) const;
};

// Reads the rules. Fails with CONFIGURATION, naming file, line and key, for a key that is unknown, missing or of the
// wrong type, an id that is not made of a-z, A-Z, 0-9 and '-' or stands twice, and an empty list.
absl::StatusOr<CaseRules> ParseCaseRules(std::string_view text, const std::filesystem::path& file);

// The rules as of the regulation of 11 January 2023 (FOR-2023-01-11-48), which `koblingd init` writes and which hold
// where the configuration names no file.
std::string_view DefaultCaseRulesText();
const CaseRules& DefaultCaseRules();

}  // namespace kobling::server
