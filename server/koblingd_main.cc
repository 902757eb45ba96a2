// koblingd: the program. Everything it does is in server/commands; here the commands meet the service.
#include <iostream>
#include <memory>

#include "domain/clock.h"
#include "domain/status_macros.h"
#include "server/application.h"
#include "server/commands/koblingd.h"
#include "server/run_server.h"

namespace kobling::server {
namespace {

class ApplicationService final : public Service {
 public:
  explicit ApplicationService(const domain::Clock& clock) : clock_(clock) {}

  absl::StatusOr<SigningKeyInfo> Initialise(const ServerConfig& config) override {
    SigningKeyInfo key;
    KOBLING_RETURN_IF_ERROR(Application::Initialise(config, &key));
    return key;
  }

  absl::Status Serve(const ServerConfig& config, Log& log, const ServeOptions& options) override {
    return RunServer(config, clock_, log, options);
  }

 private:
  const domain::Clock& clock_;
};

}  // namespace
}  // namespace kobling::server

int main(int argc, char** argv) {
  const kobling::domain::SystemClock clock;
  kobling::server::ApplicationService service(clock);
  return kobling::server::RunKoblingd(argc, argv,
                                      {.out = std::cout, .err = std::cerr, .clock = clock, .service = service});
}
