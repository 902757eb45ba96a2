// `kobling apply`: a register's extract with løpenumre where its identifiers were.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/files/atomic_file.h"
#include "client/files/lopenummer_map.h"
#include "client/files/row_sorter.h"
#include "client/files/table_reader.h"

namespace kobling::client {

// What happens to a relative who has no løpenummer (not in the key file, or malformed). The row of a person without one
// is always left out. No setting lets an identifier pass.
enum class RelativeWithout { kBlankCell, kDropRow };

// kInput keeps the register's own order, which may tell who somebody is; the result then carries a warning.
enum class RowOrder { kLopenummer, kInput };

struct Rename {
  ColumnName column;  // as it is in the extract: the index or a relative
  std::string new_name;
};

struct ApplyOptions {
  std::string extract;                                   // path; a name for messages if a descriptor is given
  std::optional<int> extract_descriptor = std::nullopt;  // read instead of the path, for example standard input
  TableOptions table = {};
  ColumnName index;
  std::vector<ColumnName> relatives = {};
  std::vector<Rename> renames = {};
  std::vector<ColumnName> allowed = {};  // columns that may hold what looks like identifiers
  RelativeWithout relative_without = RelativeWithout::kBlankCell;
  RowOrder order = RowOrder::kLopenummer;
  std::string output = {};
  std::string used = {};  // where the løpenumre that were written are listed; empty for nowhere
  Overwrite overwrite = Overwrite::kRefuse;
  std::size_t sort_memory_bytes = std::size_t{256} << 20;
  std::string temporary_folder = {};  // of sorted rows; empty for the folder of the output
};

struct ReplacedColumn {
  std::string column;  // as TableReader::Describe
  std::string new_name;
  std::uint64_t replaced = 0;
  std::uint64_t not_in_key_file = 0;  // valid, but without a row in the key file
  std::uint64_t malformed = 0;        // no valid identifier of any series
  std::uint64_t missing = 0;          // empty
};

struct ApplyResult {
  std::uint64_t rows_in = 0;
  std::uint64_t rows_out = 0;
  std::vector<ReplacedColumn> columns;  // the index, then the relatives as they were named; counted over all rows read
  std::uint64_t distinct_used = 0;      // different løpenumre in the output
  std::vector<std::string> warnings;
};

// Streams the extract once. Every byte but the replaced cells and their header cells passes unchanged: delimiter,
// quotes, encoding, line endings (the first line's, throughout); a byte order mark is left out. Rows come out sorted by
// løpenummer, those of one person by their bytes.
//
// Fails as TableReader and AtomicFile do; with COLUMN_NOT_FOUND or COLUMN_DUPLICATE; with IDENTIFIERS_IN_OTHER_COLUMN,
// naming the first such column and the number of cells, if a column that is passed on holds identifiers (the rule is at
// OtherColumns; it is applied to all rows, and before rows go to a temporary file also to those read so far). After a
// failure neither the output nor the list of løpenumre is there, and a file that was there before is as it was.
//
// Marks the løpenumre that were written in the map: use a fresh map for every extract whose list is wanted by itself.
absl::StatusOr<ApplyResult> Apply(LopenummerMap& key_file, const ApplyOptions& options);

// Writes løpenumre, one a line; 0600, whole or not at all.
absl::Status WriteLopenumre(const std::vector<domain::Lopenummer>& lopenumre, AtomicFile& file);

}  // namespace kobling::client
