#include "tests/privacy/byte_search.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "server/runtime/testing.h"

namespace kobling::tests {
namespace {

constexpr unsigned kFilterBits = 20;
constexpr std::size_t kMostHits = 100;  // more say nothing new

std::uint32_t Beginning(const char* bytes) {
  std::uint32_t beginning = 0;
  std::memcpy(&beginning, bytes, sizeof beginning);
  return beginning;
}

std::size_t Place(std::uint32_t beginning) { return (beginning * 2'654'435'761U) >> (32 - kFilterBits); }

}  // namespace

ByteSearch::ByteSearch() : begins_(std::size_t{1} << kFilterBits) {}

void ByteSearch::Add(std::string name, std::string pattern) {
  if (pattern.size() < sizeof(std::uint32_t)) {
    std::abort();  // would be found everywhere
  }
  const std::uint32_t beginning = Beginning(pattern.data());
  begins_[Place(beginning)] = true;
  by_beginning_.emplace(beginning, patterns_.size());
  patterns_.push_back({std::move(name), std::move(pattern)});
}

void ByteSearch::Look(const std::string& where, std::string_view bytes) {
  bytes_ += bytes.size();
  for (std::size_t i = 0; i + sizeof(std::uint32_t) <= bytes.size(); ++i) {
    const std::uint32_t beginning = Beginning(bytes.data() + i);
    if (!begins_[Place(beginning)]) {
      continue;
    }
    const auto [first, last] = by_beginning_.equal_range(beginning);
    for (auto candidate = first; candidate != last && hits_.size() < kMostHits; ++candidate) {
      const Pattern& pattern = patterns_[candidate->second];
      if (bytes.substr(i).starts_with(pattern.bytes)) {
        hits_.push_back(where + ": " + pattern.name);
      }
    }
  }
}

void ByteSearch::LookInto(const std::filesystem::path& folder, const std::vector<std::string>& except) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string name = std::filesystem::relative(entry.path(), folder).string();
    Look("name of " + name, entry.path().filename().string());
    if (entry.is_regular_file() && std::find(except.begin(), except.end(), name) == except.end()) {
      Look(name, server::ReadText(entry.path()));
    }
  }
}

}  // namespace kobling::tests
