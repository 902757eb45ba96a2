// `kobling lopenummer check`: are these løpenumre spelled right? Answered without a server and without a key.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "domain/lopenummer.h"

namespace kobling::client {

struct LopenummerCheckCounts {
  std::uint64_t right = 0;
  std::uint64_t wrong = 0;
  std::uint64_t blank = 0;  // blank lines, which are not checked
};

// Called for every line that is not blank, with its number from 1, and the problem if it has one.
using OnCheckedLine =
    std::function<absl::Status(std::uint64_t line, const std::optional<domain::LopenummerProblem>& problem)>;

// Reads one løpenummer a line (LF or CR LF, a byte order mark is left out, a first line `lopenummer` is a header) from
// a descriptor that the caller keeps. The name is for messages. Whether a well-spelled løpenummer was ever issued
// cannot be told offline. Fails with FILE_UNREADABLE, with FILE_MALFORMED if a line is longer than 64 KiB, or as the
// callback does.
absl::StatusOr<LopenummerCheckCounts> CheckLopenumre(int descriptor, const std::string& name,
                                                     const OnCheckedLine& on_line);

// One sentence that helps to mend it, without the value: "character 5 is an I, O, L or U, which a løpenummer does not
// have; probably 1 was meant".
std::string Explain(const domain::LopenummerProblem& problem);

}  // namespace kobling::client
