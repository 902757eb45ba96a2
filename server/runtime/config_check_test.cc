#include "server/runtime/config_check.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "crypto/kek_file.h"
#include "crypto/secret_memory.h"
#include "domain/error.h"
#include "server/runtime/trial_certificates.h"

namespace kobling::server {
namespace {

using domain::Reason;
using Outcome = ConfigCheck::Outcome;

class ConfigCheckTest : public testing::Test {
 protected:
  ConfigCheckTest() {
    for (const auto* name : {"keys", "data", "key-files", "tls"}) {
      EXPECT_TRUE(MakeNewFolder(folder_.path() / name, 0700).ok());
    }
    const auto arena = crypto::SecretArena::Create(4096);
    EXPECT_TRUE(arena.ok() && crypto::CreateKekFile((folder_.path() / "keys" / "kek").string(), **arena).ok());
    EXPECT_TRUE(WriteNewFile(config_.file, "", 0640).ok());
    WriteTlsFiles(config_.tls, MakeServerCertificate(authority_), authority_.certificate());
  }

  ServerConfig MakeConfig() const {
    ServerConfig config;
    config.file = folder_.path() / "koblingd.toml";
    config.tls = TlsFilesIn(folder_.path() / "tls");
    config.kek_file = folder_.path() / "keys" / "kek";
    config.storage_directory = folder_.path() / "data";
    config.key_file_directory = folder_.path() / "key-files";
    return config;
  }

  // The reason of the one check that is not OK.
  std::optional<Reason> OnlyFault(Outcome outcome) const {
    const auto checks = CheckConfig(config_, clock_);
    std::optional<Reason> fault;
    int faults = 0;
    for (const ConfigCheck& check : checks) {
      if (check.outcome != Outcome::kOk) {
        ++faults;
        EXPECT_EQ(check.outcome, outcome) << check.subject;
        fault = domain::ReasonOf(check.status);
      }
    }
    EXPECT_EQ(faults, 1);
    EXPECT_EQ(FirstError(checks).ok(), outcome != Outcome::kError);
    return fault;
  }

  const domain::SystemClock clock_;
  const TemporaryFolder folder_;
  CertificateAuthority authority_ = MakeAuthority(folder_.path() / "ca", clock_);
  ServerConfig config_ = MakeConfig();
};

TEST_F(ConfigCheckTest, ConfigurationThatOthersMayChangeIsAnError) {
  ASSERT_EQ(chmod(config_.file.c_str(), 0660), 0);
  EXPECT_EQ(OnlyFault(Outcome::kError), Reason::kFileMode);
  ASSERT_EQ(chmod(config_.file.c_str(), 0640), 0);
  ASSERT_EQ(chmod(folder_.path().c_str(), 0777), 0);
  EXPECT_EQ(OnlyFault(Outcome::kError), Reason::kFileMode);
}

TEST_F(ConfigCheckTest, DamagedKekIsAnError) {
  ASSERT_EQ(truncate(config_.kek_file.c_str(), 10), 0);
  EXPECT_EQ(OnlyFault(Outcome::kError), Reason::kKeyUnusable);
}

TEST_F(ConfigCheckTest, KeyFilesAmongOtherFilesAreAnError) {
  config_.key_file_directory = config_.storage_directory;
  EXPECT_EQ(OnlyFault(Outcome::kError), Reason::kConfiguration);
}

TEST_F(ConfigCheckTest, GoodInstallationPassesEveryCheck) {
  for (const ConfigCheck& check : CheckConfig(config_, clock_)) {
    EXPECT_EQ(check.outcome, Outcome::kOk) << check.subject << ": " << check.status;
  }
}

TEST_F(ConfigCheckTest, CertificateNearItsEndIsAWarning) {
  const auto issued = authority_.IssueServerCertificate({"localhost"}, 29);
  ASSERT_TRUE(issued.ok());
  WriteTlsFiles(config_.tls, *issued, authority_.certificate());
  EXPECT_EQ(OnlyFault(Outcome::kWarning), Reason::kConfiguration);
}

TEST_F(ConfigCheckTest, EachFaultIsFoundAlone) {
  const auto with_mode = [this](const char* name, mode_t wrong, mode_t right) {
    const auto path = folder_.path() / name;
    EXPECT_EQ(chmod(path.c_str(), wrong), 0);
    EXPECT_EQ(OnlyFault(Outcome::kError), Reason::kFileMode) << name;
    EXPECT_EQ(chmod(path.c_str(), right), 0);
  };
  with_mode("keys", 0755, 0700);
  with_mode("keys/kek", 0640, 0600);
  with_mode("data", 0777, 0700);
  with_mode("key-files", 0755, 0700);
  with_mode("tls/server.key", 0644, 0600);

  const std::string key = ReadText(config_.tls.private_key);
  WriteText(config_.tls.private_key, MakeServerCertificate(authority_).private_key);
  EXPECT_EQ(OnlyFault(Outcome::kError), Reason::kConfiguration);
  WriteText(config_.tls.private_key, key);

  WriteText(config_.tls.client_ca, "no certificate");
  EXPECT_EQ(OnlyFault(Outcome::kError), Reason::kConfiguration);
  std::filesystem::remove(config_.tls.client_ca);
  EXPECT_EQ(OnlyFault(Outcome::kError), Reason::kFileNotFound);
}

}  // namespace
}  // namespace kobling::server
