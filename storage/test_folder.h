// A temporary folder for a test of storage, gone with the object. In memory where there is room: these tests sync many
// thousand times, and what survives a loss of power is tested with a model of a disk, not by trying.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace kobling::storage {

class TestFolder {
 public:
  TestFolder() {
    std::string name = (Parent() / "kobling-storage-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
      std::abort();
    }
    path_ = name;
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  static std::filesystem::path Parent() {
    constexpr std::uintmax_t kRoom = std::uintmax_t{2} << 30;
    const std::filesystem::path memory = "/dev/shm";
    std::error_code error;
    const std::filesystem::space_info space = std::filesystem::space(memory, error);
    return !error && space.available >= kRoom ? memory : std::filesystem::temp_directory_path();
  }

  std::filesystem::path path_;
};

}  // namespace kobling::storage
