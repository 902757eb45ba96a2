// Thousands of people live: they are born, get new numbers, are merged and split, while projects take them in, issue
// key files and correct them. What the service answers after every step must be what the model of the rules says.
//
//   KOBLING_LONG_TESTS=1 runs many more lives with new seeds; KOBLING_TEST_SEED=n repeats one.
#include "tests/model/lives.h"

#include <iostream>

#include "tests/conformance/test_length.h"

namespace kobling::tests {
namespace {

constexpr std::size_t kStepCount = 900;

// Steps that are always refused would compare nothing.
constexpr const char* kWhatMustHappen[] = {"submit NPR",
                                           "submit MFR",
                                           "submit NPR, refused",
                                           "withdraw submission of NPR",
                                           "match",
                                           "issue to NPR",
                                           "issue to DAAR",
                                           "issue to KRG",
                                           "issue a delta to NPR",
                                           "issue a delta to KRG",
                                           "fetch",
                                           "take back key file of KRG",
                                           "propose",
                                           "confirm",
                                           "reject",
                                           "issue a correction",
                                           "corrected row: merged",
                                           "corrected row: split",
                                           "report of NPR",
                                           "report of KRG",
                                           "reserve",
                                           "reproduce",
                                           "scrub",
                                           "IDENTITY_EVENT_KIND_MERGED",
                                           "IDENTITY_EVENT_KIND_SPLIT",
                                           "IDENTITY_EVENT_KIND_SPLIT without effect",
                                           "IDENTITY_EVENT_KIND_ANNULLED",
                                           "IDENTITY_EVENT_KIND_PROTECTED"};

std::map<std::string, int> Live(const std::vector<std::uint64_t>& seeds, Kills kills) {
  std::map<std::string, int> done =
      RunEach(seeds, kStepCount, [&](std::uint64_t seed) { return std::make_unique<Lives>(seed, kills); });
  // One life that is repeated may lack a kind.
  for (const char* what : kWhatMustHappen) {
    EXPECT_TRUE(testing::Test::HasFailure() || seeds.size() == 1 || done[what] >= 3) << what << ": " << done[what];
  }
  return done;
}

void Print(const std::map<std::string, int>& done) {
  for (const auto& [what, times] : done) {
    std::cout << what << ": " << times << '\n';
  }
}

TEST(LivesOfPeople, AnswersAreThoseOfTheRulesAfterEveryStep) { Print(Live(Seeds(3, 100), Kills::kNone)); }

TEST(LivesOfPeople, AnswersAreThoseOfTheRulesWhereverTheServerIsKilled) {
  std::map<std::string, int> done = Live(Seeds(2, 100), Kills::kSome);
  Print(done);
  for (const char* what : {"killed after it was kept", "killed before it was kept", "killed over a feed"}) {
    EXPECT_TRUE(testing::Test::HasFailure() || done[what] >= 3) << what << ": " << done[what];
  }
}

}  // namespace
}  // namespace kobling::tests
