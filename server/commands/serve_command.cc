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
  // Takes away what an earlier run has left. Fails with FILE_EXISTS if there is anything else than an address.
  static absl::StatusOr<std::unique_ptr<ReadyFile>> Take(std::optional<std::filesystem::path> path) {
    std::error_code error;
    if (path && std::filesystem::exists(std::filesystem::symlink_status(*path, error))) {
      const bool is_file = std::filesystem::is_regular_file(std::filesystem::symlink_status(*path, error));
      const absl::StatusOr<std::string> text =
          is_file ? ReadSmallFile(*path) : absl::StatusOr<std::string>(absl::NotFoundError(""));
      const std::string_view line = text.ok() ? std::string_view(*text) : std::string_view();
      if (!line.ends_with('\n') || !ListenAddress::Parse(line.substr(0, line.size() - 1)).ok()) {
        return domain::MakeError(
            domain::Reason::kFileExists,
            {{domain::DetailKey::kFile, path->string()},
             {domain::DetailKey::kExpected, "no file, or one that an earlier run has written the address to"}});
      }
      std::filesystem::remove(*path, error);
    }
    return std::unique_ptr<ReadyFile>(new ReadyFile(std::move(path)));
  }
  ~ReadyFile() {
    if (is_ours_) {
      unlink(path_->c_str());
    }
  }
  ReadyFile(const ReadyFile&) = delete;
  ReadyFile& operator=(const ReadyFile&) = delete;

  absl::Status Write(const ListenAddress& address) {
    if (!path_) {
      return absl::OkStatus();
    }
    absl::Status written = ReplaceFile(*path_, absl::StrFormat("%s\n", address.text()), 0600);
    is_ours_ = written.ok();
    return written;
  }

 private:
  explicit ReadyFile(std::optional<std::filesystem::path> path) : path_(std::move(path)) {}

  const std::optional<std::filesystem::path> path_;
  bool is_ours_ = false;
};

}  // namespace

absl::Status Serve(const ServeRequest& request, const CommandContext& context) {
  KOBLING_RETURN_IF_ERROR(HardenProcess());
  KOBLING_ASSIGN_OR_RETURN(const ServerConfig config, LoadConfig(request.config));
  KOBLING_RETURN_IF_ERROR(CheckEnvironmentVariables(config.environment, std::getenv));
  KOBLING_RETURN_IF_ERROR(FirstError(CheckConfig(config, context.clock)));

  StopOnSignal stop;
  KOBLING_ASSIGN_OR_RETURN(const std::unique_ptr<ReadyFile> ready_file, ReadyFile::Take(request.ready_file));
  Log log(config.log_level, context.clock);
  const GrpcLogRoute grpc_log(log);
  log.Info("starting", {Field("environment", config.environment)});

  absl::Status ready_status;
  const ServeOptions options = {.ready =
                                    [&](std::uint16_t port) {
                                      ListenAddress bound = config.listen;
                                      bound.port = port;
                                      log.Info("listening", {Field("address", bound)});
                                      ready_status = ready_file->Write(bound);
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
