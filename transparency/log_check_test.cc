#include "transparency/log_check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "domain/error.h"
#include "transparency/log_folder.h"
#include "transparency/log_testing.h"

namespace kobling::transparency {
namespace {

using domain::Reason;
using domain::ReasonOf;
namespace fs = std::filesystem;

class LogCheckTest : public ::testing::Test {
 protected:
  LogCheckTest() {
    std::string name = (fs::temp_directory_path() / "kobling-log-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~LogCheckTest() override { fs::remove_all(folder_); }

  LogCheckRequest Request() const { return {folder_, signers_.log(), {signers_.witness()}, {}}; }

  static std::string ReadFile(const fs::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  static void WriteFile(const fs::path& path, std::string_view bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }

  std::vector<fs::path> Files() const {
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
      if (entry.is_regular_file()) {
        files.push_back(entry.path());
      }
    }
    std::sort(files.begin(), files.end());
    return files;
  }

  // Whether anything is found wrong with the folder as it is now. A kept checkpoint whose cosignature names somebody
  // else is one that the witness has not signed, which is no fault, and is seen by the count.
  bool IsCaught() const {
    const auto report = CheckLog(Request());
    return !report.ok() || !report->sound() || report->cosignatures != report->checkpoints;
  }

  TestSigners signers_;
  fs::path folder_;
};

TEST_F(LogCheckTest, LogsOfAllSizesAreSound) {
  for (const std::uint64_t size : {0, 1, 2, 255, 256, 257, 511, 513, 65'537}) {
    fs::remove_all(folder_);
    WriteTestLog(folder_, {size / 2, size}, signers_);
    const LogCheckReport report = CheckLog(Request()).value();
    EXPECT_TRUE(report.sound()) << size << ": " << (report.faults.empty() ? "" : report.faults[0].where);
    EXPECT_EQ(report.entries, size);
    EXPECT_EQ(report.head.size, size);
    EXPECT_EQ(report.checkpoints, 3U);
    EXPECT_EQ(report.cosignatures, 3U);
    EXPECT_EQ(report.newest_cosignature, absl::FromUnixSeconds(1'800'003'600));
  }
}

TEST_F(LogCheckTest, CountsOperationsResultsAndTimes) {
  WriteTestLog(folder_, {300}, signers_);
  const LogCheckReport report = CheckLog(Request()).value();
  std::uint64_t all = 0;
  for (const auto& [key, count] : report.counts) {
    all += count;
  }
  EXPECT_EQ(all, 300U);
  EXPECT_EQ(report.counts.at({"keyfile.issue", "OK"}), 80U);
  EXPECT_EQ(report.counts.at({"keyfile.issue", "NOT_PERMITTED"}), 20U);
  EXPECT_EQ(report.first_time, absl::FromUnixSeconds(1'790'000'000));
  EXPECT_EQ(report.last_time, absl::FromUnixSeconds(1'790'000'299));
  EXPECT_EQ(report.times_back, 0U);
}

TEST_F(LogCheckTest, EveryByteThatIsChangedAnywhereIsCaught) {
  WriteTestLog(folder_, {100, 300}, signers_);
  ASSERT_FALSE(IsCaught());
  std::size_t tried = 0;
  for (const fs::path& file : Files()) {
    const std::string right = ReadFile(file);
    for (std::size_t i = 0; i < right.size(); i += 1 + right.size() / 40) {
      std::string wrong = right;
      wrong[i] ^= 0x04;
      WriteFile(file, wrong);
      EXPECT_TRUE(IsCaught()) << file << " byte " << i;
      ++tried;
    }
    WriteFile(file, right.substr(0, right.size() - 1));
    EXPECT_TRUE(IsCaught()) << file << " cut";
    WriteFile(file, "");
    EXPECT_TRUE(IsCaught()) << file << " empty";
    WriteFile(file, right);
    ++tried;
  }
  EXPECT_FALSE(IsCaught());
  RecordProperty("mutations", static_cast<int>(tried));
  EXPECT_GT(tried, 250U);
}

TEST_F(LogCheckTest, EveryFileThatTheTreeNeedsIsMissed) {
  WriteTestLog(folder_, {300}, signers_);
  for (const fs::path& file : Files()) {
    if (file.string().find("checkpoints") != std::string::npos) {
      continue;  // which of them were kept, the folder cannot say
    }
    const std::string right = ReadFile(file);
    fs::remove(file);
    EXPECT_TRUE(IsCaught()) << file;
    WriteFile(file, right);
  }
  EXPECT_FALSE(IsCaught());
}

TEST_F(LogCheckTest, EventsThatAreTakenAwayPutInOrSwappedAreCaught) {
  WriteTestLog(folder_, {256, 300}, signers_);
  const fs::path bundle = folder_ / EntriesPath(0, kTileWidth);
  const std::string right = ReadFile(bundle);
  const std::vector<std::string> entries = DecodeEntries(right).value();
  const auto caught = [&](const std::vector<std::string>& wrong) {
    WriteFile(bundle, EncodeEntries(wrong));
    return IsCaught();
  };
  std::vector<std::string> wrong = entries;
  wrong.erase(wrong.begin() + 17);
  EXPECT_TRUE(caught(wrong)) << "an event less";
  wrong = entries;
  wrong.insert(wrong.begin() + 17, TestEntry(1'000));
  EXPECT_TRUE(caught(wrong)) << "an event more";
  wrong = entries;
  std::swap(wrong[3], wrong[4]);
  EXPECT_TRUE(caught(wrong)) << "swapped";
  wrong = entries;
  wrong[100] = TestEntry(101);
  EXPECT_TRUE(caught(wrong)) << "another event";
  EXPECT_FALSE(caught(entries));
}

// The attack that the log's key alone does not stop: everything is made anew and signed rightly.
TEST_F(LogCheckTest, ALogThatWasMadeAnewIsCaughtByAnEarlierCheckpointAndByTheWitness) {
  WriteTestLog(folder_, {100}, signers_);
  const Note own = LogFolder(folder_).ReadCheckpoint().value();
  fs::remove_all(folder_);
  // Another history of more events, by the holder of the log's key, who does not have the witness's.
  WriteTestLog(folder_, {120}, signers_);
  const fs::path bundle = folder_ / EntriesPath(0, 120);
  std::vector<std::string> entries = DecodeEntries(ReadFile(bundle)).value();
  entries[50] = TestEntry(51);
  WriteFile(bundle, EncodeEntries(entries));
  std::string hashes;
  for (const std::string& entry : entries) {
    const crypto::Digest hash = HashOf(entry);
    hashes.append(hash.begin(), hash.end());
  }
  WriteFile(folder_ / TilePath(0, 0, 120), hashes);
  const Note forged = SignTreeHead({kTestOrigin, 120, RootOf(hashes)}, signers_.log_key());
  WriteFile(folder_ / "checkpoint", forged.bytes());
  fs::remove_all(folder_ / "checkpoints");

  LogCheckRequest request{folder_, signers_.log(), {}, {}};
  EXPECT_TRUE(CheckLog(request).value().sound()) << "by itself it looks right: the control of this test";
  request.own_checkpoints = {own};
  const LogCheckReport with_own = CheckLog(request).value();
  ASSERT_EQ(with_own.fault_count, 1U);
  EXPECT_EQ(with_own.faults[0].where, "own checkpoint 1");
  request.own_checkpoints.clear();
  request.witnesses = {signers_.witness()};
  const LogCheckReport with_witness = CheckLog(request).value();
  ASSERT_EQ(with_witness.fault_count, 1U);
  EXPECT_EQ(with_witness.faults[0].where, "checkpoint");
}

TEST_F(LogCheckTest, ALogThatIsBehindAnOwnCheckpointIsCaught) {
  WriteTestLog(folder_, {100}, signers_);
  LogCheckRequest request = Request();
  request.own_checkpoints = {LogFolder(folder_).ReadCheckpoint().value()};
  EXPECT_TRUE(CheckLog(request).value().sound());
  fs::remove_all(folder_);
  WriteTestLog(folder_, {90}, signers_);
  const LogCheckReport report = CheckLog(request).value();
  ASSERT_EQ(report.fault_count, 1U);
  EXPECT_EQ(report.faults[0].where, "own checkpoint 1");
}

TEST_F(LogCheckTest, WithoutASignedCheckpointNothingIsSaid) {
  EXPECT_EQ(ReasonOf(CheckLog(Request()).status()), Reason::kFileNotFound);
  WriteTestLog(folder_, {10}, signers_);
  WriteFile(folder_ / "checkpoint",
            SignTreeHead({kTestOrigin, 10, MemoryTiles(10).root()}, signers_.witness_key()).bytes());
  EXPECT_EQ(ReasonOf(CheckLog(Request()).status()), Reason::kLogSignature);
  WriteFile(folder_ / "checkpoint", "no checkpoint");
  EXPECT_EQ(ReasonOf(CheckLog(Request()).status()), Reason::kLogMalformed);
}

TEST_F(LogCheckTest, AWiderPartialTileServesASmallerTree) {
  WriteTestLog(folder_, {300}, signers_);
  // Between the tiles and the checkpoint, a copy may be made: the tiles are ahead.
  WriteFile(folder_ / "checkpoint",
            signers_.Sign({kTestOrigin, 290, MemoryTiles(290).root()}, absl::FromUnixSeconds(1'800'000'000)).bytes());
  fs::remove_all(folder_ / "checkpoints");
  EXPECT_TRUE(CheckLog(Request()).value().sound());
}

}  // namespace
}  // namespace kobling::transparency
