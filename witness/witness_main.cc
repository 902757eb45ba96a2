// kobling-witness: signs that Kobling's event log only ever grew.
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <csignal>
#include <fstream>
#include <iostream>
#include <string>

#include "absl/time/time.h"
#include "crypto/secret_memory.h"
#include "domain/clock.h"
#include "domain/error.h"
#include "domain/status_macros.h"
#include "witness/witness.h"
#include "witness/witness_server.h"

namespace kobling::witness {
namespace {

using domain::DetailKey;
using domain::Reason;

constexpr mode_t kOwnerOnly = 077;

struct Options {
  std::string folder;
  std::string name;
  std::string log_key;
  std::string listen = "127.0.0.1:7410";
  std::string ready_file;
};

absl::Status UsageError(std::string_view hint) { return domain::MakeError(Reason::kUsage, {{DetailKey::kHint, hint}}); }

absl::StatusOr<std::string> FirstLineOf(const std::string& path) {
  std::ifstream stream(path);
  std::string line;
  if (!std::getline(stream, line)) {
    return domain::MakeError(Reason::kFileNotFound, {{DetailKey::kFile, path}});
  }
  return line;
}

absl::Status Init(const Options& options) {
  KOBLING_RETURN_IF_ERROR(Witness::Create(options.folder, options.name));
  KOBLING_ASSIGN_OR_RETURN(const std::string key, FirstLineOf(options.folder + "/witness.vkey"));
  std::cout << "Made a witness in " << options.folder
            << "\nIts verifier key, for the log's configuration and for auditors:\n"
            << key << "\n\nNext:\n  kobling-witness add-log --dir " << options.folder
            << " --log-key log.vkey\n  kobling-witness serve --dir " << options.folder << '\n';
  return absl::OkStatus();
}

absl::Status AddLog(const Options& options) {
  KOBLING_ASSIGN_OR_RETURN(const std::string key, FirstLineOf(options.log_key));
  return Witness::AddLog(options.folder, key);
}

absl::Status Show(const Options& options) {
  const domain::SystemClock clock;
  KOBLING_ASSIGN_OR_RETURN(const std::unique_ptr<Witness> witness,
                           Witness::Open(options.folder, Witness::Use::kLook, clock));
  std::cout << witness->verifier().text() << '\n';
  for (const transparency::Note& note : witness->Latest()) {
    std::cout << '\n' << note.bytes();
  }
  return absl::OkStatus();
}

absl::Status Serve(const Options& options) {
  const std::size_t colon = options.listen.rfind(':');
  std::uint16_t port = 0;
  const char* const end = options.listen.data() + options.listen.size();
  const char* const digits = colon == std::string::npos ? end : options.listen.data() + colon + 1;
  const auto [parsed, error] = std::from_chars(digits, end, port);
  if (colon == 0 || error != std::errc() || parsed != end) {
    return UsageError("--listen: write host:port");
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before any thread, so that they all leave the signals to this one
  const domain::SystemClock clock;
  KOBLING_ASSIGN_OR_RETURN(const std::unique_ptr<Witness> witness,
                           Witness::Open(options.folder, Witness::Use::kSign, clock));
  const auto on_refusal = [&clock](int status, std::string_view why) {
    std::clog << absl::FormatTime(absl::RFC3339_sec, clock.Now(), absl::UTCTimeZone()) << " refused " << status << ' '
              << why << std::flush;
  };
  KOBLING_ASSIGN_OR_RETURN(const std::unique_ptr<WitnessServer> server,
                           WitnessServer::Listen(*witness, options.listen.substr(0, colon), port, on_refusal));
  const std::string address = options.listen.substr(0, colon) + ':' + std::to_string(server->port());
  std::clog << "kobling-witness " << witness->verifier().name() << " listens on " << address << std::endl;
  if (!options.ready_file.empty()) {
    const std::string part = options.ready_file + ".part";
    std::ofstream(part) << address << '\n';
    std::rename(part.c_str(), options.ready_file.c_str());
  }
  int received = 0;
  sigwait(&signals, &received);
  return absl::OkStatus();
}

int Run(int argc, char** argv) {
  CLI::App app{"Signs that a log only ever grew, and keeps the last tree that it has signed", "kobling-witness"};
  app.require_subcommand(1);
  Options options;
  absl::Status status;
  const auto add = [&](const std::string& name, const std::string& about, absl::Status (*run)(const Options&)) {
    CLI::App* command = app.add_subcommand(name, about);
    command->add_option("--dir", options.folder, "The witness's folder")->required();
    command->callback([&, run] { status = run(options); });
    return command;
  };
  add("init", "Make a new witness with a key of its own", Init)
      ->add_option("--name", options.name, "Its name, an address without https://, as witness.example.org/kobling")
      ->required();
  add("add-log", "Add a log that it signs for", AddLog)
      ->add_option("--log-key", options.log_key, "The file with the log's verifier key")
      ->required();
  CLI::App* serve = add("serve", "Answer logs until SIGTERM or SIGINT", Serve);
  serve->add_option("--listen", options.listen, "Host and port; port 0 lets the system choose");
  serve->add_option("--ready-file", options.ready_file, "Gets the address in use as soon as it answers");
  add("show", "Show its verifier key, and what it has signed last", Show);
  CLI11_PARSE(app, argc, argv);
  if (status.ok()) {
    return 0;
  }
  const domain::ReasonInfo& info = domain::InfoOf(domain::ReasonOf(status).value_or(Reason::kInternal));
  std::cerr << "kobling-witness: " << info.what << " [" << info.name << "]\n";
  if (const std::string where = domain::WhereOf(status); !where.empty()) {
    std::cerr << "  where: " << where << '\n';
  }
  std::cerr << "  do:    " << info.remedy << '\n';
  return 1;
}

}  // namespace
}  // namespace kobling::witness

int main(int argc, char** argv) {
  ::umask(kobling::witness::kOwnerOnly);
  return kobling::witness::Run(argc, argv);
}
