#include "server/use_cases/log_proofs.h"

#include "server/core/core_testing.h"
#include "transparency/event.h"

namespace kobling::server {
namespace {

using domain::Reason;

class LogProofsTest : public ::testing::Test {
 protected:
  LogProofsTest() : project_(server_.ActiveProject({Defining("KREFT"), Intersecting("NPR")})) {}

  LogProofs proofs() { return LogProofs(server_.core()); }

  absl::StatusOr<api::EventProof> Prove(Role role, std::string_view id, std::uint64_t index) {
    api::GetEventProofRequest request;
    request.set_index(index);
    return proofs().GetEventProof(server_.By(role, id, "AuditService/GetEventProof"), request);
  }

  // The newest event of this operation.
  std::uint64_t IndexOf(std::string_view operation) {
    const std::vector<transparency::Event> events = server_.Events();
    for (std::size_t i = events.size(); i-- > 0;) {
      if (events[i].operation == operation) {
        return i;
      }
    }
    ADD_FAILURE() << "no event " << operation;
    return 0;
  }

  TestCore server_;
  const std::string project_;
};

TEST_F(LogProofsTest, TheCheckpointIsSignedByTheKeyThatIsNamed) {
  const api::Checkpoint checkpoint =
      proofs()
          .GetCheckpoint(server_.Register("NPR", "AuditService/GetCheckpoint"), api::GetCheckpointRequest())
          .value();
  const auto key = transparency::VerifierKey::Parse(checkpoint.verifier_key()).value();
  const auto note = transparency::Note::Parse(checkpoint.note()).value();
  EXPECT_EQ(transparency::VerifyCheckpoint(note, key)->size, server_.event_log().size());
}

TEST_F(LogProofsTest, AKeyFilesSignedCommentLeadsToItsLeafAndProof) {
  server_.SubmitAll(project_, "KREFT", People(0, 5));
  server_.Complete(project_, "KREFT");
  const api::KeyFile file = server_.Issue(project_, "KREFT");
  const OpenKeyFile opened = server_.FetchAndOpen(project_, "KREFT", file.number());
  const api::EventProof proof = Prove(Role::kRegister, "KREFT", opened.comment.event).value();
  const auto receipt = transparency::InclusionReceipt::Parse(proof.proof()).value();
  EXPECT_THAT(receipt.Verify(proof.entry(), server_.publisher().verifier()), IsOk());
  EXPECT_EQ(receipt.index, opened.comment.event);
  const transparency::Event event = transparency::DecodeEvent(proof.entry()).value();
  EXPECT_EQ(event.operation, "keyfile.issue");
  EXPECT_EQ(event.object, "keyfile 1");
  EXPECT_THAT(event.changes, ::testing::Contains(transparency::EventChange{"sealed_sha256", "", file.sealed_sha256()}));
}

TEST_F(LogProofsTest, WhoMaySeeAnEventMayHaveItsProof) {
  const std::uint64_t activation = IndexOf("project.activate");
  EXPECT_THAT(Prove(Role::kAuditor, "siri.revisor", activation), IsOk());
  EXPECT_THAT(Prove(Role::kCaseworker, "anna.sak", activation), IsOk());
  EXPECT_THAT(Prove(Role::kCaseworker, "annen.sak", activation), RefusedWith(Reason::kNotPermitted));
  EXPECT_THAT(Prove(Role::kRegister, "NPR", activation), RefusedWith(Reason::kNotPermitted));
  EXPECT_THAT(Prove(Role::kRegister, "NPR", IndexOf("register.add")), IsOk());
}

TEST_F(LogProofsTest, OnlyAnAuditorLearnsThatThereIsNoSuchEvent) {
  EXPECT_THAT(Prove(Role::kAuditor, "siri.revisor", 1'000), RefusedWith(Reason::kEventNotFound));
  EXPECT_THAT(Prove(Role::kRegister, "NPR", 1'000), RefusedWith(Reason::kNotPermitted));
}

}  // namespace
}  // namespace kobling::server
