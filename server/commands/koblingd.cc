#include "server/commands/koblingd.h"

#include <CLI/CLI.hpp>
#include <array>
#include <optional>
#include <ostream>

#include "domain/error.h"
#include "server/commands/commands.h"

namespace kobling::server {
namespace {

using domain::DetailKey;
using domain::Reason;

constexpr int kOk = 0;
constexpr int kLocalFault = 1;
constexpr int kRefused = 2;

constexpr const char* kExamples = R"(
Examples:
  koblingd init --dir /tmp/trial --environment trial
  koblingd certificate issue --config /tmp/trial/koblingd.toml --role caseworker --id kari --out /tmp/certificates
  koblingd serve --config /tmp/trial/koblingd.toml
)";

bool IsLocalFault(Reason reason) {
  constexpr std::array kLocal = {Reason::kUsage,         Reason::kConfiguration,  Reason::kFileMode,
                                 Reason::kFileNotFound,  Reason::kFileUnreadable, Reason::kFileExists,
                                 Reason::kFileMalformed, Reason::kFileUnwritable, Reason::kFieldMalformed,
                                 Reason::kFileEmpty};
  return std::find(kLocal.begin(), kLocal.end(), reason) != kLocal.end();
}

// What is wrong, where, and what to do.
int Report(const absl::Status& status, std::ostream& err) {
  const domain::ReasonInfo& info = domain::InfoOf(domain::ReasonOf(status).value_or(Reason::kInternal));
  err << "koblingd: " << info.what << " [" << info.name << "]\n";
  if (const std::string where = domain::WhereOf(status); !where.empty()) {
    err << "  where: " << where << '\n';
  }
  err << "  do:    " << (info.reason == Reason::kUsage ? "Read the help: koblingd --help." : info.remedy) << '\n';
  return IsLocalFault(info.reason) ? kLocalFault : kRefused;
}

// The command line, and the command that it chose.
class CommandLine {
 public:
  explicit CommandLine(const CommandContext& context) : context_(context) {
    app_.require_subcommand(1);
    app_.set_version_flag("--version", std::string("koblingd ") + KOBLING_VERSION);
    app_.footer(kExamples);
    AddInit();
    AddCertificate();
    AddConfig();
    AddServe();
  }

  int Run(int argc, const char* const* argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::Success& asked) {
      // Help or the version.
      return app_.exit(asked, context_.out, context_.err);
    } catch (const CLI::ParseError& fault) {
      return Report(domain::MakeError(Reason::kUsage, {{DetailKey::kHint, std::string_view(fault.what())}}),
                    context_.err);
    }
    const absl::Status status = command_();
    return status.ok() ? kOk : Report(status, context_.err);
  }

 private:
  void AddInit() {
    CLI::App* init = app_.add_subcommand("init", "Make a new installation in an empty folder");
    init->add_option("--dir", init_.folder, "The folder of the installation")->required();
    init->add_option("--environment", init_.environment, "trial (synthetic persons) or production")
        ->required()
        ->check(CLI::IsMember({"trial", "production"}));
    init->add_option("--listen", init_.listen, "Host and port to listen on")->default_val("127.0.0.1:7400");
    init->add_option("--controller", init_.controller, "Who answers for the service; needed in production");
    init->add_option("--trust-domain", init_.trust_domain,
                     "Callers are spiffe://TRUST-DOMAIN/role/id; needed in production");
    init->add_option("--host", init_.hosts, "In a trial: a name or address that clients use for this server");
    init->callback([this] { command_ = [this] { return Init(init_, context_); }; });
  }

  void AddCertificate() {
    CLI::App* certificate = app_.add_subcommand("certificate", "Certificates of a trial");
    certificate->require_subcommand(1);
    CLI::App* issue = certificate->add_subcommand("issue", "Make a certificate for a caller");
    issue->add_option("--config", issue_.config, "The configuration file")->required();
    issue
        ->add_option("--role", issue_.role,
                     "caseworker, key-officer, register, insight-portal, auditor, operator or identity-feed")
        ->required();
    issue->add_option("--id", issue_.id, "Who it is; of a register, the register's id")->required();
    issue->add_option("--out", issue_.out, "The folder for ID.pem, ID.key and ca.pem")->required();
    issue->add_option("--days", issue_.days, "How long it is in force")->default_val(90)->check(CLI::Range(1, 825));
    issue->callback([this] { command_ = [this] { return IssueCertificate(issue_, context_); }; });
  }

  void AddConfig() {
    CLI::App* config = app_.add_subcommand("config", "The configuration");
    config->require_subcommand(1);
    CLI::App* check = config->add_subcommand("check", "Check the configuration and the files that it names");
    check->add_option("--config", checked_, "The configuration file")->required();
    check->callback([this] { command_ = [this] { return CheckConfiguration(checked_, context_); }; });
  }

  void AddServe() {
    CLI::App* serve = app_.add_subcommand("serve", "Serve until SIGTERM or SIGINT");
    serve->add_option("--config", serve_.config, "The configuration file")->required();
    serve->add_option("--ready-file", serve_.ready_file, "Gets the address in use as soon as callers can connect");
    serve->callback([this] { command_ = [this] { return Serve(serve_, context_); }; });
  }

  const CommandContext& context_;
  CLI::App app_{"Kobling's server", "koblingd"};
  InitRequest init_{};
  IssueRequest issue_{};
  std::filesystem::path checked_;
  ServeRequest serve_{};
  std::function<absl::Status()> command_;
};

}  // namespace

int RunKoblingd(int argc, const char* const* argv, const CommandContext& context) {
  return CommandLine(context).Run(argc, argv);
}

}  // namespace kobling::server
