// What a case says, in Norwegian.
#pragma once

#include <string>
#include <vector>

#include "client/dossier_html.h"
#include "client/dossier_table.h"

namespace kobling::client {

// Each field of a case (the JSON of a ProjectCase) that holds one value. A field that this program has no Norwegian
// name for stands last, under its own name.
std::vector<Fact> CaseFacts(const Json& project_case);

// What differs between two versions of a case. `changes` names the fields as the API does, `shown` in Norwegian.
struct CaseChanges {
  Json changes = Json::array();
  Json shown = Json::array();
};
CaseChanges ChangesBetween(const Json& before, const Json& after);

}  // namespace kobling::client
