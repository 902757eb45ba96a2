#include "client/commands/all_commands.h"

namespace kobling::client {
namespace {

using Need = Command::Need;

struct RegisterFields {
  TextValue id, name, kind, controller, contact, reference, date;

  api::Register ToMessage() const {
    api::Register message;
    message.set_id(*id);
    message.set_name(*name);
    message.set_kind(*kind);
    message.set_controller(*controller);
    message.set_contact(*contact);
    message.set_inclusion_reference(*reference);
    message.set_inclusion_date(*date);
    return message;
  }

  // Whether nothing but the id was given.
  bool IsEmpty() const {
    return name->empty() && kind->empty() && controller->empty() && contact->empty() && reference->empty() &&
           date->empty();
  }
};

RegisterFields DeclareFields(Command& command, Need need) {
  return {
      .id = command.Positional("ID", "Chosen id, for example NPR", Need::kRequired),
      .name = command.Text("--name", "Full name", need),
      .kind = command.Text("--kind", "Kind of source, by the server's case rules: npr, ssb, patient-records ...", need),
      .controller = command.Text("--controller", "The controller that answers for it", need),
      .contact = command.Text("--contact", "Whom to ask: e-mail, telephone or web address", need),
      .reference = command.Text("--inclusion-reference", "The decision that includes it in the solution (§ 3), if any",
                                Need::kOptional),
      .date = command.Text("--inclusion-date", "Since when it is included, 2026-11-22", Need::kOptional)};
}

}  // namespace

void AddRegisterCommands(CommandTree& tree) {
  CLI::App& group = tree.AddGroup("register", "Registers that are sources of data");

  Command add = tree.AddCommand(
      group, {.name = "add",
              .about = "Adds a register.",
              .examples = {"kobling register add NPR --name 'Norsk pasientregister' --kind npr --controller FHI \\\n"
                           "    --contact npr@example.no --inclusion-reference 'FOR-2007-12-07-1389' "
                           "--inclusion-date 2026-01-02"},
              .methods = {"RegisterService/AddRegister"}});
  add.Run([fields = DeclareFields(add, Need::kRequired)](Session& session) -> absl::StatusOr<ExitCode> {
    api::AddRegisterRequest request;
    *request.mutable_register_() = fields.ToMessage();
    KOBLING_ASSIGN_OR_RETURN(const api::Register added, session.Change(&Connection::AddRegister, request));
    session.Print(added);
    return ExitCode::kOk;
  });

  Command update = tree.AddCommand(group, {.name = "update",
                                           .about = "Changes the fields that are given.",
                                           .examples = {"kobling register update NPR --contact npr@example.no"},
                                           .methods = {"RegisterService/UpdateRegister"}});
  update.Run([fields = DeclareFields(update, Need::kOptional)](Session& session) -> absl::StatusOr<ExitCode> {
    if (fields.IsEmpty()) {
      return UsageError("give at least one field to change");
    }
    api::UpdateRegisterRequest request;
    *request.mutable_register_() = fields.ToMessage();
    KOBLING_ASSIGN_OR_RETURN(const api::Register updated, session.Change(&Connection::UpdateRegister, request));
    session.Print(updated);
    return ExitCode::kOk;
  });

  Command list = tree.AddCommand(group, {.name = "list",
                                         .about = "Lists all registers.",
                                         .examples = {"kobling register list", "kobling register list --format csv"},
                                         .methods = {"RegisterService/ListRegisters"}});
  list.Run([](Session& session) -> absl::StatusOr<ExitCode> {
    KOBLING_ASSIGN_OR_RETURN(const api::ListRegistersResponse answer,
                             session.Ask(&Connection::ListRegisters, api::ListRegistersRequest()));
    session.PrintList(answer.registers(), {{"id", "id"},
                                           {"name", "name"},
                                           {"kind", "kind"},
                                           {"controller", "controller"},
                                           {"contact", "contact"},
                                           {"inclusion_date", "inclusion_date"}});
    return ExitCode::kOk;
  });

  Command show = tree.AddCommand(group, {.name = "show",
                                         .about = "Shows one register.",
                                         .examples = {"kobling register show NPR"},
                                         .methods = {"RegisterService/GetRegister"}});
  const TextValue id = show.Positional("ID", "Id of the register", Need::kRequired);
  show.Run([id](Session& session) -> absl::StatusOr<ExitCode> {
    api::GetRegisterRequest request;
    request.set_register_id(*id);
    KOBLING_ASSIGN_OR_RETURN(const api::Register found, session.Ask(&Connection::GetRegister, request));
    session.Print(found);
    return ExitCode::kOk;
  });
}

}  // namespace kobling::client
