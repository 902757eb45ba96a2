#include "server/core/witness_client.h"

#include <gtest/gtest.h>
#include <httplib.h>

#include <deque>
#include <thread>

#include "server/core/core_testing.h"
#include "transparency/log_check.h"
#include "transparency/log_testing.h"
#include "transparency/witness_request.h"

namespace kobling::server {
namespace {

using domain::Reason;
using transparency::kTestOrigin;
using transparency::MemoryTiles;

// A witness that answers what the test has prepared, and keeps what it was asked.
class ScriptedWitness {
 public:
  struct Answer {
    int status;
    std::string body;
    std::string type = "text/plain";
  };

  ScriptedWitness() {
    server_.Post("/w/add-checkpoint", [this](const httplib::Request& request, httplib::Response& response) {
      requests.push_back(request.body);
      const Answer answer = answers.front();
      answers.pop_front();
      response.status = answer.status;
      response.set_content(answer.body, answer.type);
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) {
      std::this_thread::yield();
    }
  }
  ~ScriptedWitness() {
    server_.stop();
    thread_.join();
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/w/"; }

  std::deque<Answer> answers;
  std::vector<std::string> requests;

 private:
  httplib::Server server_;
  int port_ = 0;
  std::thread thread_;
};

class WitnessClientTest : public ::testing::Test {
 protected:
  // Asks for a signature of the tree of so many test events.
  absl::StatusOr<transparency::NoteSignature> Ask(std::uint64_t size) {
    MemoryTiles tiles(size);
    transparency::TreeReader tree(tiles, size);
    return client_.Cosign(Checkpoint(size),
                          [&](std::uint64_t old_size) { return transparency::ProveConsistency(tree, old_size); });
  }
  transparency::Note Checkpoint(std::uint64_t size) const {
    return transparency::SignTreeHead({kTestOrigin, size, MemoryTiles(size).root()}, signers_.log_key());
  }
  // What a witness answers that has signed the tree of so many events at this time.
  std::string Signed(std::uint64_t size, absl::Time time) const {
    return transparency::Cosign(Checkpoint(size).text, signers_.witness(), signers_.witness_key(), time).line();
  }
  ScriptedWitness::Answer HasSigned(std::uint64_t size) const {
    return {409, std::to_string(size) + '\n', "text/x.tlog.size"};
  }

  FakeClock clock_;
  transparency::TestSigners signers_;
  ScriptedWitness witness_;
  WitnessClient client_{witness_.url(), signers_.witness(), clock_};
};

TEST_F(WitnessClientTest, GetsASignature) {
  witness_.answers = {{200, Signed(20, clock_.Now())}};
  const auto signature = Ask(20);
  ASSERT_THAT(signature, IsOk());
  transparency::Note note = Checkpoint(20);
  note.signatures.push_back(*signature);
  EXPECT_TRUE(transparency::VerifyCosignature(note, signers_.witness()).ok());
  EXPECT_EQ(transparency::WitnessRequest::Parse(witness_.requests[0])->old_size, 0U);
}

TEST_F(WitnessClientTest, ProvesFromWhatTheWitnessHasSigned) {
  witness_.answers = {HasSigned(7), {200, Signed(20, clock_.Now())}, {200, Signed(30, clock_.Now())}};
  ASSERT_THAT(Ask(20), IsOk());
  const auto second = transparency::WitnessRequest::Parse(witness_.requests[1]);
  EXPECT_EQ(second->old_size, 7U);
  EXPECT_TRUE(
      transparency::VerifyConsistency({7, MemoryTiles(7).root()}, {20, MemoryTiles(20).root()}, second->proof).ok());
  // And remembers it.
  ASSERT_THAT(Ask(30), IsOk());
  EXPECT_EQ(transparency::WitnessRequest::Parse(witness_.requests[2])->old_size, 20U);
}

TEST_F(WitnessClientTest, AWitnessThatIsAheadIsTold) {
  witness_.answers = {HasSigned(21)};
  EXPECT_THAT(Ask(20), RefusedWith(Reason::kWitnessAhead));
}

TEST_F(WitnessClientTest, EveryRefusalIsOne) {
  for (const int status : {409, 422}) {
    witness_.answers = {{status, "no\n"}};
    EXPECT_THAT(Ask(20), RefusedWith(Reason::kWitnessRefused)) << status;
  }
  // A proxy, another program, or a witness that was told of another key says nothing of the log.
  for (const int status : {201, 302, 400, 403, 404, 413, 429, 500, 503}) {
    witness_.answers = {{status, "no\n"}};
    EXPECT_THAT(Ask(20), RefusedWith(Reason::kWitnessUnreachable)) << status;
  }
  witness_.answers = {HasSigned(7), HasSigned(9)};
  EXPECT_THAT(Ask(20), RefusedWith(Reason::kWitnessRefused)) << "somebody else makes it sign";
}

TEST_F(WitnessClientTest, AWitnessThatForgetsIsNotTrustedAgain) {
  witness_.answers = {{200, Signed(20, clock_.Now())}, HasSigned(10)};
  ASSERT_THAT(Ask(20), IsOk());
  EXPECT_THAT(Ask(30), RefusedWith(Reason::kWitnessRefused));
}

TEST_F(WitnessClientTest, AnAnswerThatDoesNotEndIsNotWaitedFor) {
  witness_.answers = {{200, std::string(1'000'000, 'x')}};
  EXPECT_THAT(Ask(20), RefusedWith(Reason::kWitnessUnreachable));
}

TEST_F(WitnessClientTest, NoAnswerIsUnreachable) {
  witness_.answers = {{503, ""}};
  EXPECT_THAT(Ask(20), RefusedWith(Reason::kWitnessUnreachable));
  WitnessClient nobody("http://127.0.0.1:1", signers_.witness(), clock_);
  EXPECT_THAT(nobody.Cosign(Checkpoint(1), [](std::uint64_t) { return transparency::Proof(); }),
              RefusedWith(Reason::kWitnessUnreachable));
  EXPECT_FALSE(WitnessClient::Answers("http://127.0.0.1:1/w"));
  EXPECT_TRUE(WitnessClient::Answers(witness_.url()));
}

// Whoever sits between could answer what the witness has once said.
TEST_F(WitnessClientTest, AnOldSignatureOrAnotherKeysOrAnotherTreesIsNotTaken) {
  const std::string of_the_log =
      transparency::Cosign(Checkpoint(20).text, signers_.log(), signers_.log_key(), clock_.Now()).line();
  for (const std::string& body :
       {Signed(20, clock_.Now() - absl::Minutes(6)), Signed(20, clock_.Now() + absl::Minutes(6)),
        Signed(19, clock_.Now()), of_the_log, std::string("nothing\n"), std::string()}) {
    witness_.answers = {{200, body}};
    EXPECT_THAT(Ask(20), RefusedWith(Reason::kWitnessUnreachable)) << body;
  }
  witness_.answers = {{200, Signed(20, clock_.Now() - absl::Minutes(4))}};
  EXPECT_THAT(Ask(20), IsOk()) << "the control: clocks may differ a little";
}

// The publisher with a witness.
class PublishedWithWitnessTest : public ::testing::Test {
 protected:
  class FakeWitness final : public Cosigner {
   public:
    explicit FakeWitness(const domain::Clock& clock) : clock_(clock) {}
    absl::StatusOr<transparency::NoteSignature> Cosign(const transparency::Note& checkpoint,
                                                       const Prove& prove) override {
      ++asked;
      if (!failure.ok()) {
        return failure;
      }
      const transparency::TreeHead head = *transparency::TreeHead::Parse(checkpoint.text);
      const auto proof = prove(latest.size);
      EXPECT_THAT(proof, IsOk());
      EXPECT_TRUE(transparency::VerifyConsistency(latest, {head.size, head.root}, *proof).ok());
      latest = {head.size, head.root};
      return transparency::Cosign(checkpoint.text, signers.witness(), signers.witness_key(), clock_.Now());
    }

    absl::Status failure;
    int asked = 0;
    transparency::TestSigners signers;
    transparency::TreeState latest{0, crypto::MerkleFrontier().Root()};

   private:
    const domain::Clock& clock_;
  };

  PublishedWithWitnessTest()
      : publisher_(LogPublisher::Open({.folder = folder_.path(),
                                       .origin = "kobling.example/log",
                                       .store = server_.core().store,
                                       .key = server_.core().keys.log_signer,
                                       .clock = server_.clock(),
                                       .witness = &witness_})
                       .value()) {}

  void Record(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_THAT(server_.core().committer.Record(transparency::Event()), IsOk());
    }
  }
  transparency::LogCheckReport Check() {
    return transparency::CheckLog({folder_.path(), publisher_->verifier(), {witness_.signers.witness()}, {}}).value();
  }

  TestCore server_;
  TemporaryFolder folder_;
  FakeWitness witness_{server_.clock()};
  std::unique_ptr<LogPublisher> publisher_;
};

TEST_F(PublishedWithWitnessTest, EveryCheckpointIsCosigned) {
  for (const std::size_t more : {3, 300, 1}) {
    Record(more);
    ASSERT_THAT(publisher_->Publish(), IsOk());
    EXPECT_TRUE(Check().sound());
    EXPECT_EQ(Check().cosignatures, Check().checkpoints);
  }
  EXPECT_EQ(witness_.asked, 3);
  ASSERT_THAT(publisher_->Publish(), IsOk());
  EXPECT_EQ(witness_.asked, 3) << "nothing new, nothing to sign";
  ASSERT_THAT(publisher_->Confirm(), IsOk());
  EXPECT_EQ(witness_.asked, 4) << "a start asks anew";
}

TEST_F(PublishedWithWitnessTest, WhatTheWitnessHasNotSignedIsNotPublished) {
  Record(3);
  ASSERT_THAT(publisher_->Publish(), IsOk());
  Record(3);
  witness_.failure = domain::MakeError(Reason::kWitnessUnreachable);
  EXPECT_THAT(publisher_->Publish(), RefusedWith(Reason::kWitnessUnreachable));
  EXPECT_EQ(publisher_->published(), 3U);
  EXPECT_TRUE(Check().sound());
  EXPECT_THAT(publisher_->RequireWitnessed(2), IsOk());
  EXPECT_THAT(publisher_->RequireWitnessed(3), RefusedWith(Reason::kWitnessUnreachable));
  EXPECT_THAT(publisher_->Prove(4), RefusedWith(Reason::kWitnessUnreachable));
  EXPECT_THAT(publisher_->CheckNotBehind(), IsOk());
  const int asked = witness_.asked;
  EXPECT_THAT(publisher_->RequireWitnessed(3), RefusedWith(Reason::kWitnessUnreachable));
  EXPECT_EQ(witness_.asked, asked) << "not asked again within the same second";
  server_.clock().Advance(absl::Seconds(61));
  EXPECT_THAT(publisher_->CheckNotBehind(), RefusedWith(Reason::kWitnessUnreachable));
  witness_.failure = absl::OkStatus();
  EXPECT_THAT(publisher_->RequireWitnessed(3), IsOk());
  EXPECT_THAT(publisher_->CheckNotBehind(), IsOk());
  EXPECT_EQ(publisher_->published(), 6U);
  EXPECT_TRUE(Check().sound());
}

}  // namespace
}  // namespace kobling::server
