#include "client/files/key_file_rows.h"

#include <string>
#include <vector>

#include "client/files/files_testing.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kobling::client {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class CollectedRows final : public KeyFileRows {
 public:
  absl::Status Begin(const crypto::KeyFileComment& comment) override {
    announced = comment.rows;
    return absl::OkStatus();
  }
  absl::Status Take(const KeyFileRow& row) override {
    texts.emplace_back(row.text);
    identifiers.push_back(row.identifier);
    return absl::OkStatus();
  }
  std::uint64_t announced = 0;
  std::vector<std::string> texts;
  std::vector<std::uint64_t> identifiers;
};

absl::Status Parse(std::string_view plaintext, const crypto::KeyFileComment& comment, std::size_t part = 1000) {
  CollectedRows rows;
  KeyFileRowParser parser(comment, rows);
  for (; !plaintext.empty(); plaintext.remove_prefix(std::min(part, plaintext.size()))) {
    if (const absl::Status status = parser.Add(plaintext.substr(0, part)); !status.ok()) {
      return status;
    }
  }
  return parser.Finish();
}

std::string ThreeRows() {
  return KeyFilePlaintext(
      {{SyntheticId(0), MakeLopenummer(0)}, {SyntheticId(1), MakeLopenummer(0)}, {SyntheticId(2), MakeLopenummer(2)}});
}

TEST(KeyFileRowParser, RightFileIsAcceptedInPartsOfAnySize) {
  for (const std::size_t part : {1u, 2u, 7u, 30u, 31u, 32u, 1000u}) {
    EXPECT_EQ(ReasonName(Parse(ThreeRows(), MakeComment(3, 2), part)), "OK") << part;
  }
  EXPECT_TRUE(Parse("fodselsnummer;lopenummer\n", MakeComment(0, 0)).ok());
}

TEST(KeyFileRowParser, CommaIsTheDelimiterIfTheCommentSaysSo) {
  auto comment = MakeComment(1, 1);
  const std::string plaintext = KeyFilePlaintext({{SyntheticId(0), MakeLopenummer(0)}}, ',');
  EXPECT_EQ(ReasonName(Parse(plaintext, comment)), "KEY_FILE_ROWS");
  comment.delimiter = crypto::KeyFileDelimiter::kComma;
  EXPECT_EQ(ReasonName(Parse(plaintext, comment)), "OK");
}

TEST(KeyFileRowParser, OtherNumbersThanTheCommentSaysAreRefused) {
  EXPECT_EQ(ReasonName(Parse(ThreeRows(), MakeComment(2, 2))), "KEY_FILE_ROWS");
  EXPECT_EQ(ReasonName(Parse(ThreeRows(), MakeComment(4, 2))), "KEY_FILE_ROWS");
  EXPECT_EQ(ReasonName(Parse(ThreeRows(), MakeComment(3, 1))), "KEY_FILE_ROWS");
  EXPECT_EQ(ReasonName(Parse(ThreeRows(), MakeComment(3, 3))), "KEY_FILE_ROWS");
  EXPECT_EQ(ReasonName(Parse("", MakeComment(0, 0))), "KEY_FILE_ROWS");
}

TEST(KeyFileRowParser, EveryChangedCharacterIsNoticedWithItsLine) {
  const std::string right = ThreeRows();
  int unnoticed = 0;
  for (std::size_t i = 0; i < right.size(); ++i) {
    std::string changed = right;
    changed[i] = changed[i] == 'x' ? 'y' : 'x';
    const absl::Status status = Parse(changed, MakeComment(3, 2));
    EXPECT_EQ(ReasonName(status), "KEY_FILE_ROWS") << "byte " << i;
    const auto lines = 1 + std::count(right.begin(), right.begin() + static_cast<std::ptrdiff_t>(i), '\n');
    EXPECT_EQ(DetailOf(status, "line"), std::to_string(lines)) << "byte " << i;
    unnoticed += status.ok() ? 1 : 0;
  }
  EXPECT_EQ(unnoticed, 0);
}

TEST(KeyFileRowParser, WrongCheckCharacterIsRefused) {
  std::string changed = KeyFilePlaintext({{SyntheticId(0), MakeLopenummer(0)}});
  char& check = changed[changed.size() - 2];
  check = check == '7' ? '8' : '7';
  EXPECT_EQ(ReasonName(Parse(changed, MakeComment(1, 1))), "KEY_FILE_ROWS");
}

TEST(KeyFileRowParser, RowsOutOfOrderOrTwiceAreRefused) {
  const std::string right = ThreeRows();
  const std::string header = right.substr(0, right.size() - 93);
  const std::string a = right.substr(right.size() - 93, 31);
  const std::string b = right.substr(right.size() - 62, 31);
  const std::string c = right.substr(right.size() - 31);
  EXPECT_EQ(ReasonName(Parse(header + a + b + c, MakeComment(3, 2))), "OK");
  EXPECT_EQ(ReasonName(Parse(header + a + c + b, MakeComment(3, 2))), "KEY_FILE_ROWS");
  EXPECT_EQ(ReasonName(Parse(header + c + a + b, MakeComment(3, 2))), "KEY_FILE_ROWS") << "though the numbers agree";
  EXPECT_EQ(ReasonName(Parse(header + b + a + c, MakeComment(3, 2))), "KEY_FILE_ROWS");
  EXPECT_EQ(ReasonName(Parse(header + a + a + c, MakeComment(3, 2))), "KEY_FILE_ROWS");
}

TEST(KeyFileRowParser, TruncatedRowAndMoreBehindTheLastAreRefused) {
  const std::string right = ThreeRows();
  EXPECT_EQ(ReasonName(Parse(right.substr(0, right.size() - 1), MakeComment(3, 2))), "KEY_FILE_ROWS");
  EXPECT_EQ(ReasonName(Parse(right + "\n", MakeComment(3, 2))), "KEY_FILE_ROWS");
}

struct KeyFileOnDisk : ::testing::Test {
  void SetUp() override { sealer.Seal(folder, "key.csv.age", ThreeRows(), MakeComment(3, 2)); }
  TemporaryFolder folder;
  Sealer sealer;
};

TEST_F(KeyFileOnDisk, RowsAndCommentAreGiven) {
  CollectedRows rows;
  const auto comment = OpenKeyFile(sealer.File(folder, "key.csv.age"), rows);
  ASSERT_TRUE(comment.ok()) << comment.status();
  EXPECT_EQ(comment->number, 7u);
  EXPECT_EQ(rows.announced, 3u);
  ASSERT_EQ(rows.texts.size(), 3u);
  std::string all = "fodselsnummer;lopenummer\n";
  for (std::size_t i = 0; i < rows.texts.size(); ++i) {
    all += rows.texts[i];
    EXPECT_EQ(rows.identifiers[i], Packed(rows.texts[i].substr(0, 11)));
  }
  EXPECT_EQ(all, ThreeRows());
}

TEST_F(KeyFileOnDisk, IsOpenedToCsvByteForByte) {
  const auto comment = OpenKeyFileToCsv(sealer.File(folder, "key.csv.age"), folder.Path("key.csv"), Overwrite::kRefuse);
  ASSERT_TRUE(comment.ok()) << comment.status();
  EXPECT_EQ(ReadFile(folder.Path("key.csv")), ThreeRows());
}

TEST_F(KeyFileOnDisk, EveryChangedByteOfFileAndSignatureIsRefused) {
  for (const std::string name : {"key.csv.age", "key.csv.age.minisig"}) {
    const std::string right = ReadFile(folder.Path(name));
    // The first line of a signature is a comment that nothing covers and nothing uses.
    for (std::size_t i = name.back() == 'g' ? right.find('\n') : 0; i < right.size(); i += 1 + i % 3) {
      std::string changed = right;
      changed[i] = static_cast<char>(changed[i] ^ 1);
      folder.Write(name, changed);
      CollectedRows rows;
      EXPECT_FALSE(OpenKeyFile(sealer.File(folder, "key.csv.age"), rows).ok()) << name << " byte " << i;
      EXPECT_THAT(rows.texts, IsEmpty()) << "no row before the signature was checked";
    }
    folder.Write(name, right);
  }
}

TEST_F(KeyFileOnDisk, UnsignedOrForeignFileIsRefused) {
  CollectedRows rows;
  SealedKeyFile other = sealer.File(folder, "key.csv.age");
  other.signature_path = folder.Path("none.minisig");
  EXPECT_EQ(ReasonName(OpenKeyFile(other, rows).status()), "FILE_NOT_FOUND");
  Sealer stranger;
  const SealedKeyFile strange = {folder.Path("key.csv.age"), folder.Path("key.csv.age.minisig"), stranger.public_key(),
                                 sealer.identity(), sealer.arena()};
  EXPECT_EQ(ReasonName(OpenKeyFile(strange, rows).status()), "KEY_FILE_SIGNATURE");
  const SealedKeyFile not_ours = {folder.Path("key.csv.age"), folder.Path("key.csv.age.minisig"), sealer.public_key(),
                                  stranger.identity(), stranger.arena()};
  EXPECT_EQ(ReasonName(OpenKeyFile(not_ours, rows).status()), "KEY_FILE_RECIPIENT");
  EXPECT_THAT(rows.texts, IsEmpty());
}

TEST_F(KeyFileOnDisk, WrongRowsLeaveNoPlaintextBehind) {
  sealer.Seal(folder, "bad.csv.age", ThreeRows(), MakeComment(4, 2));
  const auto names = folder.Names();
  EXPECT_EQ(
      ReasonName(
          OpenKeyFileToCsv(sealer.File(folder, "bad.csv.age"), folder.Path("key.csv"), Overwrite::kRefuse).status()),
      "KEY_FILE_ROWS");
  EXPECT_EQ(folder.Names(), names);
}

TEST_F(KeyFileOnDisk, CommentThatAnnouncesMoreThanTheFileCanHoldIsRefusedBeforeRoomIsMade) {
  sealer.Seal(folder, "bad.csv.age", ThreeRows(), MakeComment(std::uint64_t{1} << 40, 2));
  const SealedKeyFile bad = sealer.File(folder, "bad.csv.age");
  EXPECT_EQ(ReasonName(LoadKeyFiles(std::span(&bad, 1)).status()), "KEY_FILE_ROWS");
}

TEST_F(KeyFileOnDisk, IsLoadedIntoAMap) {
  const SealedKeyFile file = sealer.File(folder, "key.csv.age");
  const auto loaded = LoadKeyFiles(std::span(&file, 1));
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->map->rows(), 3u);
  for (const auto& [id, lopenummer] : {std::pair(0, 0), {1, 0}, {2, 2}}) {
    const auto place = loaded->map->Find(Packed(SyntheticId(static_cast<std::uint64_t>(id))));
    ASSERT_TRUE(place.has_value());
    EXPECT_TRUE(loaded->map->At(*place) == MakeLopenummer(static_cast<std::uint64_t>(lopenummer)));
  }
}

// A full file with persons 0 (two identifiers) and 2, then a delta: 3 comes, 2 goes.
class DeltaOnDisk : public KeyFileOnDisk {
 protected:
  DeltaOnDisk() { sealer.Seal(folder, "delta.csv.age", DeltaText(), DeltaComment(2, 1)); }
  static std::string DeltaText() {
    std::vector<std::string> rows = {SyntheticId(3) + ";" + Text(MakeLopenummer(3)) + ";added\n",
                                     SyntheticId(2) + ";" + Text(MakeLopenummer(2)) + ";withdrawn\n"};
    if (Text(MakeLopenummer(3)) > Text(MakeLopenummer(2))) {
      std::swap(rows[0], rows[1]);
    }
    return "fodselsnummer;lopenummer;change\n" + rows[0] + rows[1];
  }
  static crypto::KeyFileComment DeltaComment(std::uint64_t rows, std::uint64_t withdrawn) {
    crypto::KeyFileComment comment = MakeComment(rows, rows);
    comment.kind = crypto::KeyFileKind::kDelta;
    comment.since = comment.number;
    ++comment.number;
    comment.withdrawn = withdrawn;
    return comment;
  }
  static bool Holds(const LopenummerMap& map, std::uint64_t person) {
    return map.Find(Packed(SyntheticId(person))).has_value();
  }
};

TEST_F(DeltaOnDisk, GoesOnFromTheFullFile) {
  const std::vector<SealedKeyFile> files = {sealer.File(folder, "key.csv.age"), sealer.File(folder, "delta.csv.age")};
  const auto loaded = LoadKeyFiles(files);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->comment.number, DeltaComment(2, 1).number);
  EXPECT_TRUE(Holds(*loaded->map, 0));
  EXPECT_TRUE(Holds(*loaded->map, 1));
  EXPECT_FALSE(Holds(*loaded->map, 2));
  EXPECT_TRUE(Holds(*loaded->map, 3));
}

TEST_F(DeltaOnDisk, AloneGivesWhatIsNew) {
  const SealedKeyFile file = sealer.File(folder, "delta.csv.age");
  const auto loaded = LoadKeyFiles(std::span(&file, 1));
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_FALSE(Holds(*loaded->map, 0));
  EXPECT_FALSE(Holds(*loaded->map, 2));
  EXPECT_TRUE(Holds(*loaded->map, 3));
}

TEST_F(DeltaOnDisk, FilesThatDoNotFollowEachOtherAreRefused) {
  const SealedKeyFile full = sealer.File(folder, "key.csv.age");
  const SealedKeyFile delta = sealer.File(folder, "delta.csv.age");
  for (const std::vector<SealedKeyFile>& files :
       {std::vector{full, full}, std::vector{delta, full}, std::vector{full, delta, delta}}) {
    EXPECT_EQ(ReasonName(LoadKeyFiles(files).status()), "KEY_FILE_ROWS");
  }
}

TEST_F(DeltaOnDisk, RowsThatAreNoDeltasAreRefused) {
  const auto refused = [&](const std::string& text, const crypto::KeyFileComment& comment) {
    sealer.Seal(folder, "bad.csv.age", text, comment);
    const SealedKeyFile file = sealer.File(folder, "bad.csv.age");
    return ReasonName(LoadKeyFiles(std::span(&file, 1)).status()) == "KEY_FILE_ROWS";
  };
  const std::string text = DeltaText();
  const auto with = [&](std::string_view part, std::string_view other) {
    std::string changed = text;
    changed.replace(changed.find(part), part.size(), other);
    return changed;
  };
  EXPECT_TRUE(refused(text, DeltaComment(2, 0)));
  EXPECT_TRUE(refused(text, DeltaComment(2, 2)));
  EXPECT_TRUE(refused(with(";withdrawn", ""), DeltaComment(2, 1)));
  EXPECT_TRUE(refused(with(";withdrawn", ";gone"), DeltaComment(2, 1)));
  EXPECT_TRUE(refused(with(";withdrawn", ";withdrawnwithdrawn"), DeltaComment(2, 1)));
  EXPECT_TRUE(refused(with(";added", ",added"), DeltaComment(2, 1)));
  EXPECT_TRUE(refused(with(";change", ""), DeltaComment(2, 1)));
  EXPECT_TRUE(refused(text.substr(0, text.size() - 1), DeltaComment(2, 1)));
  EXPECT_TRUE(refused(text, MakeComment(2, 2)));
}

TEST_F(DeltaOnDisk, OpensToCsvWithItsChanges) {
  ASSERT_TRUE(
      OpenKeyFileToCsv(sealer.File(folder, "delta.csv.age"), folder.Path("delta.csv"), Overwrite::kRefuse).ok());
  EXPECT_EQ(ReadFile(folder.Path("delta.csv")), DeltaText());
}

TEST(LopenummerMap, ARowThatIsTakenOutIsNotFoundAndMayComeBack) {
  const auto map = MakeMap(1000);
  for (std::uint64_t i = 0; i < 1000; i += 2) {
    map->Remove(Packed(SyntheticId(i)));
  }
  map->Remove(Packed(SyntheticId(5000)));
  LopenummerMap copy(map->rows() + 1);
  ASSERT_TRUE(map->CopyTo(copy).ok());
  ASSERT_TRUE(copy.Insert(Packed(SyntheticId(0)), MakeLopenummer(7)).ok());
  for (std::uint64_t i = 1; i < 1000; ++i) {
    ASSERT_EQ(map->Find(Packed(SyntheticId(i))).has_value(), i % 2 == 1) << i;
    ASSERT_EQ(copy.Find(Packed(SyntheticId(i))).has_value(), i % 2 == 1) << i;
  }
  EXPECT_TRUE(copy.At(*copy.Find(Packed(SyntheticId(0)))) == MakeLopenummer(7));
}

TEST(LopenummerMap, HoldsEveryRowAndNothingElse) {
  const auto map = MakeMap(10'000);
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    const auto place = map->Find(Packed(SyntheticId(i)));
    ASSERT_TRUE(place.has_value());
    ASSERT_TRUE(map->At(*place) == MakeLopenummer(i));
  }
  for (std::uint64_t i = 10'000; i < 20'000; ++i) {
    ASSERT_FALSE(map->Find(Packed(SyntheticId(i))).has_value());
  }
}

TEST(LopenummerMap, IdentifierTwiceAndTooManyRowsAreRefused) {
  LopenummerMap map(2);
  ASSERT_TRUE(map.Insert(1, MakeLopenummer(1)).ok());
  EXPECT_EQ(ReasonName(map.Insert(1, MakeLopenummer(2))), "KEY_FILE_ROWS");
  ASSERT_TRUE(map.Insert(2, MakeLopenummer(1)).ok());
  EXPECT_EQ(ReasonName(map.Insert(3, MakeLopenummer(3))), "KEY_FILE_ROWS");
}

TEST(LopenummerMap, UsedLopenumreAreGivenOnceAndInOrder) {
  LopenummerMap map(4);
  for (std::uint64_t i = 1; i <= 4; ++i) {
    ASSERT_TRUE(map.Insert(i, MakeLopenummer(i / 2)).ok());
  }
  EXPECT_THAT(map.Used(), IsEmpty());
  map.MarkUsed(*map.Find(2));
  map.MarkUsed(*map.Find(3));
  map.MarkUsed(*map.Find(4));
  std::vector<std::string> used;
  for (const auto& lopenummer : map.Used()) {
    used.push_back(Text(lopenummer));
  }
  std::vector<std::string> expected = {Text(MakeLopenummer(1)), Text(MakeLopenummer(2))};
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(used, expected);
}

}  // namespace
}  // namespace kobling::client
