#include "witness/witness_server.h"

#include <gtest/gtest.h>
#include <httplib.h>

#include <atomic>

#include "absl/strings/str_format.h"
#include "transparency/log_testing.h"
#include "transparency/witness_request.h"

namespace kobling::witness {
namespace {

namespace fs = std::filesystem;

TEST(WitnessServer, AnswersLogsAndWhoeverAsksWhatItHasSigned) {
  std::string name = (fs::temp_directory_path() / "kobling-witness-XXXXXX").string();
  const fs::path folder = fs::path(::mkdtemp(name.data())) / "w";
  const transparency::TestSigners signers;
  const domain::SystemClock clock;
  ASSERT_TRUE(Witness::Create(folder, "witness.example").ok());
  ASSERT_TRUE(Witness::AddLog(folder, signers.log().text()).ok());
  const std::unique_ptr<Witness> witness = Witness::Open(folder, Witness::Use::kSign, clock).value();
  std::atomic<int> refusals = 0;
  const auto server =
      WitnessServer::Listen(*witness, "127.0.0.1", 0, [&](int, std::string_view) { ++refusals; }).value();

  httplib::Client client("127.0.0.1", server->port());
  const std::string latest = absl::StrFormat("/checkpoint/%s", transparency::kTestOrigin);
  EXPECT_EQ(client.Get(latest)->status, 404);
  const transparency::WitnessRequest request{
      0,
      {},
      transparency::SignTreeHead({transparency::kTestOrigin, 4, transparency::MemoryTiles(4).root()},
                                 signers.log_key())};
  const auto signed_answer = client.Post("/add-checkpoint", request.text(), "text/plain");
  ASSERT_TRUE(signed_answer);
  EXPECT_EQ(signed_answer->status, 200);
  transparency::Note note = request.checkpoint;
  note.signatures.push_back(transparency::NoteSignature::Parse(signed_answer->body).value());
  EXPECT_TRUE(transparency::VerifyCosignature(note, witness->verifier()).ok());
  EXPECT_EQ(client.Get(latest)->body, note.bytes());

  const auto repeated = client.Post("/add-checkpoint", request.text(), "text/plain");
  EXPECT_EQ(repeated->status, 409);
  EXPECT_EQ(repeated->body, "4\n");
  EXPECT_EQ(repeated->get_header_value("Content-Type"), "text/x.tlog.size");
  EXPECT_EQ(client.Post("/add-checkpoint", std::string(100'000, 'x'), "text/plain")->status, 413);
  EXPECT_EQ(refusals, 1);
  const auto second = WitnessServer::Listen(*witness, "127.0.0.1", server->port(), [](int, std::string_view) {});
  EXPECT_FALSE(second.ok()) << "one address, one witness";
  fs::remove_all(folder.parent_path());
}

}  // namespace
}  // namespace kobling::witness
