#include "server/runtime/case_rules.h"

#include <toml++/toml.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::server {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr std::int64_t kMostDays = 3650;

constexpr std::string_view kDefault = R"toml(# What a case may be. docs/case-rules.md explains every key.
# Ids stand in stored cases: add and rename as the law changes, but never use an id again for something else.

# Kinds of sources. What an included register (§ 3 and its annex) needs is in the directorate's own decision. `needs` is
# for a register that is not included: a "decision" of its controller, a "dispensation" from confidentiality (§ 7).
[[kinds]]
id = "dodsarsaksregisteret"
name = "Dødsårsaksregisteret"
paragraph = "§ 3 a"
may_be_included = true
needs = ["decision"]

[[kinds]]
id = "kreftregisteret"
name = "Kreftregisteret"
paragraph = "§ 3 b"
may_be_included = true
needs = ["decision"]

[[kinds]]
id = "medisinsk-fodselsregister"
name = "Medisinsk fødselsregister"
paragraph = "§ 3 c"
may_be_included = true
needs = ["decision"]

[[kinds]]
id = "msis"
name = "Meldingssystem for smittsomme sykdommer (MSIS)"
paragraph = "§ 3 d"
may_be_included = true
needs = ["decision"]

[[kinds]]
id = "sysvak"
name = "System for vaksinasjonskontroll (SYSVAK)"
paragraph = "§ 3 e"
may_be_included = true
needs = ["decision"]

[[kinds]]
id = "npr"
name = "Norsk pasientregister (NPR)"
paragraph = "§ 3 f"
may_be_included = true
needs = ["decision"]

[[kinds]]
id = "hjerte-og-karregisteret"
name = "Nasjonalt register over hjerte- og karlidelser"
paragraph = "§ 3 g"
may_be_included = true
needs = ["decision"]

[[kinds]]
id = "bivirkningsrapportering"
name = "System for bivirkningsrapportering"
paragraph = "§ 3 h"
may_be_included = true
needs = ["decision"]

[[kinds]]
id = "kpr"
name = "Kommunalt pasient- og brukerregister (KPR)"
paragraph = "§ 3 i"
may_be_included = true
needs = ["decision"]

[[kinds]]
id = "legemiddelregisteret"
name = "Legemiddelregisteret"
paragraph = "§ 3 j"
may_be_included = true
needs = ["decision"]

[[kinds]]
id = "helsearkivregisteret"
name = "Helsearkivregisteret"
paragraph = "§ 3 k"
may_be_included = true
needs = ["decision"]

[[kinds]]
id = "kvalitetsregister"
name = "Medisinsk kvalitetsregister med nasjonal status"
paragraph = "§ 3 l"
may_be_included = true
needs = ["decision"]

[[kinds]]
id = "helseundersokelse"
name = "Befolkningsbasert helseundersøkelse"
paragraph = "§ 3 m"
may_be_included = true
needs = ["decision"]

[[kinds]]
id = "beredskapsregister"
name = "Beredskapsregister"
paragraph = "§ 3 n"
may_be_included = true
needs = ["decision"]

[[kinds]]
id = "patient-records"
name = "Behandlingsrettet helseregister"
paragraph = "§§ 5 and 7"
may_be_included = false
needs = ["decision", "dispensation"]

[[kinds]]
id = "folkeregisteret"
name = "Folkeregisteret"
paragraph = "§ 5"
may_be_included = false
needs = ["decision", "dispensation"]

[[kinds]]
id = "ssb"
name = "Register hos Statistisk sentralbyrå"
paragraph = "§ 5"
may_be_included = false
needs = ["decision", "dispensation"]

[[kinds]]
id = "other"
name = "Annet register"
paragraph = "§ 5"
may_be_included = false
needs = ["decision"]

# Who decides and who gives dispensation.
[[authorities]]
id = "helsedirektoratet"
name = "Helsedirektoratet"

[[authorities]]
id = "folkehelseinstituttet"
name = "Folkehelseinstituttet"

[[authorities]]
id = "rek"
name = "Regional komité for medisinsk og helsefaglig forskningsetikk"

[[authorities]]
id = "skattedirektoratet"
name = "Skattedirektoratet"

[[authorities]]
id = "ssb"
name = "Statistisk sentralbyrå"

[[authorities]]
id = "registerforvalter"
name = "Registerforvalteren selv"

# Where the data are analysed (§ 4: a closed and secure analysis infrastructure).
[[rooms]]
id = "TSD"
name = "Tjenester for sensitive data, Universitetet i Oslo"

[[rooms]]
id = "HUNT"
name = "HUNT Cloud, NTNU"

[[rooms]]
id = "SAFE"
name = "SAFE, Universitetet i Bergen"

[[rooms]]
id = "other"
name = "Another place, as the decision describes it"
needs_details = true

# Working days from a complete application to the delivery, helseregisterloven § 19 f.
[deadlines]
one_source = 30
several_sources = 60

# In which languages, beside bokmål, citizens must be told what a project is about.
[languages]
nynorsk = true
english = true
)toml";

// One file while it is read.
class Reader {
 public:
  explicit Reader(const std::filesystem::path& file) : file_(file) {}

  absl::StatusOr<CaseRules> Read(const toml::table& root) {
    KOBLING_RETURN_IF_ERROR(KnownKeys(root, "", {"kinds", "authorities", "rooms", "deadlines", "languages"}));
    CaseRules rules;
    KOBLING_RETURN_IF_ERROR(ReadList(root, "kinds", {"id", "name", "paragraph", "may_be_included", "needs"},
                                     [&](const toml::table& block) { return ReadKind(block, rules); }));
    KOBLING_RETURN_IF_ERROR(ReadList(root, "authorities", {"id", "name"}, [&](const toml::table& block) {
      NamedChoice& authority = rules.authorities.emplace_back();
      KOBLING_ASSIGN_OR_RETURN(authority.id, Text(block, "authorities", "id"));
      KOBLING_ASSIGN_OR_RETURN(authority.name, Text(block, "authorities", "name"));
      return absl::OkStatus();
    }));
    KOBLING_RETURN_IF_ERROR(ReadList(root, "rooms", {"id", "name", "needs_details"}, [&](const toml::table& block) {
      AnalysisRoom& room = rules.rooms.emplace_back();
      KOBLING_ASSIGN_OR_RETURN(room.id, Text(block, "rooms", "id"));
      KOBLING_ASSIGN_OR_RETURN(room.name, Text(block, "rooms", "name"));
      return Switch(block, "rooms.needs_details", "needs_details", room.needs_details);
    }));
    KOBLING_RETURN_IF_ERROR(ReadDeadlines(root, rules.deadlines));
    KOBLING_RETURN_IF_ERROR(ReadLanguages(root, rules.required_languages));
    return rules;
  }

  absl::Status Fault(std::uint64_t line, std::string_view field, std::string_view expected) const {
    return MakeError(Reason::kConfiguration, {{DetailKey::kFile, file_.string()},
                                              {DetailKey::kLine, line},
                                              {DetailKey::kField, field},
                                              {DetailKey::kExpected, expected}});
  }

 private:
  static std::uint64_t LineOf(const toml::node& node) { return node.source().begin.line; }

  absl::Status KnownKeys(const toml::table& table, const std::string& prefix, const std::set<std::string_view>& known) {
    for (const auto& [key, node] : table) {
      if (!known.contains(key.str())) {
        return Fault(LineOf(node), prefix + std::string(key.str()), "a key that is known here");
      }
    }
    return absl::OkStatus();
  }

  template <typename ReadBlock>
  absl::Status ReadList(const toml::table& root, const std::string& name, const std::set<std::string_view>& keys,
                        const ReadBlock& read_block) {
    const toml::array* const blocks = root[name].as_array();
    if (blocks == nullptr || blocks->empty() || !blocks->is_array_of_tables()) {
      return Fault(root[name] ? LineOf(*root[name].node()) : 1, name, "at least one [[" + name + "]] block");
    }
    std::set<std::string> seen;
    for (const toml::node& node : *blocks) {
      const toml::table& block = *node.as_table();
      KOBLING_RETURN_IF_ERROR(KnownKeys(block, name + ".", keys));
      KOBLING_RETURN_IF_ERROR(read_block(block));
      const std::string id = block["id"].value_or(std::string());
      const bool is_name = !id.empty() && id.size() <= 40 && std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
      });
      if (!is_name || !seen.insert(id).second) {
        return Fault(LineOf(block), name + ".id", "up to 40 of A-Z, a-z, 0-9 and '-', once in the list");
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> Text(const toml::table& block, const std::string& list, std::string_view key) {
    const auto text = block[key].value_exact<std::string>();
    if (!text || text->empty() || text->size() > 200 || domain::Scrub(*text) != *text) {
      return Fault(LineOf(block), list + "." + std::string(key), "a text of up to 200 bytes, no long numbers");
    }
    return *text;
  }

  absl::Status Switch(const toml::table& block, std::string_view field, std::string_view key, bool& value) {
    if (!block[key]) {
      return absl::OkStatus();
    }
    const auto found = block[key].value_exact<bool>();
    if (!found) {
      return Fault(LineOf(*block[key].node()), field, "true or false");
    }
    value = *found;
    return absl::OkStatus();
  }

  absl::Status ReadKind(const toml::table& block, CaseRules& rules) {
    SourceKind& kind = rules.kinds.emplace_back();
    KOBLING_ASSIGN_OR_RETURN(kind.id, Text(block, "kinds", "id"));
    KOBLING_ASSIGN_OR_RETURN(kind.name, Text(block, "kinds", "name"));
    KOBLING_ASSIGN_OR_RETURN(kind.paragraph, Text(block, "kinds", "paragraph"));
    KOBLING_RETURN_IF_ERROR(Switch(block, "kinds.may_be_included", "may_be_included", kind.may_be_included));
    const toml::array* const needs = block["needs"].as_array();
    if (needs == nullptr) {
      return Fault(LineOf(block), "kinds.needs", "a list of \"decision\" and \"dispensation\"; may be empty");
    }
    for (const toml::node& need : *needs) {
      const std::string word = need.value_or(std::string());
      if (word != "decision" && word != "dispensation") {
        return Fault(LineOf(need), "kinds.needs", "\"decision\" or \"dispensation\"");
      }
      kind.needs_decision = kind.needs_decision || word == "decision";
      kind.needs_dispensation = kind.needs_dispensation || word == "dispensation";
    }
    return absl::OkStatus();
  }

  absl::Status ReadDeadlines(const toml::table& root, CaseDeadlines& deadlines) {
    const toml::table* const table = root["deadlines"].as_table();
    if (table == nullptr) {
      return Fault(1, "deadlines", "a section [deadlines]");
    }
    KOBLING_RETURN_IF_ERROR(KnownKeys(*table, "deadlines.", {"one_source", "several_sources"}));
    for (const auto& [key, target] :
         {std::pair("one_source", &deadlines.one_source), std::pair("several_sources", &deadlines.several_sources)}) {
      const auto days = (*table)[key].value_exact<std::int64_t>();
      if (!days || *days < 1 || *days > kMostDays) {
        return Fault(LineOf(*table), std::string("deadlines.") + key, "working days, from 1 to 3650");
      }
      *target = static_cast<std::uint32_t>(*days);
    }
    return absl::OkStatus();
  }

  absl::Status ReadLanguages(const toml::table& root, CaseLanguages& languages) {
    const toml::table* const table = root["languages"].as_table();
    if (table == nullptr) {
      return Fault(1, "languages", "a section [languages]");
    }
    KOBLING_RETURN_IF_ERROR(KnownKeys(*table, "languages.", {"nynorsk", "english"}));
    KOBLING_RETURN_IF_ERROR(Switch(*table, "languages.nynorsk", "nynorsk", languages.nynorsk));
    return Switch(*table, "languages.english", "english", languages.english);
  }

  const std::filesystem::path& file_;
};

template <typename Choice>
const Choice* FindIn(const std::vector<Choice>& choices, std::string_view id) {
  const auto found =
      std::find_if(choices.begin(), choices.end(), [&](const Choice& choice) { return choice.id == id; });
  return found == choices.end() ? nullptr : &*found;
}

}  // namespace

const SourceKind* CaseRules::FindKind(std::string_view id) const { return FindIn(kinds, id); }
const NamedChoice* CaseRules::FindAuthority(std::string_view id) const { return FindIn(authorities, id); }
const AnalysisRoom* CaseRules::FindRoom(std::string_view id) const { return FindIn(rooms, id); }

absl::StatusOr<CaseRules> ParseCaseRules(std::string_view text, const std::filesystem::path& file) {
  Reader reader(file);
  try {
    return reader.Read(toml::parse(text));
  } catch (const toml::parse_error& fault) {
    return MakeError(Reason::kConfiguration, {{DetailKey::kFile, file.string()},
                                              {DetailKey::kLine, std::uint64_t{fault.source().begin.line}},
                                              {DetailKey::kExpected, "TOML, version 1.0"},
                                              {DetailKey::kHint, std::string_view(fault.description())}});
  }
}

std::string_view DefaultCaseRulesText() { return kDefault; }

const CaseRules& DefaultCaseRules() {
  static const auto* const rules = new CaseRules(ParseCaseRules(kDefault, "case-rules.toml").value());
  return *rules;
}

}  // namespace kobling::server
