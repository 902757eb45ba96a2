// Looks for many byte strings at once, in anything.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace kobling::tests {

// Not thread-safe.
class ByteSearch {
 public:
  ByteSearch();

  // A pattern of at least four bytes. What it is, is named in hits; the pattern itself never is.
  void Add(std::string name, std::string pattern);

  // Adds the hits in the bytes: "<where>: <name>".
  void Look(const std::string& where, std::string_view bytes);
  // The same in every file below the folder, but for the files that `except` names (by their path below the folder).
  void LookInto(const std::filesystem::path& folder, const std::vector<std::string>& except = {});

  const std::vector<std::string>& hits() const { return hits_; }
  std::uint64_t bytes() const { return bytes_; }
  std::size_t patterns() const { return patterns_.size(); }

 private:
  struct Pattern {
    std::string name;
    std::string bytes;
  };

  std::vector<Pattern> patterns_;
  std::vector<bool> begins_;  // by a hash of the first four bytes
  std::unordered_multimap<std::uint32_t, std::size_t> by_beginning_;
  std::vector<std::string> hits_;
  std::uint64_t bytes_ = 0;
};

}  // namespace kobling::tests
