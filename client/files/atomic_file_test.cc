#include "client/files/atomic_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "client/files/files_testing.h"
#include "client/files/rejects_writer.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kobling::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

unsigned ModeOf(const std::string& path) {
  struct stat information {};
  return ::stat(path.c_str(), &information) == 0 ? information.st_mode & 0777u : 0;
}

TEST(AtomicFile, NothingIsAtTheDestinationBeforeTheCommit) {
  const TemporaryFolder folder;
  const std::string path = folder.Path("out.csv");
  auto file = *AtomicFile::Create(path, Overwrite::kRefuse);
  ASSERT_TRUE(file->Write("hello\n").ok());
  ASSERT_TRUE(file->Prepare().ok());
  EXPECT_THAT(folder.Names(), ElementsAre("out.csv.part"));
  ASSERT_TRUE(file->Commit().ok());
  EXPECT_THAT(folder.Names(), ElementsAre("out.csv"));
  EXPECT_EQ(ReadFile(path), "hello\n");
}

TEST(AtomicFile, OnlyTheOwnerCanReadIt) {
  const TemporaryFolder folder;
  const ::mode_t before = ::umask(0);
  auto file = *AtomicFile::Create(folder.Path("out.csv"), Overwrite::kRefuse);
  EXPECT_EQ(ModeOf(folder.Path("out.csv.part")), 0600u);
  ASSERT_TRUE(file->Commit().ok());
  ::umask(before);
  EXPECT_EQ(ModeOf(folder.Path("out.csv")), 0600u);
}

TEST(AtomicFile, WithoutACommitNothingIsLeft) {
  const TemporaryFolder folder;
  { EXPECT_TRUE((*AtomicFile::Create(folder.Path("out.csv"), Overwrite::kRefuse))->Write("x").ok()); }
  EXPECT_THAT(folder.Names(), IsEmpty());
}

TEST(AtomicFile, ExistingFileIsNotOverwrittenUnlessAllowed) {
  const TemporaryFolder folder;
  const std::string path = folder.Write("out.csv", "old");
  EXPECT_EQ(ReasonName(AtomicFile::Create(path, Overwrite::kRefuse).status()), "FILE_EXISTS");
  auto file = *AtomicFile::Create(path, Overwrite::kAllow);
  ASSERT_TRUE(file->Write("new").ok());
  EXPECT_EQ(ReadFile(path), "old");
  ASSERT_TRUE(file->Commit().ok());
  EXPECT_EQ(ReadFile(path), "new");
}

TEST(AtomicFile, FileThatAppearedMeanwhileIsNotOverwritten) {
  const TemporaryFolder folder;
  auto file = *AtomicFile::Create(folder.Path("out.csv"), Overwrite::kRefuse);
  folder.Write("out.csv", "somebody else's");
  EXPECT_EQ(ReasonName(file->Commit()), "FILE_EXISTS");
  file.reset();
  EXPECT_EQ(ReadFile(folder.Path("out.csv")), "somebody else's");
  EXPECT_THAT(folder.Names(), ElementsAre("out.csv"));
}

TEST(AtomicFile, TwoRunsDoNotWriteTheSameFile) {
  const TemporaryFolder folder;
  const auto first = *AtomicFile::Create(folder.Path("out.csv"), Overwrite::kRefuse);
  const absl::Status status = AtomicFile::Create(folder.Path("out.csv"), Overwrite::kAllow).status();
  EXPECT_EQ(ReasonName(status), "FILE_EXISTS");
  EXPECT_THAT(DetailOf(status, "file"), HasSubstr("out.csv.part"));
  EXPECT_TRUE(Exists(folder.Path("out.csv.part"))) << "the refused run must not remove the other's file";
}

TEST(AtomicFile, PartOfADeadRunIsReplacedOnlyIfOverwritingIsAllowed) {
  const TemporaryFolder folder;
  folder.Write("out.csv.part", "half");
  EXPECT_EQ(ReasonName(AtomicFile::Create(folder.Path("out.csv"), Overwrite::kRefuse).status()), "FILE_EXISTS");
  EXPECT_EQ(ReadFile(folder.Path("out.csv.part")), "half");
  auto file = AtomicFile::Create(folder.Path("out.csv"), Overwrite::kAllow);
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE((*file)->Write("whole").ok());
  ASSERT_TRUE((*file)->Commit().ok());
  EXPECT_EQ(ReadFile(folder.Path("out.csv")), "whole");
  EXPECT_THAT(folder.Names(), ElementsAre("out.csv"));
}

TEST(AtomicFile, OnlyARegularFileIsEverReplaced) {
  const TemporaryFolder folder;
  const std::string real = folder.Write("real.csv", "mine");
  ASSERT_EQ(::symlink(real.c_str(), folder.Path("link.csv").c_str()), 0);
  ASSERT_EQ(::mkdir(folder.Path("folder").c_str(), 0700), 0);
  ASSERT_EQ(::mkfifo(folder.Path("pipe").c_str(), 0600), 0);
  for (const std::string& path : {folder.Path("link.csv"), folder.Path("folder"), folder.Path("pipe")}) {
    for (const Overwrite overwrite : {Overwrite::kAllow, Overwrite::kRefuse}) {
      EXPECT_EQ(ReasonName(AtomicFile::Create(path, overwrite).status()), "FILE_UNWRITABLE") << path;
    }
  }
  EXPECT_EQ(ReasonName(AtomicFile::Create("/dev/null", Overwrite::kAllow).status()), "FILE_UNWRITABLE");
  EXPECT_THAT(folder.Names(), ElementsAre("folder", "link.csv", "pipe", "real.csv"));
}

TEST(AtomicFile, UnwritableFolderIsNamed) {
  const absl::Status status = AtomicFile::Create("/nowhere/at/all/out.csv", Overwrite::kRefuse).status();
  EXPECT_EQ(ReasonName(status), "FILE_UNWRITABLE");
  EXPECT_EQ(DetailOf(status, "file"), "/nowhere/at/all/out.csv");
}

TEST(AtomicFile, FullDiskIsCalledThatAndLeavesNothing) {
  // Not DISK_FULL, whose text speaks of the server.
  EXPECT_EQ(ReasonName(WriteError("out.csv", ENOSPC)), "FILE_UNWRITABLE");
  EXPECT_EQ(DetailOf(WriteError("out.csv", ENOSPC), "hint"), "the disk is full");
  EXPECT_EQ(DetailOf(WriteError("out.csv", EDQUOT), "hint"), "the disk is full");
  EXPECT_EQ(ReasonName(WriteError("out.csv", EACCES)), "FILE_UNWRITABLE");
  const TemporaryFolder folder;
  const std::string path = folder.Path("out.csv");
  ASSERT_EQ(::symlink("/dev/full", (path + ".part").c_str()), 0);
  EXPECT_EQ(ReasonName(AtomicFile::Create(path, Overwrite::kRefuse).status()), "FILE_EXISTS")
      << "links are not followed";
}

TEST(AtomicFile, LargeWritesKeepTheirOrder) {
  const TemporaryFolder folder;
  auto file = *AtomicFile::Create(folder.Path("out"), Overwrite::kRefuse);
  const std::string large(3'000'000, 'b');
  ASSERT_TRUE(file->Write("aaa").ok());
  ASSERT_TRUE(file->Write(large).ok());
  ASSERT_TRUE(file->Write("ccc").ok());
  ASSERT_TRUE(file->Commit().ok());
  EXPECT_EQ(ReadFile(folder.Path("out")), "aaa" + large + "ccc");
}

TEST(RejectsWriter, FaultsAreSortedByLineAndExplained) {
  const TemporaryFolder folder;
  RejectsWriter rejects({"fnr", "mor;fnr"});
  rejects.Add(900, 0, domain::Reason::kIdentifierCheckDigits);
  rejects.Add(12, 1, domain::Reason::kIdentifierLeadingZeroLost);
  rejects.Add(12, 0, domain::Reason::kIdentifierEmpty);
  EXPECT_EQ(rejects.count(), 3u);
  ASSERT_TRUE(rejects.WriteTo(**AtomicFile::Create(folder.Path("rejects.csv"), Overwrite::kRefuse)).ok());
  const std::string text = ReadFile(folder.Path("rejects.csv"));
  EXPECT_EQ(text.substr(0, text.find('\n')), "line;column;reason;explanation");
  const std::size_t first = text.find("\n12;fnr;IDENTIFIER_EMPTY;");
  const std::size_t second = text.find("\n12;\"mor;fnr\";IDENTIFIER_LEADING_ZERO_LOST;");
  const std::size_t third = text.find("\n900;fnr;IDENTIFIER_CHECK_DIGITS;");
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
  EXPECT_NE(third, std::string::npos);
  EXPECT_EQ(ModeOf(folder.Path("rejects.csv")), 0600u);
}

TEST(RejectsWriter, FieldIsQuotedOnlyWhereNeedBe) {
  EXPECT_EQ(CsvField("plain text", ';'), "plain text");
  EXPECT_EQ(CsvField("a;b", ';'), "\"a;b\"");
  EXPECT_EQ(CsvField("a;b", ','), "a;b");
  EXPECT_EQ(CsvField("a\"b\n", ';'), "\"a\"\"b\n\"");
}

}  // namespace
}  // namespace kobling::client
