// Numbers that were made elsewhere and cannot be computed: who had which, by import, sealed under the project's own
// key.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/sealed_box.h"
#include "storage/key_value_store.h"

namespace kobling::storage {

struct SeriesRow {
  std::uint32_t identifier;  // as the directory numbers it
  std::string number;        // at most 255 bytes
  friend bool operator==(const SeriesRow&, const SeriesRow&) = default;
};

// What one import left, by the number of its key file. The texts must outlive the object.
struct SeriesImportId {
  std::string_view project;
  std::string_view register_id;
  std::uint32_t key_file;
};

class SeriesStore {
 public:
  static constexpr std::size_t kBlockRows = 1000;

  // Adds the rows of a new import to the batch, in blocks of up to kBlockRows.
  static void Put(const SeriesImportId& id, std::span<const SeriesRow> rows, const crypto::RecordSealer& sealer,
                  WriteBatch& batch);

  // The rows of one import, or of all imports of a project, in the order in which they were put. Fails with
  // RECORD_CORRUPT if a block cannot be opened or one before another is missing.
  static absl::StatusOr<std::vector<SeriesRow>> Load(const Reader& store, const SeriesImportId& id,
                                                     const crypto::RecordSealer& sealer);
  static absl::StatusOr<std::vector<SeriesRow>> LoadProject(const Reader& store, std::string_view project,
                                                            const crypto::RecordSealer& sealer);

  // Adds the deletion of the rows to the batch.
  static void Delete(const SeriesImportId& id, WriteBatch& batch);
  static void DeleteProject(std::string_view project, WriteBatch& batch);

  // Makes deleted rows disappear from the files of the store, if any was deleted since this was done last; a crash
  // between the two is made up for by the next call. Safe for concurrent use, also with deletions.
  static absl::Status PurgeDeleted(KeyValueStore& store);
};

}  // namespace kobling::storage
