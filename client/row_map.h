// From the rows of a stream back to the lines of a file, in little memory.
#pragma once

#include <cstdint>
#include <vector>

namespace kobling::client {

// Lines of records that mostly follow each other: only those that do not, because a record spans several lines, are
// kept.
class LineMap {
 public:
  // Records are added in order, from record 0.
  void Add(std::uint64_t line);
  std::uint64_t LineOf(std::uint64_t record) const;
  std::uint64_t size() const { return size_; }

 private:
  struct Jump {
    std::uint64_t record;
    std::uint64_t line;
  };
  std::vector<Jump> jumps_;
  std::uint64_t size_ = 0;
};

// Which records have a value in a column that may be empty: one bit for each, and a count for every 64.
class PresenceMap {
 public:
  enum class Presence { kAbsent, kPresent };
  // Records are added in order.
  void Add(Presence presence);
  // Values so far.
  std::uint64_t count() const { return count_; }
  // The record that holds the value with this number, from 0. The number must be less than count().
  std::uint64_t RecordOf(std::uint64_t value) const;

 private:
  std::vector<std::uint64_t> words_;
  std::vector<std::uint64_t> count_before_word_;
  std::uint64_t size_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace kobling::client
