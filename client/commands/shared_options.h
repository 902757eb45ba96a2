// Options that commands of several nouns have, said in the same words everywhere.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/commands/command.h"
#include "google/protobuf/descriptor.h"

namespace kobling::client {

TextValue ProjectArgument(Command& command);
TextValue RegisterArgument(Command& command);
NumberValue NumberArgument(Command& command, const std::string& about);
// Required: why.
TextValue ReasonOption(Command& command);
// --register, to choose among those that the caller may see.
TextValue RegisterFilter(Command& command);

// A number as the API has it. Fails with USAGE if it is 0 or too large.
absl::StatusOr<std::uint32_t> ToNumber(std::uint64_t number, const std::string& what);

// --reason, --by-decision, --by-date: why a case is changed, and by which decision.
class RevisionOptions {
 public:
  explicit RevisionOptions(Command& command)
      : reason_(command.Text("--reason", "Why; required for an active project", Command::Need::kOptional)),
        decision_(command.Text("--by-decision", "Decision that allows it; required for an active project",
                               Command::Need::kOptional)),
        date_(command.Text("--by-date", "Date of that decision, 2026-11-22", Command::Need::kOptional)) {}

  template <typename Request>
  void FillIn(Request& request) const {
    request.set_reason(*reason_);
    request.set_decision_reference(*decision_);
    request.set_decision_date(*date_);
  }

 private:
  TextValue reason_, decision_, date_;
};

// The words of an enum as people write them, with commas between.
std::string WordList(const google::protobuf::EnumDescriptor& type);

// The columns of a list of projects.
std::vector<ListColumn> ProjectColumns();

}  // namespace kobling::client
