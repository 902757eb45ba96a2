// The command `kobling`: puts the parts together and runs one command line.
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/certificate_file.h"
#include "client/commands/run.h"
#include "client/files/signal_cleanup.h"
#include "client/grpc_connection.h"

namespace kobling::client {
namespace {

absl::StatusOr<std::unique_ptr<Connection>> ConnectOverTls(const Profile& profile) {
  KOBLING_ASSIGN_OR_RETURN(const std::string address, profile.Require(Setting::kAddress));
  KOBLING_ASSIGN_OR_RETURN(const TlsFiles tls, ReadTlsFiles(profile, domain::SystemClock().Now()));
  return GrpcConnection::Create(address, tls, RetryPlan());
}

std::optional<std::string> FromEnvironment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

int Main(int argc, char** argv) {
  // gRPC's own log would tell of connections in a form that is not ours; errors are shown once, by the command.
  setenv("GRPC_VERBOSITY", "NONE", 0);
  CleanUpOnSignal();
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const domain::SystemClock clock;
  const ExitCode code = RunKobling(arguments, {.out = std::cout,
                                               .err = std::cerr,
                                               .input = STDIN_FILENO,
                                               .input_is_terminal = isatty(STDIN_FILENO) == 1,
                                               .error_is_terminal = isatty(STDERR_FILENO) == 1,
                                               .environment = FromEnvironment,
                                               .clock = clock,
                                               .retry = RetryPlan(),
                                               .patient_retry = PatientRetryPlan(),
                                               .connect = ConnectOverTls});
  return static_cast<int>(code);
}

}  // namespace
}  // namespace kobling::client

int main(int argc, char** argv) { return kobling::client::Main(argc, argv); }
