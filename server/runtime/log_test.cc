#include "server/runtime/log.h"

#include <grpc/support/log.h>

#include <concepts>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "crypto/secret_memory.h"
#include "domain/lopenummer.h"
#include "domain/national_id.h"
#include "domain/role.h"
#include "nlohmann/json.hpp"
#include "server/runtime/testing.h"

namespace kobling::server {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

template <typename T>
concept Loggable = requires(T value) {
  Field("name", value);
};

static_assert(Loggable<int> && Loggable<std::uint64_t> && Loggable<absl::Duration> && Loggable<absl::Time>);
static_assert(Loggable<domain::ProjectId> && Loggable<domain::ActorId> && Loggable<Reason> && Loggable<absl::Status>);
static_assert(Loggable<domain::Role> && Loggable<ListenAddress>);
static_assert(!Loggable<std::string> && !Loggable<std::string_view> && !Loggable<const char*> && !Loggable<char*>);
static_assert(!Loggable<absl::string_view> && !Loggable<std::vector<char>> && !Loggable<std::array<char, 11>>);
static_assert(!Loggable<domain::NationalId> && !Loggable<domain::Lopenummer>);
static_assert(!Loggable<crypto::SecretKey> && !Loggable<crypto::SecretBuffer>);
static_assert(!Loggable<bool> && !Loggable<char> && !Loggable<double> && !Loggable<domain::IdentifierNumber>);

// A message is a constant of the program, never something put together.
static_assert(!std::convertible_to<std::string, ConstantText> && !std::convertible_to<std::string_view, ConstantText>);

class LogTest : public testing::Test {
 protected:
  nlohmann::json OnlyLine() const {
    const auto lines = sink_->lines();
    EXPECT_EQ(lines.size(), 1U);
    return lines.empty() ? nlohmann::json() : nlohmann::json::parse(lines.front());
  }

  const FixedClock clock_{absl::FromUnixMillis(1'790'000'000'123)};
  const std::shared_ptr<CollectingSink> sink_ = std::make_shared<CollectingSink>();
  Log log_{Level::kInfo, clock_, sink_};
};

TEST_F(LogTest, LineIsOneJsonObjectWithTimeLevelMessageAndFields) {
  log_.Info("key file issued", {Field("project", *domain::ProjectId::Parse("P0041")), Field("rows", 1200),
                                Field("took", absl::Milliseconds(1250)), Field("role", domain::Role::kKeyOfficer),
                                Field("how", "full"), Field("below", -7)});
  const auto line = OnlyLine();
  EXPECT_EQ(line["time"], "2026-09-21T14:13:20.123Z");
  EXPECT_EQ(line["level"], "info");
  EXPECT_EQ(line["message"], "key file issued");
  EXPECT_EQ(line["project"], "P0041");
  EXPECT_EQ(line["rows"], 1200);
  EXPECT_EQ(line["took"], 1.25);
  EXPECT_EQ(line["role"], "key-officer");
  EXPECT_EQ(line["how"], "full");
  EXPECT_EQ(line["below"], -7);
}

TEST_F(LogTest, LinesBelowTheLevelAreNotWritten) {
  log_.Debug("detail");
  EXPECT_TRUE(sink_->lines().empty());
  log_.Info("one");
  log_.Warning("two");
  log_.Error("three");
  EXPECT_EQ(sink_->lines().size(), 3U);
}

TEST_F(LogTest, NumberThatCouldBeAnIdentifierIsRemoved) {
  log_.Info("numbers", {Field("id", std::uint64_t{1'839'012'345}), Field("negative", std::int64_t{-1'839'012'345}),
                        Field("count", 999'999'999), Field("seconds", absl::Seconds(1'839'012'345))});
  const auto line = OnlyLine();
  EXPECT_EQ(line["id"], "[removed]");
  EXPECT_EQ(line["negative"], "[removed]");
  EXPECT_EQ(line["count"], 999'999'999);
  EXPECT_EQ(line["seconds"], "[removed]");
}

TEST_F(LogTest, QuotesAndControlCharactersAreEscaped) {
  log_.Info("a \"quoted\\\" message\nwith two lines");
  EXPECT_EQ(OnlyLine()["message"], "a \"quoted\\\" message\nwith two lines");
  EXPECT_EQ(sink_->lines().front().find('\n'), std::string::npos);
}

TEST_F(LogTest, BracesInAMessageAreText) {
  log_.Info("a {} message {0}");
  EXPECT_EQ(OnlyLine()["message"], "a {} message {0}");
}

TEST_F(LogTest, StatusIsWrittenAsReasonAndWhere) {
  log_.Warning("refused",
               {Field("error", MakeError(Reason::kConfiguration, {{DetailKey::kLine, std::uint64_t{7}}})),
                Field("foreign", absl::InternalError("text of unknown origin")), Field("reason", Reason::kDraining)});
  const auto line = OnlyLine();
  EXPECT_EQ(line["error"], "CONFIGURATION (line 7)");
  EXPECT_EQ(line["foreign"], "INTERNAL");
  EXPECT_EQ(line["reason"], "DRAINING");
}

TEST_F(LogTest, LinesOfSeveralThreadsAreWhole) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      for (int line = 0; line < 200; ++line) {
        log_.Info("line", {Field("number", line)});
      }
    });
  }
  threads.clear();
  ASSERT_EQ(sink_->lines().size(), 800U);
  for (const auto& line : sink_->lines()) {
    EXPECT_TRUE(nlohmann::json::accept(line)) << line;
  }
}

TEST_F(LogTest, GrpcsOwnLogIsScrubbedAndEndsWithTheRoute) {
  {
    const GrpcLogRoute route(log_);
    gpr_log(GPR_ERROR, "peer sent %s and \xff", "01839012345");
  }
  gpr_log(GPR_ERROR, "nobody listens");
  const auto line = OnlyLine();
  EXPECT_EQ(line["level"], "warning");
  EXPECT_EQ(line["message"], "grpc");
  EXPECT_EQ(line["text"], "peer sent [removed] and ?");
}

TEST(Level, EveryLevelIsFoundByItsName) {
  for (const Level level : {Level::kDebug, Level::kInfo, Level::kWarning, Level::kError}) {
    EXPECT_EQ(LevelFromName(NameOf(level)), level);
  }
  EXPECT_EQ(LevelFromName("verbose"), std::nullopt);
}

TEST(ListenAddress, IsReadAndWrittenAlike) {
  for (const auto* text : {"127.0.0.1:50051", "[::1]:0", "kobling.example.org:65535"}) {
    const auto address = ListenAddress::Parse(text);
    ASSERT_TRUE(address.ok()) << text;
    EXPECT_EQ(address->text(), text);
  }
}

TEST(ListenAddress, HostAndPortAreBothRequired) {
  for (const auto* text : {"", ":", ":7400", "7400", "localhost", "localhost:", "localhost:65536", "localhost:-1",
                           "localhost:74x", "::1:7400", "[]:7400", "a b:1", "01839012345.example:1"}) {
    EXPECT_EQ(domain::ReasonOf(ListenAddress::Parse(text).status()), Reason::kConfiguration) << text;
  }
}

}  // namespace
}  // namespace kobling::server
