#include "server/run_server.h"

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "domain/error.h"
#include "domain/status_macros.h"
#include "server/application.h"
#include "server/core/witness_client.h"
#include "server/services/sealed_server.h"

namespace kobling::server {
namespace {

using domain::Reason;

constexpr std::chrono::seconds kAskAgain{2};

bool IsSealing(const absl::Status& status) {
  const std::optional<Reason> reason = domain::ReasonOf(status);
  return reason == Reason::kWitnessUnreachable || reason == Reason::kWitnessAhead ||
         reason == Reason::kWitnessRefused || reason == Reason::kLogInconsistent;
}

// Until it is told to stop, or it is time to try again; for good if trying again is no use. The database is opened
// again only for a witness that answers.
void Wait(const absl::Status& why, const std::string& witness_url, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  if (domain::ReasonOf(why) != Reason::kWitnessUnreachable) {
    wake.wait(lock, stop, [] { return false; });
    return;
  }
  do {
    wake.wait_for(lock, stop, kAskAgain, [] { return false; });
  } while (!stop.stop_requested() && !WitnessClient::Answers(witness_url));
}

}  // namespace

absl::Status RunServer(const ServerConfig& config, const domain::Clock& clock, Log& log, const ServeOptions& options) {
  ServerConfig here = config;
  std::unique_ptr<SealedServer> sealed;
  absl::Status why;
  while (!options.stop.stop_requested()) {
    absl::StatusOr<std::unique_ptr<Application>> application = Application::Open(here, clock, log);
    if (application.ok()) {
      const bool is_ready = sealed != nullptr;
      if (is_ready) {
        sealed.reset();
        log.Info("no longer sealed");
      }
      // Whoever waits for the server was told when it could be asked, sealed or not.
      return (*application)->Serve({.ready = is_ready ? [](std::uint16_t) {} : options.ready, .stop = options.stop});
    }
    if (!IsSealing(application.status())) {
      return application.status();
    }
    if (domain::ReasonOf(application.status()) != domain::ReasonOf(why)) {
      log.Error("sealed", {Field("error", application.status())});
    }
    why = application.status();
    if (sealed == nullptr) {
      KOBLING_ASSIGN_OR_RETURN(sealed, SealedServer::Start(here, clock, log, why));
      here.listen.port = sealed->port();
      options.ready(sealed->port());
    } else {
      sealed->SetReason(why);
    }
    Wait(why, config.witness_url, options.stop);
  }
  return absl::OkStatus();
}

}  // namespace kobling::server
