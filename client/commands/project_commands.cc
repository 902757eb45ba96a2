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

std::string WordList(const EnumDescriptor& type) {
  std::string list;
  for (const std::string& word : WordsOf(type)) {
    list += list.empty() ? "" : ", ";
    list += word;
  }
  return list;
}

// The options of create and update: one for each field of the case that is no list.
class CaseOptions {
 public:
  explicit CaseOptions(Command& command)
      : file_(command.Text("--file", "Read the case from a TOML file; options override it", Need::kOptional)) {
    const auto add = [&](const char* field, const std::string& about) {
      std::string option = std::string("--") + field;
      for (char& c : option) {
        c = c == '_' ? '-' : c;
      }
      texts_.emplace_back(field, command.Text(option, about, Need::kOptional));
    };
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
    if (name.ends_with("_date")) {
      KOBLING_RETURN_IF_ERROR(CheckDate(name, value));
    }
    target.GetReflection()->SetString(&target, field, value);
    return absl::OkStatus();
  }

  TextValue file_;
  std::vector<std::pair<std::string, TextValue>> texts_;
  NumberValue approved_persons_;
};

// Why a case is changed, and by which decision.
class RevisionOptions {
 public:
  explicit RevisionOptions(Command& command)
      : reason_(command.Text("--reason", "Why; required for an active project", Need::kOptional)),
        decision_(
            command.Text("--by-decision", "Decision that allows it; required for an active project", Need::kOptional)),
        date_(command.Text("--by-date", "Date of that decision, 2026-11-22", Need::kOptional)) {}

  template <typename Request>
  void FillIn(Request& request) const {
    request.set_reason(*reason_);
    request.set_decision_reference(*decision_);
    request.set_decision_date(*date_);
  }

 private:
  TextValue reason_, decision_, date_;
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

  Command list =
      tree.AddCommand(group, {.name = "list",
                              .about = "Lists the projects that you may see.",
                              .examples = {"kobling project list", "kobling project list --state active --format csv"},
                              .methods = {"ProjectService/ListProjects"}});
  const TextValue state = list.Text("--state", WordList(*api::ProjectState_descriptor()), Need::kOptional);
  list.Run([state](Session& session) -> absl::StatusOr<ExitCode> {
    api::ListProjectsRequest request;
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
  AddAddSource(tree, group);
  AddWithdrawSource(tree, group);
  AddMeetCondition(tree, group);
  AddReading(tree, group);
  AddSteps(tree, group);
  return group;
}

}  // namespace kobling::client
