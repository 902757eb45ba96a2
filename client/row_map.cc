#include "client/row_map.h"

#include <algorithm>
#include <bit>
#include <iterator>

namespace kobling::client {

namespace {
constexpr std::uint64_t kWordBits = 64;
}  // namespace

void LineMap::Add(std::uint64_t line) {
  if (jumps_.empty() || jumps_.back().line + (size_ - jumps_.back().record) != line) {
    jumps_.push_back({size_, line});
  }
  ++size_;
}

std::uint64_t LineMap::LineOf(std::uint64_t record) const {
  const auto after = std::upper_bound(jumps_.begin(), jumps_.end(), record,
                                      [](std::uint64_t wanted, const Jump& jump) { return wanted < jump.record; });
  if (after == jumps_.begin()) {
    return 0;
  }
  const Jump& jump = *std::prev(after);
  return jump.line + (record - jump.record);
}

void PresenceMap::Add(Presence presence) {
  if (size_ % kWordBits == 0) {
    words_.push_back(0);
    count_before_word_.push_back(count_);
  }
  if (presence == Presence::kPresent) {
    words_.back() |= std::uint64_t{1} << (size_ % kWordBits);
    ++count_;
  }
  ++size_;
}

std::uint64_t PresenceMap::RecordOf(std::uint64_t value) const {
  const auto after = std::upper_bound(count_before_word_.begin(), count_before_word_.end(), value);
  const auto word = static_cast<std::uint64_t>(after - count_before_word_.begin()) - 1;
  std::uint64_t bits = words_[word];
  for (std::uint64_t skip = value - count_before_word_[word]; skip > 0; --skip) {
    bits &= bits - 1;
  }
  return word * kWordBits + static_cast<std::uint64_t>(std::countr_zero(bits));
}

}  // namespace kobling::client
