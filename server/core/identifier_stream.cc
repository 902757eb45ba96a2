#include "server/core/identifier_stream.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "domain/status_macros.h"

namespace kobling::server {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::NationalId;
using domain::Reason;

constexpr std::array<char, NationalId::kLength> kKeptBack = {};

void SortByTag(std::vector<storage::NewIdentifier>& entries) {
  std::sort(entries.begin(), entries.end(),
            [](const storage::NewIdentifier& a, const storage::NewIdentifier& b) { return a.tag < b.tag; });
}

// Drops repeats from a sorted vector.
void Deduplicate(std::vector<storage::NewIdentifier>& entries) {
  entries.erase(
      std::unique(entries.begin(), entries.end(),
                  [](const storage::NewIdentifier& a, const storage::NewIdentifier& b) { return a.tag == b.tag; }),
      entries.end());
}

// Two sorted vectors into one, each tag once.
std::vector<Stranger> Merge(const std::vector<storage::NewIdentifier>& index,
                            const std::vector<storage::NewIdentifier>& relatives) {
  std::vector<Stranger> merged;
  merged.reserve(index.size() + relatives.size());
  auto a = index.begin();
  auto b = relatives.begin();
  while (a != index.end() || b != relatives.end()) {
    const bool from_index = b == relatives.end() || (a != index.end() && a->tag <= b->tag);
    const bool from_relatives = a == index.end() || (b != relatives.end() && b->tag <= a->tag);
    merged.push_back({from_index ? *a : *b, from_index, from_relatives});
    a += from_index ? 1 : 0;
    b += from_relatives ? 1 : 0;
  }
  return merged;
}

}  // namespace

bool StreamRows::Take(std::uint64_t rows) {
  if (in_use_.fetch_add(rows) + rows > limit_) {
    in_use_ -= rows;
    return false;
  }
  return true;
}

IdentifierStream::IdentifierStream(const storage::Directory& directory, const domain::NationalIdRules& rules,
                                   StreamRows& rows_in_use, StreamLimits limits)
    : directory_(directory),
      rules_(rules),
      rows_in_use_(rows_in_use),
      limits_(limits),
      rows_(limits.columns, 0),
      kept_back_(limits.columns, 0) {}

IdentifierStream::~IdentifierStream() { rows_in_use_.Return(total_rows_); }

void IdentifierStream::AddFault(std::uint64_t row, std::uint32_t column, Reason reason,
                                std::vector<api::RowFault>& faults) {
  ++faults_[reason];
  ++faulty_rows_;
  api::RowFault& fault = faults.emplace_back();
  fault.set_row(row);
  fault.set_column(column);
  fault.set_reason(static_cast<std::uint32_t>(reason));
}

absl::Status IdentifierStream::Add(const api::IdentifierBatch& batch, std::vector<api::RowFault>& faults) {
  const std::string& bytes = batch.identifiers();
  const std::size_t rows = bytes.size() / NationalId::kLength;
  if (batch.column() >= limits_.columns || rows == 0 || bytes.size() % NationalId::kLength != 0 ||
      batch.first_row() != rows_[batch.column()]) {
    return MakeError(Reason::kStreamProtocol, {{DetailKey::kRow, batch.first_row()}});
  }
  if (rows > kMaxBatchRows) {
    return MakeError(Reason::kMessageTooLarge, {{DetailKey::kLimit, kMaxBatchRows}});
  }
  if (total_rows_ + rows > limits_.max_rows) {
    return MakeError(Reason::kTooManyRows, {{DetailKey::kLimit, limits_.max_rows}});
  }
  if (!rows_in_use_.Take(rows)) {
    return MakeError(Reason::kServerBusy);
  }
  total_rows_ += rows;

  identifiers_.clear();
  positions_.clear();
  for (std::size_t i = 0; i < rows; ++i) {
    const char* eleven = bytes.data() + i * NationalId::kLength;
    if (std::memcmp(eleven, kKeptBack.data(), kKeptBack.size()) == 0) {
      ++kept_back_[batch.column()];
      continue;
    }
    const domain::NationalIdRules::ParseResult parsed = rules_.ParseEleven(eleven);
    if (parsed.id.has_value()) {
      identifiers_.push_back(*parsed.id);
      positions_.push_back(batch.first_row() + i);
      continue;
    }
    AddFault(batch.first_row() + i, batch.column(), parsed.fault, faults);
  }
  rows_[batch.column()] += rows;

  tags_.resize(identifiers_.size());
  numbers_.resize(identifiers_.size());
  directory_.TagsOf(identifiers_, tags_);
  directory_.Find(tags_, numbers_);
  if (limits_.catalogue != nullptr) {
    limits_.catalogue->FindKnown(numbers_, known_);
  }
  Role& role = batch.column() == 0 ? index_ : relatives_;
  for (std::size_t i = 0; i < identifiers_.size(); ++i) {
    if (limits_.catalogue != nullptr && !known_[i]) {
      AddFault(positions_[i], batch.column(), Reason::kIdentifierNotFound, faults);
      continue;
    }
    valid_index_rows_ += batch.column() == 0 ? 1 : 0;
    if (numbers_[i] == storage::Directory::kAbsent) {
      role.unknown.push_back({tags_[i], identifiers_[i]});
    } else {
      role.known.push_back(numbers_[i]);
    }
  }
  return absl::OkStatus();
}

StreamedIdentifiers IdentifierStream::Finish() {
  StreamedIdentifiers result;
  for (Role* role : {&index_, &relatives_}) {
    SortByTag(role->unknown);
    Deduplicate(role->unknown);
  }
  result.index = storage::MakeNumberSet(index_.known);
  result.relatives = storage::MakeNumberSet(relatives_.known);
  result.strangers = Merge(index_.unknown, relatives_.unknown);

  api::StreamCounts& counts = result.counts;
  counts.set_rows(rows_[0]);
  std::uint64_t kept_back = 0;
  for (const std::uint64_t count : kept_back_) {
    kept_back += count;
  }
  counts.set_kept_back(kept_back);
  counts.set_valid_rows(valid_index_rows_);
  for (const auto& [reason, rows] : faults_) {
    api::FaultCount& fault = *counts.add_faults();
    fault.set_reason(static_cast<std::uint32_t>(reason));
    fault.set_rows(rows);
  }
  ResolveStrangers(directory_, result);
  return result;
}

void ResolveStrangers(const storage::Directory& directory, StreamedIdentifiers& stream) {
  std::vector<crypto::Tag> tags;
  tags.reserve(stream.strangers.size());
  for (const Stranger& stranger : stream.strangers) {
    tags.push_back(stranger.entry.tag);
  }
  std::vector<std::uint32_t> numbers(tags.size());
  directory.Find(tags, numbers);
  std::size_t kept = 0;
  std::uint64_t index_strangers = 0;
  std::uint64_t relative_strangers = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const Stranger& stranger = stream.strangers[i];
    if (numbers[i] == storage::Directory::kAbsent) {
      index_strangers += stranger.in_index ? 1 : 0;
      relative_strangers += stranger.in_index ? 0 : 1;
      stream.strangers[kept++] = stranger;
      continue;
    }
    if (stranger.in_index) {
      stream.index.add(numbers[i]);
    }
    if (stranger.in_relatives) {
      stream.relatives.add(numbers[i]);
    }
  }
  stream.strangers.erase(stream.strangers.begin() + static_cast<std::ptrdiff_t>(kept), stream.strangers.end());
  stream.relatives -= stream.index;
  const std::uint64_t identifiers = stream.index.cardinality() + index_strangers;
  stream.counts.set_identifiers(identifiers);
  stream.counts.set_duplicates(stream.counts.valid_rows() - identifiers);
  stream.counts.set_relatives(stream.relatives.cardinality() + relative_strangers);
}

}  // namespace kobling::server
