// A file that has a path but is on no disk.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace kobling::server {

// For handing secrets to a library that insists on reading them from a path. The path is good in this process, for as
// long as this lives. Move-only; not safe to replace from two threads at once, safe to read at any time.
class MemoryFile {
 public:
  // Fails with INTERNAL if the kernel gives no memory or no descriptor.
  static absl::StatusOr<MemoryFile> Create(std::string_view text);
  ~MemoryFile();
  MemoryFile(MemoryFile&& other) noexcept;
  MemoryFile& operator=(MemoryFile&&) = delete;

  std::string path() const;

  // Whoever opens the path gets the old text or the new one, never a part. The modification time becomes another second
  // than any before, so that a reader that compares times notices.
  absl::Status Replace(std::string_view text);

 private:
  MemoryFile(int descriptor, std::int64_t generation) : descriptor_(descriptor), generation_(generation) {}

  int descriptor_;
  std::int64_t generation_;
};

}  // namespace kobling::server
