#include "transparency/note.h"

#include <gtest/gtest.h>

#include <random>

#include "absl/strings/str_format.h"
#include "domain/error.h"
#include "transparency/log_testing.h"

namespace kobling::transparency {
namespace {

using domain::Reason;
using domain::ReasonOf;

TEST(VerifierKey, IsWrittenAndReadAsPublished) {
  const std::string text = TestSigners().log().text();
  const VerifierKey key = VerifierKey::Parse(text).value();
  EXPECT_EQ(key.text(), text);
  EXPECT_EQ(key.name(), kTestOrigin);
  EXPECT_EQ(key, TestSigners().log());
  EXPECT_NE(key, TestSigners().witness());
}

TEST(VerifierKey, OfAnotherKindHasAnotherId) {
  const TestSigners signers;
  const VerifierKey log(SignerKind::kLog, "a", signers.log_key().public_key());
  const VerifierKey witness(SignerKind::kWitness, "a", signers.log_key().public_key());
  const VerifierKey other_name(SignerKind::kLog, "b", signers.log_key().public_key());
  EXPECT_NE(log.id(), witness.id());
  EXPECT_NE(log.id(), other_name.id());
}

TEST(VerifierKey, EveryChangedCharacterIsRefused) {
  const std::string text = TestSigners().log().text();
  std::size_t tried = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (const char changed : {'+', 'A', 'b', '0', ' ', '='}) {
      if (text[i] == changed) {
        continue;
      }
      std::string wrong = text;
      wrong[i] = changed;
      EXPECT_EQ(ReasonOf(VerifierKey::Parse(wrong).status()), Reason::kFieldMalformed) << wrong;
      ++tried;
    }
  }
  EXPECT_GT(tried, 300U);
  EXPECT_FALSE(VerifierKey::Parse("").ok());
  EXPECT_FALSE(VerifierKey::Parse(text + "\n").ok());
}

TEST(SignerName, HasNoSpacePlusOrOtherAlphabet) {
  EXPECT_TRUE(IsSignerName("kobling.example/log"));
  for (const std::string& name : {std::string(), std::string("a b"), std::string("a+b"), std::string("\u00e6"),
                                  std::string("a\n"), std::string(201, 'a')}) {
    EXPECT_FALSE(IsSignerName(name)) << name;
  }
}

TEST(Note, IsReadAsItWasWritten) {
  Note note;
  note.text = "first\n\nthird\n";
  note.signatures.push_back({"one", {1, 2, 3, 4}, "signature"});
  note.signatures.push_back({"two", {1, 2, 3, 4}, std::string("\0\xff", 2)});
  const Note read = Note::Parse(note.bytes()).value();
  EXPECT_EQ(read.text, note.text);
  EXPECT_EQ(read.signatures, note.signatures);
}

TEST(Note, TheTextEndsAtTheLastEmptyLine) {
  const Note note = Note::Parse("a\n\nb\n\n\u2014 n AQIDBAU=\n").value();
  EXPECT_EQ(note.text, "a\n\nb\n");
}

TEST(Note, WhatIsNoNoteIsRefused) {
  const std::string line = "\u2014 n AQIDBAU=\n";
  std::string many = "a\n\n";
  for (std::size_t i = 0; i <= Note::kMaxSignatures; ++i) {
    many += NoteSignature{absl::StrFormat("n%d", i), {1, 2, 3, 4}, "x"}.line();
  }
  for (const std::string& bytes :
       {std::string(), std::string("a\n"), std::string("a\n\n"), "a\n\n" + line.substr(0, line.size() - 1),
        "a\n" + line, "a\n\n" + line + "x", std::string("a\n\n- n AQIDBAU=\n"), std::string("a\n\n\u2014 n AQIDBA==\n"),
        std::string("a\n\n\u2014 n AQIDBAU\n"), std::string("a\n\n\u2014 nAQIDBAU=\n"),
        std::string("a\n\n\u2014  AQIDBAU=\n"), "a\x01\n\n" + line, "a\xff\n\n" + line, many, "a\n\n" + line + line,
        std::string(Note::kMaxBytes, 'a') + "\n\n" + line}) {
    EXPECT_EQ(ReasonOf(Note::Parse(bytes).status()), Reason::kLogMalformed) << bytes.substr(0, 60);
  }
}

TEST(Note, ASignatureIsFoundByNameAndId) {
  const TestSigners signers;
  Note note;
  note.text = "a\n";
  note.signatures.push_back({signers.log().name(), {0, 0, 0, 0}, "other key"});
  note.signatures.push_back({"other.example", signers.log().id(), "other name"});
  EXPECT_FALSE(note.SignatureBy(signers.log()).has_value());
  note.signatures.push_back({signers.log().name(), signers.log().id(), "mine"});
  EXPECT_EQ(note.SignatureBy(signers.log()), "mine");
}

}  // namespace
}  // namespace kobling::transparency
