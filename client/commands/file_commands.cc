// Commands that need no server: apply, testdata, lopenummer.
#include <filesystem>
#include <system_error>
#include <utility>

#include "client/commands/all_commands.h"
#include "client/commands/file_arguments.h"
#include "client/commands/row_options.h"
#include "client/files/apply.h"
#include "client/files/lopenummer_check.h"
#include "client/files/testdata.h"
#include "client/key_file_opener.h"

namespace kobling::client {
namespace {

using Need = Command::Need;

struct ApplyArguments {
  TextValue file, column;
  TextValues key_files, relatives, renames, allowed;
  TextValue delimiter;
  FlagValue no_header, drop;
  TextValue order, out, used;
  FlagValue force;
};

absl::StatusOr<std::vector<ColumnName>> ParseColumns(const std::vector<std::string>& texts) {
  std::vector<ColumnName> columns;
  for (const std::string& text : texts) {
    KOBLING_ASSIGN_OR_RETURN(ColumnName column, ColumnName::Parse(text));
    columns.push_back(std::move(column));
  }
  return columns;
}

absl::StatusOr<ApplyOptions> OptionsOf(const Session& session, const ApplyArguments& arguments) {
  KOBLING_ASSIGN_OR_RETURN(ColumnName index, ColumnName::Parse(*arguments.column));
  ApplyOptions options = {.extract = *arguments.file,
                          .extract_descriptor = std::nullopt,
                          .table = {},
                          .index = std::move(index),
                          .output = *arguments.out,
                          .used = *arguments.used,
                          .temporary_folder = ""};
  if (*arguments.file == "-") {
    options.extract = "standard input";
    options.extract_descriptor = session.surroundings().input;
  }
  KOBLING_ASSIGN_OR_RETURN(options.table.delimiter, ParseDelimiter(*arguments.delimiter));
  options.table.header = *arguments.no_header ? HeaderLine::kAbsent : HeaderLine::kPresent;
  KOBLING_ASSIGN_OR_RETURN(options.relatives, ParseColumns(*arguments.relatives));
  KOBLING_ASSIGN_OR_RETURN(options.allowed, ParseColumns(*arguments.allowed));
  for (const std::string& rename : *arguments.renames) {
    const std::size_t equals = rename.find('=');
    if (equals == std::string::npos || equals + 1 == rename.size()) {
      return UsageError("--rename is written column=new_name");
    }
    KOBLING_ASSIGN_OR_RETURN(ColumnName column, ColumnName::Parse(rename.substr(0, equals)));
    options.renames.push_back({std::move(column), rename.substr(equals + 1)});
  }
  options.relative_without = *arguments.drop ? RelativeWithout::kDropRow : RelativeWithout::kBlankCell;
  if (*arguments.order != "" && *arguments.order != "lopenummer" && *arguments.order != "input") {
    return UsageError("--order is lopenummer or input");
  }
  options.order = *arguments.order == "input" ? RowOrder::kInput : RowOrder::kLopenummer;
  options.overwrite = *arguments.force ? Overwrite::kAllow : Overwrite::kRefuse;
  return options;
}

Json ResultOf(const crypto::KeyFileComment& key_file, const ApplyResult& result, const ApplyArguments& arguments) {
  Json record;
  record["file"] = *arguments.out;
  record["project"] = key_file.project.text();
  record["register"] = key_file.register_id.text();
  record["key_file"] = key_file.number;
  record["rows_in"] = result.rows_in;
  record["rows_out"] = result.rows_out;
  record["distinct_used"] = result.distinct_used;
  record["columns"] = Json::array();
  for (const ReplacedColumn& column : result.columns) {
    Json counts;
    counts["column"] = column.column;
    counts["new_name"] = column.new_name;
    counts["replaced"] = column.replaced;
    counts["not_in_key_file"] = column.not_in_key_file;
    counts["malformed"] = column.malformed;
    counts["missing"] = column.missing;
    record["columns"].push_back(std::move(counts));
  }
  return record;
}

absl::StatusOr<ExitCode> RunApply(Session& session, const ApplyArguments& arguments) {
  KOBLING_ASSIGN_OR_RETURN(const ApplyOptions options, OptionsOf(session, arguments));
  KOBLING_ASSIGN_OR_RETURN(const Profile* profile, session.GetProfile());
  if (arguments.key_files->empty()) {
    return UsageError("--keyfile is required");
  }
  std::vector<FileArgument> files;
  for (const std::string& key_file : *arguments.key_files) {
    files.push_back({"--keyfile", key_file, FileArgument::Use::kRead});
    files.push_back({"--keyfile's signature", key_file + ".minisig", FileArgument::Use::kRead});
  }
  files.push_back({"the profile's identity", profile->Get(Setting::kIdentity).value, FileArgument::Use::kRead});
  files.push_back({"--in", *arguments.file, FileArgument::Use::kRead});
  files.push_back({"--out", *arguments.out, FileArgument::Use::kWritten});
  files.push_back({"--used", *arguments.used, FileArgument::Use::kWritten});
  KOBLING_RETURN_IF_ERROR(CheckFileArguments(files, session.surroundings().input));
  KOBLING_ASSIGN_OR_RETURN(const KeyFileOpener opener, KeyFileOpener::Create(*profile));
  std::vector<SealedKeyFile> sealed;
  for (const std::string& key_file : *arguments.key_files) {
    sealed.push_back(opener.File(key_file));
  }
  KOBLING_ASSIGN_OR_RETURN(const LoadedKeyFile key_file, LoadKeyFiles(sealed));
  KOBLING_ASSIGN_OR_RETURN(const ApplyResult result, Apply(*key_file.map, options));
  PrintRecord(session.out(), session.options().format, ResultOf(key_file.comment, result, arguments));
  for (const std::string& warning : result.warnings) {
    session.Note(warning);
  }
  bool has_bad_values = false;
  for (const ReplacedColumn& column : result.columns) {
    has_bad_values = has_bad_values || column.malformed > 0;
  }
  return has_bad_values || result.rows_out < result.rows_in ? ExitCode::kRowsLeftOut : ExitCode::kOk;
}

void AddApply(CommandTree& tree) {
  Command apply = tree.AddCommand(
      tree.root(),
      {.name = "apply",
       .about = "Replaces identifiers by løpenumre in an extract. Rows without one are left out (exit 5).",
       .examples = {"kobling apply --keyfile NPR_P0041_0001.csv.age --in extract.csv --column fnr \\\n"
                    "    --out delivery.csv --used used.txt",
                    "kobling apply --keyfile F --in births.csv --column fnr --relative mor_fnr --out delivery.csv",
                    "kobling apply --keyfile NPR_P0041_0001.csv.age --keyfile NPR_P0041_0002.csv.age \\\n"
                    "    --in extract.csv --column fnr --out delivery.csv --used used.txt"},
       .methods = {}});
  const ApplyArguments arguments = {
      .file = apply.Text("--in", "The extract; - for standard input", Need::kRequired),
      .column = apply.Text("--column", "Column of the identifiers, by name or number", Need::kRequired),
      .key_files =
          apply.Texts("--keyfile", "The sealed key file, its .minisig beside it; then its deltas and corrections"),
      .relatives = apply.Texts("--relative", "Column with a relative's identifiers; may be given again"),
      .renames = apply.Texts("--rename", "column=new_name for a replaced column; may be given again"),
      .allowed = apply.Texts("--allow", "Column that may hold what looks like identifiers"),
      .delimiter = apply.Text("--delimiter", "';', ',' or tab; found out if not given", Need::kOptional),
      .no_header = apply.Flag("--no-header", "The first line is data; name columns by number"),
      .drop = apply.Flag("--drop-unknown-relatives", "Leave out rows with a relative without løpenummer"),
      .order = apply.Text("--order", "lopenummer (default), or input, which may tell who somebody is", Need::kOptional),
      .out = apply.Text("--out", "The file with løpenumre", Need::kRequired),
      .used = apply.Text("--used", "List the løpenumre that were written, for usage report", Need::kOptional),
      .force = apply.Flag("--force", "Overwrite files that exist")};
  apply.Run([arguments](Session& session) { return RunApply(session, arguments); });
}

void AddTestData(CommandTree& tree) {
  Command testdata = tree.AddCommand(
      tree.root(), {.name = "testdata",
                    .about = "Makes files of invented people in three registers, and what a right run must find.",
                    .examples = {"kobling testdata --persons 10000 --dir trial/",
                                 "kobling testdata --persons 200000 --seed 7 --dir trial/"},
                    .methods = {}});
  const NumberValue persons =
      testdata.Number("--persons", "Persons in the population; default 200000", Need::kOptional);
  const NumberValue seed = testdata.Number("--seed", "The same seed gives the same files; default 1", Need::kOptional);
  const TextValue folder = testdata.Text("--dir", "Folder for the files; made if need be", Need::kRequired);
  const FlagValue force = testdata.Flag("--force", "Overwrite files that exist");
  testdata.Run([=](Session& session) -> absl::StatusOr<ExitCode> {
    TestDataOptions options;
    options.folder = *folder;
    options.persons = *persons == 0 ? options.persons : *persons;
    options.seed = *seed == 0 ? options.seed : *seed;
    options.overwrite = *force ? Overwrite::kAllow : Overwrite::kRefuse;
    std::error_code error;
    std::filesystem::create_directories(*folder, error);
    if (error) {
      return WriteError(*folder, error.value());
    }
    KOBLING_RETURN_IF_ERROR(GenerateTestData(options));
    session.Note("the files are in " + *folder + "; expected.json says what a right run must count");
    return ExitCode::kOk;
  });
}

void AddLopenummer(CommandTree& tree) {
  CLI::App& group = tree.AddGroup("lopenummer", "Løpenumre, looked at offline");
  Command check = tree.AddCommand(
      group, {.name = "check",
              .about = "Reads løpenumre from standard input and says which are misspelled.",
              .examples = {"kobling lopenummer check < used.txt", "kobling lopenummer check --format json < used.txt"},
              .methods = {}});
  check.Run([](Session& session) -> absl::StatusOr<ExitCode> {
    ListWriter list(session.out(), session.options().format, {{"line", "line"}, {"problem", "problem"}});
    const auto on_line = [&](std::uint64_t line, const std::optional<domain::LopenummerProblem>& problem) {
      if (problem) {
        Json row;
        row["line"] = line;
        row["problem"] = Explain(*problem);
        list.Add(row);
      }
      return absl::OkStatus();
    };
    KOBLING_ASSIGN_OR_RETURN(const LopenummerCheckCounts counts,
                             CheckLopenumre(session.surroundings().input, "standard input", on_line));
    list.Close();
    session.Note(Grouped(counts.right) + " right, " + Grouped(counts.wrong) + " wrong");
    return counts.wrong == 0 ? ExitCode::kOk : ExitCode::kRowsLeftOut;
  });
}

}  // namespace

void AddFileCommands(CommandTree& tree) {
  AddApply(tree);
  AddTestData(tree);
  AddLopenummer(tree);
}

}  // namespace kobling::client
