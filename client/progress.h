// How far a long command has come, on a terminal.
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>

#include "absl/time/time.h"
#include "domain/clock.h"

namespace kobling::client {

// One line that is written again and again: rows, bytes or events so far, how many a second and, when the size is
// known, the time left. Plain characters only. Silent if hidden. Not thread-safe.
class Progress {
 public:
  enum class Show { kYes, kNo };
  enum class Unit { kRows, kBytes, kEvents };

  // The stream and the clock must outlive the object.
  Progress(std::ostream& out, Show show, Unit unit, const domain::Clock& clock);

  // `total_bytes` is the size of what is read, if it is known. Writes at most five times a second.
  void Update(std::uint64_t count, std::uint64_t bytes, std::optional<std::uint64_t> total_bytes);

  // Takes the line away.
  void Finish();

 private:
  std::ostream& out_;
  Show show_;
  Unit unit_;
  const domain::Clock& clock_;
  absl::Time started_;
  absl::Time last_ = absl::InfinitePast();
  std::size_t width_ = 0;
};

// 1234567 as "1 234 567".
std::string Grouped(std::uint64_t number);

}  // namespace kobling::client
