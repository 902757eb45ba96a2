#include "client/files/testdata.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include "client/files/apply.h"
#include "client/files/bad_rows.h"
#include "client/files/files_testing.h"
#include "client/files/identifier_column.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kobling::client {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kPersons = 3000;
const std::vector<std::string> kFiles = {"expected.json",   "kreft_extract.csv",  "mfr_extract.csv",
                                         "npr_extract.csv", "npr_population.csv", "truth.csv"};

absl::Status Generate(const TemporaryFolder& folder, std::uint64_t seed) {
  return GenerateTestData(
      {.persons = kPersons, .folder = folder.path(), .seed = seed, .overwrite = Overwrite::kRefuse});
}

// Column `name` of every row.
std::vector<std::string> ColumnOf(const std::string& path, std::string_view name) {
  const auto table = *TableReader::Open(path, {});
  const std::size_t column = *table->FindColumn(*ColumnName::Parse(name));
  std::vector<std::string> values;
  while (const Record* record = *table->Next()) {
    values.emplace_back(record->fields[column].value);
  }
  return values;
}

TEST(TestData, SameSeedGivesTheSameBytesAndAnotherDoesNot) {
  const TemporaryFolder a;
  const TemporaryFolder b;
  const TemporaryFolder c;
  ASSERT_TRUE(Generate(a, 5).ok());
  ASSERT_TRUE(Generate(b, 5).ok());
  ASSERT_TRUE(Generate(c, 6).ok());
  EXPECT_EQ(a.Names(), kFiles);
  for (const std::string& name : kFiles) {
    EXPECT_EQ(ReadFile(a.Path(name)), ReadFile(b.Path(name))) << name;
    EXPECT_NE(ReadFile(a.Path(name)), ReadFile(c.Path(name))) << name;
  }
}

TEST(TestData, PopulationIsWhatTheManifestSays) {
  const TemporaryFolder folder;
  ASSERT_TRUE(Generate(folder, 5).ok());
  const domain::NationalIdRules rules(domain::AcceptedSeries::Trial());
  const std::string manifest = ReadFile(folder.Path("expected.json"));
  std::map<std::string_view, int> bad;
  std::set<std::uint64_t> persons;
  std::uint64_t good = 0;
  const auto values = ColumnOf(folder.Path("npr_population.csv"), "fnr");
  for (const std::string& value : values) {
    const auto parsed = rules.Parse(value);
    if (parsed.id.has_value()) {
      ++good;
      persons.insert(parsed.id->packed());
    } else {
      ++bad[domain::InfoOf(parsed.fault).name];
    }
  }
  const auto expect = [&](const std::string& name, std::uint64_t value) {
    EXPECT_THAT(manifest, HasSubstr("\"" + name + "\": " + std::to_string(value))) << name;
  };
  expect("rows", values.size());
  expect("good", good);
  expect("bad", values.size() - good);
  expect("duplicates", good - persons.size());
  expect("distinct_persons", persons.size());
  EXPECT_EQ(persons.size(), kPersons);
  EXPECT_EQ(values.size() - good, kPersons / 100);
  EXPECT_EQ(good - persons.size(), kPersons / 200);
  for (const auto& [reason, count] : bad) {
    expect(std::string(reason), static_cast<std::uint64_t>(count));
  }
  std::set<std::uint64_t> mothers;
  std::uint64_t filled = 0;
  for (const std::string& value : ColumnOf(folder.Path("npr_population.csv"), "mor_fnr")) {
    if (!value.empty()) {
      ASSERT_TRUE(rules.Parse(value).id.has_value());
      mothers.insert(Packed(value));
      ++filled;
    }
  }
  expect("mor_fnr_filled", filled);
  expect("distinct_mothers", mothers.size());
  persons.insert(mothers.begin(), mothers.end());
  expect("distinct_persons_with_mothers", persons.size());
}

TEST(TestData, EveryBadKindHasItsReason) {
  const domain::NationalIdRules rules(domain::AcceptedSeries::Trial());
  for (std::size_t kind = 0; kind < kBadKinds.size(); ++kind) {
    for (std::uint64_t variant = 0; variant < 8; ++variant) {
      const auto parsed = rules.Parse(MakeBadValue(kind, "01839012345", variant));
      ASSERT_FALSE(parsed.id.has_value()) << kBadKinds[kind].name;
      EXPECT_EQ(domain::InfoOf(parsed.fault).name, domain::InfoOf(kBadKinds[kind].reason).name) << kBadKinds[kind].name;
    }
  }
}

TEST(TestData, IdentifiersIncludeDNumbersAndNewCheckDigits) {
  const TemporaryFolder folder;
  ASSERT_TRUE(Generate(folder, 5).ok());
  std::uint64_t d_numbers = 0;
  std::uint64_t new_digits = 0;
  const auto values = ColumnOf(folder.Path("npr_extract.csv"), "fnr");
  constexpr std::array kWeights = {3, 7, 6, 1, 8, 9, 4, 5, 2, 1};
  for (const std::string& value : values) {
    int sum = 0;
    for (std::size_t i = 0; i < kWeights.size(); ++i) {
      sum += kWeights[i] * (value[i] - '0');
    }
    d_numbers += value[0] >= '4' ? 1 : 0;
    new_digits += sum % 11 != 0 ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(d_numbers), static_cast<double>(values.size()) * 0.05,
              static_cast<double>(values.size()) * 0.02);
  EXPECT_GT(new_digits, values.size() / 4);
}

// The point of it all: what is linked on løpenummer is what the truth says, without an identifier.
TEST(TestData, LinkageOnLopenummerFindsTheTruth) {
  const TemporaryFolder folder;
  ASSERT_TRUE(Generate(folder, 5).ok());
  std::set<std::string> population;
  const auto fnr = ColumnOf(folder.Path("npr_extract.csv"), "fnr");
  population.insert(fnr.begin(), fnr.end());
  const auto mothers = ColumnOf(folder.Path("mfr_extract.csv"), "mor_fnr");
  population.insert(mothers.begin(), mothers.end());
  population.erase("");
  LopenummerMap map(population.size());
  std::uint64_t next = 0;
  for (const std::string& id : population) {
    ASSERT_TRUE(map.Insert(Packed(id), MakeLopenummer(next++)).ok());
  }
  const auto apply = [&](const std::string& name, std::vector<ColumnName> relatives) {
    ApplyOptions options{.extract = folder.Path(name + "_extract.csv"), .index = *ColumnName::Parse("fnr")};
    options.relatives = std::move(relatives);
    options.output = folder.Path(name + "_out.csv");
    const auto result = Apply(map, options);
    EXPECT_TRUE(result.ok()) << name << result.status();
    const std::string manifest = ReadFile(folder.Path("expected.json"));
    EXPECT_THAT(manifest, HasSubstr("\"" + name + "_extract\": {\"rows\": " + std::to_string(result->rows_in) +
                                    ", \"rows_in_population\": " + std::to_string(result->rows_out) + "}"));
  };
  apply("npr", {});
  apply("kreft", {});
  apply("mfr", {*ColumnName::Parse("mor_fnr")});
  EXPECT_THAT(ReadFile(folder.Path("npr_out.csv")), HasSubstr(";Kirurgi Troms\xF8;"));

  const auto pairs = [&](const std::string& name, std::string_view key, std::string_view number) {
    std::multimap<std::string, std::string> by_number;
    const auto keys = ColumnOf(folder.Path(name + "_out.csv"), key);
    const auto numbers = ColumnOf(folder.Path(name + "_out.csv"), number);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      by_number.emplace(numbers[i], keys[i]);
    }
    return by_number;
  };
  const auto stays = pairs("npr", "npr_key", "lopenummer");
  const auto cancers = pairs("kreft", "kreft_key", "lopenummer");
  const auto births = pairs("mfr", "mfr_key", "lopenummer");
  std::map<std::string, std::string> mother_of_birth;
  for (const auto& [number, key] : pairs("mfr", "mfr_key", "mor_lopenummer")) {
    mother_of_birth[key] = number;
  }
  std::set<std::string> linked;
  for (const auto& [number, stay] : stays) {
    const auto cancer = cancers.find(number);
    const auto birth = births.find(number);
    if (cancer == cancers.end() && birth == births.end()) {
      continue;
    }
    std::string row = stay + ";" + (cancer == cancers.end() ? "" : cancer->second) + ";";
    std::string mother_stay;
    if (birth != births.end()) {
      row += birth->second;
      const auto range = stays.equal_range(mother_of_birth[birth->second]);
      for (auto candidate = range.first; candidate != range.second; ++candidate) {
        mother_stay = mother_stay.empty() ? candidate->second : std::min(mother_stay, candidate->second);
      }
    }
    row += ";";
    linked.insert(row + mother_stay);
  }
  std::set<std::string> truth;
  const auto table = *TableReader::Open(folder.Path("truth.csv"), {});
  while (const Record* record = *table->Next()) {
    truth.emplace(record->raw);
  }
  EXPECT_GT(truth.size(), kPersons / 4);
  EXPECT_TRUE(linked == truth);
}

TEST(TestData, NumberOfPersonsIsChecked) {
  const TemporaryFolder folder;
  EXPECT_EQ(ReasonName(GenerateTestData({.persons = 0, .folder = folder.path()})), "FIELD_MALFORMED");
  EXPECT_EQ(ReasonName(GenerateTestData({.persons = 10'000'001, .folder = folder.path()})), "FIELD_MALFORMED");
  EXPECT_EQ(ReasonName(GenerateTestData({.persons = 1, .folder = folder.path()})), "OK");
  EXPECT_EQ(ReasonName(GenerateTestData({.persons = 1, .folder = folder.path()})), "FILE_EXISTS");
}

}  // namespace
}  // namespace kobling::client
