#include "storage/identity_log.h"

#include <algorithm>
#include <string>
#include <utility>

#include "domain/big_endian.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::storage {
namespace {

absl::Status Corrupt(std::string_view hint) {
  return domain::MakeError(domain::Reason::kRecordCorrupt, {{domain::DetailKey::kHint, hint}});
}

std::string BlockKey(std::uint64_t last_sequence) {
  std::string key;
  domain::AppendBigEndian(key, last_sequence);
  return key;
}

std::string SealedAs(std::string_view key) { return "kobling/v1/identity" + std::string(1, '\0') + std::string(key); }

// Takes a number from the front of the bytes, or fails.
template <typename Number>
bool Take(std::string_view& bytes, Number& number) {
  if (bytes.size() < sizeof(Number)) {
    return false;
  }
  number = domain::ReadBigEndian<Number>(bytes);
  bytes.remove_prefix(sizeof(Number));
  return true;
}

// kind[1] count[1] day[4] number[4]... other[4]
void AppendChange(const IdentityChange& change, std::string& block) {
  domain::AppendBigEndian(block, static_cast<std::uint8_t>(change.kind));
  domain::AppendBigEndian(block, static_cast<std::uint8_t>(change.numbers.size()));
  domain::AppendBigEndian(block, static_cast<std::uint32_t>(change.day));
  for (const std::uint32_t number : change.numbers) {
    domain::AppendBigEndian(block, number);
  }
  domain::AppendBigEndian(block, change.other);
}

bool TakeChange(std::string_view& bytes, IdentityChange& change) {
  std::uint8_t kind = 0;
  std::uint8_t count = 0;
  std::uint32_t day = 0;
  if (!Take(bytes, kind) || !Take(bytes, count) || !Take(bytes, day) || count == 0 || kind == 0 ||
      kind > static_cast<std::uint8_t>(IdentityEventKind::kParentsAllowed)) {
    return false;
  }
  change.kind = static_cast<IdentityEventKind>(kind);
  change.day = static_cast<std::int32_t>(day);
  change.numbers.resize(count);
  for (std::uint32_t& number : change.numbers) {
    if (!Take(bytes, number)) {
      return false;
    }
  }
  return Take(bytes, change.other);
}

}  // namespace

void IdentityLog::Append(const IdentityBlock& block, WriteBatch& batch) const {
  std::string plaintext;
  domain::AppendBigEndian(plaintext, static_cast<std::uint64_t>(block.applied_us));
  for (const IdentityChange& change : block.changes) {
    AppendChange(change, plaintext);
  }
  const std::string key = BlockKey(block.first_sequence + block.changes.size() - 1);
  const std::string associated = SealedAs(key);
  batch.Put(Family::kIdentity, key, sealer_.Seal(plaintext, {associated}));
}

absl::StatusOr<IdentityBlock> IdentityLog::Open(std::string_view key, std::string_view sealed) const {
  if (key.size() != sizeof(std::uint64_t)) {
    return Corrupt("a block of the identity history has a wrong key");
  }
  const std::string associated = SealedAs(key);
  KOBLING_ASSIGN_OR_RETURN(const std::string plaintext, sealer_.Open(sealed, {associated}));
  IdentityBlock block;
  std::string_view bytes = plaintext;
  std::uint64_t applied_us = 0;
  bool is_whole = Take(bytes, applied_us) && !bytes.empty();
  block.applied_us = static_cast<std::int64_t>(applied_us);
  while (is_whole && !bytes.empty()) {
    is_whole = TakeChange(bytes, block.changes.emplace_back());
  }
  if (!is_whole) {
    return Corrupt("a block of the identity history has a wrong length");
  }
  block.first_sequence = domain::ReadBigEndian<std::uint64_t>(key) + 1 - block.changes.size();
  return block;
}

absl::Status IdentityLog::ForEach(std::uint64_t first, const std::function<bool(const IdentityBlock&)>& visit) const {
  KeyRange range;
  range.begin = BlockKey(first);  // the first block whose last event is not before it
  KOBLING_ASSIGN_OR_RETURN(const auto rows, store_.Scan(Family::kIdentity, range));
  std::uint64_t expected = 0;
  for (; rows->Valid(); rows->Next()) {
    KOBLING_ASSIGN_OR_RETURN(const IdentityBlock block, Open(rows->key(), rows->value()));
    if (expected != 0 && block.first_sequence != expected) {
      return Corrupt("events of the identity history are missing");
    }
    expected = block.first_sequence + block.changes.size();
    if (!visit(block)) {
      return absl::OkStatus();
    }
  }
  return rows->status();
}

absl::Status IdentityLog::Load(IdentityMap& map) const {
  return ForEach(0, [&](const IdentityBlock& block) {
    map.Apply(block.first_sequence, block.changes);
    return true;
  });
}

absl::StatusOr<const IdentityMap*> IdentityReplay::AdvanceTo(std::uint64_t version) {
  const std::uint64_t from = map_.version();
  if (version > from) {
    KOBLING_RETURN_IF_ERROR(log_.ForEach(from + 1, [&](const IdentityBlock& block) {
      const std::uint64_t skipped = from >= block.first_sequence ? from + 1 - block.first_sequence : 0;
      const std::uint64_t wanted =
          version < block.first_sequence
              ? 0
              : std::min<std::uint64_t>(version - block.first_sequence + 1, block.changes.size());
      if (wanted > skipped) {
        map_.Apply(block.first_sequence + skipped, std::span(block.changes).subspan(skipped, wanted - skipped));
      }
      return block.first_sequence + block.changes.size() <= version;
    }));
  }
  return &map_;
}

}  // namespace kobling::storage
