#include "storage/series_store.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "crypto/secret_memory.h"
#include "domain/big_endian.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::storage {
namespace {

constexpr std::string_view kPurgeDueKey = "series/purge";  // in the family meta, while deleted rows may be in files
constexpr std::size_t kNumberBytes = sizeof(std::uint32_t);

std::string ProjectPrefix(std::string_view project) { return std::string(project) + '\0'; }

std::string ImportPrefix(const SeriesImportId& id) {
  std::string prefix = ProjectPrefix(id.project) + std::string(id.register_id) + '\0';
  domain::AppendBigEndian(prefix, id.key_file);
  return prefix;
}

// Rows are sealed for the place where they stand, so that no row passes for another.
std::string SealedAs(std::string_view row_key) {
  return "kobling/v1/series" + std::string(1, '\0') + std::string(row_key);
}

void Wipe(std::string& text) { crypto::Wipe(std::span(reinterpret_cast<std::uint8_t*>(text.data()), text.size())); }

absl::Status Corrupt(std::string_view hint) {
  return domain::MakeError(domain::Reason::kRecordCorrupt, {{domain::DetailKey::kHint, hint}});
}

absl::Status ReadBlock(std::string_view block, std::vector<SeriesRow>& rows) {
  while (!block.empty()) {
    const std::size_t length = block.size() > kNumberBytes ? static_cast<unsigned char>(block[kNumberBytes]) : 0;
    if (block.size() < kNumberBytes + 1 + length || length == 0) {
      return Corrupt("a block of a series");
    }
    rows.push_back({domain::ReadBigEndian<std::uint32_t>(block), std::string(block.substr(kNumberBytes + 1, length))});
    block.remove_prefix(kNumberBytes + 1 + length);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<SeriesRow>> LoadBlocks(const Reader& store, std::string_view prefix,
                                                  const crypto::RecordSealer& sealer) {
  std::vector<SeriesRow> rows;
  std::string import;
  std::uint32_t next_block = 0;
  KOBLING_ASSIGN_OR_RETURN(const auto blocks, store.Scan(Family::kSeries, KeyRange::Prefix(prefix)));
  for (; blocks->Valid(); blocks->Next()) {
    const std::string_view key = blocks->key();
    if (key.size() <= kNumberBytes) {
      return Corrupt("a key of a series");
    }
    const std::string_view this_import = key.substr(0, key.size() - kNumberBytes);
    next_block = this_import == import ? next_block : 0;
    import = std::string(this_import);
    if (domain::ReadBigEndian<std::uint32_t>(key.substr(this_import.size())) != next_block++) {
      return Corrupt("a block of a series is missing");
    }
    const std::string associated = SealedAs(key);
    KOBLING_ASSIGN_OR_RETURN(std::string block, sealer.Open(blocks->value(), {associated}));
    const absl::Status read = ReadBlock(block, rows);
    Wipe(block);
    KOBLING_RETURN_IF_ERROR(read);
  }
  KOBLING_RETURN_IF_ERROR(blocks->status());
  return rows;
}

// The value differs with every deletion, so that a purge knows whether another came meanwhile.
void DeleteRows(const std::string& prefix, WriteBatch& batch) {
  batch.DeleteRange(Family::kSeries, KeyRange::Prefix(prefix));
  batch.Put(Family::kMeta, kPurgeDueKey, prefix);
}

}  // namespace

void SeriesStore::Put(const SeriesImportId& id, std::span<const SeriesRow> rows, const crypto::RecordSealer& sealer,
                      WriteBatch& batch) {
  const std::string prefix = ImportPrefix(id);
  std::uint32_t block_number = 0;
  for (std::size_t begin = 0; begin < rows.size(); begin += kBlockRows) {
    std::string block;
    block.reserve(kBlockRows * 64);
    for (const SeriesRow& row : rows.subspan(begin, std::min(kBlockRows, rows.size() - begin))) {
      domain::AppendBigEndian(block, row.identifier);
      block.push_back(static_cast<char>(static_cast<std::uint8_t>(row.number.size())));
      block += row.number;
    }
    std::string key = prefix;
    domain::AppendBigEndian(key, block_number++);
    const std::string associated = SealedAs(key);
    batch.Put(Family::kSeries, key, sealer.Seal(block, {associated}));
    Wipe(block);
  }
}

absl::StatusOr<std::vector<SeriesRow>> SeriesStore::Load(const Reader& store, const SeriesImportId& id,
                                                         const crypto::RecordSealer& sealer) {
  return LoadBlocks(store, ImportPrefix(id), sealer);
}

absl::StatusOr<std::vector<SeriesRow>> SeriesStore::LoadProject(const Reader& store, std::string_view project,
                                                                const crypto::RecordSealer& sealer) {
  return LoadBlocks(store, ProjectPrefix(project), sealer);
}

void SeriesStore::Delete(const SeriesImportId& id, WriteBatch& batch) { DeleteRows(ImportPrefix(id), batch); }

void SeriesStore::DeleteProject(std::string_view project, WriteBatch& batch) {
  DeleteRows(ProjectPrefix(project), batch);
}

absl::Status SeriesStore::PurgeDeleted(KeyValueStore& store) {
  KOBLING_ASSIGN_OR_RETURN(const std::optional<std::string> due, store.Get(Family::kMeta, kPurgeDueKey));
  if (!due.has_value()) {
    return absl::OkStatus();
  }
  KOBLING_RETURN_IF_ERROR(store.Purge(Family::kSeries));
  WriteBatch batch;
  batch.RequireValue(Family::kMeta, kPurgeDueKey, *due);
  batch.Delete(Family::kMeta, kPurgeDueKey);
  const absl::Status done = store.Commit(batch);
  // Somebody deleted more meanwhile, or purged as well: what is due then stays due.
  return domain::ReasonOf(done) == domain::Reason::kPreconditionFailed ? absl::OkStatus() : done;
}

}  // namespace kobling::storage
