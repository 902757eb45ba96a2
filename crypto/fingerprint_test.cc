#include "crypto/fingerprint.h"

#include <gtest/gtest.h>

#include "domain/error.h"

namespace kobling::crypto {
namespace {

// printf abc | sha256sum
TEST(Fingerprint, IsTheBeginningOfTheDigestInGroupsOfFour) {
  EXPECT_EQ(FingerprintOf("abc"), "ba78-16bf-8f01-cfea-4141-40de-5dae-2223");
}

TEST(Fingerprint, IsRecognisedByItsForm) {
  EXPECT_TRUE(IsFingerprint(FingerprintOf("abc")));
  EXPECT_FALSE(IsFingerprint(""));
  EXPECT_FALSE(IsFingerprint("ba78-16bf-8f01-cfea-4141-40de-5dae-222"));
  EXPECT_FALSE(IsFingerprint("ba78-16bf-8f01-cfea-4141-40de-5dae-2223-"));
  EXPECT_FALSE(IsFingerprint("BA78-16bf-8f01-cfea-4141-40de-5dae-2223"));
  EXPECT_FALSE(IsFingerprint("ba78 16bf 8f01 cfea 4141 40de 5dae 2223"));
}

TEST(Fingerprint, SurvivesTheScrubbingOfErrorDetailsEvenIfAllItsDigitsAreDecimal) {
  const std::string_view text = "1234-1234-1234-1234-1234-1234-1234-1234";
  EXPECT_TRUE(IsFingerprint(text));
  EXPECT_EQ(domain::Scrub(text), text);
}

}  // namespace
}  // namespace kobling::crypto
