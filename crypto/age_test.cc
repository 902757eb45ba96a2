#include "crypto/age.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crypto/age_test_support.h"
#include "crypto/base64.h"
#include "crypto/crypto_testing.h"
#include "domain/error.h"

namespace kobling::crypto {
namespace {

using domain::Reason;
using domain::ReasonOf;

constexpr std::size_t kSizes[] = {0, 1, 65535, 65536, 65537, 131072, 131073, 1000003};

class Age : public testing::Test {
 protected:
  std::unique_ptr<SecretArena> arena_ = NewTestArena();
  AgeIdentity identity_ = TestIdentity(*arena_);
  std::vector<AgeRecipient> recipients_ = {identity_.recipient()};
};

TEST_F(Age, FileOfAnySizeOpensToWhatWasSealed) {
  for (std::size_t size : kSizes) {
    const Bytes plaintext = PatternBytes(size, size);
    const Opened opened = OpenAll(Sealed(plaintext, recipients_, *arena_), identity_, *arena_);
    EXPECT_TRUE(opened.status.ok()) << size << " " << opened.status;
    EXPECT_TRUE(opened.plaintext == plaintext) << size;
  }
}

// The size of a sealed file follows from the size of its content alone.
TEST_F(Age, SealedSizeIsHeaderNonceAndSixteenBytesAChunk) {
  const std::size_t header = std::string_view("age-encryption.org/v1\n").size() + 54 + 44 + 48;
  for (std::size_t size : kSizes) {
    const std::size_t chunks = std::max<std::size_t>(1, (size + kAgeChunkBytes - 1) / kAgeChunkBytes);
    EXPECT_EQ(Sealed(PatternBytes(size, 1), recipients_, *arena_).size(), header + 16 + size + 16 * chunks) << size;
  }
}

TEST_F(Age, PiecesInWhichAFileIsWrittenAndReadMakeNoDifference) {
  const Bytes plaintext = PatternBytes(3 * kAgeChunkBytes + 17, 5);
  for (std::size_t piece :
       {std::size_t{1}, std::size_t{977}, kAgeChunkBytes - 1, kAgeChunkBytes, kAgeChunkBytes + 1, 2 * kAgeChunkBytes}) {
    MemorySink sink;
    absl::StatusOr<std::unique_ptr<AgeWriter>> writer = AgeWriter::Create(sink, recipients_, *arena_);
    ASSERT_TRUE(writer.ok());
    for (std::size_t begin = 0; begin < plaintext.size(); begin += piece) {
      ASSERT_TRUE(
          (*writer)->Write(std::span(plaintext).subspan(begin, std::min(piece, plaintext.size() - begin))).ok());
    }
    ASSERT_TRUE((*writer)->Finish().ok());
    const Opened opened =
        OpenAll(sink.written, identity_, *arena_, {.source = std::min<std::size_t>(piece, 4096), .reader = piece});
    EXPECT_TRUE(opened.status.ok()) << piece << " " << opened.status;
    EXPECT_TRUE(opened.plaintext == plaintext) << piece;
  }
}

TEST_F(Age, EveryRecipientOpensTheFileAndNobodyElse) {
  const AgeIdentity second = TestIdentity(*arena_);
  const AgeIdentity third = TestIdentity(*arena_);
  const AgeIdentity stranger = TestIdentity(*arena_);
  const std::vector<AgeRecipient> three = {identity_.recipient(), second.recipient(), third.recipient()};
  const Bytes plaintext = PatternBytes(100000, 3);
  const Bytes sealed = Sealed(plaintext, three, *arena_);
  EXPECT_TRUE(OpenAll(sealed, identity_, *arena_).plaintext == plaintext);
  EXPECT_TRUE(OpenAll(sealed, second, *arena_).plaintext == plaintext);
  EXPECT_TRUE(OpenAll(sealed, third, *arena_).plaintext == plaintext);
  const Opened opened = OpenAll(sealed, stranger, *arena_);
  EXPECT_EQ(ReasonOf(opened.status), Reason::kKeyFileRecipient);
  EXPECT_TRUE(opened.plaintext.empty());
}

TEST_F(Age, SameContentIsSealedDifferentlyEachTime) {
  const Bytes plaintext = PatternBytes(1000, 3);
  const Bytes first = Sealed(plaintext, recipients_, *arena_);
  const Bytes second = Sealed(plaintext, recipients_, *arena_);
  ASSERT_EQ(first.size(), second.size());
  // One byte in 256 is the same by chance; none of the content may be.
  std::size_t same = 0;
  for (std::size_t i = first.size() - plaintext.size(); i < first.size(); ++i) {
    same += first[i] == second[i] ? 1 : 0;
  }
  EXPECT_LT(same, 50u);
}

TEST_F(Age, NeedsAtLeastOneAndNotTooManyRecipients) {
  MemorySink sink;
  EXPECT_EQ(ReasonOf(AgeWriter::Create(sink, {}, *arena_).status()), Reason::kRecipientKeyMissing);
  const std::vector<AgeRecipient> too_many(AgeWriter::kMaxRecipients + 1, identity_.recipient());
  EXPECT_EQ(ReasonOf(AgeWriter::Create(sink, too_many, *arena_).status()), Reason::kFieldTooLong);
  EXPECT_TRUE(sink.written.empty());
}

TEST_F(Age, FileThatWasNotFinishedIsRefused) {
  MemorySink sink;
  absl::StatusOr<std::unique_ptr<AgeWriter>> writer = AgeWriter::Create(sink, recipients_, *arena_);
  ASSERT_TRUE((*writer)->Write(PatternBytes(200000, 1)).ok());
  EXPECT_EQ(ReasonOf(OpenAll(sink.written, identity_, *arena_).status), Reason::kKeyFileTruncated);
}

TEST_F(Age, NothingCanBeWrittenAfterTheEnd) {
  MemorySink sink;
  absl::StatusOr<std::unique_ptr<AgeWriter>> writer = AgeWriter::Create(sink, recipients_, *arena_);
  ASSERT_TRUE((*writer)->Finish().ok());
  const Bytes written = sink.written;
  EXPECT_EQ(ReasonOf((*writer)->Write(PatternBytes(1, 1))), Reason::kInternal);
  EXPECT_EQ(ReasonOf((*writer)->Finish()), Reason::kInternal);
  EXPECT_EQ(sink.written, written);
}

TEST_F(Age, FullDiskIsReportedAtWhateverByteItHappens) {
  const Bytes plaintext = PatternBytes(2 * kAgeChunkBytes + 5, 1);
  for (std::size_t room : {std::size_t{0}, std::size_t{170}, std::size_t{70000}, std::size_t{131300}}) {
    FailingSink sink(room);
    absl::StatusOr<std::unique_ptr<AgeWriter>> writer = AgeWriter::Create(sink, recipients_, *arena_);
    absl::Status status = writer.status();
    if (writer.ok()) {
      status = (*writer)->Write(plaintext);
      status = (*writer)->Finish();
    }
    EXPECT_EQ(ReasonOf(status), Reason::kDiskFull) << room;
  }
}

TEST_F(Age, EndIsGivenAgainAndAgain) {
  const Bytes sealed = Sealed(PatternBytes(10, 1), recipients_, *arena_);
  MemorySource source(sealed, 1000);
  absl::StatusOr<std::unique_ptr<AgeReader>> reader = AgeReader::Open(source, identity_, *arena_);
  ASSERT_TRUE(reader.ok());
  Bytes out(100);
  EXPECT_EQ(*(*reader)->Read(out), 10u);
  EXPECT_EQ(*(*reader)->Read(out), 0u);
  EXPECT_EQ(*(*reader)->Read(out), 0u);
}

TEST_F(Age, ReadingIntoNothingIsNotMistakenForTheEnd) {
  const Bytes sealed = Sealed(PatternBytes(10, 1), recipients_, *arena_);
  MemorySource source(sealed, 1000);
  absl::StatusOr<std::unique_ptr<AgeReader>> reader = AgeReader::Open(source, identity_, *arena_);
  EXPECT_FALSE((*reader)->Read({}).ok());
  Bytes out(100);
  EXPECT_EQ(*(*reader)->Read(out), 10u);
}

TEST_F(Age, FullArenaIsAnErrorAndNoCrash) {
  const Bytes sealed = Sealed(PatternBytes(10, 1), recipients_, *arena_);
  std::vector<SecretKey> hoard;
  while (true) {
    absl::StatusOr<SecretKey> key = SecretKey::Generate(*arena_);
    if (!key.ok()) {
      break;
    }
    hoard.push_back(*std::move(key));
  }
  MemorySink sink;
  EXPECT_EQ(ReasonOf(AgeWriter::Create(sink, recipients_, *arena_).status()), Reason::kConfiguration);
  EXPECT_EQ(ReasonOf(OpenAll(sealed, identity_, *arena_).status), Reason::kConfiguration);
}

TEST_F(Age, KeysOfAFileLeaveTheArenaWithIt) {
  const std::size_t before = arena_->bytes_in_use();
  {
    MemorySink sink;
    absl::StatusOr<std::unique_ptr<AgeWriter>> writer = AgeWriter::Create(sink, recipients_, *arena_);
    ASSERT_TRUE((*writer)->Finish().ok());
    MemorySource source(sink.written, 1000);
    absl::StatusOr<std::unique_ptr<AgeReader>> reader = AgeReader::Open(source, identity_, *arena_);
    ASSERT_TRUE(reader.ok());
    EXPECT_EQ(arena_->bytes_in_use(), before + 2 * SecretKey::kBytes);
  }
  EXPECT_EQ(arena_->bytes_in_use(), before);
}

// Made with stock age 1.1.1 for the identity of 32 bytes 0x42, which the age specification uses as its example.
TEST_F(Age, FileMadeByTheStockProgramOpens) {
  const std::string_view file =
      "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBpWnA5Q00wZnhtSmMyMk5pS1hpS3dDYmRCMnJNYmZGSlYxNDNhUjczeDFn"
      "CkdWSmZrcmlxZ1B5SWZ6K0xUT2ZEOUFrNGFaekdFcVQ4VTdtOGd5cFRVNGcKLS0tIGhQVFNWUmFGRVpoclNLRWd6SkZFQ3dCWmdW"
      "b2tJWlVaMnlqTWQwcFgwNFkKtrTkhOEg+b6RyXKWd2n7DxAk3GGgDI/84Xq4nsF8NFRd5sucSuz20fHCwpT3e29BqDWaVTOZtaBM";
  const absl::StatusOr<AgeIdentity> identity =
      AgeIdentity::Parse("AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX", *arena_);
  const Opened opened = OpenAll(*Base64Decode(file, Base64Padding::kPadded), *identity, *arena_);
  EXPECT_TRUE(opened.status.ok()) << opened.status;
  EXPECT_EQ(TextOf(opened.plaintext), "fodselsnummer;lopenummer\n");
}

}  // namespace
}  // namespace kobling::crypto
