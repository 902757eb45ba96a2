#include "server/runtime/config.h"

#include <map>
#include <string>
#include <string_view>

#include "absl/strings/str_format.h"
#include "domain/error.h"
#include "server/runtime/nearest_name.h"
#include "server/runtime/testing.h"

namespace kobling::server {
namespace {

using domain::Reason;
using domain::ReasonOf;

constexpr std::string_view kRequired = R"(environment = "trial"
controller = "Eksempelregisteret"
[server]
listen = "127.0.0.1:0"
[tls]
certificate = "tls/server.pem"
key = "/etc/kobling/server.key"
client_ca = "tls/../ca.pem"
trust_domain = "kobling.example.org"
[storage]
directory = "data"
[keys]
kek_file = "keys/kek"
[key_files]
directory = "key-files"
)";

class ConfigTest : public testing::Test {
 protected:
  absl::StatusOr<ServerConfig> Load(std::string_view text) const {
    WriteText(file_, text);
    return LoadConfig(file_);
  }

  // The details of the fault that a text with this has.
  std::map<std::string, std::string> FaultOf(std::string_view text) const {
    const auto config = Load(text);
    EXPECT_EQ(ReasonOf(config.status()), Reason::kConfiguration) << text;
    const auto details = domain::DetailsOf(config.status());
    std::map<std::string, std::string> fault(details.begin(), details.end());
    EXPECT_EQ(fault["file"], file_.string());
    EXPECT_NE(fault["line"], "");
    EXPECT_NE(fault["expected"], "");
    return fault;
  }

  static std::string Extended(std::string_view text, std::string_view more) {
    return absl::StrFormat("%s%s", text, more);
  }

  static std::string Replaced(std::string_view from, std::string_view to) {
    const std::size_t at = kRequired.find(from);
    EXPECT_NE(at, std::string_view::npos) << from;
    return absl::StrFormat("%s%s%s", kRequired.substr(0, at), to, kRequired.substr(at + from.size()));
  }

  const TemporaryFolder folder_;
  const std::filesystem::path file_ = folder_.path() / "koblingd.toml";
};

TEST_F(ConfigTest, RequiredKeysAreEnoughAndTheRestHasDefaults) {
  const auto config = Load(kRequired);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->environment, Environment::kTrial);
  EXPECT_EQ(config->controller, "Eksempelregisteret");
  EXPECT_EQ(config->listen.text(), "127.0.0.1:0");
  EXPECT_EQ(config->trust_domain, "kobling.example.org");
  EXPECT_EQ(config->key_file_expiry_days, 90U);
  EXPECT_EQ(config->recipient_key_validity_days, 730U);
  EXPECT_EQ(config->usage_due_days, 90U);
  EXPECT_EQ(config->destruction_warning_days, 30U);
  EXPECT_EQ(config->memberships_years, 10U);
  EXPECT_EQ(config->limits.max_stream_rows, 20'000'000U);
  EXPECT_EQ(config->limits.max_total_stream_rows, 40'000'000U);
  EXPECT_EQ(config->limits.max_message_bytes, 4U * 1024 * 1024);
  EXPECT_EQ(config->log_level, Level::kInfo);
  EXPECT_TRUE(config->accepted_series.synthetic80);
  EXPECT_FALSE(config->accepted_series.unprefixed);
}

TEST_F(ConfigTest, PathsAreRelativeToTheFile) {
  const auto config = Load(kRequired);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->file, file_);
  EXPECT_EQ(config->tls.certificate, folder_.path() / "tls/server.pem");
  EXPECT_EQ(config->tls.private_key, "/etc/kobling/server.key");
  EXPECT_EQ(config->tls.client_ca, folder_.path() / "ca.pem");
  EXPECT_EQ(config->storage_directory, folder_.path() / "data");
  EXPECT_EQ(config->kek_file, folder_.path() / "keys/kek");
  EXPECT_EQ(config->key_file_directory, folder_.path() / "key-files");
}

TEST_F(ConfigTest, EveryOptionalKeyIsTaken) {
  std::string text = Replaced("directory = \"key-files\"", R"(directory = "key-files"
expiry_days = 1
recipient_key_validity_days = 2
[usage]
due_days = 3
[retention]
warning_days = 8
memberships_years = 0
[identifiers]
fh = true
npid20 = true
nav40 = true
npid60 = true
nhn65 = true
synthetic80 = false
[limits]
max_stream_rows = 4
max_total_stream_rows = 5
max_message_bytes = 1048576
max_concurrent_streams = 6
handler_threads = 7
stream_idle_seconds = 9
[log]
level = "debug")");
  const auto config = Load(text);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->key_file_expiry_days, 1U);
  EXPECT_EQ(config->recipient_key_validity_days, 2U);
  EXPECT_EQ(config->usage_due_days, 3U);
  EXPECT_EQ(config->destruction_warning_days, 8U);
  EXPECT_EQ(config->memberships_years, 0U);
  const auto& series = config->accepted_series;
  EXPECT_TRUE(series.fh && series.npid20 && series.nav40 && series.npid60 && series.nhn65);
  EXPECT_FALSE(series.synthetic80 || series.unprefixed);
  EXPECT_EQ(config->limits.max_stream_rows, 4U);
  EXPECT_EQ(config->limits.max_total_stream_rows, 5U);
  EXPECT_EQ(config->limits.max_message_bytes, 1048576U);
  EXPECT_EQ(config->limits.max_concurrent_streams, 6U);
  EXPECT_EQ(config->limits.handler_threads, 7U);
  EXPECT_EQ(config->limits.stream_idle, std::chrono::seconds(9));
  EXPECT_EQ(config->log_level, Level::kDebug);
}

TEST_F(ConfigTest, ProductionRefusesEveryTestSeries) {
  const std::string production = Replaced("\"trial\"", "\"production\"");
  const auto config = Load(production);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_TRUE(config->accepted_series.unprefixed);
  EXPECT_TRUE(Load(Extended(production, "[identifiers]\nfh = true\nsynthetic80 = false\n")).ok());
  for (const std::string series : {"npid20", "nav40", "npid60", "nhn65", "synthetic80"}) {
    EXPECT_EQ(FaultOf(absl::StrFormat("%s[identifiers]\n%s = true\n", production, series))["field"], "identifiers")
        << series;
  }
}

TEST_F(ConfigTest, TrialThatAcceptsNothingIsRefused) {
  EXPECT_EQ(FaultOf(Extended(kRequired, "[identifiers]\nsynthetic80 = false\n"))["field"], "identifiers");
}

TEST_F(ConfigTest, UnknownKeyIsRefusedWithTheNearestKnownOne) {
  auto fault = FaultOf(Replaced("trust_domain", "trust_domian"));
  EXPECT_EQ(fault["field"], "tls.trust_domian");
  EXPECT_EQ(fault["line"], "9");
  EXPECT_EQ(fault["hint"], "did you mean tls.trust_domain?");
  fault = FaultOf(Extended(kRequired, "[limit]\nmax_stream_rows = 5\n"));
  EXPECT_EQ(fault["field"], "limit");
  EXPECT_EQ(fault["line"], "16");
}

TEST_F(ConfigTest, MissingKeyIsNamedWithItsSection) {
  for (const std::string line :
       {"environment = \"trial\"\n", "controller = \"Eksempelregisteret\"\n", "listen = \"127.0.0.1:0\"\n",
        "certificate = \"tls/server.pem\"\n", "key = \"/etc/kobling/server.key\"\n", "client_ca = \"tls/../ca.pem\"\n",
        "trust_domain = \"kobling.example.org\"\n", "directory = \"data\"\n", "kek_file = \"keys/kek\"\n",
        "directory = \"key-files\"\n"}) {
    const std::string field = FaultOf(Replaced(line, ""))["field"];
    EXPECT_TRUE(field.ends_with(line.substr(0, line.find(' ')))) << field << " for " << line;
  }
}

TEST_F(ConfigTest, ValueOfAnotherTypeOrRangeIsRefusedWithItsLine) {
  const struct {
    const char* from;
    const char* to;
    const char* field;
    const char* line;
  } kCases[] = {
      {"\"trial\"", "\"test\"", "environment", "1"},
      {"\"trial\"", "true", "environment", "1"},
      {"\"Eksempelregisteret\"", "\"\"", "controller", "2"},
      {"\"Eksempelregisteret\"", "\"Register 01839012345\"", "controller", "2"},
      {"\"Eksempelregisteret\"", "\"a\\nb\"", "controller", "2"},
      {"\"127.0.0.1:0\"", "\":7400\"", "server.listen", "4"},
      {"\"127.0.0.1:0\"", "7400", "server.listen", "4"},
      {"\"tls/server.pem\"", "\"\"", "tls.certificate", "6"},
      {"\"kobling.example.org\"", "\"Kobling\"", "tls.trust_domain", "9"},
      {"\"kobling.example.org\"", "\"a/b\"", "tls.trust_domain", "9"},
      {"\"key-files\"", "\"key-files\"\nexpiry_days = 0", "key_files.expiry_days", "16"},
      {"\"key-files\"", "\"key-files\"\nexpiry_days = 3651", "key_files.expiry_days", "16"},
      {"\"key-files\"", "\"key-files\"\nexpiry_days = \"90\"", "key_files.expiry_days", "16"},
      {"\"key-files\"", "\"key-files\"\nexpiry_days = 9.5", "key_files.expiry_days", "16"},
      {"\"key-files\"", "\"key-files\"\n[identifiers]\nfh = 1", "identifiers.fh", "17"},
      {"\"key-files\"", "\"key-files\"\n[log]\nlevel = \"loud\"", "log.level", "17"},
      {"\"key-files\"", "\"key-files\"\n[limits]\nmax_message_bytes = 1", "limits.max_message_bytes", "17"},
      {"\"key-files\"", "\"key-files\"\n[limits]\nmax_total_stream_rows = 1", "limits.max_total_stream_rows", "16"},
  };
  for (const auto& wrong : kCases) {
    auto fault = FaultOf(Replaced(wrong.from, wrong.to));
    EXPECT_EQ(fault["field"], wrong.field) << wrong.to;
    EXPECT_EQ(fault["line"], wrong.line) << wrong.to;
  }
}

TEST_F(ConfigTest, LargeLimitsAreNotTakenForIdentifiers) {
  auto fault = FaultOf(Replaced("\"key-files\"", "\"key-files\"\n[limits]\nmax_total_stream_rows = 0"));
  EXPECT_EQ(fault["expected"], "a whole number from 1 to 1,000,000,000");
}

TEST_F(ConfigTest, KeyInPlaceOfASectionIsRefused) {
  EXPECT_EQ(FaultOf(Extended("storage = \"data\"\n", Replaced("[storage]\ndirectory = \"data\"\n", "")))["field"],
            "storage");
}

TEST_F(ConfigTest, TextThatIsNotTomlIsRefusedWithItsLine) {
  EXPECT_EQ(FaultOf("environment = \"trial\"\ncontroller =\n")["line"], "2");
  EXPECT_EQ(FaultOf("environment = \"trial\"\nenvironment = \"trial\"\n")["line"], "2");
  EXPECT_EQ(FaultOf("a\xff = 1\n")["line"], "1");
}

TEST_F(ConfigTest, MissingFileIsSaidToBeMissing) {
  EXPECT_EQ(ReasonOf(LoadConfig(folder_.path() / "none.toml").status()), Reason::kFileNotFound);
}

TEST_F(ConfigTest, WhoWasIncludedIsKeptForTheTenYearsOfTheLawOrLonger) {
  const auto with = [&](std::string_view years) {
    return Load(Replaced("[key_files]", absl::StrFormat("[retention]\nmemberships_years = %s\n[key_files]", years)));
  };
  for (const char* years : {"0", "10", "100"}) {
    EXPECT_TRUE(with(years).ok()) << years;
  }
  for (const char* years : {"1", "9", "-10", "101", "4294967306", "\"ten\""}) {
    const auto refused = with(years);
    EXPECT_EQ(domain::ReasonOf(refused.status()), domain::Reason::kConfiguration) << years;
    EXPECT_NE(refused.status().ToString().find("helseregisterloven § 19 h"), std::string::npos) << refused.status();
  }
}

TEST_F(ConfigTest, NewConfigurationIsReadBackAsWritten) {
  for (const Environment environment : {Environment::kTrial, Environment::kProduction}) {
    WriteText(folder_.path() / "case-rules.toml", DefaultCaseRulesText());
    const auto config = Load(MakeConfigText({.environment = environment,
                                             .listen = "[::1]:7400",
                                             .controller = "Register \"Nord\" \\ Sør",
                                             .trust_domain = "kobling.example.org"}));
    ASSERT_TRUE(config.ok()) << config.status();
    EXPECT_EQ(config->environment, environment);
    EXPECT_EQ(config->controller, "Register \"Nord\" \\ Sør");
    EXPECT_EQ(config->listen.text(), "[::1]:7400");
    EXPECT_EQ(config->accepted_series.synthetic80, environment == Environment::kTrial);
    EXPECT_EQ(config->accepted_series.unprefixed, environment == Environment::kProduction);
  }
}

TEST_F(ConfigTest, PageForPeopleNamesEveryKeyAndItsExampleIsRight) {
  const std::string page = ReadText(std::string(KOBLING_SOURCE_DIR) + "/docs/configuration.md");
  for (const std::string& key : ConfigKeys()) {
    EXPECT_NE(page.find(absl::StrFormat("`%s`", key)), std::string::npos) << key;
  }
  constexpr std::string_view kFence = "```toml\n";
  const std::size_t begin = page.find(kFence) + kFence.size();
  const auto config = Load(std::string_view(page).substr(begin, page.find("```", begin) - begin));
  EXPECT_TRUE(config.ok()) << config.status();
}

TEST(NearestName, TakesTheFewestChanges) {
  constexpr std::string_view kNames[] = {"server.listen", "storage.directory", "log.level"};
  EXPECT_EQ(NearestName("server.listne", kNames), "server.listen");
  EXPECT_EQ(NearestName("loglevel", kNames), "log.level");
  EXPECT_EQ(NearestName("anything", {}), "");
}

}  // namespace
}  // namespace kobling::server
