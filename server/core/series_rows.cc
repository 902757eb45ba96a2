#include "server/core/series_rows.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <tuple>
#include <utility>

#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::server {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::NationalId;
using domain::Reason;

constexpr std::uint32_t kIdentifierColumn = 0;
constexpr std::uint32_t kNumberColumn = 1;
constexpr std::array<char, NationalId::kLength> kKeptBack = {};
constexpr std::string_view kHeader = "fodselsnummer;lopenummer\n";
// Identifier and text take about as much memory as so many rows of another stream.
constexpr std::uint64_t kRowsInUsePerRow = 4;

constexpr domain::AcceptedSeries kEverySeries = {
    .unprefixed = true, .fh = true, .npid20 = true, .nav40 = true, .npid60 = true, .nhn65 = true, .synthetic80 = true};

bool IsPrintable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

std::span<const std::uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

SeriesRows::SeriesRows(const storage::Directory& directory, const domain::NationalIdRules& rules,
                       StreamRows& rows_in_use, std::uint64_t max_rows)
    : directory_(directory),
      rules_(rules),
      any_identifier_(kEverySeries),
      rows_in_use_(rows_in_use),
      max_rows_(std::min(max_rows, kMaxRows)) {}

SeriesRows::~SeriesRows() { rows_in_use_.Return(taken_ * kRowsInUsePerRow); }

void SeriesRows::AddFault(std::uint64_t row, std::uint32_t column, Reason reason, std::vector<api::RowFault>& faults) {
  ++fault_counts_[reason];
  api::RowFault& fault = faults.emplace_back();
  fault.set_row(row);
  fault.set_column(column);
  fault.set_reason(static_cast<std::uint32_t>(reason));
}

absl::Status SeriesRows::Add(const api::SeriesBatch& batch, std::vector<api::RowFault>& faults) {
  const std::string& bytes = batch.identifiers();
  const std::size_t count = bytes.size() / NationalId::kLength;
  if (count == 0 || bytes.size() % NationalId::kLength != 0 || batch.first_row() != taken_ ||
      static_cast<std::size_t>(batch.numbers_size()) != count) {
    return MakeError(Reason::kStreamProtocol, {{DetailKey::kRow, batch.first_row()}});
  }
  if (count > kMaxBatchRows) {
    return MakeError(Reason::kMessageTooLarge, {{DetailKey::kLimit, kMaxBatchRows}});
  }
  if (taken_ + count > max_rows_) {
    return MakeError(Reason::kTooManyRows, {{DetailKey::kLimit, max_rows_}});
  }
  if (!rows_in_use_.Take(count * kRowsInUsePerRow)) {
    return MakeError(Reason::kServerBusy);
  }
  const std::uint64_t first = std::exchange(taken_, taken_ + count);
  std::vector<NationalId> identifiers;
  const std::size_t first_added = rows_.size();
  for (std::size_t i = 0; i < count; ++i) {
    const char* const eleven = bytes.data() + i * NationalId::kLength;
    if (std::memcmp(eleven, kKeptBack.data(), kKeptBack.size()) == 0) {
      ++kept_back_;
      continue;
    }
    const domain::NationalIdRules::ParseResult parsed = rules_.ParseEleven(eleven);
    if (!parsed.id.has_value()) {
      AddFault(first + i, kIdentifierColumn, parsed.fault, faults);
      continue;
    }
    const std::string& number = batch.numbers(static_cast<int>(i));
    // A column of identifiers in the place of the numbers would be stored as what it is not, and told to others.
    if (number.empty() || number.size() > kMaxNumberBytes || !IsPrintable(number) ||
        any_identifier_.Parse(number).id.has_value()) {
      AddFault(first + i, kNumberColumn, Reason::kSeriesNumberFormat, faults);
      continue;
    }
    identifiers.push_back(*parsed.id);
    rows_.push_back({.entry = {{}, *parsed.id}, .position = static_cast<std::uint32_t>(first + i), .number = number});
  }
  std::vector<crypto::Tag> tags(identifiers.size());
  directory_.TagsOf(identifiers, tags);
  for (std::size_t i = 0; i < tags.size(); ++i) {
    rows_[first_added + i].entry.tag = tags[i];
  }
  return absl::OkStatus();
}

void SeriesRows::Finish(std::vector<storage::SeriesRow> earlier, std::vector<api::RowFault>& faults) {
  std::sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) {
    return std::tie(a.entry.tag, a.position) < std::tie(b.entry.tag, b.position);
  });
  LeaveOutConflicts(std::move(earlier), faults);
  valid_rows_ = rows_.size();
  rows_.erase(
      std::unique(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) { return a.entry.tag == b.entry.tag; }),
      rows_.end());
  std::sort(faults.begin(), faults.end(),
            [](const api::RowFault& a, const api::RowFault& b) { return a.row() < b.row(); });
}

void SeriesRows::LeaveOutConflicts(std::vector<storage::SeriesRow> earlier, std::vector<api::RowFault>& faults) {
  std::sort(earlier.begin(), earlier.end(),
            [](const storage::SeriesRow& a, const storage::SeriesRow& b) { return a.identifier < b.identifier; });
  std::vector<crypto::Tag> tags;
  tags.reserve(rows_.size());
  for (const Row& row : rows_) {
    tags.push_back(row.entry.tag);
  }
  std::vector<std::uint32_t> identifiers(tags.size());
  directory_.Find(tags, identifiers);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const auto before = identifiers[i] == storage::Directory::kAbsent
                            ? earlier.end()
                            : std::lower_bound(earlier.begin(), earlier.end(), identifiers[i],
                                               [](const storage::SeriesRow& row, std::uint32_t identifier) {
                                                 return row.identifier < identifier;
                                               });
    const bool was_imported = before != earlier.end() && before->identifier == identifiers[i];
    const bool is_repeated = kept > 0 && rows_[kept - 1].entry.tag == rows_[i].entry.tag;
    if ((was_imported && before->number != rows_[i].number) ||
        (is_repeated && rows_[kept - 1].number != rows_[i].number)) {
      AddFault(rows_[i].position, kNumberColumn, Reason::kSeriesConflict, faults);
      continue;
    }
    if (kept != i) {
      rows_[kept] = std::move(rows_[i]);
    }
    ++kept;
  }
  rows_.erase(rows_.begin() + static_cast<std::ptrdiff_t>(kept), rows_.end());
}

StreamedIdentifiers SeriesRows::Identifiers() const {
  StreamedIdentifiers result;
  result.strangers.reserve(rows_.size());
  for (const Row& row : rows_) {
    result.strangers.push_back({.entry = row.entry, .in_index = true, .in_relatives = false});
  }
  result.counts.set_rows(taken_);
  result.counts.set_kept_back(kept_back_);
  result.counts.set_valid_rows(valid_rows_);
  for (const auto& [reason, rows] : fault_counts_) {
    api::FaultCount& fault = *result.counts.add_faults();
    fault.set_reason(static_cast<std::uint32_t>(reason));
    fault.set_rows(rows);
  }
  ResolveStrangers(directory_, result);
  return result;
}

SeriesText MakeSeriesText(const Core& core, std::vector<SeriesLine> lines) {
  std::sort(lines.begin(), lines.end(), [](const SeriesLine& a, const SeriesLine& b) {
    return std::tie(a.number, a.identifier) < std::tie(b.number, b.identifier);
  });
  SeriesText result;
  auto digest = core.keys.digest.Start("key-file");
  digest.Update(Bytes(kHeader));
  std::string line;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    result.persons += i == 0 || lines[i].number != lines[i - 1].number ? 1 : 0;
    const std::array<char, NationalId::kLength> digits = lines[i].identifier.digits();
    line.assign(digits.begin(), digits.end());
    line += ';';
    line += lines[i].number;
    line += '\n';
    digest.Update(Bytes(line));
  }
  crypto::Wipe(std::span(reinterpret_cast<std::uint8_t*>(line.data()), line.size()));
  result.digest = digest.Finish();
  return result;
}

}  // namespace kobling::server
