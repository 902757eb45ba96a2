#include "storage/key_value_store.h"

#include <iterator>

#include "domain/error.h"

namespace kobling::storage {
namespace {

absl::Status OverLimit(std::size_t limit) {
  return domain::MakeError(domain::Reason::kInternal, {{domain::DetailKey::kLimit, static_cast<std::uint64_t>(limit)}});
}

}  // namespace

std::string_view NameOf(Family family) {
  switch (family) {
    case Family::kMeta:
      return "meta";
    case Family::kIdentifiers:
      return "identifiers";
    case Family::kSets:
      return "sets";
    case Family::kRegisters:
      return "registers";
    case Family::kProjects:
      return "projects";
    case Family::kKeys:
      return "keys";
    case Family::kEvents:
      return "events";
    case Family::kLedger:
      return "ledger";
    case Family::kCallers:
      return "callers";
    case Family::kReservations:
      return "reservations";
    case Family::kSeries:
      return "series";
    case Family::kIdentity:
      return "identity";
    case Family::kSubjects:
      return "subjects";
  }
  return "unknown";
}

KeyRange KeyRange::All() { return {}; }

KeyRange KeyRange::Prefix(std::string_view prefix) {
  KeyRange range{std::string(prefix), std::string(prefix)};
  // The first key after all that start with the prefix: its last byte below 0xff, plus one. Without one, no bound.
  while (!range.end.empty() && range.end.back() == '\xff') {
    range.end.pop_back();
  }
  if (!range.end.empty()) {
    range.end.back() = static_cast<char>(static_cast<unsigned char>(range.end.back()) + 1);
  }
  return range;
}

bool KeyRange::Contains(std::string_view key) const { return key >= begin && (end.empty() || key < end); }

bool KeyRange::IsEmpty() const { return !end.empty() && end <= begin; }

void WriteBatch::Put(Family family, std::string_view key, std::string value) {
  bytes_ += key.size() + value.size();
  changes_.push_back({Kind::kPut, family, std::string(key), std::move(value)});
}

void WriteBatch::Delete(Family family, std::string_view key) {
  bytes_ += key.size();
  changes_.push_back({Kind::kDelete, family, std::string(key), {}});
}

void WriteBatch::DeleteRange(Family family, KeyRange range) {
  bytes_ += range.begin.size() + range.end.size();
  changes_.push_back({Kind::kDeleteRange, family, std::move(range.begin), std::move(range.end)});
}

void WriteBatch::RequireAbsent(Family family, std::string_view key) {
  bytes_ += key.size();
  requirements_.push_back({family, std::string(key), std::nullopt});
}

void WriteBatch::RequireValue(Family family, std::string_view key, std::string value) {
  bytes_ += key.size() + value.size();
  requirements_.push_back({family, std::string(key), std::move(value)});
}

void WriteBatch::Append(WriteBatch&& other) {
  changes_.insert(changes_.end(), std::make_move_iterator(other.changes_.begin()),
                  std::make_move_iterator(other.changes_.end()));
  requirements_.insert(requirements_.end(), std::make_move_iterator(other.requirements_.begin()),
                       std::make_move_iterator(other.requirements_.end()));
  bytes_ += other.bytes_;
  other.Clear();
}

void WriteBatch::Clear() {
  changes_.clear();
  requirements_.clear();
  bytes_ = 0;
}

absl::Status CheckKey(std::string_view key) {
  return key.empty() || key.size() > kMaxKeyBytes ? OverLimit(kMaxKeyBytes) : absl::OkStatus();
}

absl::Status CheckLimits(const WriteBatch& batch) {
  if (batch.bytes() > kMaxBatchBytes) {
    return OverLimit(kMaxBatchBytes);
  }
  for (const WriteBatch::Change& change : batch.changes()) {
    if (change.kind == WriteBatch::Kind::kDeleteRange) {
      if (change.key.size() > kMaxKeyBytes || change.value.size() > kMaxKeyBytes) {
        return OverLimit(kMaxKeyBytes);
      }
      continue;
    }
    if (absl::Status checked = CheckKey(change.key); !checked.ok()) {
      return checked;
    }
    if (change.value.size() > kMaxValueBytes) {
      return OverLimit(kMaxValueBytes);
    }
  }
  for (const WriteBatch::Requirement& requirement : batch.requirements()) {
    if (absl::Status checked = CheckKey(requirement.key); !checked.ok()) {
      return checked;
    }
  }
  return absl::OkStatus();
}

}  // namespace kobling::storage
