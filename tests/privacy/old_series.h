// A series of numbers that was made elsewhere, as a register keeps it in a file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kobling::tests {

struct OldSeries {
  std::vector<std::string> numbers;  // of both files
  std::string rows;                  // the right file, with a bad row of each kind
  std::string wrong_rows;            // everybody with another number
  std::string project_case;          // as a file
};

OldSeries MakeOldSeries(const std::vector<std::string>& people, const std::vector<std::string>& others,
                        std::uint64_t seed);

// The command that imports such a file, but for the files.
std::vector<std::string> ImportArguments(const std::string& project);

}  // namespace kobling::tests
