// Looks for identifiers where none should be: in the columns of an extract that are passed on unchanged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "client/files/lopenummer_map.h"
#include "client/files/table_reader.h"
#include "domain/national_id.h"

namespace kobling::client {

// Counts, in every cell of the watched columns, what IdentifierScan finds and NationalIdRules accept with all series
// switched on.
//
// One eleven-digit number in about four hundred is a valid identifier by chance (of bank account numbers, one in
// eighty), so a single hit proves little in a column of numbers, and nothing less than all is proof that a column is
// harmless. A column is refused if a cell holds
//   - an identifier that the key file has: chance does not produce those; or
//   - valid identifiers in at least one in a thousand of its cells that are not empty.
// So a single stray identifier of somebody outside the key file passes in a column of more than a thousand filled
// cells; it is counted, and the caller is told. Not thread-safe.
class OtherColumns {
 public:
  struct Finding {
    std::size_t column = 0;
    std::uint64_t filled = 0;  // cells that are not empty
    std::uint64_t valid = 0;   // cells with at least one valid identifier
    std::uint64_t known = 0;   // of those, with at least one that the key file has
    bool is_settled = false;   // refused at an earlier point of the file, for good
    bool is_refused() const { return is_settled || known > 0 || (valid > 0 && valid * 1000 >= filled); }
  };

  // `known` must outlive the object.
  OtherColumns(const LopenummerMap& known, std::span<const std::size_t> columns);

  void Look(std::span<const Field> fields);

  // Whether some column is refused whatever the rest of the file holds.
  bool is_certainly_refused() const;
  // Refuses for good every column that is refused on what has been seen so far; says whether there is one.
  bool Settle();
  // One entry a watched column, in order.
  std::span<const Finding> findings() const { return findings_; }

 private:
  void LookInto(std::string_view value, Finding& finding) const;

  const LopenummerMap& known_;
  domain::NationalIdRules rules_;
  std::vector<Finding> findings_;
};

}  // namespace kobling::client
