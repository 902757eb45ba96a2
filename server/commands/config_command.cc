// koblingd config check
#include <ostream>

#include "domain/status_macros.h"
#include "server/commands/commands.h"
#include "server/runtime/config_check.h"

namespace kobling::server {
namespace {

std::string_view WordFor(ConfigCheck::Outcome outcome) {
  switch (outcome) {
    case ConfigCheck::Outcome::kOk:
      return "ok       ";
    case ConfigCheck::Outcome::kWarning:
      return "warning  ";
    case ConfigCheck::Outcome::kError:
      return "error    ";
  }
  return "error    ";
}

}  // namespace

absl::Status CheckConfiguration(const std::filesystem::path& file, const CommandContext& context) {
  KOBLING_ASSIGN_OR_RETURN(const ServerConfig config, LoadConfig(file));
  context.out << WordFor(ConfigCheck::Outcome::kOk) << config.file.string() << ": " << NameOf(config.environment)
              << ", listening on " << config.listen.text() << '\n';
  const std::vector<ConfigCheck> checks = CheckConfig(config, context.clock);
  for (const ConfigCheck& check : checks) {
    context.out << WordFor(check.outcome) << check.subject << '\n';
    if (!check.status.ok()) {
      context.out << "         " << std::string(check.status.message()) << '\n';
    }
  }
  return FirstError(checks);
}

}  // namespace kobling::server
