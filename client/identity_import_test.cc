#include "client/identity_import.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "client/client_testing.h"
#include "client/files/file_descriptor.h"
#include "client/server_answer.h"
#include "domain/error.h"

namespace kobling::client {
namespace {

using domain::Reason;
using domain::ReasonOf;
using testing::ElementsAre;
using testing::IsEmpty;

class IdentityImportTest : public testing::Test {
 protected:
  // Events with these numbers, one a line from line 2 on.
  static std::string FileOf(const std::vector<std::uint64_t>& sequences) {
    std::string text = "sequence;event;identifier;other;effective_date\n";
    for (const std::uint64_t sequence : sequences) {
      text += std::to_string(sequence) + ";created;01839012345;;\n";
    }
    return text;
  }
  static std::vector<std::uint64_t> FromTo(std::uint64_t from, std::uint64_t to) {
    std::vector<std::uint64_t> sequences;
    for (std::uint64_t sequence = from; sequence <= to; ++sequence) {
      sequences.push_back(sequence);
    }
    return sequences;
  }

  absl::StatusOr<IdentityImport> Run(const std::string& content) {
    options_.file.path = folder_.Write("events.csv", content);
    return Import();
  }
  absl::StatusOr<IdentityImport> Import() {
    options_.retry = {.attempts = 3, .first_wait = absl::ZeroDuration()};
    Progress progress(messages_, Progress::Show::kNo, Progress::Unit::kEvents, clock_);
    return ImportIdentityEvents(connection_, options_, progress);
  }
  FakeIdentityHistory& history() { return server_.identities; }

  ClientTestFolder folder_;
  FakeServer server_;
  FakeConnection connection_{server_};
  StoppedClock clock_;
  std::ostringstream messages_;
  IdentityImportOptions options_;
};

TEST_F(IdentityImportTest, SendsAllOfAFileInBatches) {
  const auto import = Run(FileOf(FromTo(1, 5'000)));
  ASSERT_TRUE(import.ok()) << import.status();
  EXPECT_TRUE(import->status.ok()) << import->status;
  EXPECT_EQ(import->applied, 5'000U);
  EXPECT_EQ(import->already_applied, 0U);
  EXPECT_EQ(import->version, 5'000U);
  EXPECT_THAT(history().batch_sizes, ElementsAre(2'000, 2'000, 1'000));
  EXPECT_EQ(history().kept.at(5'000).identifiers(0), "01839012345");
}

TEST_F(IdentityImportTest, TheSameFileAgainIsLeftOutAndALongerOneGoesOn) {
  ASSERT_TRUE(Run(FileOf(FromTo(1, 7))).ok());
  const auto again = Run(FileOf(FromTo(1, 7)));
  EXPECT_EQ(again->applied, 0U);
  EXPECT_EQ(again->already_applied, 7U);
  EXPECT_EQ(history().headers.size(), 1U) << "there was nothing to send";
  const auto longer = Run(FileOf(FromTo(3, 9)));
  EXPECT_EQ(longer->applied, 2U);
  EXPECT_EQ(longer->already_applied, 5U);
  EXPECT_THAT(history().sequences.back(), ElementsAre(8, 9));
}

TEST_F(IdentityImportTest, ToVerifyEverythingIsSentAndAnEventThatDiffersIsFound) {
  ASSERT_TRUE(Run(FileOf(FromTo(1, 7))).ok());
  options_.sent = SentEvents::kAll;
  const auto same = Run(FileOf(FromTo(1, 8)));
  EXPECT_TRUE(same->status.ok()) << same->status;
  EXPECT_EQ(same->applied, 1U);
  EXPECT_EQ(same->already_applied, 7U);
  std::string other = FileOf(FromTo(1, 8));
  other[other.find("4;created") + 2] = 'C';
  EXPECT_EQ(ReasonOf(Run(other)->status), Reason::kIdentityEventMalformed) << "it is read before it is compared";
  history().kept.at(4).set_identifiers(0, "01839012353");
  const auto differs = Run(FileOf(FromTo(1, 8)));
  EXPECT_EQ(ReasonOf(differs->status), Reason::kIdentityEventDiffers);
  EXPECT_EQ(differs->stopped_at_line, 5U);
  EXPECT_EQ(differs->applied, 0U);
}

TEST_F(IdentityImportTest, GoesOnWhereTheServerStandsWhenTheConnectionBreaks) {
  history().break_after = {4, 0, 5};
  const auto import = Run(FileOf(FromTo(1, 20)));
  ASSERT_TRUE(import.ok()) << import.status();
  EXPECT_TRUE(import->status.ok()) << import->status;
  EXPECT_EQ(import->applied, 20U);
  EXPECT_EQ(import->already_applied, 0U);
  ASSERT_EQ(history().sequences.size(), 4U);
  EXPECT_THAT(history().sequences[0], ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(history().sequences[2], ElementsAre(5, 6, 7, 8, 9)) << "what was applied without an answer is not sent";
  EXPECT_EQ(history().sequences[3].front(), 10U);
}

TEST_F(IdentityImportTest, ToVerifyGoesOnBehindWhatWasAnsweredFor) {
  ASSERT_TRUE(Run(FileOf(FromTo(1, 20))).ok());
  options_.sent = SentEvents::kAll;
  history().break_after = {SIZE_MAX, 8};
  const auto import = Run(FileOf(FromTo(1, 22)));
  EXPECT_TRUE(import->status.ok()) << import->status;
  EXPECT_EQ(import->applied, 2U);
  EXPECT_EQ(import->already_applied, 20U);
  EXPECT_EQ(history().sequences.back().front(), 7U) << "six were answered for";
}

TEST_F(IdentityImportTest, GivesUpAfterAttemptsThatBringNothing) {
  history().break_after = {4, 0, 0, 0};
  const auto import = Run(FileOf(FromTo(1, 20)));
  EXPECT_EQ(ReasonOf(import->status), Reason::kServerUnreachable);
  EXPECT_EQ(history().headers.size(), 4U);
  EXPECT_EQ(import->applied, 4U);
  EXPECT_EQ(import->version, 4U);
  EXPECT_EQ(import->stopped_at_line, 0U);
}

TEST_F(IdentityImportTest, ARefusalIsNotTriedAgain) {
  history().break_after = {4};
  history().break_with = MarkFromServer(domain::MakeError(Reason::kNotPermitted));
  EXPECT_EQ(ReasonOf(Run(FileOf(FromTo(1, 20)))->status), Reason::kNotPermitted);
  EXPECT_EQ(history().headers.size(), 1U);
}

TEST_F(IdentityImportTest, AGapStopsTheServerAndWhatCameBeforeIsApplied) {
  const auto gap = Run(FileOf({1, 2, 3, 4, 6, 7}));
  EXPECT_EQ(ReasonOf(gap->status), Reason::kIdentitySequence);
  EXPECT_THAT(domain::WhereOf(gap->status), testing::HasSubstr("expected 5"));
  EXPECT_EQ(gap->applied, 4U);
  EXPECT_EQ(gap->version, 4U);
  EXPECT_EQ(gap->stopped_at_line, 6U);
  const auto late = Run(FileOf({9}));
  EXPECT_EQ(ReasonOf(late->status), Reason::kIdentitySequence);
  EXPECT_EQ(late->applied, 0U);
  EXPECT_EQ(late->stopped_at_line, 2U);
}

TEST_F(IdentityImportTest, TheLineIsFoundByALargeNumberToo) {
  history().version = 48'210'376;
  std::vector<std::uint64_t> sequences = FromTo(48'210'377, 48'210'400);
  sequences.push_back(58'210'401);
  const auto gap = Run(FileOf(sequences));
  EXPECT_EQ(gap->applied, 24U);
  EXPECT_EQ(gap->stopped_at_line, 26U);
  EXPECT_THAT(domain::WhereOf(gap->status), testing::HasSubstr("48,210,401"));
}

TEST_F(IdentityImportTest, AnEventThatCannotBeReadEndsTheImportBehindThoseBeforeIt) {
  const auto import = Run(FileOf({1, 2}) + "3;born;01839012345;;\n4;created;01839012345;;\n");
  ASSERT_TRUE(import.ok());
  EXPECT_EQ(ReasonOf(import->status), Reason::kIdentityEventMalformed);
  EXPECT_FALSE(IsFromServer(import->status));
  EXPECT_EQ(import->applied, 2U);
  EXPECT_THAT(history().sequences.at(0), ElementsAre(1, 2));
}

TEST_F(IdentityImportTest, StartAndReasonAreSentWhileNothingIsAppliedYet) {
  options_.header.set_start_at(100);
  options_.header.set_resume_reason("compared with the source");
  history().break_after = {2};
  const auto import = Run(FileOf(FromTo(100, 105)));
  EXPECT_TRUE(import->status.ok()) << import->status;
  EXPECT_EQ(import->applied, 6U);
  EXPECT_EQ(import->version, 105U);
  EXPECT_EQ(history().headers.at(0).start_at(), 100U);
  EXPECT_EQ(history().headers[0].resume_reason(), "compared with the source");
  EXPECT_EQ(history().headers.at(1).start_at(), 0U);
  EXPECT_EQ(history().headers[1].resume_reason(), "");
  // The same command again, with more in the file.
  EXPECT_EQ(Run(FileOf(FromTo(100, 107)))->applied, 2U);
  EXPECT_EQ(history().headers.at(2).start_at(), 0U);
  EXPECT_EQ(history().headers[2].resume_reason(), "compared with the source");
}

TEST_F(IdentityImportTest, StandardInputIsReadOnceOnly) {
  history().break_after = {4};
  const FileDescriptor input(open(folder_.Write("input", FileOf(FromTo(1, 20))).c_str(), O_RDONLY | O_CLOEXEC));
  options_.file = {.path = "-", .input = input.get()};
  const auto import = Import();
  ASSERT_TRUE(import.ok()) << import.status();
  EXPECT_EQ(ReasonOf(import->status), Reason::kServerUnreachable);
  EXPECT_EQ(import->applied, 4U);
  EXPECT_EQ(history().headers.size(), 1U);
}

TEST_F(IdentityImportTest, WithoutAFileOrAServerNothingIsSent) {
  options_.file.path = (folder_.path() / "none.csv").string();
  EXPECT_EQ(ReasonOf(Import().status()), Reason::kFileNotFound);
  server_.Fail("GetIdentityStatusRequest", MarkFromServer(domain::MakeError(Reason::kNotPermitted)));
  EXPECT_EQ(ReasonOf(Run(FileOf({1})).status()), Reason::kNotPermitted);
  EXPECT_THAT(history().headers, IsEmpty());
}

}  // namespace
}  // namespace kobling::client
