#include "witness/witness.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "domain/error.h"
#include "transparency/log_testing.h"
#include "transparency/witness_request.h"

namespace kobling::witness {
namespace {

using domain::Reason;
using domain::ReasonOf;
using transparency::kTestOrigin;
using transparency::MemoryTiles;
using transparency::Note;
using transparency::TestSigners;
using transparency::WitnessRequest;
namespace fs = std::filesystem;

class FixedClock final : public domain::Clock {
 public:
  absl::Time Now() const override { return now; }
  absl::Time now = absl::FromUnixSeconds(1'800'000'000);
};

class WitnessTest : public ::testing::Test {
 protected:
  WitnessTest() {
    std::string name = (fs::temp_directory_path() / "kobling-witness-XXXXXX").string();
    folder_ = fs::path(::mkdtemp(name.data())) / "w";
    EXPECT_TRUE(Witness::Create(folder_, "witness.example/one").ok());
    EXPECT_TRUE(Witness::AddLog(folder_, signers_.log().text()).ok());
    Open();
  }
  ~WitnessTest() override { fs::remove_all(folder_.parent_path()); }

  void Open() {
    witness_.reset();
    witness_ = Witness::Open(folder_, Witness::Use::kSign, clock_).value();
  }

  // The request of a log that has grown from one size to the other.
  WitnessRequest Request(std::uint64_t old_size, std::uint64_t size) const {
    MemoryTiles tiles(size);
    transparency::TreeReader tree(tiles, size);
    return {old_size, transparency::ProveConsistency(tree, old_size).value(),
            transparency::SignTreeHead({kTestOrigin, size, tiles.root()}, signers_.log_key())};
  }
  Witness::Answer Ask(const WitnessRequest& request) { return witness_->AddCheckpoint(request.text()); }

  // Size of the tree that was signed last; nothing if none.
  std::optional<std::uint64_t> Latest() const {
    const std::vector<Note> latest = witness_->Latest();
    return latest.empty() ? std::nullopt
                          : std::optional<std::uint64_t>(transparency::TreeHead::Parse(latest[0].text)->size);
  }

  TestSigners signers_;
  FixedClock clock_;
  fs::path folder_;
  std::unique_ptr<Witness> witness_;
};

TEST_F(WitnessTest, SignsALogThatGrows) {
  std::uint64_t old_size = 0;
  for (const std::uint64_t size : {5, 5, 300, 1000}) {
    const WitnessRequest request = Request(old_size, size);
    const Witness::Answer answer = Ask(request);
    ASSERT_EQ(answer.status, 200) << answer.body;
    Note note = request.checkpoint;
    note.signatures.push_back(transparency::NoteSignature::Parse(answer.body).value());
    EXPECT_EQ(transparency::VerifyCosignature(note, witness_->verifier()).value(), clock_.now);
    EXPECT_EQ(Latest(), size);
    old_size = size;
  }
}

TEST_F(WitnessTest, TellsWhatItHasSignedLast) {
  Ask(Request(0, 10));
  const Witness::Answer answer = Ask(Request(5, 20));
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(answer.content_type, "text/x.tlog.size");
  EXPECT_EQ(answer.body, "10\n");
}

TEST_F(WitnessTest, ALogThatHasShrunkIsRefused) {
  Ask(Request(0, 10));
  const Witness::Answer answer = Ask(Request(0, 8));
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(answer.body, "10\n");
  EXPECT_EQ(Ask({10, {}, Request(0, 8).checkpoint}).status, 400);
  EXPECT_EQ(Latest(), 10U);
}

TEST_F(WitnessTest, AForkedLogIsRefused) {
  Ask(Request(0, 10));
  // Of the same size with another root, and larger with another beginning; both rightly signed by the log.
  crypto::Digest other = MemoryTiles(10).root();
  other[0] ^= 1;
  EXPECT_EQ(Ask({10, {}, transparency::SignTreeHead({kTestOrigin, 10, other}, signers_.log_key())}).status, 409);
  WitnessRequest forked = Request(10, 30);
  forked.checkpoint = transparency::SignTreeHead({kTestOrigin, 30, other}, signers_.log_key());
  EXPECT_EQ(Ask(forked).status, 422);
  WitnessRequest unproved = Request(10, 30);
  unproved.proof.pop_back();
  EXPECT_EQ(Ask(unproved).status, 422);
  EXPECT_EQ(Latest(), 10U);
  EXPECT_EQ(Ask(Request(10, 30)).status, 200) << "the control: what is right is signed";
}

TEST_F(WitnessTest, OnlyLogsThatItKnowsAndTheirOwnKeyCount) {
  WitnessRequest request = Request(0, 10);
  request.checkpoint = transparency::SignTreeHead({kTestOrigin, 10, MemoryTiles(10).root()}, signers_.witness_key());
  EXPECT_EQ(Ask(request).status, 403);
  request.checkpoint = transparency::SignTreeHead({"other.example", 10, MemoryTiles(10).root()}, signers_.log_key());
  EXPECT_EQ(Ask(request).status, 404);
  EXPECT_EQ(witness_->AddCheckpoint("").status, 400);
  EXPECT_EQ(witness_->AddCheckpoint("old 0\n\nno checkpoint\n").status, 400);
  EXPECT_EQ(Latest(), std::nullopt);
}

TEST_F(WitnessTest, AnEmptyLogIsSigned) {
  EXPECT_EQ(Ask(Request(0, 0)).status, 200);
  EXPECT_EQ(Ask(Request(0, 0)).status, 200);
  EXPECT_EQ(Ask(Request(0, 3)).status, 200);
}

TEST_F(WitnessTest, RemembersAfterARestart) {
  Ask(Request(0, 10));
  Open();
  EXPECT_EQ(Latest(), 10U);
  EXPECT_EQ(Ask(Request(0, 12)).body, "10\n");
  EXPECT_EQ(Ask(Request(10, 12)).status, 200);
}

TEST_F(WitnessTest, AStateThatWasChangedIsNotTakenForNone) {
  Ask(Request(0, 10));
  fs::path state;
  for (const auto& entry : fs::directory_iterator(folder_ / "state")) {
    state = entry.path();
  }
  std::string text;
  {
    std::ifstream stream(state, std::ios::binary);
    text.assign(std::istreambuf_iterator<char>(stream), {});
  }
  for (std::size_t i = 0; i < text.size(); i += 7) {
    std::string wrong = text;
    wrong[i] ^= 0x02;
    std::ofstream(state, std::ios::binary | std::ios::trunc) << wrong;
    EXPECT_EQ(ReasonOf(Witness::Open(folder_, Witness::Use::kLook, clock_).status()), Reason::kLogMalformed) << i;
  }
  // An older state of its own: what only a copy of the witness's disk would show; the log's own state is then ahead.
  std::ofstream(state, std::ios::binary | std::ios::trunc) << text;
  EXPECT_TRUE(Witness::Open(folder_, Witness::Use::kLook, clock_).ok());
}

TEST_F(WitnessTest, WhatCannotBeKeptIsNotSigned) {
  Ask(Request(0, 10));
  fs::remove_all(folder_ / "state");
  EXPECT_EQ(Ask(Request(10, 20)).status, 500);
  EXPECT_EQ(Latest(), 10U);
}

TEST_F(WitnessTest, AKeyThatOthersCanReadIsRefused) {
  fs::permissions(folder_ / "key", fs::perms(0644));
  EXPECT_EQ(ReasonOf(Witness::Open(folder_, Witness::Use::kLook, clock_).status()), Reason::kFileMode);
}

TEST_F(WitnessTest, TwoNeverSignInOneFolder) {
  EXPECT_EQ(ReasonOf(Witness::Open(folder_, Witness::Use::kSign, clock_).status()), Reason::kServerBusy);
  EXPECT_TRUE(Witness::Open(folder_, Witness::Use::kLook, clock_).ok());
  Open();
}

TEST_F(WitnessTest, IsMadeOnceAndRightly) {
  EXPECT_EQ(ReasonOf(Witness::Create(folder_, "witness.example/one")), Reason::kFileExists);
  EXPECT_EQ(ReasonOf(Witness::Create(folder_.parent_path() / "v", "no name")), Reason::kFieldMalformed);
  EXPECT_EQ(ReasonOf(Witness::AddLog(folder_, signers_.log().text())), Reason::kFileExists);
  EXPECT_EQ(ReasonOf(Witness::AddLog(folder_, signers_.witness().text())), Reason::kFieldMalformed);
  EXPECT_EQ(ReasonOf(Witness::AddLog(folder_, "nothing")), Reason::kFieldMalformed);
}

TEST(WitnessRequestText, IsReadAsItWasWritten) {
  const TestSigners signers;
  WitnessRequest request{
      7, {crypto::Digest{1}, crypto::Digest{2}}, transparency::SignTreeHead({kTestOrigin, 9, {}}, signers.log_key())};
  const std::string text = request.text();
  EXPECT_EQ(WitnessRequest::Parse(text)->text(), text);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto cut = WitnessRequest::Parse(text.substr(0, i));
    EXPECT_EQ(ReasonOf(cut.status()), Reason::kLogMalformed) << i;
  }
  request.proof.assign(64, crypto::Digest{});
  EXPECT_FALSE(WitnessRequest::Parse(request.text()).ok());
}

}  // namespace
}  // namespace kobling::witness
