#include "storage/set_store.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "domain/big_endian.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::storage {
namespace {

constexpr char kWhole = 0;
constexpr char kChunk = 1;
constexpr std::size_t kIdBytes = 16;
constexpr std::string_view kPurgeDueKey = "sets/purge";  // in the family meta, while deleted sets may be in files

std::string WholeKey(const SetId& id) { return id + std::string(1, kWhole); }

std::string ChunkKey(const SetId& id, std::uint32_t chunk) {
  std::string key = id + std::string(1, kChunk);
  domain::AppendBigEndian(key, static_cast<std::uint16_t>(chunk));
  return key;
}

std::string Serialise(const NumberSet& set) {
  std::string bytes(set.getSizeInBytes(), '\0');
  bytes.resize(set.write(bytes.data()));
  return bytes;
}

// Rows are sealed for the place where they stand, so that no row passes for another.
std::string SealedAs(std::string_view row_key) {
  return "kobling/v1/set" + std::string(1, '\0') + std::string(row_key);
}

}  // namespace

SetId SetStore::NameOf(const NumberSet& set) const {
  if (set.isEmpty()) {
    return {};
  }
  auto stream = digest_.Start("set");
  std::array<std::uint8_t, 4096> block;
  std::size_t used = 0;
  for (const std::uint32_t number : set) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      block[used++] = static_cast<std::uint8_t>(number >> shift);
    }
    if (used == block.size()) {
      stream.Update(block);
      used = 0;
    }
  }
  stream.Update(std::span(block).first(used));
  const crypto::Digest digest = stream.Finish();
  return SetId(reinterpret_cast<const char*>(digest.data()), kIdBytes);
}

absl::StatusOr<SetId> SetStore::Put(const NumberSet& set, WriteBatch& batch) const {
  SetId id = NameOf(set);
  if (id.empty()) {
    return id;
  }
  KOBLING_ASSIGN_OR_RETURN(const auto present, store_.Scan(Family::kSets, KeyRange::Prefix(id)));
  if (present->Valid()) {
    return id;  // rows of a set are written in one batch, so one row means all
  }
  KOBLING_RETURN_IF_ERROR(present->status());
  const auto put = [&](const std::string& key, const NumberSet& part) {
    const std::string associated = SealedAs(key);
    batch.Put(Family::kSets, key, sealer_.Seal(Serialise(part), {associated}));
  };
  if (set.getSizeInBytes() <= kSmallSetBytes) {
    put(WholeKey(id), set);
    return id;
  }
  for (std::uint64_t chunk = set.minimum() >> 16; chunk <= set.maximum() >> 16; ++chunk) {
    NumberSet part;
    part.addRange(chunk << 16, (chunk + 1) << 16);
    part &= set;
    if (!part.isEmpty()) {
      part.runOptimize();
      put(ChunkKey(id, static_cast<std::uint32_t>(chunk)), part);
    }
  }
  return id;
}

absl::StatusOr<NumberSet> SetStore::Open(std::string_view row_key, std::string_view sealed) const {
  const std::string associated = SealedAs(row_key);
  KOBLING_ASSIGN_OR_RETURN(const std::string bytes, sealer_.Open(sealed, {associated}));
  return NumberSet::readSafe(bytes.data(), bytes.size());
}

absl::StatusOr<NumberSet> SetStore::Get(const SetId& id) const {
  NumberSet set;
  if (id.empty()) {
    return set;
  }
  KOBLING_ASSIGN_OR_RETURN(const auto rows, store_.Scan(Family::kSets, KeyRange::Prefix(id)));
  for (; rows->Valid(); rows->Next()) {
    KOBLING_ASSIGN_OR_RETURN(const NumberSet part, Open(rows->key(), rows->value()));
    set |= part;
  }
  KOBLING_RETURN_IF_ERROR(rows->status());
  if (NameOf(set) != id) {  // each row opened, but one of them, or all, may be gone
    return domain::MakeError(domain::Reason::kRecordCorrupt,
                             {{domain::DetailKey::kHint, "a set is missing, or a part of it"}});
  }
  return set;
}

absl::StatusOr<bool> SetStore::Contains(const SetId& id, std::uint32_t number) const {
  if (id.empty()) {
    return false;
  }
  for (const std::string& key : {ChunkKey(id, number >> 16), WholeKey(id)}) {
    KOBLING_ASSIGN_OR_RETURN(const std::optional<std::string> row, store_.Get(Family::kSets, key));
    if (row.has_value()) {
      KOBLING_ASSIGN_OR_RETURN(const NumberSet part, Open(key, *row));
      return part.contains(number);
    }
  }
  // A large set has no row for a chunk without members; a set without any row is lost.
  KOBLING_ASSIGN_OR_RETURN(const auto rows, store_.Scan(Family::kSets, KeyRange::Prefix(id)));
  KOBLING_RETURN_IF_ERROR(rows->status());
  if (!rows->Valid()) {
    return domain::MakeError(domain::Reason::kRecordCorrupt, {{domain::DetailKey::kHint, "a set is missing"}});
  }
  return false;
}

void SetStore::Delete(const SetId& id, WriteBatch& batch) {
  if (id.size() == kIdBytes) {  // the empty set has no row, and its name is the beginning of all others
    batch.DeleteRange(Family::kSets, KeyRange::Prefix(id));
    batch.Put(Family::kMeta, kPurgeDueKey, "");
  }
}

absl::Status SetStore::PurgeDeleted(KeyValueStore& store) {
  KOBLING_ASSIGN_OR_RETURN(const std::optional<std::string> due, store.Get(Family::kMeta, kPurgeDueKey));
  if (!due.has_value()) {
    return absl::OkStatus();
  }
  KOBLING_RETURN_IF_ERROR(store.Purge(Family::kSets));
  WriteBatch batch;
  batch.Delete(Family::kMeta, kPurgeDueKey);
  return store.Commit(batch);
}

}  // namespace kobling::storage
