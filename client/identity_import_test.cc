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
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
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

  IdentityImport Run(const std::string& content) {
    options_.file.path = folder_.Write("events.csv", content);
    return Import();
  }
  IdentityImport Import() {
    options_.retry = {.attempts = 3, .first_wait = absl::ZeroDuration()};
    options_.tell = [this](std::string_view text) { told_.emplace_back(text); };
    Progress progress(messages_, Progress::Show::kNo, Progress::Unit::kEvents, clock_);
    return ImportIdentityEvents(connection_, options_, progress);
  }
  // "line 5, field sequence": what the error says beside the path.
  std::string PlaceIn(const IdentityImport& import) const {
    const std::string where = domain::WhereOf(import.status);
    const std::string file = "file " + options_.file.path + ", ";
    return where.starts_with(file) ? where.substr(file.size()) : "no file: " + where;
  }
  FakeIdentityHistory& history() { return server_.identities; }

  ClientTestFolder folder_;
  FakeServer server_;
  FakeConnection connection_{server_};
  StoppedClock clock_;
  std::ostringstream messages_;
  IdentityImportOptions options_;
  std::vector<std::string> told_;
};

TEST_F(IdentityImportTest, SendsAllOfAFileInBatches) {
  const IdentityImport import = Run(FileOf(FromTo(1, 5'000)));
  EXPECT_TRUE(import.status.ok()) << import.status;
  EXPECT_EQ(import.applied, 5'000U);
  EXPECT_EQ(import.already_applied, 0U);
  EXPECT_EQ(import.version, 5'000U);
  EXPECT_THAT(history().batch_sizes, ElementsAre(2'000, 2'000, 1'000));
  EXPECT_EQ(history().kept.at(5'000).identifiers(0), "01839012345");
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(IdentityImportTest, TheSameFileAgainIsComparedAndALongerOneGoesOn) {
  Run(FileOf(FromTo(1, 7)));
  const IdentityImport again = Run(FileOf(FromTo(1, 7)));
  EXPECT_TRUE(again.status.ok()) << again.status;
  EXPECT_EQ(again.applied, 0U);
  EXPECT_EQ(again.already_applied, 7U);
  EXPECT_EQ(again.version, 7U);
  EXPECT_THAT(history().sequences.back(), ElementsAre(1, 2, 3, 4, 5, 6, 7));
  const IdentityImport longer = Run(FileOf(FromTo(3, 9)));
  EXPECT_EQ(longer.applied, 2U);
  EXPECT_EQ(longer.already_applied, 5U);
  EXPECT_EQ(longer.not_compared, 0U);
}

TEST_F(IdentityImportTest, AnEventThatWasChangedSinceItWasAppliedIsFound) {
  Run(FileOf(FromTo(1, 7)));
  history().kept.at(4).set_identifiers(0, "01839012353");
  const IdentityImport differs = Run(FileOf(FromTo(1, 8)));
  EXPECT_EQ(ReasonOf(differs.status), Reason::kIdentityEventDiffers);
  EXPECT_EQ(PlaceIn(differs), "line 5, field identifier, position 4");
  EXPECT_TRUE(IsFromServer(differs.status));
  EXPECT_EQ(differs.applied, 0U);
  EXPECT_EQ(differs.already_applied, 3U);
  EXPECT_EQ(differs.version, 7U);
}

TEST_F(IdentityImportTest, OnlyNewEventsAreSentIfThatIsAskedFor) {
  options_.known = KnownEvents::kLeaveOut;
  Run(FileOf(FromTo(1, 7)));
  history().kept.at(4).set_identifiers(0, "01839012353");
  const IdentityImport import = Run(FileOf(FromTo(3, 9)));
  EXPECT_TRUE(import.status.ok()) << import.status;
  EXPECT_EQ(import.applied, 2U);
  EXPECT_EQ(import.already_applied, 0U);
  EXPECT_EQ(import.not_compared, 5U);
  EXPECT_EQ(import.version, 9U);
  EXPECT_THAT(history().sequences.back(), ElementsAre(8, 9));
  // Nor are they sent after a break.
  history().break_after = {SIZE_MAX, SIZE_MAX, 4};
  const IdentityImport broken = Run(FileOf(FromTo(5, 16)));
  EXPECT_TRUE(broken.status.ok()) << broken.status;
  EXPECT_EQ(broken.not_compared, 5U);
  EXPECT_THAT(history().sequences.back(), ElementsAre(13, 14, 15, 16));
  EXPECT_EQ(broken.applied + broken.already_applied + broken.not_compared, 12U);
}

TEST_F(IdentityImportTest, GoesOnBehindWhatWasAnsweredForWhenTheConnectionBreaks) {
  history().break_after = {4, 0, 5};
  const IdentityImport import = Run(FileOf(FromTo(1, 20)));
  EXPECT_TRUE(import.status.ok()) << import.status;
  ASSERT_EQ(history().sequences.size(), 4U);
  EXPECT_THAT(history().sequences[0], ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(history().sequences[2], ElementsAre(4, 5, 6, 7, 8)) << "three were answered for";
  EXPECT_EQ(history().sequences[3].front(), 7U);
  EXPECT_EQ(import.applied + import.already_applied, 20U);
  EXPECT_EQ(import.already_applied, 3U) << "4, 7 and 8 were applied before their answer was lost";
  EXPECT_EQ(import.version, 20U);
}

TEST_F(IdentityImportTest, AFaultAfterABreakIsNamedByItsLine) {
  history().break_after = {4};
  EXPECT_EQ(PlaceIn(Run(FileOf({1, 2, 3, 4, 5, 7}))), "line 7, field sequence, expected 6, position 7");
}

TEST_F(IdentityImportTest, EachBreakIsToldOnceWithItsReason) {
  history().break_after = {4, 0, 5};
  Run(FileOf(FromTo(1, 20)));
  ASSERT_EQ(told_.size(), 2U);
  EXPECT_THAT(told_[0], AllOf(HasSubstr("[SERVER_UNREACHABLE]"), HasSubstr("for 3 events"), HasSubstr("trying again")));
  EXPECT_THAT(told_[1], HasSubstr("for 6 events"));
}

TEST_F(IdentityImportTest, GivesUpAfterAttemptsThatBringNothing) {
  history().break_after = {4, 0, 0, 0};
  const IdentityImport import = Run(FileOf(FromTo(1, 20)));
  EXPECT_EQ(ReasonOf(import.status), Reason::kServerUnreachable);
  EXPECT_EQ(history().headers.size(), 4U);
  EXPECT_EQ(import.applied, 3U) << "those that were answered for";
  EXPECT_EQ(import.version, 3U);
  EXPECT_EQ(told_.size(), 1U);
}

TEST_F(IdentityImportTest, ItIsTriedForMinutesAndNotForEver) {
  EXPECT_GE(WaitsOf(PatientRetryPlan()), absl::Minutes(2)) << "a server may take a while to start";
  EXPECT_LE(WaitsOf(PatientRetryPlan()), absl::Minutes(6));
}

TEST_F(IdentityImportTest, ARefusalIsNotTriedAgain) {
  history().break_after = {4};
  history().break_with = MarkFromServer(domain::MakeError(Reason::kNotPermitted));
  EXPECT_EQ(ReasonOf(Run(FileOf(FromTo(1, 20))).status), Reason::kNotPermitted);
  EXPECT_EQ(history().headers.size(), 1U);
}

TEST_F(IdentityImportTest, TheServerIsAskedEvenIfThereIsNoEvent) {
  history().refuse_with = MarkFromServer(domain::MakeError(Reason::kNotPermitted));
  EXPECT_EQ(ReasonOf(Run(FileOf({})).status), Reason::kNotPermitted);
  options_.known = KnownEvents::kLeaveOut;
  history().version = 9;
  EXPECT_EQ(ReasonOf(Run(FileOf({1})).status), Reason::kNotPermitted);
  history().refuse_with = absl::OkStatus();
  EXPECT_TRUE(Run(FileOf({})).status.ok());
}

TEST_F(IdentityImportTest, AGapStopsTheServerAndWhatCameBeforeIsApplied) {
  const IdentityImport gap = Run(FileOf({1, 2, 3, 4, 6, 7}));
  EXPECT_EQ(ReasonOf(gap.status), Reason::kIdentitySequence);
  EXPECT_EQ(PlaceIn(gap), "line 6, field sequence, expected 5, position 6");
  EXPECT_EQ(gap.applied, 4U);
  EXPECT_EQ(gap.version, 4U);
  const IdentityImport late = Run(FileOf({9}));
  EXPECT_EQ(ReasonOf(late.status), Reason::kIdentitySequence);
  EXPECT_EQ(late.applied, 0U);
  EXPECT_EQ(PlaceIn(late), "line 2, field sequence, expected 5, position 9");
}

TEST_F(IdentityImportTest, TheLineIsTheOneOfTheRefusedEvent) {
  history().version = 48'210'376;
  std::vector<std::uint64_t> sequences = FromTo(48'210'377, 48'210'400);
  sequences.push_back(58'210'401);
  EXPECT_EQ(PlaceIn(Run(FileOf(sequences))), "line 26, field sequence, expected 48,210,401, position 58,210,401");
  sequences.back() = 48'210'380;
  EXPECT_EQ(PlaceIn(Run(FileOf(sequences))), "line 26, field sequence, expected 48,210,401, position 48,210,380")
      << "not that of the event that had the number before";
  options_.format = IdentityEventFormat::kJsonLines;
  const std::string event = R"(,"event":"created","identifier":"01839012345"})";
  EXPECT_EQ(PlaceIn(Run("\n{\"sequence\":48210401" + event + "\n\n\n{\"sequence\":48210403" + event + "\n")),
            "line 5, field sequence, expected 48,210,402, position 48,210,403")
      << "empty lines count";
}

TEST_F(IdentityImportTest, AnEventThatCannotBeReadEndsTheImportBehindThoseBeforeIt) {
  const IdentityImport import = Run(FileOf({1, 2}) + "3;born;01839012345;;\n4;created;01839012345;;\n");
  EXPECT_EQ(ReasonOf(import.status), Reason::kIdentityEventMalformed);
  EXPECT_FALSE(IsFromServer(import.status));
  EXPECT_EQ(import.applied, 2U);
  EXPECT_THAT(history().sequences.at(0), ElementsAre(1, 2));
}

TEST_F(IdentityImportTest, StartAndReasonAreSentWithEveryPass) {
  options_.header.set_start_at(100);
  options_.header.set_resume_reason("compared with the source");
  history().break_after = {2};
  const IdentityImport import = Run(FileOf(FromTo(100, 105)));
  EXPECT_TRUE(import.status.ok()) << import.status;
  EXPECT_EQ(import.version, 105U);
  ASSERT_EQ(history().headers.size(), 2U);
  for (const api::ImportEventsHeader& header : history().headers) {
    EXPECT_EQ(header.start_at(), 100U) << "the server compares it with where its history began";
    EXPECT_EQ(header.resume_reason(), "compared with the source");
  }
}

TEST_F(IdentityImportTest, StandardInputIsReadOnceOnly) {
  history().break_after = {4};
  const FileDescriptor input(open(folder_.Write("input", FileOf(FromTo(1, 20))).c_str(), O_RDONLY | O_CLOEXEC));
  options_.file = {.path = "-", .input = input.get()};
  const IdentityImport import = Import();
  EXPECT_EQ(ReasonOf(import.status), Reason::kServerUnreachable);
  EXPECT_EQ(import.applied, 3U);
  EXPECT_EQ(history().headers.size(), 1U);
}

TEST_F(IdentityImportTest, WithoutAFileOrAVersionToGoByNothingIsSent) {
  options_.file.path = (folder_.path() / "none.csv").string();
  EXPECT_EQ(ReasonOf(Import().status), Reason::kFileNotFound);
  options_.known = KnownEvents::kLeaveOut;
  server_.Fail("GetIdentityStatusRequest", MarkFromServer(domain::MakeError(Reason::kNotPermitted)));
  EXPECT_EQ(ReasonOf(Run(FileOf({1})).status), Reason::kNotPermitted);
  EXPECT_THAT(history().headers, IsEmpty());
}

}  // namespace
}  // namespace kobling::client
