// What a caseworker does with a project over the years: sources, conditions, deadlines.
#include "client/case_file.h"
#include "client/commands/all_commands.h"
#include "client/commands/shared_options.h"

namespace kobling::client {
namespace {

using Need = Command::Need;

void AddAddSource(CommandTree& tree, CLI::App& group) {
  Command add = tree.AddCommand(
      group, {.name = "add-source",
              .about = "Adds a register as a source; a pending revision if the project is active.",
              .examples = {"kobling project add-source P0041 MFR --defines-population --scope own \\\n"
                           "    --legal-reference 'helseregisterloven § 19 e'",
                           "kobling project add-source P0041 NPR --scope intersection --legal-reference '§ 19 e'"},
              .methods = {"ProjectService/AddSource"}});
  const TextValue project = ProjectArgument(add);
  const TextValue register_id = RegisterArgument(add);
  const FlagValue defines = add.Flag("--defines-population", "Its submissions make the population");
  const TextValue scope = add.Text("--scope", WordList(*api::Scope_descriptor()), Need::kRequired);
  const TextValue legal = add.Text("--legal-reference", "Its own legal basis for disclosure", Need::kOptional);
  const TextValue scope_reason = add.Text("--scope-reason", "Why scope population is needed", Need::kOptional);
  const FlagValue relatives = add.Flag("--includes-relatives", "Its key file covers relatives that others named");
  const TextValue decision =
      add.Text("--decision-reference", "Its own decision, if it is not included (§ 3)", Need::kOptional);
  const TextValue decision_date = add.Text("--decision-date", "Date of that decision", Need::kOptional);
  const TextValue decision_authority =
      add.Text("--decision-authority", "Who took it, for example rek", Need::kOptional);
  const TextValue dispensation =
      add.Text("--dispensation-reference", "Dispensation (§ 7), if its kind needs one", Need::kOptional);
  const TextValue dispensation_date = add.Text("--dispensation-date", "Date of the dispensation", Need::kOptional);
  const TextValue dispensation_authority = add.Text("--dispensation-authority", "Who gave it", Need::kOptional);
  const NumberValue due_days = add.Number("--usage-due-days", "Days until use must be reported", Need::kOptional);
  const TextValue exception = add.Text("--reservation-exception",
                                       "Legal reference, if reservations do not hold for this source", Need::kOptional);
  const RevisionOptions basis(add);
  add.Run([=](Session& session) -> absl::StatusOr<ExitCode> {
    const auto* word = FindWord(*api::Scope_descriptor(), *scope);
    if (word == nullptr) {
      return UsageError("scope is one of: " + WordList(*api::Scope_descriptor()));
    }
    api::AddSourceRequest request;
    request.set_project_id(*project);
    basis.FillIn(request);
    api::Source& source = *request.mutable_source();
    source.set_register_id(*register_id);
    source.set_defines_population(*defines);
    source.set_scope(static_cast<api::Scope>(word->number()));
    source.set_legal_reference(*legal);
    source.set_scope_reason(*scope_reason);
    source.set_includes_relatives(*relatives);
    source.set_decision_reference(*decision);
    source.set_decision_date(*decision_date);
    source.set_decision_authority(*decision_authority);
    source.set_dispensation_reference(*dispensation);
    source.set_dispensation_date(*dispensation_date);
    source.set_dispensation_authority(*dispensation_authority);
    source.set_reservation_exception(*exception);
    if (*due_days != 0) {
      KOBLING_ASSIGN_OR_RETURN(const std::uint32_t days, ToNumber(*due_days, "--usage-due-days"));
      source.set_usage_due_days(days);
    }
    KOBLING_ASSIGN_OR_RETURN(const api::Project changed, session.Change(&Connection::AddSource, request));
    session.Print(changed);
    return ExitCode::kOk;
  });
}

void AddWithdrawSource(CommandTree& tree, CLI::App& group) {
  Command withdraw = tree.AddCommand(
      group, {.name = "withdraw-source",
              .about = "Takes a source out; a pending revision if the project is active.",
              .examples = {"kobling project withdraw-source P0041 MFR --reason 'not needed' --by-decision 2027/9-1 \\\n"
                           "    --by-date 2027-03-01"},
              .methods = {"ProjectService/WithdrawSource"}});
  const TextValue project = ProjectArgument(withdraw);
  const TextValue register_id = RegisterArgument(withdraw);
  const RevisionOptions basis(withdraw);
  withdraw.Run([=](Session& session) -> absl::StatusOr<ExitCode> {
    api::WithdrawSourceRequest request;
    request.set_project_id(*project);
    request.set_register_id(*register_id);
    basis.FillIn(request);
    KOBLING_ASSIGN_OR_RETURN(const api::Project changed, session.Change(&Connection::WithdrawSource, request));
    session.Print(changed);
    return ExitCode::kOk;
  });
}

void AddMeetCondition(CommandTree& tree, CLI::App& group) {
  Command meet =
      tree.AddCommand(group, {.name = "meet-condition",
                              .about = "Says that a condition of the decision (§ 4) has been met.",
                              .examples = {"kobling project meet-condition P0041 1 --reason 'letters sent on 3 March'",
                                           "kobling project meet-condition P0041 1 --undo --reason 'wrong project'"},
                              .methods = {"ProjectService/MeetCondition"}});
  const TextValue project = ProjectArgument(meet);
  const NumberValue condition = NumberArgument(meet, "Number of the condition, from 1 in the order of the case");
  const FlagValue undo = meet.Flag("--undo", "Take the tick back");
  const TextValue reason = ReasonOption(meet);
  meet.Run([=](Session& session) -> absl::StatusOr<ExitCode> {
    api::MeetConditionRequest request;
    request.set_project_id(*project);
    request.set_undo(*undo);
    request.set_reason(*reason);
    KOBLING_ASSIGN_OR_RETURN(const std::uint32_t number, ToNumber(*condition, "NUMBER"));
    request.set_condition(number);
    KOBLING_ASSIGN_OR_RETURN(const api::Project changed, session.Change(&Connection::MeetCondition, request));
    session.Print(changed);
    return ExitCode::kOk;
  });
}

void AddPostponeDelivery(CommandTree& tree, CLI::App& group) {
  Command postpone = tree.AddCommand(
      group, {.name = "postpone-delivery",
              .about = "Postpones the deadline of the delivery (§ 19 f), of which the applicant has been told.",
              .examples = {"kobling project postpone-delivery P0041 --until 2027-03-01 --reason 'MFR waits for REK'"},
              .methods = {"ProjectService/PostponeDelivery"}});
  const TextValue project = ProjectArgument(postpone);
  const TextValue until = postpone.Text("--until", "The new last day", Need::kRequired);
  const TextValue reason = ReasonOption(postpone);
  postpone.Run([=](Session& session) -> absl::StatusOr<ExitCode> {
    KOBLING_RETURN_IF_ERROR(CheckDate("until", *until));
    api::PostponeDeliveryRequest request;
    request.set_project_id(*project);
    request.set_until(*until);
    request.set_reason(*reason);
    KOBLING_ASSIGN_OR_RETURN(const api::Project changed, session.Change(&Connection::PostponeDelivery, request));
    session.Print(changed);
    return ExitCode::kOk;
  });
}

}  // namespace

void AddProjectChangeCommands(CommandTree& tree, CLI::App& group) {
  AddAddSource(tree, group);
  AddWithdrawSource(tree, group);
  AddMeetCondition(tree, group);
  AddPostponeDelivery(tree, group);
}

}  // namespace kobling::client
