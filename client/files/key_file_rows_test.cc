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
  static void ExpectNumber(const LopenummerMap& map, std::uint64_t person, std::uint64_t number) {
    const auto place = map.Find(Packed(SyntheticId(person)));
    ASSERT_TRUE(place.has_value()) << person;
    EXPECT_TRUE(map.At(*place) == MakeLopenummer(number)) << person;
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
    EXPECT_EQ(ReasonName(LoadKeyFiles(files).status()), "USAGE");
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

// After the split of a person, a delta names the number that holds no more and the new one; which comes first depends
// on the numbers alone.
TEST_F(DeltaOnDisk, IdentifierThatIsWithdrawnAndAddedHasTheNewNumberInWhateverOrder) {
  int withdrawn_first = 0;
  int added_first = 0;
  for (std::uint64_t number = 10; number < 20; ++number) {
    std::vector<std::string> rows = {Text(MakeLopenummer(2)) + ";withdrawn\n",
                                     Text(MakeLopenummer(number)) + ";added\n"};
    std::sort(rows.begin(), rows.end());
    ++(rows[0].ends_with(";added\n") ? added_first : withdrawn_first);
    sealer.Seal(folder, "moved.csv.age",
                "fodselsnummer;lopenummer;change\n" + SyntheticId(2) + ";" + rows[0] + SyntheticId(2) + ";" + rows[1],
                DeltaComment(2, 1));
    const std::vector<SealedKeyFile> files = {sealer.File(folder, "key.csv.age"), sealer.File(folder, "moved.csv.age")};
    const auto loaded = LoadKeyFiles(files);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    ExpectNumber(*loaded->map, 2, number);
    ExpectNumber(*loaded->map, 0, 0);
  }
  EXPECT_GT(withdrawn_first, 0);
  EXPECT_GT(added_first, 0);
}

TEST_F(DeltaOnDisk, RowThatIsThereAlreadyOrIsAddedTwiceIsRefused) {
  const auto reason = [&](const std::vector<std::uint64_t>& numbers) {
    std::vector<std::string> lopenumre;
    for (const std::uint64_t number : numbers) {
      lopenumre.push_back(Text(MakeLopenummer(number)));
    }
    std::sort(lopenumre.begin(), lopenumre.end());
    std::string text = "fodselsnummer;lopenummer;change\n";
    for (const std::string& lopenummer : lopenumre) {
      text += SyntheticId(2) + ";" + lopenummer + ";added\n";
    }
    sealer.Seal(folder, "bad.csv.age", text, DeltaComment(numbers.size(), 0));
    const std::vector<SealedKeyFile> files = {sealer.File(folder, "key.csv.age"), sealer.File(folder, "bad.csv.age")};
    return ReasonName(LoadKeyFiles(files).status());
  };
  EXPECT_EQ(reason({2}), "KEY_FILE_ROWS");
  EXPECT_EQ(reason({4, 5}), "KEY_FILE_ROWS");
}

// The full file has persons 0 (with two identifiers) and 2. Then the identifier 1 turns out to be the person 2.
class CorrectionOnDisk : public DeltaOnDisk {
 protected:
  static constexpr std::string_view kHeader = "fodselsnummer;old_lopenummer;new_lopenummer;date;cause\n";

  CorrectionOnDisk() { sealer.Seal(folder, "correction.csv.age", CorrectionText(), CorrectionComment(1, 1)); }
  static std::string Row(std::uint64_t person, std::uint64_t old_number, std::uint64_t new_number,
                         std::string_view rest = "2026-11-22;merged") {
    return SyntheticId(person) + ";" + Text(MakeLopenummer(old_number)) + ";" + Text(MakeLopenummer(new_number)) + ";" +
           std::string(rest) + "\n";
  }
  static std::string CorrectionText() { return std::string(kHeader) + Row(1, 0, 2); }
  static crypto::KeyFileComment CorrectionComment(std::uint64_t rows, std::uint64_t persons) {
    crypto::KeyFileComment comment = MakeComment(rows, persons);
    comment.kind = crypto::KeyFileKind::kCorrection;
    comment.since = comment.number;
    ++comment.number;
    return comment;
  }
  // The full file, then a correction with these rows in their order.
  absl::StatusOr<LoadedKeyFile> LoadCorrected(std::vector<std::string> rows, std::uint64_t persons) {
    std::sort(rows.begin(), rows.end(), [](const std::string& a, const std::string& b) {
      return std::pair(a.substr(31, 18), a.substr(0, 11)) < std::pair(b.substr(31, 18), b.substr(0, 11));
    });
    std::string text(kHeader);
    for (const std::string& row : rows) {
      text += row;
    }
    sealer.Seal(folder, "other.csv.age", text, CorrectionComment(rows.size(), persons));
    const std::vector<SealedKeyFile> files = {sealer.File(folder, "key.csv.age"), sealer.File(folder, "other.csv.age")};
    return LoadKeyFiles(files);
  }
};

TEST_F(CorrectionOnDisk, GivesIdentifiersTheirNewNumberAndAddsNone) {
  const auto loaded = LoadCorrected({Row(1, 0, 2), Row(5, 4, 3, "2026-11-22;split")}, 2);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->comment.kind, crypto::KeyFileKind::kCorrection);
  ExpectNumber(*loaded->map, 0, 0);
  ExpectNumber(*loaded->map, 1, 2);
  ExpectNumber(*loaded->map, 2, 2);
  EXPECT_FALSE(Holds(*loaded->map, 5)) << "the register holds no row of it";
}

TEST_F(CorrectionOnDisk, MayTellWhatTheRegisterHoldsAlready) {
  const auto loaded = LoadCorrected({Row(1, 5, 0), Row(2, 0, 3)}, 2);  // the first one holds the new number
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  ExpectNumber(*loaded->map, 1, 0);
  ExpectNumber(*loaded->map, 2, 3);
}

TEST_F(CorrectionOnDisk, StandsInAChainWithDeltas) {
  crypto::KeyFileComment comment = DeltaComment(2, 1);
  comment.since = CorrectionComment(1, 1).number;
  comment.number = comment.since + 1;
  sealer.Seal(folder, "later.csv.age", DeltaText(), comment);
  const SealedKeyFile full = sealer.File(folder, "key.csv.age");
  const SealedKeyFile correction = sealer.File(folder, "correction.csv.age");
  const SealedKeyFile later = sealer.File(folder, "later.csv.age");
  const auto loaded = LoadKeyFiles(std::vector{full, correction, later});
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->comment.number, comment.number);
  ExpectNumber(*loaded->map, 1, 2);
  EXPECT_FALSE(Holds(*loaded->map, 2));
  ExpectNumber(*loaded->map, 3, 3);
  for (const std::vector<SealedKeyFile>& files :
       {std::vector{correction}, std::vector{correction, later}, std::vector{full, later},
        std::vector{full, correction, correction}, std::vector{full, correction, full}}) {
    EXPECT_EQ(ReasonName(LoadKeyFiles(files).status()), "USAGE");
  }
}

TEST_F(CorrectionOnDisk, OpensToCsvByteForByte) {
  ASSERT_TRUE(
      OpenKeyFileToCsv(sealer.File(folder, "correction.csv.age"), folder.Path("correction.csv"), Overwrite::kRefuse)
          .ok());
  EXPECT_EQ(ReadFile(folder.Path("correction.csv")), CorrectionText());
}

TEST_F(CorrectionOnDisk, EveryChangedCharacterIsNoticedWithItsLine) {
  const std::string right = CorrectionText();
  for (std::size_t i = 0; i < right.size(); ++i) {
    std::string changed = right;
    changed[i] = changed[i] == 'x' ? 'y' : 'x';
    const absl::Status status = Parse(changed, CorrectionComment(1, 1));
    EXPECT_EQ(ReasonName(status), "KEY_FILE_ROWS") << "byte " << i;
    EXPECT_EQ(DetailOf(status, "line"), i < kHeader.size() ? "1" : "2") << "byte " << i;
  }
}

TEST_F(CorrectionOnDisk, RightRowsAreAcceptedInPartsOfAnySizeAndWithCommas) {
  std::string text = CorrectionText();
  for (const std::size_t part : {1u, 2u, 7u, 66u, 67u, 68u, 1000u}) {
    EXPECT_EQ(ReasonName(Parse(text, CorrectionComment(1, 1), part)), "OK") << part;
  }
  EXPECT_EQ(ReasonName(Parse(kHeader, CorrectionComment(0, 0))), "OK");
  crypto::KeyFileComment comment = CorrectionComment(1, 1);
  comment.delimiter = crypto::KeyFileDelimiter::kComma;
  EXPECT_EQ(ReasonName(Parse(text, comment)), "KEY_FILE_ROWS");
  std::replace(text.begin(), text.end(), ';', ',');
  EXPECT_EQ(ReasonName(Parse(text, comment)), "OK");
}

TEST_F(CorrectionOnDisk, RowsThatAreNoCorrectionsAreRefused) {
  const auto reason = [](const std::string& rows, std::uint64_t count, std::uint64_t persons) {
    return ReasonName(Parse(std::string(kHeader) + rows, CorrectionComment(count, persons)));
  };
  const std::string row = Row(1, 0, 2);
  EXPECT_EQ(reason(row, 1, 1), "OK");
  EXPECT_EQ(reason(Row(1, 0, 2, "2026-11-22;split"), 1, 1), "OK");
  EXPECT_EQ(reason(Row(1, 2, 2), 1, 1), "KEY_FILE_ROWS") << "nothing changes";
  EXPECT_EQ(reason(row + row, 2, 1), "KEY_FILE_ROWS") << "a row twice";
  EXPECT_EQ(reason(row, 2, 1), "KEY_FILE_ROWS");
  EXPECT_EQ(reason(row, 1, 0), "KEY_FILE_ROWS");
  EXPECT_EQ(reason(row.substr(0, row.size() - 1), 1, 1), "KEY_FILE_ROWS");
  for (const std::string rest :
       {"2026-11-31;merged", "2026-1-22;merged", "2026-11-22;moved", "2026-11-22;", "2026-11-22",
        "2026-11-22;mergedmerged", " 026-11-22;merged", "2026-11-22;merged\r", ";merged"}) {
    EXPECT_EQ(reason(Row(1, 0, 2, rest), 1, 1), "KEY_FILE_ROWS") << rest;
  }
  const bool is_in_order = Text(MakeLopenummer(2)) < Text(MakeLopenummer(3));
  const std::string first = is_in_order ? Row(1, 0, 2) : Row(1, 0, 3);
  const std::string second = is_in_order ? Row(0, 0, 3) : Row(0, 0, 2);
  EXPECT_EQ(reason(first + second, 2, 2), "OK") << "the order is that of the new number";
  EXPECT_EQ(reason(second + first, 2, 2), "KEY_FILE_ROWS");
}

TEST_F(CorrectionOnDisk, TheExampleOfThePageIsRead) {
  const std::string page = ReadFile(KOBLING_SOURCE_DIR "/docs/formats/key-file.md");
  const std::size_t begin = page.find(kHeader);
  ASSERT_NE(begin, std::string::npos);
  const std::string example = page.substr(begin, page.find("```", begin) - begin);
  EXPECT_EQ(example.size(), 55u + 68u + 67u) << "one row of each cause";
  EXPECT_EQ(ReasonName(Parse(example, CorrectionComment(2, 2))), "OK");
}

TEST_F(CorrectionOnDisk, IdentifierWithTwoNewNumbersIsRefused) {
  EXPECT_EQ(ReasonName(LoadCorrected({Row(1, 0, 2), Row(1, 0, 3)}, 2).status()), "KEY_FILE_ROWS");
}

}  // namespace
}  // namespace kobling::client
