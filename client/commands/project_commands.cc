// What a caseworker does with projects.
#include <utility>

#include "client/case_file.h"
#include "client/changes_text.h"
#include "client/commands/all_commands.h"
#include "client/commands/shared_options.h"

namespace kobling::client {
namespace {

using Need = Command::Need;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

// The options of create and update: one for each field of the case that is no list.
class CaseOptions {
 public:
  explicit CaseOptions(Command& command)
      : file_(command.Text("--file", "Read the case from a TOML file; options override it", Need::kOptional)) {
    const auto add_as = [&](std::string option, const char* field, const std::string& about) {
      for (char& c : option) {
        c = c == '_' ? '-' : c;
      }
      texts_.emplace_back(field, command.Text("--" + option, about, Need::kOptional));
    };
    const auto add = [&](const char* field, const std::string& about) { add_as(field, field, about); };
    add("title", "Title");
    add("purpose", "Purpose in plain language, as citizens read it");
    add("purpose_kind", "Kind of purpose, see kobling project template");
    add("data_user", "Institution, and who answers there");
    add("decision_reference", "Reference of the decision");
    add("decision_date", "Date of the decision, 2026-11-22");
    add("legal_basis", "Legal basis");
    add("linkage_performer", WordList(*api::LinkagePerformer_descriptor()));
    add("linkage_register_id", "The register, if a register performs the linkage");
    approved_persons_ = command.Number("--approved-persons", "Most persons, relatives included", Need::kOptional);
    add("start_date", "First day");
    add("end_date", "Last day of submissions and key files");
    add("deletion_date", "When the key is to be destroyed");
    add("contact", "Whom citizens and registers may ask");
    add("case_number", "Your own number of the case");
    add("linkage_controller", "For whom the directorate links, as a processor");
    add("analysis_room", "Where the data are analysed: TSD, HUNT, SAFE or other");
    add("results_link", "Where results are published, https://...");
    add_as("exemption_reason", "insight_exemption_reason", "Why citizens are not told of the project for a time");
    add_as("exemption_reference", "insight_exemption_reference", "What allows it: personopplysningsloven § 17");
    add_as("exemption_until", "insight_exemption_until", "Last day of the exemption from insight");
  }

  bool has_file() const { return !file_->empty(); }

  // What the file says, if there is one, else `before`; and what the options say over that.
  absl::StatusOr<api::ProjectCase> Read(api::ProjectCase before) const {
    if (has_file()) {
      KOBLING_ASSIGN_OR_RETURN(before, ReadCaseFile(*file_));
    }
    for (const auto& [name, value] : texts_) {
      if (!value->empty()) {
        KOBLING_RETURN_IF_ERROR(Set(before, name, *value));
      }
    }
    if (*approved_persons_ != 0) {
      before.set_approved_persons(*approved_persons_);
    }
    return before;
  }

 private:
  static absl::Status Set(api::ProjectCase& target, const std::string& name, const std::string& value) {
    const FieldDescriptor* field = target.GetDescriptor()->FindFieldByName(name);
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
      const auto* word = FindWord(*field->enum_type(), value);
      if (word == nullptr) {
        return UsageError(name + " is one of: " + WordList(*field->enum_type()));
      }
      target.GetReflection()->SetEnumValue(&target, field, word->number());
      return absl::OkStatus();
    }
    if (IsDateField(name)) {
      KOBLING_RETURN_IF_ERROR(CheckDate(name, value));
    }
    target.GetReflection()->SetString(&target, field, value);
    return absl::OkStatus();
  }

  TextValue file_;
  std::vector<std::pair<std::string, TextValue>> texts_;
  NumberValue approved_persons_;
};

void AddCreateAndUpdate(CommandTree& tree, CLI::App& group) {
  Command create = tree.AddCommand(
      group, {.name = "create",
              .about = "Makes a draft of a project.",
              .examples = {"kobling project template > case.toml", "kobling project create --file case.toml",
                           "kobling project create --title 'Barn og medisin' --purpose-kind research"},
              .methods = {"ProjectService/CreateProject"}});
  create.Run([fields = CaseOptions(create)](Session& session) -> absl::StatusOr<ExitCode> {
    api::CreateProjectRequest request;
    KOBLING_ASSIGN_OR_RETURN(*request.mutable_project_case(), fields.Read({}));
    KOBLING_ASSIGN_OR_RETURN(const api::Project created, session.Change(&Connection::CreateProject, request));
    session.Print(created);
    return ExitCode::kOk;
  });

  Command update = tree.AddCommand(
      group, {.name = "update",
              .about = "Changes a draft, or proposes a revision of an active project.",
              .examples = {"kobling project update P0041 --file case.toml --reason 'wrong contact'   (a draft)",
                           "kobling project update P0041 --end-date 2027-12-31 --reason 'decision extended' \\\n"
                           "    --by-decision 2027/118-3 --by-date 2027-03-01"},
              .methods = {"ProjectService/UpdateProject", "ProjectService/GetProject"}});
  const TextValue project = ProjectArgument(update);
  const RevisionOptions basis(update);
  update.Run([fields = CaseOptions(update), project, basis](Session& session) -> absl::StatusOr<ExitCode> {
    api::UpdateProjectRequest request;
    api::ProjectCase before;
    if (!fields.has_file()) {
      api::GetProjectRequest current;
      current.set_project_id(*project);
      KOBLING_ASSIGN_OR_RETURN(const api::Project read, session.Ask(&Connection::GetProject, current));
      before = read.project_case();
      // Nobody's change in between is to be lost.
      request.set_case_version(read.case_version());
      for (api::Source& source : *before.mutable_sources()) {
        source.clear_complete();
        source.clear_locked();
        source.clear_included();
      }
      for (api::Condition& condition : *before.mutable_conditions()) {
        condition.clear_met();
      }
    }
    request.set_project_id(*project);
    basis.FillIn(request);
    KOBLING_ASSIGN_OR_RETURN(*request.mutable_project_case(), fields.Read(std::move(before)));
    KOBLING_ASSIGN_OR_RETURN(const api::Project updated, session.Change(&Connection::UpdateProject, request));
    session.Print(updated);
    return ExitCode::kOk;
  });
}

void AddReading(CommandTree& tree, CLI::App& group) {
  Command show = tree.AddCommand(
      group, {.name = "show",
              .about = "Shows one project, as it is or as it was on a day.",
              .examples = {"kobling project show P0041 --format json", "kobling project show P0041 --as-of 2024-06-30"},
              .methods = {"ProjectService/GetProject"}});
  const TextValue shown = ProjectArgument(show);
  const TextValue as_of = show.Text("--as-of", "The case and the state at the end of this day", Need::kOptional);
  show.Run([shown, as_of](Session& session) -> absl::StatusOr<ExitCode> {
    api::GetProjectRequest request;
    request.set_project_id(*shown);
    KOBLING_RETURN_IF_ERROR(CheckDate("as_of", *as_of));
    request.set_as_of(*as_of);
    KOBLING_ASSIGN_OR_RETURN(const api::Project found, session.Ask(&Connection::GetProject, request));
    session.Print(found);
    return ExitCode::kOk;
  });

  Command list = tree.AddCommand(
      group, {.name = "list",
              .about = "Lists the projects that you may see.",
              .examples = {"kobling project list --state active --format csv", "kobling project list --due 2026-12-31",
                           "kobling project list --expiring 2027-06-30"},
              .methods = {"ProjectService/ListProjects"}});
  const TextValue state = list.Text("--state", WordList(*api::ProjectState_descriptor()), Need::kOptional);
  const TextValue due =
      list.Text("--due", "Only with a delivery that is due by this day and not made", Need::kOptional);
  const TextValue expiring =
      list.Text("--expiring", "Only those that end, or whose key is to be destroyed, by this day", Need::kOptional);
  list.Run([state, due, expiring](Session& session) -> absl::StatusOr<ExitCode> {
    api::ListProjectsRequest request;
    KOBLING_RETURN_IF_ERROR(CheckDate("--due", *due));
    KOBLING_RETURN_IF_ERROR(CheckDate("--expiring", *expiring));
    request.set_due_by(*due);
    request.set_expiring_by(*expiring);
    if (!state->empty()) {
      const auto* word = FindWord(*api::ProjectState_descriptor(), *state);
      if (word == nullptr) {
        return UsageError("state is one of: " + WordList(*api::ProjectState_descriptor()));
      }
      request.set_state(static_cast<api::ProjectState>(word->number()));
    }
    KOBLING_ASSIGN_OR_RETURN(const api::ListProjectsResponse answer, session.Ask(&Connection::ListProjects, request));
    session.PrintList(answer.projects(), ProjectColumns());
    return ExitCode::kOk;
  });

  Command history = tree.AddCommand(
      group, {.name = "history",
              .about = "Lists what happened to a project's case, oldest first.",
              .examples = {"kobling project history P0041", "kobling project history P0041 --format json"},
              .methods = {"ProjectService/GetProjectHistory"}});
  const TextValue told = ProjectArgument(history);
  history.Run([told](Session& session) -> absl::StatusOr<ExitCode> {
    api::GetProjectHistoryRequest request;
    request.set_project_id(*told);
    KOBLING_ASSIGN_OR_RETURN(const api::GetProjectHistoryResponse answer,
                             session.Ask(&Connection::GetProjectHistory, request));
    ListWriter entries(session.out(), session.options().format,
                       {{"event_index", "event"},
                        {"mark.time", "time"},
                        {"mark.actor", "actor"},
                        {"operation", "operation"},
                        {"mark.reason", "reason"},
                        {"changes", "changes"}});
    for (const api::HistoryEntry& entry : answer.entries()) {
      Json row = ToJson(entry);
      if (session.options().format != Format::kJson) {
        row["changes"] = ChangesText(entry.changes());
      }
      entries.Add(row);
    }
    entries.Close();
    return ExitCode::kOk;
  });
}

void AddSteps(CommandTree& tree, CLI::App& group) {
  Command ready = tree.AddCommand(group, {.name = "ready",
                                          .about = "Declares a draft complete, for the key officer to activate.",
                                          .examples = {"kobling project ready P0041"},
                                          .methods = {"ProjectService/MarkReady"}});
  const TextValue project = ProjectArgument(ready);
  ready.Run([project](Session& session) -> absl::StatusOr<ExitCode> {
    api::MarkReadyRequest request;
    request.set_project_id(*project);
    KOBLING_ASSIGN_OR_RETURN(const api::Project changed, session.Change(&Connection::MarkReady, request));
    session.Print(changed);
    return ExitCode::kOk;
  });

  Command cancel =
      tree.AddCommand(group, {.name = "cancel",
                              .about = "Gives up a project that is not active yet.",
                              .examples = {"kobling project cancel P0041 --reason 'application withdrawn'"},
                              .methods = {"ProjectService/CancelProject"}});
  const TextValue cancelled = ProjectArgument(cancel);
  const TextValue reason = ReasonOption(cancel);
  cancel.Run([cancelled, reason](Session& session) -> absl::StatusOr<ExitCode> {
    api::CancelProjectRequest request;
    request.set_project_id(*cancelled);
    request.set_reason(*reason);
    KOBLING_ASSIGN_OR_RETURN(const api::Project changed, session.Change(&Connection::CancelProject, request));
    session.Print(changed);
    return ExitCode::kOk;
  });
}

void AddOffline(CommandTree& tree, CLI::App& group) {
  Command blank = tree.AddCommand(group, {.name = "template",
                                          .about = "Prints a commented TOML file for a case.",
                                          .examples = {"kobling project template > case.toml"},
                                          .methods = {}});
  blank.Run([](Session& session) -> absl::StatusOr<ExitCode> {
    session.out() << CaseTemplate();
    return ExitCode::kOk;
  });

  Command check = tree.AddCommand(group, {.name = "check",
                                          .about = "Says what a TOML file with a case still lacks; offline.",
                                          .examples = {"kobling project check case.toml"},
                                          .methods = {}});
  const TextValue file = check.Positional("FILE", "The TOML file", Need::kRequired);
  check.Run([file](Session& session) -> absl::StatusOr<ExitCode> {
    KOBLING_ASSIGN_OR_RETURN(const api::ProjectCase project_case, ReadCaseFile(*file));
    const std::vector<absl::Status> problems =
        CheckCase(project_case, absl::ToCivilDay(session.clock().Now(), absl::UTCTimeZone()));
    for (const absl::Status& problem : problems) {
      PrintError(session.surroundings().err, problem);
    }
    if (!problems.empty()) {
      return ExitCode::kUsageOrFile;
    }
    session.Note("the case is complete, as far as can be seen here");
    return ExitCode::kOk;
  });
}

}  // namespace

CLI::App& AddProjectCommands(CommandTree& tree) {
  CLI::App& group = tree.AddGroup("project", "Projects: one decision each");
  AddOffline(tree, group);
  AddCreateAndUpdate(tree, group);
  AddProjectChangeCommands(tree, group);
  AddReading(tree, group);
  AddSteps(tree, group);
  return group;
}

}  // namespace kobling::client
