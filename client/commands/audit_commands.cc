#include "absl/time/civil_time.h"
#include "client/changes_text.h"
#include "client/commands/all_commands.h"
#include "client/commands/shared_options.h"

namespace kobling::client {
namespace {

using Need = Command::Need;

// "2026-11-22" is the beginning of that day in Norway, "2026-11-22T10:00:00Z" a moment.
absl::StatusOr<absl::Time> ParseMoment(const std::string& option, const std::string& text) {
  absl::Time moment;
  if (absl::ParseTime(absl::RFC3339_full, text, &moment, nullptr)) {
    return moment;
  }
  absl::CivilDay day;
  absl::TimeZone norway;
  if (text.size() == 10 && absl::ParseCivilTime(text, &day) && absl::LoadTimeZone("Europe/Oslo", &norway)) {
    return absl::FromCivil(day, norway);
  }
  return UsageError(option + ": write 2026-11-22 or 2026-11-22T10:00:00Z");
}

absl::Status SetMoment(const std::string& option, const std::string& text, google::protobuf::Timestamp& target) {
  KOBLING_ASSIGN_OR_RETURN(const absl::Time moment, ParseMoment(option, text));
  target.set_seconds(absl::ToUnixSeconds(moment));
  target.set_nanos(
      static_cast<std::int32_t>(absl::ToInt64Nanoseconds(moment - absl::FromUnixSeconds(absl::ToUnixSeconds(moment)))));
  return absl::OkStatus();
}

class EventPrinter final : public EventSink {
 public:
  explicit EventPrinter(Session& session)
      : list_(session.out(), session.options().format,
              {{"index", "index"},
               {"time", "time"},
               {"actor", "actor"},
               {"role", "role"},
               {"operation", "operation"},
               {"result", "result"},
               {"project_id", "project"},
               {"register_id", "register"},
               {"object", "object"},
               {"purpose", "purpose"},
               {"reason", "reason"},
               {"counts", "counts"},
               {"changes", "changes"}}),
        format_(session.options().format) {}

  absl::Status Take(const api::Event& event) override {
    Json row = ToJson(event);
    if (format_ != Format::kJson) {
      row["changes"] = ChangesText(event.changes());
    }
    list_.Add(row);
    return absl::OkStatus();
  }
  void Close() { list_.Close(); }

 private:
  ListWriter list_;
  Format format_;
};

struct EventOptions {
  TextValue since, until, actor, operation;
};

EventOptions DeclareOptions(Command& command) {
  return {.since = command.Text("--since", "From this time on, 2026-11-22 or 2026-11-22T10:00:00Z", Need::kOptional),
          .until = command.Text("--until", "Before this time", Need::kOptional),
          .actor = command.Text("--actor", "Only this caller", Need::kOptional),
          .operation = command.Text("--operation", "Only this, for example keyfile or keyfile.issue", Need::kOptional)};
}

absl::StatusOr<ExitCode> PrintEvents(Session& session, api::ListEventsRequest request, const EventOptions& options) {
  request.set_actor(*options.actor);
  request.set_operation(*options.operation);
  if (!options.since->empty()) {
    KOBLING_RETURN_IF_ERROR(SetMoment("--since", *options.since, *request.mutable_since()));
  }
  if (!options.until->empty()) {
    KOBLING_RETURN_IF_ERROR(SetMoment("--until", *options.until, *request.mutable_until()));
  }
  KOBLING_ASSIGN_OR_RETURN(Connection * connection, session.Connect());
  EventPrinter printer(session);
  const absl::Status status = connection->ListEvents(request, printer);
  KOBLING_RETURN_IF_ERROR(status);
  printer.Close();
  return ExitCode::kOk;
}

}  // namespace

CLI::App& AddAuditCommands(CommandTree& tree) {
  CLI::App& group = tree.AddGroup("audit", "What happened, for those who supervise");

  Command project = tree.AddCommand(
      group, {.name = "project",
              .about = "Lists every event of one project.",
              .examples = {"kobling audit project P0041", "kobling audit project P0041 --format csv > p0041.csv"},
              .methods = {"AuditService/ListEvents"}});
  const TextValue project_id = ProjectArgument(project);
  project.Run([project_id, options = DeclareOptions(project)](Session& session) {
    api::ListEventsRequest request;
    request.set_project_id(*project_id);
    return PrintEvents(session, request, options);
  });

  Command of_register = tree.AddCommand(group, {.name = "register",
                                                .about = "Lists every event of one register.",
                                                .examples = {"kobling audit register NPR --since 2026-01-01"},
                                                .methods = {"AuditService/ListEvents"}});
  const TextValue register_id = RegisterArgument(of_register);
  of_register.Run([register_id, options = DeclareOptions(of_register)](Session& session) {
    api::ListEventsRequest request;
    request.set_register_id(*register_id);
    return PrintEvents(session, request, options);
  });

  Command list = tree.AddCommand(
      group, {.name = "list",
              .about = "Lists events; a caseworker names a project of theirs, a register sees its own.",
              .examples = {"kobling audit list --since 2026-11-01 --until 2026-12-01 --format csv > november.csv",
                           "kobling audit list --operation keyfile.fetch --project P0041"},
              .methods = {"AuditService/ListEvents"}});
  const TextValue filtered_project = list.Text("--project", "Only this project", Need::kOptional);
  const TextValue filtered_register = RegisterFilter(list);
  list.Run([filtered_project, filtered_register, options = DeclareOptions(list)](Session& session) {
    api::ListEventsRequest request;
    request.set_project_id(*filtered_project);
    request.set_register_id(*filtered_register);
    return PrintEvents(session, request, options);
  });
  return group;
}

}  // namespace kobling::client
