#include "transparency/checkpoint.h"

#include <gtest/gtest.h>

#include "domain/error.h"
#include "transparency/log_testing.h"

namespace kobling::transparency {
namespace {

using domain::Reason;
using domain::ReasonOf;

TreeHead Head(std::uint64_t size) { return {kTestOrigin, size, MemoryTiles(size).root()}; }

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

TEST(TreeHead, IsThreeLines) {
  EXPECT_EQ(Head(0).text(), "log.kobling.example/test\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
  EXPECT_EQ(TreeHead::Parse(Head(5).text()).value(), Head(5));
}

TEST(TreeHead, EveryOtherSpellingIsRefused) {
  const std::string hash = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
  for (const std::string& text :
       {std::string(), "o\n1\n" + hash, "o\n01\n" + hash + "\n", "o\n-1\n" + hash + "\n", "o\n+1\n" + hash + "\n",
        "o\n1 \n" + hash + "\n", "o\n\n" + hash + "\n", "\n1\n" + hash + "\n", "o\n1\n" + hash + "\nmore\n",
        "o o\n1\n" + hash + "\n", "o\n9223372036854775808\n" + hash + "\n", "o\n1\n" + hash.substr(4) + "\n",
        "o\n1\n" + hash + "=\n", std::string("o\n1\n\n")}) {
    EXPECT_EQ(ReasonOf(TreeHead::Parse(text).status()), Reason::kLogMalformed) << text;
  }
}

TEST(Checkpoint, IsBelievedWhenTheLogHasSignedIt) {
  const TestSigners signers;
  const Note note = SignTreeHead(Head(7), signers.log_key());
  EXPECT_EQ(VerifyCheckpoint(note, signers.log()).value(), Head(7));
  EXPECT_EQ(VerifyCheckpoint(Note::Parse(note.bytes()).value(), signers.log()).value(), Head(7));
}

TEST(Checkpoint, AnotherHeadUnderTheSameSignatureIsRefused) {
  const TestSigners signers;
  Note note = SignTreeHead(Head(7), signers.log_key());
  note.text = Head(8).text();
  EXPECT_EQ(ReasonOf(VerifyCheckpoint(note, signers.log()).status()), Reason::kLogSignature);
}

TEST(Checkpoint, AnotherKeyOrAnotherLogIsRefused) {
  const TestSigners signers;
  EXPECT_EQ(ReasonOf(VerifyCheckpoint(SignTreeHead(Head(7), signers.witness_key()), signers.log()).status()),
            Reason::kLogSignature);
  TreeHead other = Head(7);
  other.origin = "other.example";
  EXPECT_EQ(ReasonOf(VerifyCheckpoint(SignTreeHead(other, signers.log_key()), signers.log()).status()),
            Reason::kLogSignature);
  // A key that may cosign does not speak for the log, whatever its name.
  const VerifierKey pretender(SignerKind::kWitness, kTestOrigin, signers.log_key().public_key());
  EXPECT_EQ(ReasonOf(VerifyCheckpoint(SignTreeHead(Head(7), signers.log_key()), pretender).status()),
            Reason::kLogSignature);
}

TEST(Checkpoint, EveryFlippedBitOfASignatureIsSeen) {
  const TestSigners signers;
  const Note note = signers.Sign(Head(3), kNow);
  for (std::size_t line = 0; line < 2; ++line) {
    for (std::size_t bit = 0; bit < note.signatures[line].signature.size() * 8; ++bit) {
      Note wrong = note;
      wrong.signatures[line].signature[bit / 8] ^= static_cast<char>(1U << bit % 8);
      const bool log_ok = VerifyCheckpoint(wrong, signers.log()).ok();
      const bool witness_ok = VerifyCosignature(wrong, signers.witness()).ok();
      EXPECT_EQ(log_ok, line == 1) << bit;
      EXPECT_EQ(witness_ok, line == 0) << bit;
    }
  }
}

TEST(Cosignature, SaysWhen) {
  const TestSigners signers;
  const Note note = signers.Sign(Head(3), kNow + absl::Milliseconds(700));
  EXPECT_EQ(VerifyCosignature(note, signers.witness()).value(), kNow);
}

TEST(Cosignature, IsMissingOrOfAnotherTree) {
  const TestSigners signers;
  Note note = SignTreeHead(Head(3), signers.log_key());
  EXPECT_EQ(ReasonOf(VerifyCosignature(note, signers.witness()).status()), Reason::kLogSignature);
  note.signatures.push_back(Cosign(Head(2).text(), signers.witness(), signers.witness_key(), kNow));
  EXPECT_EQ(ReasonOf(VerifyCosignature(note, signers.witness()).status()), Reason::kLogSignature);
}

TEST(Cosignature, OfALogsKeyDoesNotCount) {
  const TestSigners signers;
  Note note = SignTreeHead(Head(3), signers.log_key());
  note.signatures.push_back(Cosign(note.text, signers.log(), signers.log_key(), kNow));
  EXPECT_FALSE(VerifyCosignature(note, signers.log()).ok());
}

}  // namespace
}  // namespace kobling::transparency
