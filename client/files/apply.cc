#include "client/files/apply.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "client/files/column_naming.h"
#include "client/files/identifier_column.h"
#include "client/files/other_columns.h"
#include "client/files/rejects_writer.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::client {
namespace {

using domain::DetailKey;
using domain::Lopenummer;
using domain::MakeError;
using domain::Reason;

constexpr domain::AcceptedSeries kEverySeries = {
    .unprefixed = true, .fh = true, .npid20 = true, .nav40 = true, .npid60 = true, .nhn65 = true, .synthetic80 = true};

std::string FolderOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

bool IsQuoted(std::string_view raw) { return !raw.empty() && raw.front() == '"'; }

// One run of Apply: the columns' plan, then the rows, then the end.
class Application {
 public:
  Application(LopenummerMap& key_file, const ApplyOptions& options, TableReader& table)
      : key_file_(key_file),
        options_(options),
        table_(table),
        sorter_({options.sort_memory_bytes,
                 options.temporary_folder.empty() ? FolderOf(options.output) : options.temporary_folder}) {}

  absl::Status Plan();
  absl::StatusOr<ApplyResult> Run();

 private:
  // A column whose cells are replaced.
  struct Replaced {
    std::size_t column;                         // in the table
    std::size_t result;                         // in result_.columns
    std::optional<LopenummerMap::Place> place;  // of the current row's løpenummer
    bool has_stray = false;                     // the current row has a value here that has no løpenummer
  };

  absl::Status PlanNames();
  absl::Status PlanRenames();
  absl::Status PlanOtherColumns();
  absl::Status WriteHeader();
  absl::Status TakeRecord(const Record& record);
  void Resolve(std::string_view value, Replaced& replaced);
  bool IsKept() const;
  void BuildRow(const Record& record);
  absl::Status Emit(const Lopenummer& lopenummer);
  absl::Status CheckOtherColumns();
  absl::Status Finish();

  std::string_view Ending() const { return table_.line_ending() == LineEnding::kCrLf ? "\r\n" : "\n"; }

  LopenummerMap& key_file_;
  const ApplyOptions& options_;
  TableReader& table_;
  const IdentifierCellReader format_{IdentifierCheck::kFormat, kEverySeries};
  const domain::NationalIdRules rules_{kEverySeries};
  std::vector<Replaced> replaced_;  // by place in the table
  std::size_t index_ = 0;           // of the index column in replaced_
  std::unique_ptr<OtherColumns> others_;
  RowSorter sorter_;
  std::unique_ptr<AtomicFile> output_;
  std::unique_ptr<AtomicFile> used_;
  std::string row_;
  bool only_counts_ = false;  // the run is refused; the rest is read for the counts alone
  ApplyResult result_;
};

absl::Status Application::Plan() {
  KOBLING_ASSIGN_OR_RETURN(const IdentifierColumns columns,
                           FindIdentifierColumns(table_, options_.index, options_.relatives));
  replaced_.push_back({.column = columns.index, .result = 0, .place = std::nullopt});
  for (const std::size_t relative : columns.relatives) {
    replaced_.push_back({.column = relative, .result = replaced_.size(), .place = std::nullopt});
  }
  for (const Replaced& replaced : replaced_) {
    result_.columns.push_back({.column = table_.Describe(replaced.column), .new_name = ""});
  }
  if (!table_.header().empty()) {
    KOBLING_RETURN_IF_ERROR(PlanNames());
  }
  std::sort(replaced_.begin(), replaced_.end(),
            [](const Replaced& a, const Replaced& b) { return a.column < b.column; });
  const auto index =
      std::find_if(replaced_.begin(), replaced_.end(), [](const Replaced& replaced) { return replaced.result == 0; });
  index_ = static_cast<std::size_t>(index - replaced_.begin());
  return PlanOtherColumns();
}

absl::Status Application::PlanNames() {
  for (const Replaced& replaced : replaced_) {
    result_.columns[replaced.result].new_name =
        replaced.result == 0 ? std::string(kIndexName) : RelativeName(table_.header()[replaced.column]);
  }
  KOBLING_RETURN_IF_ERROR(PlanRenames());
  std::vector<std::string> names(table_.header().begin(), table_.header().end());
  for (const Replaced& replaced : replaced_) {
    names[replaced.column] = result_.columns[replaced.result].new_name;
  }
  for (const Replaced& replaced : replaced_) {
    const std::string& name = names[replaced.column];
    if (std::count(names.begin(), names.end(), name) > 1) {
      return MakeError(Reason::kColumnDuplicate,
                       {{DetailKey::kFile, table_.name()},
                        {DetailKey::kColumn, table_.Describe(replaced.column)},
                        {DetailKey::kHint, "its new name is taken by another column; give it another"}});
    }
  }
  return absl::OkStatus();
}

absl::Status Application::PlanRenames() {
  for (const Rename& rename : options_.renames) {
    KOBLING_ASSIGN_OR_RETURN(const std::size_t column, table_.FindColumn(rename.column));
    const auto found = std::find_if(replaced_.begin(), replaced_.end(),
                                    [column](const Replaced& replaced) { return replaced.column == column; });
    if (found == replaced_.end()) {
      return MakeError(Reason::kColumnNotFound, {{DetailKey::kFile, table_.name()},
                                                 {DetailKey::kColumn, table_.Describe(column)},
                                                 {DetailKey::kHint, "only a column that is replaced can be renamed"}});
    }
    const bool has_control = std::any_of(rename.new_name.begin(), rename.new_name.end(),
                                         [](char c) { return static_cast<unsigned char>(c) < ' '; });
    if (rename.new_name.empty() || has_control) {
      return MakeError(Reason::kFieldMalformed,
                       {{DetailKey::kField, "new name of a column"}, {DetailKey::kColumn, table_.Describe(column)}});
    }
    result_.columns[found->result].new_name = rename.new_name;
  }
  return absl::OkStatus();
}

absl::Status Application::PlanOtherColumns() {
  std::vector<bool> is_watched(table_.columns(), true);
  for (const Replaced& replaced : replaced_) {
    is_watched[replaced.column] = false;
  }
  for (const ColumnName& allowed : options_.allowed) {
    KOBLING_ASSIGN_OR_RETURN(const std::size_t column, table_.FindColumn(allowed));
    is_watched[column] = false;
  }
  std::vector<std::size_t> watched;
  for (std::size_t column = 0; column < is_watched.size(); ++column) {
    if (is_watched[column]) {
      watched.push_back(column);
    }
  }
  others_ = std::make_unique<OtherColumns>(key_file_, watched);
  return absl::OkStatus();
}

absl::Status Application::WriteHeader() {
  const auto cells = table_.raw_header();
  if (cells.empty()) {
    return absl::OkStatus();
  }
  std::vector<std::string> header(cells.begin(), cells.end());
  for (const Replaced& replaced : replaced_) {
    std::string& cell = header[replaced.column];
    const std::string& name = result_.columns[replaced.result].new_name;
    const std::string field = CsvField(name, table_.delimiter());
    cell = IsQuoted(cell) && field == name ? "\"" + name + "\"" : field;
  }
  std::string line;
  for (std::size_t i = 0; i < header.size(); ++i) {
    line += (i == 0 ? std::string() : std::string(1, table_.delimiter())) + header[i];
  }
  return output_->Write(line + std::string(Ending()));
}

void Application::Resolve(std::string_view value, Replaced& replaced) {
  ReplacedColumn& counts = result_.columns[replaced.result];
  const IdentifierCell cell = format_.ReadRelative(value);
  replaced.place = cell.state == IdentifierCell::State::kDigits ? key_file_.Find(cell.packed) : std::nullopt;
  replaced.has_stray = !replaced.place.has_value() && cell.state != IdentifierCell::State::kMissing;
  if (replaced.place.has_value()) {
    ++counts.replaced;
  } else if (cell.state == IdentifierCell::State::kMissing) {
    ++counts.missing;
  } else if (cell.state == IdentifierCell::State::kDigits && !rules_.Check(cell.digits).has_value()) {
    ++counts.not_in_key_file;
  } else {
    ++counts.malformed;
  }
}

bool Application::IsKept() const {
  if (!replaced_[index_].place.has_value()) {
    return false;
  }
  return options_.relative_without == RelativeWithout::kBlankCell ||
         std::none_of(replaced_.begin(), replaced_.end(), [](const Replaced& replaced) { return replaced.has_stray; });
}

void Application::BuildRow(const Record& record) {
  row_.clear();
  const char* copied = record.raw.data();
  for (const Replaced& replaced : replaced_) {
    const std::string_view raw = record.fields[replaced.column].raw;
    const std::string_view quote = IsQuoted(raw) ? "\"" : "";
    row_.append(copied, static_cast<std::size_t>(raw.data() - copied));
    row_ += quote;
    if (replaced.place.has_value()) {
      std::array<char, Lopenummer::kLength> text;
      key_file_.At(*replaced.place).CopyText(text);
      key_file_.MarkUsed(*replaced.place);
      row_.append(text.data(), text.size());
    }
    row_ += quote;
    copied = raw.data() + raw.size();
  }
  row_.append(copied, static_cast<std::size_t>(record.raw.data() + record.raw.size() - copied));
  row_ += Ending();
}

absl::Status Application::Emit(const Lopenummer& lopenummer) {
  if (options_.order == RowOrder::kInput) {
    return output_->Write(row_);
  }
  if (sorter_.WouldSpill(row_.size()) && others_->Settle()) {
    only_counts_ = true;
    return absl::OkStatus();
  }
  return sorter_.Add(lopenummer, row_);
}

absl::Status Application::TakeRecord(const Record& record) {
  ++result_.rows_in;
  for (Replaced& replaced : replaced_) {
    Resolve(record.fields[replaced.column].value, replaced);
  }
  others_->Look(record.fields);
  only_counts_ = only_counts_ || others_->is_certainly_refused();
  if (only_counts_ || !IsKept()) {
    return absl::OkStatus();
  }
  ++result_.rows_out;
  BuildRow(record);
  return Emit(key_file_.At(*replaced_[index_].place));
}

absl::Status Application::CheckOtherColumns() {
  for (const OtherColumns::Finding& finding : others_->findings()) {
    if (finding.is_refused()) {
      return MakeError(Reason::kIdentifiersInOtherColumn, {{DetailKey::kFile, table_.name()},
                                                           {DetailKey::kColumn, table_.Describe(finding.column)},
                                                           {DetailKey::kCount, finding.valid}});
    }
    if (finding.valid > 0) {
      result_.warnings.push_back("Column " + domain::Scrub(table_.Describe(finding.column)) + " has " +
                                 std::to_string(finding.valid) +
                                 " cells that may hold an identifier; look at them before the file is delivered.");
    }
  }
  return absl::OkStatus();
}

absl::Status Application::Finish() {
  KOBLING_RETURN_IF_ERROR(sorter_.Drain([this](std::string_view row) { return output_->Write(row); }));
  const std::vector<Lopenummer> used = key_file_.Used();
  result_.distinct_used = used.size();
  KOBLING_RETURN_IF_ERROR(output_->Prepare());
  if (used_ != nullptr) {
    KOBLING_RETURN_IF_ERROR(WriteLopenumre(used, *used_));
    KOBLING_RETURN_IF_ERROR(used_->Commit());
  }
  const absl::Status committed = output_->Commit();
  if (!committed.ok() && used_ != nullptr) {
    ::unlink(options_.used.c_str());
  }
  return committed;
}

absl::StatusOr<ApplyResult> Application::Run() {
  KOBLING_ASSIGN_OR_RETURN(output_, AtomicFile::Create(options_.output, options_.overwrite));
  if (!options_.used.empty()) {
    KOBLING_ASSIGN_OR_RETURN(used_, AtomicFile::Create(options_.used, options_.overwrite));
  }
  KOBLING_RETURN_IF_ERROR(WriteHeader());
  while (true) {
    KOBLING_ASSIGN_OR_RETURN(const Record* record, table_.Next());
    if (record == nullptr) {
      break;
    }
    KOBLING_RETURN_IF_ERROR(TakeRecord(*record));
  }
  KOBLING_RETURN_IF_ERROR(CheckOtherColumns());
  KOBLING_RETURN_IF_ERROR(Finish());
  if (options_.order == RowOrder::kInput) {
    result_.warnings.push_back("The rows are in the order of the extract, which may tell who somebody is.");
  }
  if (result_.rows_in > 0 && result_.rows_out == 0) {
    result_.warnings.push_back(
        "No row of the extract has a lopenummer; is this the right key file, and the right column?");
  }
  return std::move(result_);
}

}  // namespace

absl::Status WriteLopenumre(const std::vector<Lopenummer>& lopenumre, AtomicFile& file) {
  std::array<char, Lopenummer::kLength + 1> line;
  line.back() = '\n';
  for (const Lopenummer& lopenummer : lopenumre) {
    lopenummer.CopyText(std::span(line).first<Lopenummer::kLength>());
    KOBLING_RETURN_IF_ERROR(file.Write({line.data(), line.size()}));
  }
  return absl::OkStatus();
}

absl::StatusOr<ApplyResult> Apply(LopenummerMap& key_file, const ApplyOptions& options) {
  auto table = options.extract_descriptor.has_value()
                   ? TableReader::OpenStream(*options.extract_descriptor, options.extract, options.table)
                   : TableReader::Open(options.extract, options.table);
  KOBLING_RETURN_IF_ERROR(table.status());
  Application application(key_file, options, **table);
  KOBLING_RETURN_IF_ERROR(application.Plan());
  return application.Run();
}

}  // namespace kobling::client
