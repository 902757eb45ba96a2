#include "client/progress.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_format.h"

namespace kobling::client {
namespace {

constexpr absl::Duration kBetweenLines = absl::Milliseconds(200);

}  // namespace

std::string Grouped(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t position = text.size(); position > 3;) {
    position -= 3;
    text.insert(position, 1, ' ');
  }
  return text;
}

Progress::Progress(std::ostream& out, Show show, Unit unit, const domain::Clock& clock)
    : out_(out), show_(show), unit_(unit), clock_(clock), started_(clock.Now()) {}

void Progress::Update(std::uint64_t count, std::uint64_t bytes, std::optional<std::uint64_t> total_bytes) {
  if (show_ == Show::kNo) {
    return;
  }
  const absl::Time now = clock_.Now();
  if (now - last_ < kBetweenLines) {
    return;
  }
  last_ = now;
  const double seconds = std::max(absl::ToDoubleSeconds(now - started_), 0.001);
  const char* const unit = unit_ == Unit::kRows ? "rows" : unit_ == Unit::kBytes ? "bytes" : "events";
  const auto per_second = static_cast<std::uint64_t>(static_cast<double>(count) / seconds);
  std::string line = absl::StrFormat("  %s %s, %s %s/s", Grouped(count), unit, Grouped(per_second), unit);
  if (total_bytes && bytes > 0) {
    const double left = static_cast<double>(*total_bytes - std::min(bytes, *total_bytes)) / static_cast<double>(bytes);
    line += absl::StrFormat(", %d s left", static_cast<std::int64_t>(seconds * left + 0.5));
  }
  out_ << '\r' << line << std::string(width_ > line.size() ? width_ - line.size() : 0, ' ') << std::flush;
  width_ = std::max(width_, line.size());
}

void Progress::Finish() {
  if (width_ > 0) {
    out_ << '\r' << std::string(width_, ' ') << '\r' << std::flush;
    width_ = 0;
  }
}

}  // namespace kobling::client
