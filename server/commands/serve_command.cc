// koblingd serve
#include <unistd.h>

#include <cstdlib>
#include <ostream>

#include "absl/strings/str_format.h"
#include "domain/error.h"
#include "domain/status_macros.h"
#include "server/commands/commands.h"
#include "server/commands/stop_on_signal.h"
#include "server/runtime/config_check.h"
#include "server/runtime/files.h"
#include "server/runtime/hardening.h"

namespace kobling::server {
namespace {

// Gone when the server no longer serves, so that nobody reads an address that is not in use.
class ReadyFile {
 public:
  explicit ReadyFile(std::optional<std::filesystem::path> path) : path_(std::move(path)) { Remove(); }
  ~ReadyFile() { Remove(); }
  ReadyFile(const ReadyFile&) = delete;
  ReadyFile& operator=(const ReadyFile&) = delete;

  absl::Status Write(const ListenAddress& address) {
    return path_ ? ReplaceFile(*path_, absl::StrFormat("%s\n", address.text()), 0600) : absl::OkStatus();
  }

 private:
  void Remove() {
    if (path_) {
      unlink(path_->c_str());
    }
  }

  const std::optional<std::filesystem::path> path_;
};

}  // namespace

absl::Status Serve(const ServeRequest& request, const CommandContext& context) {
  KOBLING_RETURN_IF_ERROR(HardenProcess());
  KOBLING_ASSIGN_OR_RETURN(const ServerConfig config, LoadConfig(request.config));
  KOBLING_RETURN_IF_ERROR(CheckEnvironmentVariables(config.environment, std::getenv));
  KOBLING_RETURN_IF_ERROR(FirstError(CheckConfig(config, context.clock)));

  StopOnSignal stop;
  ReadyFile ready_file(request.ready_file);
  Log log(config.log_level, context.clock);
  const GrpcLogRoute grpc_log(log);
  log.Info("starting", {Field("environment", config.environment)});

  absl::Status ready_status;
  const ServeOptions options = {.ready =
                                    [&](std::uint16_t port) {
                                      ListenAddress bound = config.listen;
                                      bound.port = port;
                                      log.Info("listening", {Field("address", bound)});
                                      ready_status = ready_file.Write(bound);
                                      if (!ready_status.ok()) {
                                        log.Error("the ready file cannot be written", {Field("error", ready_status)});
                                        stop.RequestStop();
                                      }
                                    },
                                .stop = stop.token()};
  const absl::Status served = context.service.Serve(config, log, options);
  if (!served.ok()) {
    log.Error("stopped by an error", {Field("error", served)});
    return served;
  }
  log.Info("stopped");
  return ready_status;
}

}  // namespace kobling::server
