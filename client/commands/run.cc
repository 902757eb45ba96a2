#include "client/commands/run.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "client/commands/all_commands.h"
#include "client/commands/documentation.h"
#include "client/files/identifier_scan.h"
#include "client/fingerprint_text.h"
#include "crypto/fingerprint.h"
#include "domain/error.h"

namespace kobling::client {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr const char* kAbout = "Kobling: project-specific løpenumre for linking health registers.";
constexpr const char* kFooter =
    "Exit codes: 0 ok, 1 usage or local file, 2 refused, 3 not permitted, 4 not found, 5 bad rows left out.";

std::string AboutSetting(Setting setting) {
  switch (setting) {
    case Setting::kAddress:
      return "Server, host:port";
    case Setting::kCa:
      return "File with the certificate authority that is trusted";
    case Setting::kCertificate:
      return "File with your certificate";
    case Setting::kKey:
      return "File with your certificate's private key";
    case Setting::kIdentity:
      return "File with the register's age identity";
    case Setting::kSigningKey:
      return "The service's public signing key, or a file with it";
    case Setting::kLogKey:
      return "The verifier key of the published log, or a file with it";
    case Setting::kWitnessKey:
      return "The verifier key of the log's witness, or a file with it";
  }
  return "";
}

// The command that was chosen: the innermost one.
const CLI::App* Chosen(const CLI::App& root) {
  const CLI::App* app = &root;
  while (!app->get_subcommands().empty()) {
    app = app->get_subcommands().front();
  }
  return app;
}

// Whether the option takes the next argument as its value.
bool TakesNext(const CLI::App& root, const CLI::App& app, const std::string& argument) {
  if (argument.find('=') != std::string::npos) {
    return false;
  }
  const CLI::Option* option = app.get_option_no_throw(argument);
  option = option == nullptr ? root.get_option_no_throw(argument) : option;
  return option != nullptr && option->get_items_expected_min() > 0;
}

// What to say if the words name no command; empty if they name one, or only a part of its name.
std::string UnknownCommand(const CLI::App& root, std::span<const std::string> arguments) {
  const CLI::App* app = &root;
  std::string before;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::vector<const CLI::App*> children = SubcommandsOf(*app);
    if (children.empty()) {
      return "";
    }
    const std::string& word = arguments[i];
    if (word.starts_with('-')) {
      i += TakesNext(root, *app, word) ? 1 : 0;
      continue;
    }
    const auto chosen = std::find_if(children.begin(), children.end(),
                                     [&](const CLI::App* child) { return child->get_name() == word; });
    if (chosen == children.end()) {
      std::string text = "there is no command '" + before + word + "'; there are:";
      for (const CLI::App* child : children) {
        text += (child == children.front() ? " " : ", ") + child->get_name();
      }
      return text;
    }
    app = *chosen;
    before += word + " ";
  }
  return "";
}

absl::StatusOr<ExitCode> Run(std::span<const std::string> arguments, Session& session) {
  for (const std::string& argument : arguments) {
    // Of fingerprints without hyphens one in twenty has eleven digits in a row.
    const bool is_fingerprint = crypto::IsFingerprint(NormalFingerprint(argument));
    if (!is_fingerprint && IdentifierScan(argument).Next()) {
      return UsageError(
          "an argument looks like a person's identifier; identifiers are read from files or standard input");
    }
  }
  CLI::App root("", "kobling");
  CommandTree tree(root);
  DeclareKobling(tree, session.options());
  try {
    // CLI11 takes the arguments from the back.
    root.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    session.out() << root.help();
    return ExitCode::kOk;
  } catch (const CLI::CallForVersion&) {
    session.out() << "kobling " << KOBLING_VERSION << '\n';
    return ExitCode::kOk;
  } catch (const CLI::ParseError& error) {
    const std::string unknown = UnknownCommand(root, arguments);
    return UsageError(unknown.empty() ? error.what() : unknown);
  }
  const CommandTree::Entry* entry = tree.Find(Chosen(root));
  if (entry == nullptr) {
    return UsageError("name a command");
  }
  return entry->handler(session);
}

}  // namespace

void DeclareKobling(CommandTree& tree, GlobalOptions& options) {
  CLI::App& root = tree.root();
  root.description(kAbout);
  root.fallthrough();
  root.require_subcommand(1);
  root.footer(kFooter);
  root.set_version_flag("--version", KOBLING_VERSION);
  root.add_option("--profile", options.profile, "Name of the profile (default: default)");
  for (const Setting setting : kAllSettings) {
    root.add_option(FlagNameOf(setting), options.settings[static_cast<std::size_t>(setting)], AboutSetting(setting));
  }
  const std::map<std::string, Format> formats = {
      {"table", Format::kTable}, {"json", Format::kJson}, {"csv", Format::kCsv}};
  root.add_option_function<std::string>(
          "--format", [formats, &options](const std::string& name) { options.format = formats.at(name); },
          "How data are printed: table, json or csv")
      ->check([formats](const std::string& name) {
        return std::string(formats.contains(name) ? "" : "--format is table, json or csv");
      });
  root.add_flag("--quiet", options.quiet, "No remarks and no progress");

  AddRegisterCommands(tree);
  AddRecipientKeyCommands(tree);
  CLI::App& project = AddProjectCommands(tree);
  AddProjectKeyCommands(tree, project);
  AddPublishCommand(tree, project);
  AddPopulationCommands(tree);
  CLI::App& key_file = AddKeyFileCommands(tree);
  AddKeyFileRegisterCommands(tree, key_file);
  AddReceiptCommand(tree, key_file);
  AddUsageCommands(tree);
  AddReservationCommands(tree);
  AddSeriesCommands(tree);
  AddIdentityCommands(tree);
  AddCorrectionCommands(tree);
  AddInsightCommands(tree);
  CLI::App& audit = AddAuditCommands(tree);
  AddAuditReportCommands(tree, audit);
  AddLogCommands(tree, audit);
  AddScrubCommand(tree, audit);
  AddOperatorCommands(tree);
  AddFileCommands(tree);
  AddProfileCommands(tree);
  AddDocumentationCommands(tree);
}

ExitCode RunKobling(std::span<const std::string> arguments, Surroundings surroundings) {
  std::ostream& err = surroundings.err;
  Session session(std::move(surroundings));
  absl::StatusOr<ExitCode> result = ExitCode::kOk;
  try {
    result = Run(arguments, session);
  } catch (const std::exception&) {
    result = MakeError(Reason::kInternal, {{DetailKey::kHint, "the client failed, not the server"}});
  }
  session.out().flush();
  if (!result.ok()) {
    PrintError(err, result.status());
    return ExitCodeOf(result.status());
  }
  if (!session.out()) {
    PrintError(err, MakeError(Reason::kFileUnwritable,
                              {{DetailKey::kFile, "standard output"},
                               {DetailKey::kHint, "what was done stands; look at it before you do it again"}}));
    return ExitCode::kUsageOrFile;
  }
  return *result;
}

}  // namespace kobling::client
