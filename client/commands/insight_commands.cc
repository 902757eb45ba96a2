#include <algorithm>

#include "client/commands/all_commands.h"
#include "client/read_line.h"
#include "crypto/secret_memory.h"
#include "domain/national_id.h"

namespace kobling::client {
namespace {

using Need = Command::Need;

void Wipe(std::string& text) {
  crypto::Wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  text.clear();
}

// From standard input, never from the command line; hidden where it is typed.
absl::StatusOr<std::string> ReadIdentifier(const Surroundings& surroundings) {
  if (surroundings.input_is_terminal) {
    surroundings.err << "The person's identifier (not shown): " << std::flush;
  }
  KOBLING_ASSIGN_OR_RETURN(std::string identifier, ReadHiddenLine(surroundings.input));
  if (surroundings.input_is_terminal) {
    surroundings.err << '\n';
  }
  if (!surroundings.input_is_terminal) {
    const auto has_more = HasMoreText(surroundings.input);
    if (!has_more.ok() || *has_more) {
      Wipe(identifier);
      KOBLING_RETURN_IF_ERROR(has_more.status());
      return UsageError("standard input has more than one line; one look-up asks for one person");
    }
  }
  const bool is_eleven_digits =
      identifier.size() == domain::NationalId::kLength &&
      std::all_of(identifier.begin(), identifier.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!is_eleven_digits) {
    const auto reason =
        identifier.empty() ? domain::Reason::kIdentifierEmpty : domain::Reason::kIdentifierNotElevenDigits;
    Wipe(identifier);
    return domain::MakeError(reason, {{domain::DetailKey::kFile, "standard input"}});
  }
  return identifier;
}

// One row for each project and register in tables and CSV; JSON has the answer as it is.
void PrintProjects(Session& session, const api::LookupResponse& answer) {
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
                   {"register.used_on", "used_on"}});
  for (const api::ProjectInsight& project : answer.projects()) {
    Json row = ToJson(project);
    if (session.options().format == Format::kJson || project.registers().empty()) {
      list.Add(row);
      continue;
    }
    for (const api::RegisterInsight& part : project.registers()) {
      row["register"] = ToJson(part);
      list.Add(row);
    }
  }
  list.Close();
}

}  // namespace

void AddInsightCommands(CommandTree& tree) {
  CLI::App& group = tree.AddGroup("insight", "A citizen's question: which projects include me");
  Command lookup = tree.AddCommand(
      group, {.name = "lookup",
              .about = "Reads one identifier from standard input and lists every project that includes the person.",
              .examples = {"kobling insight lookup --purpose \"citizen's own request\" --format json < identifier.txt",
                           "kobling insight lookup --purpose \"citizen's own request\"   (asks for the identifier)"},
              .methods = {"InsightService/Lookup"}});
  const TextValue purpose = lookup.Text("--purpose", "Why; the person can see it", Need::kRequired);
  lookup.Run([purpose](Session& session) -> absl::StatusOr<ExitCode> {
    api::LookupRequest request;
    request.set_purpose(*purpose);
    KOBLING_ASSIGN_OR_RETURN(std::string identifier, ReadIdentifier(session.surroundings()));
    request.set_identifier(identifier);
    Wipe(identifier);
    const auto answer = session.Ask(&Connection::Lookup, request);
    Wipe(*request.mutable_identifier());
    KOBLING_RETURN_IF_ERROR(answer.status());
    PrintProjects(session, *answer);
    return ExitCode::kOk;
  });
}

}  // namespace kobling::client
