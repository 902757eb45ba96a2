#include <string>
#include <string_view>

#include "client/commands/all_commands.h"
#include "client/commands/identifier_input.h"
#include "client/commands/shared_options.h"

namespace kobling::client {
namespace {

using Need = Command::Need;

void WipeIdentifiers(api::LookupRequest& request) {
  Wipe(*request.mutable_identifier());
  if (request.has_representation()) {
    Wipe(*request.mutable_representation()->mutable_representative());
  }
}

absl::Status ReadIdentifiers(const Surroundings& surroundings, api::LookupRequest& request) {
  KOBLING_ASSIGN_OR_RETURN(*request.mutable_identifier(), ReadIdentifier(surroundings, "person"));
  if (!request.has_representation()) {
    return CheckNoMoreLines(surroundings, "one line; one look-up asks for one person");
  }
  KOBLING_ASSIGN_OR_RETURN(*request.mutable_representation()->mutable_representative(),
                           ReadIdentifier(surroundings, "representative"));
  return CheckNoMoreLines(surroundings, "two lines: the person, then the representative");
}

absl::Status FillInRepresentation(const std::string& word, const std::string& reference, api::LookupRequest& request) {
  if (word.empty() && reference.empty()) {
    return absl::OkStatus();
  }
  const auto* const kind = FindWord(*api::RepresentationKind_descriptor(), word);
  if (kind == nullptr) {
    return UsageError("--representation is one of: " + WordList(*api::RepresentationKind_descriptor()));
  }
  if (reference.empty()) {
    return UsageError("--representation-reference is needed: what the representation rests on");
  }
  request.mutable_representation()->set_kind(static_cast<api::RepresentationKind>(kind->number()));
  request.mutable_representation()->set_reference(reference);
  return absl::OkStatus();
}

std::string WithheldText(const api::Withheld& withheld) {
  return "withheld, " + withheld.reason() + " (" + withheld.legal_reference() + "), until " + withheld.until() +
         "; ask " + withheld.contact();
}

std::string ReservationText(const api::PersonReservation& reservation) {
  return "reserved since " + reservation.reserved_on() + ": " +
         (reservation.register_id().empty() ? "national list" : reservation.register_name()) + " (" +
         reservation.legal_reference() + ")";
}

// "2026-11-22T10:00:00Z insight.lookup in the role insight-portal, as guardian: asked by guardian"
std::string AccessText(const api::Access& access) {
  const Json row = ToJson(access);
  const std::string kind = TextOf(row["representation"]);
  return TextOf(row["time"]) + " " + access.operation() + " in the role " + access.role() +
         (kind.empty() ? "" : ", as " + kind) + ": " + access.purpose();
}

// Who has looked at the person; the answer has the newest, and counts all.
void PrintAccesses(std::ostream& out, const api::LookupResponse& answer) {
  if (answer.access_count() == 0) {
    return;
  }
  out << "looked at " << Grouped(answer.access_count()) << (answer.access_count() == 1 ? " time" : " times")
      << ", the newest first:\n";
  for (const api::Access& access : answer.accesses()) {
    out << "  " << Printable(AccessText(access)) << '\n';
  }
}

// One row for each project and register in tables and CSV; JSON has the answer as it is.
void PrintAnswer(Session& session, const api::LookupResponse& answer) {
  if (session.options().format == Format::kJson) {
    session.Print(answer);
    return;
  }
  ListWriter list(session.out(), session.options().format,
                  {{"project_id", "project"},
                   {"title", "title"},
                   {"data_user", "data_user"},
                   {"state", "state"},
                   {"inclusion", "included_as"},
                   {"register.register_id", "register"},
                   {"register.submitted", "submitted"},
                   {"register.key_file_issued", "key_file_issued"},
                   {"register.use", "use"},
                   {"register.used_on", "used_on"},
                   {"register.reservation", "reservation"},
                   {"register.corrected_times", "corrected"}});
  for (const api::ProjectInsight& project : answer.projects()) {
    Json row = ToJson(project);
    if (project.has_withheld()) {
      row["title"] = WithheldText(project.withheld());
    }
    if (project.registers().empty()) {
      list.Add(row);
      continue;
    }
    for (const api::RegisterInsight& part : project.registers()) {
      row["register"] = ToJson(part);
      list.Add(row);
    }
  }
  list.Close();
  if (session.options().format == Format::kTable) {
    for (const api::PersonReservation& reservation : answer.reservations()) {
      session.out() << Printable(ReservationText(reservation)) << '\n';
    }
    PrintAccesses(session.out(), answer);
  }
}

}  // namespace

void AddInsightCommands(CommandTree& tree) {
  CLI::App& group = tree.AddGroup("insight", "A citizen's question: which projects include me");
  Command lookup = tree.AddCommand(
      group,
      {.name = "lookup",
       .about = "Reads an identifier from standard input and lists the projects that include the person.",
       .examples = {"kobling insight lookup --purpose \"citizen's own request\" --format json < identifier.txt",
                    "kobling insight lookup --purpose \"citizen's own request\"   (asks for the identifier)",
                    "kobling insight lookup --purpose \"asked by guardian\" --representation guardian \\\n"
                    "    --representation-reference 'vergemål 26/118' < two_lines.txt   (person, representative)"},
       .methods = {"InsightService/Lookup"}});
  const TextValue purpose = lookup.Text("--purpose", "Why; the person can see it", Need::kRequired);
  const TextValue representation = lookup.Text(
      "--representation", "Who asks stands on a second line: " + WordList(*api::RepresentationKind_descriptor()),
      Need::kOptional);
  const TextValue reference =
      lookup.Text("--representation-reference", "What it rests on: a number of yours, no identifier", Need::kOptional);
  lookup.Run([=](Session& session) -> absl::StatusOr<ExitCode> {
    api::LookupRequest request;
    request.set_purpose(*purpose);
    KOBLING_RETURN_IF_ERROR(FillInRepresentation(*representation, *reference, request));
    if (const absl::Status read = ReadIdentifiers(session.surroundings(), request); !read.ok()) {
      WipeIdentifiers(request);
      return read;
    }
    const auto answer = session.Ask(&Connection::Lookup, request);
    WipeIdentifiers(request);
    KOBLING_RETURN_IF_ERROR(answer.status());
    PrintAnswer(session, *answer);
    return ExitCode::kOk;
  });
}

}  // namespace kobling::client
