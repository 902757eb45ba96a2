#include "client/files/identifier_column.h"

#include <array>
#include <string>
#include <vector>

#include "client/files/files_testing.h"
#include "client/files/identifier_scan.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kobling::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using State = IdentifierCell::State;

std::vector<std::string> Candidates(std::string_view text) {
  std::vector<std::string> found;
  IdentifierScan scan(text);
  while (const auto digits = scan.Next()) {
    found.emplace_back(digits->data(), digits->size());
  }
  return found;
}

TEST(IdentifierScan, ElevenDigitsAreFoundAnywhere) {
  EXPECT_THAT(Candidates("01839012345"), ElementsAre("01839012345"));
  EXPECT_THAT(Candidates("see 01839012345, and 01839012353."), ElementsAre("01839012345", "01839012353"));
  EXPECT_THAT(Candidates("a01839012345b"), ElementsAre("01839012345"));
  EXPECT_THAT(Candidates("1 22 333 01839012345"), ElementsAre("01839012345"));
}

TEST(IdentifierScan, SixAndFiveDigitsWithASeparatorAreFound) {
  EXPECT_THAT(Candidates("018390 12345"), ElementsAre("01839012345"));
  EXPECT_THAT(Candidates("018390-12345"), ElementsAre("01839012345"));
  EXPECT_THAT(Candidates("x 018390.12345 y"), ElementsAre("01839012345"));
  EXPECT_THAT(Candidates("018390\xC2\xA0"
                         "12345"),
              ElementsAre("01839012345"));
  EXPECT_THAT(Candidates("018390\xA0"
                         "12345"),
              ElementsAre("01839012345"));
}

TEST(IdentifierScan, OtherNumbersOfDigitsAreNotFound) {
  EXPECT_THAT(Candidates("0183901234"), IsEmpty());
  EXPECT_THAT(Candidates("018390123456"), IsEmpty());
  EXPECT_THAT(Candidates("018390 123456"), IsEmpty());
  EXPECT_THAT(Candidates("1018390 12345"), IsEmpty());
  EXPECT_THAT(Candidates("018390  12345"), IsEmpty());
  EXPECT_THAT(Candidates(""), IsEmpty());
}

TEST(IdentifierScan, EveryPlaceInALongTextIsSeen) {
  for (std::size_t before = 0; before < 40; ++before) {
    EXPECT_THAT(Candidates(std::string(before, 'x') + "01839012345" + "zz"), ElementsAre("01839012345")) << before;
    EXPECT_THAT(Candidates(std::string(before, 'x') + "018390 12345"), ElementsAre("01839012345")) << before;
  }
}

TEST(ReadNumberCell, KnowsANumberHoweverItIsWritten) {
  for (const std::string_view cell :
       {"16 878 192 986", "16.878.192.986", "168781  92986", "168781–92986", "168781_92986", "168781\t92986",
        "(168781)92986", "16.87.81 92986", "１６８７８１９２９８６", "1,6878192986E+10", "1.6878192986e10"}) {
    const auto number = ReadNumberCell(cell);
    ASSERT_TRUE(number.has_value()) << cell;
    EXPECT_EQ(std::string(number->digits.data(), 11), "16878192986") << cell;
    EXPECT_FALSE(number->lost_zero) << cell;
  }
  for (const std::string_view cell : {"2832311210", "2,83231121E+9", "2.83231121E+09", "2 832 311 210"}) {
    const auto number = ReadNumberCell(cell);
    ASSERT_TRUE(number.has_value()) << cell;
    EXPECT_EQ(std::string(number->digits.data(), 11), "02832311210") << cell;
    EXPECT_TRUE(number->lost_zero) << cell;
  }
  for (const std::string_view cell : {"", "123456789", "168781929867", "A16878192986", "1,68782E+10", "1E10", "E",
                                      "1,6878192986E+11", "16878192986,00"}) {
    EXPECT_FALSE(ReadNumberCell(cell).has_value()) << cell;
  }
}

IdentifierCellReader Reader(IdentifierCheck check) { return {check, domain::AcceptedSeries::Trial()}; }

TEST(IdentifierCellReader, ElevenDigitsArePacked) {
  const auto cell = Reader(IdentifierCheck::kFormat).ReadIndex("01839012345");
  EXPECT_EQ(cell.state, State::kDigits);
  EXPECT_EQ(cell.packed, 1839012345u);
  EXPECT_EQ(std::string(cell.digits, 11), "01839012345");
}

TEST(IdentifierCellReader, EmptyIndexIsAFaultAndEmptyRelativeIsMissing) {
  const auto reader = Reader(IdentifierCheck::kFormat);
  EXPECT_EQ(reader.ReadIndex("").fault, domain::Reason::kIdentifierEmpty);
  EXPECT_EQ(reader.ReadIndex("").state, State::kFault);
  EXPECT_EQ(reader.ReadRelative("").state, State::kMissing);
}

TEST(IdentifierCellReader, WhatIsNotElevenDigitsIsAFaultWithItsReason) {
  const auto reader = Reader(IdentifierCheck::kFormat);
  EXPECT_EQ(reader.ReadIndex("1839012345").fault, domain::Reason::kIdentifierLeadingZeroLost);
  for (const std::string_view value : {" 01839012345", "01839012345 ", "018390 12345", "0183901234O", "01839O12345"}) {
    EXPECT_EQ(reader.ReadIndex(value).state, State::kFault);
    EXPECT_EQ(reader.ReadRelative(value).fault, domain::Reason::kIdentifierNotElevenDigits);
  }
}

TEST(IdentifierCellReader, CheckDigitsAreLookedAtOnlyWithTheRules) {
  EXPECT_EQ(Reader(IdentifierCheck::kFormat).ReadIndex("01839012346").state, State::kDigits);
  EXPECT_EQ(Reader(IdentifierCheck::kRules).ReadIndex("01839012346").fault, domain::Reason::kIdentifierCheckDigits);
  EXPECT_EQ(Reader(IdentifierCheck::kRules).ReadIndex("20036914700").fault, domain::Reason::kIdentifierNotSynthetic);
  EXPECT_EQ(Reader(IdentifierCheck::kRules).ReadIndex("01839012345").state, State::kDigits);
}

TEST(IdentifierRows, IndexAndRelativesComeInTheOrderAsked) {
  const TemporaryFolder folder;
  const auto table = *TableReader::Open(
      folder.Write("t.csv", "far_fnr;x;fnr;mor_fnr\n;1;\"01839012345\";01839012353\n01839012361;2;;x\n"), {});
  const std::array relatives = {*ColumnName::Parse("mor_fnr"), *ColumnName::Parse("1")};
  const auto columns = FindIdentifierColumns(*table, *ColumnName::Parse("fnr"), relatives);
  ASSERT_TRUE(columns.ok());
  const auto reader = Reader(IdentifierCheck::kFormat);
  IdentifierRows rows(*table, *columns, reader);
  const IdentifierRow* row = *rows.Next();
  EXPECT_EQ(row->line, 2u);
  EXPECT_EQ(row->index.packed, 1839012345u);
  ASSERT_EQ(row->relatives.size(), 2u);
  EXPECT_EQ(row->relatives[0].packed, 1839012353u);
  EXPECT_EQ(row->relatives[1].state, State::kMissing);
  row = *rows.Next();
  EXPECT_EQ(row->index.fault, domain::Reason::kIdentifierEmpty);
  EXPECT_EQ(row->relatives[0].state, State::kFault);
  EXPECT_EQ(row->relatives[1].packed, 1839012361u);
  EXPECT_EQ(*rows.Next(), nullptr);
}

TEST(IdentifierRows, SameColumnTwiceAndUnknownColumnsAreRefused) {
  const TemporaryFolder folder;
  const auto table = *TableReader::Open(folder.Write("t.csv", "fnr;mor_fnr\n"), {});
  const std::array same = {*ColumnName::Parse("1")};
  EXPECT_EQ(ReasonName(FindIdentifierColumns(*table, *ColumnName::Parse("fnr"), same).status()), "COLUMN_DUPLICATE");
  const std::array unknown = {*ColumnName::Parse("far_fnr")};
  EXPECT_EQ(ReasonName(FindIdentifierColumns(*table, *ColumnName::Parse("fnr"), unknown).status()), "COLUMN_NOT_FOUND");
}

}  // namespace
}  // namespace kobling::client
