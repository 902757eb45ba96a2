// A project's dossier as files: JSON with everything, a CSV file for each table, and a page for people.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/dossier_table.h"
#include "client/report_folder.h"
#include "kobling/v1/audit_service.pb.h"

namespace kobling::client {

namespace api = kobling::v1;

using Events = std::vector<api::Event>;

// dossier.json, dossier.html, versions.csv and so on. Without events, JSON has null for them, there is no events.csv,
// and the page says why.
std::vector<ReportFile> DossierFiles(const api::Dossier& dossier, const std::optional<Events>& events);

// The table of disclosures: of one dossier, or of a whole register.
ReportTable DisclosureTable(const google::protobuf::RepeatedPtrField<api::Disclosure>& disclosures);

}  // namespace kobling::client
