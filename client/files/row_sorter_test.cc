#include "client/files/row_sorter.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "client/files/files_testing.h"
#include "client/files/sorted_run.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kobling::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Sorted {
  std::vector<std::string> rows;
  std::size_t files = 0;
};

Sorted Sort(const std::vector<std::pair<domain::Lopenummer, std::string>>& rows, RowSorterOptions options) {
  RowSorter sorter(std::move(options));
  Sorted sorted;
  for (const auto& [lopenummer, row] : rows) {
    EXPECT_TRUE(sorter.Add(lopenummer, row).ok());
  }
  const auto take = [&](std::string_view row) {
    sorted.rows.emplace_back(row);
    return absl::OkStatus();
  };
  EXPECT_TRUE(sorter.Drain(take).ok());
  sorted.files = sorter.temporary_files();
  return sorted;
}

std::vector<std::string> Expected(std::vector<std::pair<domain::Lopenummer, std::string>> rows) {
  std::sort(rows.begin(), rows.end());
  std::vector<std::string> expected;
  for (const auto& row : rows) {
    expected.push_back(row.second);
  }
  return expected;
}

TEST(RowSorter, OrderIsByLopenummerThenByRow) {
  domain::Lopenummer::Bits low{};
  domain::Lopenummer::Bits high{};
  low[9] = 1;   // differs in the last byte alone
  high[0] = 1;  // and in the first
  const domain::Lopenummer a(domain::Lopenummer::Bits{});
  const domain::Lopenummer b(low);
  const domain::Lopenummer c(high);
  EXPECT_THAT(Sort({{c, "1"}, {b, "2"}, {a, "9"}, {a, "10"}, {a, ""}, {b, "\xF8"}, {b, "x"}}, {}).rows,
              ElementsAre("", "10", "9", "2", "x", "\xF8", "1"));
}

TEST(RowSorter, LittleMemoryGivesTheSameOrderThroughManyFiles) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  std::vector<std::pair<domain::Lopenummer, std::string>> rows;
  for (int i = 0; i < 20'000; ++i) {
    rows.emplace_back(MakeLopenummer(random() % 5000),
                      std::string(random() % 30, static_cast<char>('a' + random() % 3)));
  }
  rows.emplace_back(MakeLopenummer(17), std::string(500'000, 'z'));
  const TemporaryFolder folder;
  const Sorted little = Sort(rows, {.memory_bytes = 6000, .folder = folder.path()});
  EXPECT_GT(little.files, 64u) << "enough files to be merged in steps";
  EXPECT_TRUE(little.rows == Expected(rows));
  EXPECT_THAT(folder.Names(), IsEmpty());
  const Sorted much = Sort(rows, {.folder = folder.path()});
  EXPECT_EQ(much.files, 0u);
  EXPECT_TRUE(much.rows == little.rows);
}

TEST(RowSorter, ManyRowsAreSortedInMemory) {
  std::vector<std::pair<domain::Lopenummer, std::string>> rows;
  for (std::uint64_t i = 0; i < 120'000; ++i) {
    rows.emplace_back(MakeLopenummer(i * 7919 % 60'000), std::to_string(i));
  }
  EXPECT_TRUE(Sort(rows, {}).rows == Expected(rows));
}

TEST(RowSorter, SpillIsAnnounced) {
  const TemporaryFolder folder;
  RowSorter sorter({.memory_bytes = 4096, .folder = folder.path()});
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const std::size_t before = sorter.temporary_files();
    const bool announced = sorter.WouldSpill(20);
    ASSERT_TRUE(sorter.Add(MakeLopenummer(i), std::string(20, 'x')).ok());
    ASSERT_EQ(announced, sorter.temporary_files() > before);
  }
  EXPECT_GT(sorter.temporary_files(), 3u);
}

TEST(RowSorter, FolderThatCannotHoldFilesIsNamed) {
  RowSorter sorter({.memory_bytes = 100, .folder = "/nowhere/at/all"});
  absl::Status status;
  for (std::uint64_t i = 0; i < 100 && status.ok(); ++i) {
    status = sorter.Add(MakeLopenummer(i), "a row of some length");
  }
  EXPECT_EQ(ReasonName(status), "FILE_UNWRITABLE");
  EXPECT_EQ(DetailOf(status, "file"), "/nowhere/at/all");
}

TEST(RowSorter, ErrorOfTheSinkStopsTheDrain) {
  RowSorter sorter({});
  ASSERT_TRUE(sorter.Add(MakeLopenummer(1), "a").ok());
  ASSERT_TRUE(sorter.Add(MakeLopenummer(2), "b").ok());
  int calls = 0;
  const auto refuse = [&](std::string_view) {
    ++calls;
    return WriteError("out", ENOSPC);
  };
  EXPECT_EQ(DetailOf(sorter.Drain(refuse), "hint"), "the disk is full");
  EXPECT_EQ(calls, 1);
}

TEST(SortedRun, TemporaryFileHasNoName) {
  const TemporaryFolder folder;
  const auto file = MakeTemporaryFile(folder.path());
  ASSERT_TRUE(file.ok());
  EXPECT_THAT(folder.Names(), IsEmpty());
}

}  // namespace
}  // namespace kobling::client
