#include "server/runtime/files.h"

#include <sys/stat.h>

#include "domain/error.h"
#include "server/runtime/testing.h"

namespace kobling::server {
namespace {

using domain::Reason;
using domain::ReasonOf;
namespace fs = std::filesystem;

unsigned ModeOf(const fs::path& path) {
  struct stat facts {};
  EXPECT_EQ(stat(path.c_str(), &facts), 0) << path;
  return facts.st_mode & 07777;
}

TEST(Files, NewFileHasItsTextAndModeAndIsNeverOverwritten) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "a";
  ASSERT_TRUE(WriteNewFile(path, "text", 0600).ok());
  EXPECT_EQ(*ReadSmallFile(path), "text");
  EXPECT_EQ(ModeOf(path), 0600U);
  EXPECT_EQ(ReasonOf(WriteNewFile(path, "other", 0600)), Reason::kFileExists);
  EXPECT_EQ(*ReadSmallFile(path), "text");
  EXPECT_EQ(ReasonOf(WriteNewFile(folder.path() / "none" / "a", "text", 0600)), Reason::kFileUnwritable);
}

TEST(Files, ReplacedFileHasTheNewTextAndLeavesNothingBeside) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "a";
  ASSERT_TRUE(ReplaceFile(path, "one", 0644).ok());
  WriteText(folder.path() / "a.new", "left by a process that was killed");
  ASSERT_TRUE(ReplaceFile(path, "two", 0600).ok());
  EXPECT_EQ(*ReadSmallFile(path), "two");
  EXPECT_EQ(ModeOf(path), 0600U);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1);
}

TEST(Files, OnlySmallRegularFilesAreRead) {
  const TemporaryFolder folder;
  EXPECT_EQ(ReasonOf(ReadSmallFile(folder.path() / "none").status()), Reason::kFileNotFound);
  EXPECT_EQ(ReasonOf(ReadSmallFile(folder.path()).status()), Reason::kFileUnreadable);
  WriteText(folder.path() / "most", std::string(1024 * 1024, 'x'));
  EXPECT_TRUE(ReadSmallFile(folder.path() / "most").ok());
  WriteText(folder.path() / "big", std::string(1024 * 1024 + 1, 'x'));
  EXPECT_EQ(ReasonOf(ReadSmallFile(folder.path() / "big").status()), Reason::kFileUnreadable);
}

TEST(Files, SecretFileIsForItsOwnerAlone) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "key";
  EXPECT_EQ(ReasonOf(CheckSecretFile(path)), Reason::kFileNotFound);
  ASSERT_TRUE(WriteNewFile(path, "secret", 0600).ok());
  for (const mode_t mode : {0600, 0400}) {
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
    EXPECT_TRUE(CheckSecretFile(path).ok()) << mode;
  }
  for (const mode_t mode : {0640, 0604, 0620, 0700, 0660, 04600}) {
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
    const absl::Status status = CheckSecretFile(path);
    EXPECT_EQ(ReasonOf(status), Reason::kFileMode) << mode;
    EXPECT_NE(domain::WhereOf(status).find("chmod 600 " + path.string()), std::string::npos) << status;
  }
  EXPECT_EQ(ReasonOf(CheckSecretFile(folder.path())), Reason::kFileMode);
}

TEST(Files, PrivateFolderIsClosedToOthers) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "keys";
  ASSERT_TRUE(MakeNewFolder(path, 0700).ok());
  EXPECT_EQ(ReasonOf(MakeNewFolder(path, 0700)), Reason::kFileExists);
  EXPECT_TRUE(CheckWritableFolder(path).ok());
  EXPECT_TRUE(fs::is_empty(path));
  for (const mode_t mode : {0700, 0750}) {
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
    EXPECT_TRUE(CheckPrivateFolder(path).ok()) << mode;
  }
  for (const mode_t mode : {0755, 0770, 0701, 0777}) {
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
    EXPECT_EQ(ReasonOf(CheckPrivateFolder(path)), Reason::kFileMode) << mode;
  }
  EXPECT_EQ(ReasonOf(CheckWritableFolder(folder.path() / "none")), Reason::kFileUnwritable);
}

TEST(CheckFreeSpace, TellsAFullDisk) {
  const TemporaryFolder folder;
  EXPECT_TRUE(CheckFreeSpace(folder.path(), 1).ok());
  EXPECT_EQ(ReasonOf(CheckFreeSpace(folder.path(), std::uint64_t{1} << 62)), Reason::kDiskFull);
}

}  // namespace
}  // namespace kobling::server
