// The rows of a stream that were left out: what the client kept back and what the server said, by line of the file.
#pragma once

#include <cstdint>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "client/files/rejects_writer.h"
#include "domain/error.h"

namespace kobling::client {

struct LineFault {
  std::uint64_t line = 0;
  std::uint32_t column = 0;  // place in the list of columns
  domain::Reason reason = domain::Reason::kIdentifierEmpty;
};

// Collects in any order. Never holds a value of the file.
class RowFaults {
 public:
  explicit RowFaults(std::vector<std::string> columns) : columns_(columns), rejects_(std::move(columns)) {}

  void Add(const LineFault& fault);
  std::size_t count() const { return rejects_.count(); }

  // For people: the first of them as line;column;reason, then how many for each reason. Nothing if there is none.
  void Print(std::ostream& out) const;
  // All of them, sorted, as RejectsWriter writes them.
  [[nodiscard]] absl::Status WriteTo(AtomicFile& file) { return rejects_.WriteTo(file); }

 private:
  std::vector<std::string> columns_;
  RejectsWriter rejects_;
  std::vector<LineFault> first_;  // the lowest lines, sorted
  std::map<domain::Reason, std::uint64_t> by_reason_;
};

}  // namespace kobling::client
