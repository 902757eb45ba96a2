#include "server/runtime/memory_file.h"

#include <sys/stat.h>

#include <string>
#include <utility>

#include "server/runtime/testing.h"

namespace kobling::server {
namespace {

time_t ModificationTime(const std::string& path) {
  struct stat facts {};
  EXPECT_EQ(stat(path.c_str(), &facts), 0) << path;
  return facts.st_mtime;
}

TEST(MemoryFile, IsReadAtItsPathAndReplacedInPlace) {
  auto file = MemoryFile::Create("first");
  ASSERT_TRUE(file.ok());
  const std::string path = file->path();
  EXPECT_EQ(ReadText(path), "first");
  const time_t before = ModificationTime(path);

  ASSERT_TRUE(file->Replace("a second, longer text").ok());
  EXPECT_EQ(file->path(), path);
  EXPECT_EQ(ReadText(path), "a second, longer text");
  EXPECT_NE(ModificationTime(path), before);
}

TEST(MemoryFile, ReaderThatHasItOpenKeepsTheOldText) {
  auto file = MemoryFile::Create("old");
  ASSERT_TRUE(file.ok());
  std::ifstream reader(file->path());
  ASSERT_TRUE(file->Replace("new").ok());
  std::string text;
  reader >> text;
  EXPECT_EQ(text, "old");
}

TEST(MemoryFile, PathEndsWithTheFile) {
  std::string path;
  {
    auto file = MemoryFile::Create("secret");
    ASSERT_TRUE(file.ok());
    path = file->path();
    const MemoryFile moved = *std::move(file);
    EXPECT_EQ(moved.path(), path);
    EXPECT_EQ(ReadText(path), "secret");
  }
  EXPECT_EQ(ReadText(path), "");
}

}  // namespace
}  // namespace kobling::server
