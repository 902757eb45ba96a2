#include "server/commands/koblingd.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sstream>
#include <string>
#include <vector>

#include "domain/error.h"
#include "server/runtime/files.h"
#include "server/runtime/testing.h"

namespace kobling::server {
namespace {

namespace fs = std::filesystem;
using domain::Reason;
using testing::HasSubstr;

class FakeService final : public Service {
 public:
  absl::StatusOr<SigningKeyInfo> Initialise(const ServerConfig& config) override {
    EXPECT_TRUE(fs::exists(config.kek_file)) << "the key-encryption key is there before the service needs it";
    EXPECT_TRUE(fs::is_empty(config.storage_directory));
    return SigningKeyInfo{
        .public_key = "a public key\n", .fingerprint = "0123-abcd", .log_verifier_key = "a verifier key"};
  }

  absl::Status Serve(const ServerConfig&, Log&, const ServeOptions& options) override {
    if (!failure.ok()) {
      return failure;
    }
    options.ready(4711);
    while_serving();
    while (!options.stop.stop_requested()) {
      sched_yield();
    }
    return absl::OkStatus();
  }

  absl::Status failure;
  std::function<void()> while_serving = [] {};
};

class KoblingdTest : public testing::Test {
 protected:
  int Run(std::vector<std::string> words) {
    words.insert(words.begin(), "koblingd");
    std::vector<const char*> argv;
    for (const std::string& word : words) {
      argv.push_back(word.c_str());
    }
    out_.str("");
    err_.str("");
    return RunKoblingd(static_cast<int>(argv.size()), argv.data(),
                       {.out = out_, .err = err_, .clock = clock_, .service = service_});
  }

  void MakeTrial() { ASSERT_EQ(Run({"init", "--dir", dir_.string(), "--environment", "trial"}), 0) << err_.str(); }

  int Issue(const std::string& role, const std::string& id) {
    return Run(
        {"certificate", "issue", "--config", config_, "--role", role, "--id", id, "--out", out_folder_.string()});
  }

  static unsigned ModeOf(const fs::path& path) {
    struct stat facts {};
    EXPECT_EQ(stat(path.c_str(), &facts), 0) << path;
    return facts.st_mode & 0777;
  }

  const domain::SystemClock clock_;
  const TemporaryFolder folder_;
  const fs::path dir_ = folder_.path() / "trial";
  const fs::path out_folder_ = folder_.path() / "certificates";
  const std::string config_ = (dir_ / "koblingd.toml").string();
  FakeService service_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(KoblingdTest, VersionAndHelpGoToStandardOutput) {
  EXPECT_EQ(Run({"--version"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("koblingd "));
  EXPECT_EQ(Run({"--help"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("certificate"));
  EXPECT_EQ(err_.str(), "");
}

TEST_F(KoblingdTest, WrongCommandLineExitsWithOneAndSaysWhatWhereAndDo) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{},
                                                {"sreve"},
                                                {"serve"},
                                                {"init", "--dir", "x", "--environment", "test"},
                                                {"certificate"},
                                                {"serve", "--config", "x", "--bad"}}) {
    EXPECT_EQ(Run(words), 1);
    EXPECT_THAT(err_.str(), HasSubstr("koblingd: "));
    EXPECT_THAT(err_.str(), HasSubstr(" [USAGE]\n"));
    EXPECT_THAT(err_.str(), HasSubstr("  where: "));
    EXPECT_THAT(err_.str(), HasSubstr("  do:    "));
    EXPECT_EQ(out_.str(), "");
  }
}

TEST_F(KoblingdTest, InitMakesAnInstallationThatPassesItsOwnCheck) {
  MakeTrial();
  EXPECT_THAT(out_.str(), HasSubstr("0123-abcd"));
  EXPECT_THAT(out_.str(), HasSubstr("koblingd serve --config"));
  for (const auto* name : {"keys", "data", "key-files", "tls", "ca"}) {
    EXPECT_EQ(ModeOf(dir_ / name), 0700U) << name;
  }
  for (const auto* name : {"keys/kek", "tls/server.pem", "tls/server.key", "tls/client-ca.pem", "ca/ca.key"}) {
    EXPECT_EQ(ModeOf(dir_ / name), 0600U) << name;
  }
  EXPECT_EQ(ModeOf(dir_), 0750U);
  EXPECT_EQ(ModeOf(dir_ / "public"), 0755U);
  EXPECT_EQ(ReadText(dir_ / "public" / "kobling.pub"), "a public key\n");
  EXPECT_EQ(ReadText(dir_ / "public" / "log.vkey"), "a verifier key\n");
  EXPECT_EQ(Run({"config", "check", "--config", config_}), 0) << out_.str();
  EXPECT_THAT(out_.str(), testing::Not(HasSubstr("error")));
}

TEST_F(KoblingdTest, InitLeavesAFolderThatHoldsSomethingAlone) {
  fs::create_directory(dir_);
  WriteText(dir_ / "mine", "text");
  EXPECT_EQ(Run({"init", "--dir", dir_.string(), "--environment", "trial"}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("The file exists already"));
  EXPECT_EQ(std::distance(fs::directory_iterator(dir_), {}), 1);
  fs::remove(dir_ / "mine");
  EXPECT_EQ(Run({"init", "--dir", dir_.string(), "--environment", "trial"}), 0) << err_.str();
}

TEST_F(KoblingdTest, InitMakesNothingWhenARequestIsWrong) {
  const std::vector<std::vector<std::string>> wrong = {
      {"--environment", "trial", "--listen", "7400"},
      {"--environment", "trial", "--trust-domain", "A/B"},
      {"--environment", "production"},
      {"--environment", "production", "--controller", "Registeret"},
      {"--environment", "production", "--trust-domain", "kobling.example.org"}};
  for (std::vector<std::string> words : wrong) {
    words.insert(words.begin(), {"init", "--dir", dir_.string()});
    EXPECT_EQ(Run(words), 1) << err_.str();
    EXPECT_FALSE(fs::exists(dir_));
  }
}

TEST_F(KoblingdTest, ProductionGetsNoCertificatesAndIssuesNone) {
  ASSERT_EQ(Run({"init", "--dir", dir_.string(), "--environment", "production", "--controller", "Registeret",
                 "--trust-domain", "kobling.example.org"}),
            0)
      << err_.str();
  EXPECT_FALSE(fs::exists(dir_ / "ca"));
  EXPECT_TRUE(fs::is_empty(dir_ / "tls"));
  EXPECT_EQ(Issue("auditor", "ola"), 1);
  EXPECT_THAT(err_.str(), HasSubstr("docs/operations.md"));
  EXPECT_EQ(Run({"config", "check", "--config", config_}), 1);
  EXPECT_THAT(out_.str(), HasSubstr("server.key"));
}

TEST_F(KoblingdTest, CertificateIsIssuedIntoAFolderAndNeverOverwritten) {
  MakeTrial();
  ASSERT_EQ(Issue("caseworker", "kari"), 0) << err_.str();
  for (const auto* name : {"kari.pem", "kari.key", "ca.pem"}) {
    EXPECT_EQ(ModeOf(out_folder_ / name), 0600U) << name;
    EXPECT_THAT(out_.str(), HasSubstr(name));
  }
  EXPECT_EQ(Issue("caseworker", "kari"), 1);
  EXPECT_THAT(err_.str(), HasSubstr("kari.pem"));
  EXPECT_EQ(Issue("auditor", "ola"), 0) << "the authority's certificate is shared: " << err_.str();
}

TEST_F(KoblingdTest, CertificateForAConflictingRoleOrABadIdIsRefused) {
  MakeTrial();
  ASSERT_EQ(Issue("caseworker", "kari"), 0) << err_.str();
  fs::remove_all(out_folder_);
  EXPECT_EQ(Issue("key-officer", "kari"), 1);
  EXPECT_FALSE(fs::exists(out_folder_ / "kari.key"));
  EXPECT_EQ(Issue("boss", "kari"), 1);
  EXPECT_EQ(Issue("auditor", "../x"), 1);
  EXPECT_EQ(Issue("register", "npr"), 1) << "a register's id has capital letters";
  EXPECT_EQ(Issue("auditor", "x01839012345"), 1);
  EXPECT_THAT(err_.str(), testing::Not(HasSubstr("01839012345")));
}

TEST_F(KoblingdTest, TheReadyFileNeverTakesThePlaceOfAnythingElse) {
  MakeTrial();
  const fs::path kek = dir_ / "keys" / "kek";
  const std::string before = ReadText(kek);
  EXPECT_EQ(Run({"serve", "--config", config_, "--ready-file", kek.string()}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("[FILE_EXISTS]"));
  EXPECT_EQ(ReadText(kek), before);
  const fs::path link = folder_.path() / "link";
  fs::create_symlink("/dev/null", link);
  EXPECT_EQ(Run({"serve", "--config", config_, "--ready-file", link.string()}), 1);
  EXPECT_TRUE(fs::is_symlink(link));
}

TEST_F(KoblingdTest, ServeSaysWhereItListensAndEndsOnSigterm) {
  MakeTrial();
  const fs::path ready = folder_.path() / "ready";
  std::string address;
  service_.while_serving = [&] {
    address = ReadText(ready);
    kill(getpid(), SIGTERM);
  };
  WriteText(ready, "127.0.0.1:4710\n");
  EXPECT_EQ(Run({"serve", "--config", config_, "--ready-file", ready.string()}), 0) << err_.str();
  EXPECT_EQ(address, "127.0.0.1:4711\n");
  EXPECT_FALSE(fs::exists(ready)) << "nobody serves any more";
}

TEST_F(KoblingdTest, ServeEndsOnInterruptToo) {
  MakeTrial();
  service_.while_serving = [] { kill(getpid(), SIGINT); };
  EXPECT_EQ(Run({"serve", "--config", config_}), 0) << err_.str();
}

TEST_F(KoblingdTest, ServeRefusesAnInstallationThatIsNotInOrder) {
  MakeTrial();
  service_.while_serving = [] { ADD_FAILURE() << "must not serve"; };
  ASSERT_EQ(chmod((dir_ / "keys" / "kek").c_str(), 0644), 0);
  EXPECT_EQ(Run({"serve", "--config", config_}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("chmod 600"));
}

TEST_F(KoblingdTest, RefusalByTheServiceExitsWithTwo) {
  MakeTrial();
  service_.failure = domain::MakeError(Reason::kKeyUnusable);
  EXPECT_EQ(Run({"serve", "--config", config_}), 2);
  service_.failure = absl::InternalError("of unknown origin");
  EXPECT_EQ(Run({"serve", "--config", config_}), 2);
  EXPECT_THAT(err_.str(), testing::Not(HasSubstr("unknown origin")));
}

TEST_F(KoblingdTest, ReadyFileThatCannotBeWrittenEndsTheServer) {
  MakeTrial();
  EXPECT_EQ(Run({"serve", "--config", config_, "--ready-file", (folder_.path() / "none" / "ready").string()}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("cannot be written"));
}

}  // namespace
}  // namespace kobling::server
