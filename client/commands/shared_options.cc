#include "client/commands/shared_options.h"

#include <limits>

#include "client/message_json.h"

namespace kobling::client {

using Need = Command::Need;

TextValue ProjectArgument(Command& command) {
  return command.Positional("PROJECT", "Id of the project, for example P0041", Need::kRequired);
}

TextValue RegisterArgument(Command& command) {
  return command.Positional("REGISTER", "Id of the register, for example NPR", Need::kRequired);
}

NumberValue NumberArgument(Command& command, const std::string& about) {
  return command.PositionalNumber("NUMBER", about);
}

TextValue ReasonOption(Command& command) { return command.Text("--reason", "Why; kept in the log", Need::kRequired); }

TextValue RegisterFilter(Command& command) {
  return command.Text("--register", "Only this register's", Need::kOptional);
}

absl::StatusOr<std::uint32_t> ToNumber(std::uint64_t number, const std::string& what) {
  if (number == 0 || number > std::numeric_limits<std::uint32_t>::max()) {
    return UsageError(what + ": write a number from 1");
  }
  return static_cast<std::uint32_t>(number);
}

std::string WordList(const google::protobuf::EnumDescriptor& type) {
  std::string list;
  for (const std::string& word : WordsOf(type)) {
    list += list.empty() ? "" : ", ";
    list += word;
  }
  return list;
}

std::vector<ListColumn> ProjectColumns() {
  return {{"id", "id"},
          {"state", "state"},
          {"project_case.title", "title"},
          {"project_case.data_user", "data_user"},
          {"project_case.end_date", "end_date"},
          {"deadline.due_date", "delivery_due"},
          {"deadline.postponed_until", "postponed_until"},
          {"destruction.on", "destroyed_on"},
          {"destruction.blocked.reason", "blocked"},
          {"persons", "persons"}};
}

}  // namespace kobling::client
