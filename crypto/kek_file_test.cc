#include "crypto/kek_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "crypto/crypto_testing.h"
#include "domain/error.h"

namespace kobling::crypto {
namespace {

using domain::Reason;
using domain::ReasonOf;

class KekFileTest : public testing::Test {
 protected:
  KekFileTest() {
    std::string name = (std::filesystem::temp_directory_path() / "kobling_kek_XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~KekFileTest() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return (folder_ / name).string(); }
  Reason LoadReason(const std::string& path) const {
    const auto kek = KekFile(path).Load(*arena_, std::nullopt);
    EXPECT_FALSE(kek.ok());
    EXPECT_EQ(arena_->bytes_in_use(), 0u);
    return ReasonOf(kek.status()).value_or(Reason::kUsage);
  }
  static std::string ReadAll(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  static void Write(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  }

  std::filesystem::path folder_;
  std::unique_ptr<SecretArena> arena_ = NewTestArena();
};

TEST_F(KekFileTest, ACreatedFileLoadsTheSameKekEveryTime) {
  const std::string path = Path("kek");
  ASSERT_TRUE(CreateKekFile(path, *arena_).ok());
  const auto first = KekFile(path).Load(*arena_, std::nullopt);
  const auto second = KekFile(path).Load(*arena_, std::nullopt);
  ASSERT_TRUE(first.ok() && second.ok()) << first.status();
  EXPECT_EQ(first->id(), second->id());
  const SecretKey key = CountingKey(*arena_, 1);
  const auto wrapped = first->Wrap(key, {.kind = "index", .id = "", .version = 1});
  ASSERT_TRUE(wrapped.ok());
  EXPECT_TRUE(second->Unwrap(*wrapped, {.kind = "index", .id = "", .version = 1}, *arena_).ok());
}

TEST_F(KekFileTest, CreatedFilesHoldDifferentKeys) {
  ASSERT_TRUE(CreateKekFile(Path("a"), *arena_).ok());
  ASSERT_TRUE(CreateKekFile(Path("b"), *arena_).ok());
  EXPECT_NE(ReadAll(Path("a")).substr(4, 32), ReadAll(Path("b")).substr(4, 32));
}

TEST_F(KekFileTest, IsCreatedForItsOwnerOnlyWhateverTheUmask) {
  for (const mode_t mask : {0000, 0022, 0277}) {
    const std::string path = Path("kek" + std::to_string(mask));
    const mode_t before = ::umask(mask);
    const absl::Status created = CreateKekFile(path, *arena_);
    ::umask(before);
    ASSERT_TRUE(created.ok()) << created;
    struct stat info = {};
    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0600u);
  }
}

TEST_F(KekFileTest, AnExistingFileIsNeverOverwritten) {
  Write(Path("kek"), "precious");
  EXPECT_EQ(ReasonOf(CreateKekFile(Path("kek"), *arena_)), Reason::kFileExists);
  EXPECT_EQ(ReadAll(Path("kek")), "precious");
  std::filesystem::create_symlink(Path("elsewhere"), Path("link"));
  EXPECT_EQ(ReasonOf(CreateKekFile(Path("link"), *arena_)), Reason::kFileExists);
  EXPECT_FALSE(std::filesystem::exists(Path("elsewhere")));
  EXPECT_EQ(ReasonOf(CreateKekFile(Path("no-such-folder/kek"), *arena_)), Reason::kFileUnwritable);
}

TEST_F(KekFileTest, AFileOpenToOthersIsRefusedAndTheErrorSaysWhichAndWhatIsExpected) {
  const std::string path = Path("kek");
  ASSERT_TRUE(CreateKekFile(path, *arena_).ok());
  for (const mode_t mode : {0640, 0604, 0660, 0644, 0700, 0601, 04600, 01600}) {
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
    const auto kek = KekFile(path).Load(*arena_, std::nullopt);
    EXPECT_EQ(ReasonOf(kek.status()), Reason::kFileMode) << mode;
    EXPECT_NE(kek.status().message().find("kek"), absl::string_view::npos);
    EXPECT_NE(kek.status().message().find("0600"), absl::string_view::npos);
  }
  ASSERT_EQ(::chmod(path.c_str(), 0400), 0);
  EXPECT_TRUE(KekFile(path).Load(*arena_, std::nullopt).ok());
}

TEST_F(KekFileTest, AFileOfAnotherUserIsRefused) {
  const std::string path = Path("kek");
  ASSERT_TRUE(CreateKekFile(path, *arena_).ok());
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown(path.c_str(), 65534, 65534), 0);
    EXPECT_EQ(LoadReason(path), Reason::kFileMode);
  } else {
    // Without the right to give a file away: one that belongs to root in every system. Its own mode is refused as well,
    // so the error's text decides.
    const auto kek = KekFile("/etc/passwd").Load(*arena_, std::nullopt);
    EXPECT_NE(kek.status().message().find("belong"), absl::string_view::npos);
  }
}

TEST_F(KekFileTest, AFileThatIsNoKekIsUnusable) {
  const std::string path = Path("kek");
  ASSERT_TRUE(CreateKekFile(path, *arena_).ok());
  const std::string bytes = ReadAll(path);
  ASSERT_EQ(bytes.size(), 44u);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 0x01);
    Write(path, changed);
    EXPECT_EQ(LoadReason(path), Reason::kKeyUnusable) << i;
  }
  for (const std::size_t length : {0, 1, 36, 43}) {
    Write(path, bytes.substr(0, length));
    EXPECT_EQ(LoadReason(path), Reason::kKeyUnusable) << length;
  }
  Write(path, bytes + "\n");
  EXPECT_EQ(LoadReason(path), Reason::kKeyUnusable);
}

TEST_F(KekFileTest, OtherThingsThanFilesAreRefusedWithoutWaiting) {
  EXPECT_EQ(LoadReason(Path("missing")), Reason::kFileNotFound);
  EXPECT_EQ(LoadReason(folder_.string()), Reason::kFileMode);
  ASSERT_EQ(::mkfifo(Path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(LoadReason(Path("pipe")), Reason::kFileMode);
}

}  // namespace
}  // namespace kobling::crypto
