// What can be checked of the published log.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "absl/strings/escaping.h"
#include "client/client_testing.h"
#include "client/event_proof.h"
#include "client/files/files_testing.h"
#include "client/server_answer.h"
#include "crypto/sha256.h"
#include "domain/error.h"
#include "nlohmann/json.hpp"
#include "transparency/log_testing.h"

namespace kobling::client {
namespace {

using testing::HasSubstr;
using Result = CommandRunner::Result;
using transparency::TestEntry;

class LogCommandsTest : public ::testing::Test {
 protected:
  LogCommandsTest() {
    runner_.folder.Write("home/default/kobling.toml", "log_key = \"" + signers_.log().text() + "\"\n");
  }

  std::string Folder() const { return (runner_.folder.path() / "log").string(); }

  Result Verify(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"audit", "verify", Folder()});
    return runner_.Run(more);
  }

  // The server's answer: the proof of an entry in a tree of so many test entries, in which this entry is at the index.
  api::EventProof ProofOf(std::uint64_t index, std::uint64_t size, const std::string& entry) const {
    std::string hashes;
    for (std::uint64_t i = 0; i < size; ++i) {
      const crypto::Digest leaf = transparency::HashOf(i == index ? entry : TestEntry(i));
      hashes.append(leaf.begin(), leaf.end());
    }
    class OneTile final : public transparency::TileSource {
     public:
      explicit OneTile(std::string hashes) : hashes_(std::move(hashes)) {}
      absl::StatusOr<std::string> ReadTile(unsigned, std::uint64_t, std::size_t width) override {
        return hashes_.substr(0, width * transparency::kHashBytes);
      }

     private:
      std::string hashes_;
    } tile(hashes);
    transparency::TreeReader tree(tile, size);
    transparency::InclusionReceipt receipt;
    receipt.index = index;
    receipt.proof = transparency::ProveInclusion(tree, index).value();
    receipt.checkpoint =
        transparency::SignTreeHead({transparency::kTestOrigin, size, transparency::RootOf(hashes)}, signers_.log_key());
    api::EventProof proof;
    proof.set_proof(receipt.text());
    proof.set_entry(entry);
    return proof;
  }

  transparency::TestSigners signers_;
  CommandRunner runner_;
};

TEST_F(LogCommandsTest, ASoundLogIsSaidToBeSoundWithItsCounts) {
  transparency::WriteTestLog(Folder(), {100, 300}, signers_);
  const Result table = Verify({"--witness", signers_.witness().text()});
  EXPECT_EQ(table.code, ExitCode::kOk) << table.err;
  EXPECT_THAT(table.out, HasSubstr("keyfile.issue"));
  EXPECT_THAT(table.out, HasSubstr("cosignatures"));
  const auto json = nlohmann::json::parse(Verify({"--format", "json"}).out);
  EXPECT_EQ(json["sound"], true);
  EXPECT_EQ(json["events"], 300);
  EXPECT_EQ(json["checkpoints"], 3);
  EXPECT_EQ(json["faults"].size(), 0U);
  EXPECT_TRUE(runner_.server.calls.empty()) << "offline";
}

TEST_F(LogCommandsTest, WithoutWitnessOrOwnCheckpointItSaysWhatItCannotKnow) {
  transparency::WriteTestLog(Folder(), {10}, signers_);
  EXPECT_THAT(Verify().err, HasSubstr("only a witness or a checkpoint of your own"));
}

TEST_F(LogCommandsTest, WhatIsWrongIsNamedAndTheExitCodeSaysSo) {
  transparency::WriteTestLog(Folder(), {300}, signers_);
  std::filesystem::remove(std::filesystem::path(Folder()) / transparency::TilePath(0, 0, transparency::kTileWidth));
  const Result result = Verify();
  EXPECT_EQ(result.code, ExitCode::kRefused);
  EXPECT_THAT(result.out, HasSubstr("tile/0/000"));
  EXPECT_THAT(result.err, HasSubstr("not sound"));
}

TEST_F(LogCommandsTest, AnOwnCheckpointMustBeABeginning) {
  transparency::WriteTestLog(Folder(), {50}, signers_);
  std::filesystem::copy_file(std::filesystem::path(Folder()) / "checkpoint", runner_.folder.path() / "own.txt");
  std::filesystem::remove_all(Folder());
  transparency::WriteTestLog(Folder(), {40}, signers_);
  const Result result = Verify({"--checkpoint", (runner_.folder.path() / "own.txt").string()});
  EXPECT_EQ(result.code, ExitCode::kRefused);
  EXPECT_THAT(result.out, HasSubstr("own checkpoint 1"));
}

TEST_F(LogCommandsTest, WrongArgumentsAreNamed) {
  transparency::WriteTestLog(Folder(), {10}, signers_);
  EXPECT_THAT(Verify({"--witness", signers_.log().text()}).err, HasSubstr("--witness"));
  EXPECT_THAT(Verify({"--log-key", (std::filesystem::path(Folder()) / "checkpoint").string()}).err,
              HasSubstr("[PROFILE]"));
  EXPECT_THAT(Verify({"--checkpoint", (std::filesystem::path(Folder()) / "tile/0/000.p/10").string()}).err,
              HasSubstr("[LOG_MALFORMED]"));
  std::filesystem::remove_all(Folder());
  EXPECT_THAT(Verify().err, HasSubstr("[FILE_NOT_FOUND]"));
}

TEST_F(LogCommandsTest, ACheckpointIsVerifiedBeforeItIsKept) {
  api::Checkpoint answer;
  answer.set_note(signers_.Sign({transparency::kTestOrigin, 5, {}}, absl::FromUnixSeconds(1'800'000'000)).bytes());
  runner_.server.Answer("GetCheckpointRequest", answer);
  const std::string file = (runner_.folder.path() / "kept.txt").string();
  EXPECT_EQ(runner_.Run({"audit", "checkpoint", "--out", file}).code, ExitCode::kOk);
  EXPECT_EQ(runner_.folder.Read("kept.txt"), answer.note());

  answer.set_note(transparency::SignTreeHead({transparency::kTestOrigin, 5, {}}, signers_.witness_key()).bytes());
  runner_.server.Answer("GetCheckpointRequest", answer);
  const Result forged = runner_.Run({"audit", "checkpoint"});
  EXPECT_NE(forged.code, ExitCode::kOk);
  EXPECT_THAT(forged.err, HasSubstr("[LOG_SIGNATURE]"));
  EXPECT_EQ(forged.out, "");
}

TEST_F(LogCommandsTest, AProofIsKeptAndVerifiedOffline) {
  runner_.server.Answer("GetEventProofRequest", ProofOf(7, 20, TestEntry(7)));
  const std::string file = (runner_.folder.path() / "seven.tlog-proof").string();
  const Result kept = runner_.Run({"audit", "proof", "7", "--out", file});
  EXPECT_EQ(kept.code, ExitCode::kOk) << kept.err;
  EXPECT_EQ(runner_.server.At<api::GetEventProofRequest>(0).index(), 7U);
  const Result offline = runner_.Run({"audit", "verify-proof", file});
  EXPECT_EQ(offline.code, ExitCode::kOk) << offline.err;
  EXPECT_THAT(offline.out, HasSubstr("project.show"));
  EXPECT_EQ(runner_.server.calls.size(), 1U);

  runner_.folder.Write("seven.event", TestEntry(8));
  const Result forged = runner_.Run({"audit", "verify-proof", file});
  EXPECT_THAT(forged.err, HasSubstr("[LOG_INCONSISTENT]"));
  EXPECT_EQ(forged.code, ExitCode::kRefused);
}

TEST_F(LogCommandsTest, WhoTrustsAWitnessTakesNothingThatItHasNotSigned) {
  const std::string file = (runner_.folder.path() / "seven.tlog-proof").string();
  const std::vector<std::string> command = {
      "audit", "proof", "7", "--out", file, "--witness-key", signers_.witness().text()};
  api::EventProof answer = ProofOf(7, 20, TestEntry(7));
  runner_.server.Answer("GetEventProofRequest", answer);
  EXPECT_THAT(runner_.Run(command).err, HasSubstr("[LOG_SIGNATURE]"));
  EXPECT_FALSE(std::filesystem::exists(file));
  auto receipt = transparency::InclusionReceipt::Parse(answer.proof()).value();
  receipt.checkpoint.signatures.push_back(transparency::Cosign(
      receipt.checkpoint.text, signers_.witness(), signers_.witness_key(), absl::FromUnixSeconds(1'800'000'000)));
  answer.set_proof(receipt.text());
  runner_.server.Answer("GetEventProofRequest", answer);
  const Result cosigned = runner_.Run(command);
  EXPECT_EQ(cosigned.code, ExitCode::kOk) << cosigned.err;
  EXPECT_THAT(cosigned.out, HasSubstr("2027-01-15T08:00:00Z"));
}

TEST_F(LogCommandsTest, AProofOfAnotherEventIsNotTaken) {
  runner_.server.Answer("GetEventProofRequest", ProofOf(8, 20, TestEntry(8)));
  const Result result =
      runner_.Run({"audit", "proof", "7", "--out", (runner_.folder.path() / "x.tlog-proof").string()});
  EXPECT_THAT(result.err, HasSubstr("[LOG_INCONSISTENT]"));
  EXPECT_FALSE(std::filesystem::exists(runner_.folder.path() / "x.tlog-proof"));
}

crypto::KeyFileComment Comment() {
  return {.project = domain::ProjectId::Parse("P0041").value(),
          .register_id = domain::RegisterId::Parse("NPR").value(),
          .number = 2,
          .kind = crypto::KeyFileKind::kFull,
          .rows = 0,
          .persons = 0,
          .duplicates = 0,
          .key_version = 1,
          .map_version = 0,
          .reservations = {},
          .delimiter = crypto::KeyFileDelimiter::kSemicolon,
          .recipient = "",
          .expires = absl::CivilDay(2026, 12, 1),
          .previous = std::nullopt,
          .event = 9};
}

// A sealed file, and a server that proves some event to be its issue.
class ReceiptTest : public LogCommandsTest {
 protected:
  ReceiptTest() {
    sealer_.Seal(files_, "key.csv.age", "fodselsnummer;lopenummer\n", Comment());
    runner_.folder.Write("home/default/kobling.toml", "log_key = \"" + signers_.log().text() + "\"\nsigning_key = \"" +
                                                          sealer_.public_key().line() + "\"\n");
    event_.time = absl::FromUnixSeconds(1'790'000'000);
    event_.operation = "keyfile.issue";
    event_.project = "P0041";
    event_.register_id = "NPR";
    event_.object = "keyfile 2";
    const std::string sealed = Sealed();
    const crypto::Digest digest = crypto::Sha256({reinterpret_cast<const std::uint8_t*>(sealed.data()), sealed.size()});
    event_.changes = {
        {"sealed_sha256", "",
         absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()))}};
  }

  std::string Sealed() const {
    std::ifstream stream(files_.Path("key.csv.age"), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  Result Receipt() {
    runner_.server.Answer("GetEventProofRequest", ProofOf(9, 12, transparency::EncodeEvent(event_)));
    return runner_.Run({"keyfile", "receipt", files_.Path("key.csv.age")});
  }

  TemporaryFolder files_;
  Sealer sealer_;
  transparency::Event event_;
};

TEST_F(ReceiptTest, LiesBesideTheKeyFile) {
  const Result result = Receipt();
  EXPECT_EQ(result.code, ExitCode::kOk) << result.err;
  EXPECT_EQ(runner_.server.At<api::GetEventProofRequest>(0).index(), 9U);
  EXPECT_EQ(runner_.Run({"audit", "verify-proof", files_.Path("key.csv.age.tlog-proof")}).code, ExitCode::kOk);
}

TEST_F(ReceiptTest, AnEventOfAnythingElseIsNoReceipt) {
  const transparency::Event right = event_;
  std::vector<transparency::Event> wrong(6, right);
  wrong[0].project = "P0042";
  wrong[1].register_id = "MFR";
  wrong[2].object = "keyfile 3";
  wrong[3].operation = "keyfile.fetch";
  wrong[4].result = "NOT_PERMITTED";
  wrong[5].changes[0].new_value[0] ^= 1;
  for (const transparency::Event& event : wrong) {
    event_ = event;
    EXPECT_THAT(Receipt().err, HasSubstr("[LOG_INCONSISTENT]"));
    EXPECT_FALSE(std::filesystem::exists(files_.Path("key.csv.age.tlog-proof")));
  }
}

TEST_F(ReceiptTest, AnAlteredKeyFileIsNotAskedFor) {
  files_.Write("key.csv.age", Sealed() + "x");
  EXPECT_THAT(Receipt().err, HasSubstr("[KEY_FILE_SIGNATURE]"));
  EXPECT_TRUE(runner_.server.calls.empty());
}

}  // namespace
}  // namespace kobling::client
