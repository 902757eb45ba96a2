// Pulls the identifiers out of a table: one index column, and any number of columns that name relatives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "client/files/table_reader.h"
#include "domain/error.h"
#include "domain/national_id.h"

namespace kobling::client {

// What one cell holds.
struct IdentifierCell {
  enum class State : std::uint8_t {
    kDigits,   // eleven digits: `digits` and `packed`
    kMissing,  // an empty relative's cell, which is no fault
    kFault,    // anything else: `fault`
  };
  State state = State::kMissing;
  domain::Reason fault = domain::Reason::kIdentifierEmpty;  // meaningful only for kFault
  std::uint64_t packed = 0;                                 // the digits as a number; meaningful only for kDigits
  const char* digits = nullptr;                             // eleven bytes in the record; meaningful only for kDigits
};

struct IdentifierRow {
  std::uint64_t line = 0;
  IdentifierCell index;
  std::span<const IdentifierCell> relatives;  // in the order in which the columns were named
};

// kFormat: eleven digits are enough; the server, which knows what is accepted, says the rest.
// kRules: check digits, dates and series too, as a dry run before anything is sent.
enum class IdentifierCheck { kFormat, kRules };

// Reads single cells. Quotes around a value were removed by the table reader; nothing else is: a space before or after
// an identifier is a fault, because whoever made it did not treat the column as text. Immutable; safe to share.
class IdentifierCellReader {
 public:
  // The series accepted matter for kRules only.
  IdentifierCellReader(IdentifierCheck check, const domain::AcceptedSeries& accepted)
      : check_(check), rules_(accepted) {}

  // An empty index is IDENTIFIER_EMPTY, an empty relative is missing.
  IdentifierCell ReadIndex(std::string_view value) const;
  IdentifierCell ReadRelative(std::string_view value) const;

 private:
  IdentifierCell Read(std::string_view value) const;

  IdentifierCheck check_;
  domain::NationalIdRules rules_;
};

// Where the columns stand in a table, from 0.
struct IdentifierColumns {
  std::size_t index = 0;
  std::vector<std::size_t> relatives;
};

// Finds the columns. Fails with COLUMN_NOT_FOUND, or COLUMN_DUPLICATE if two of them are the same column.
absl::StatusOr<IdentifierColumns> FindIdentifierColumns(const TableReader& table, const ColumnName& index,
                                                        std::span<const ColumnName> relatives);

// The rows of a table, identifiers only. Both objects must outlive it. Not thread-safe.
class IdentifierRows {
 public:
  IdentifierRows(TableReader& table, IdentifierColumns columns, const IdentifierCellReader& cells);

  // The next row, or nullptr at the end; valid until the next call.
  absl::StatusOr<const IdentifierRow*> Next();

 private:
  TableReader& table_;
  IdentifierColumns columns_;
  const IdentifierCellReader& cells_;
  std::vector<IdentifierCell> relatives_;
  IdentifierRow row_;
};

}  // namespace kobling::client
