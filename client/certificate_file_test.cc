#include "client/certificate_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/certificate_testing.h"
#include "client/client_testing.h"
#include "domain/error.h"

namespace kobling::client {
namespace {

using domain::Reason;
using testing::HasSubstr;

const absl::Time kNow = StoppedClock().Now();

class Certificates : public testing::Test {
 protected:
  Certificates() {
    Use(MakeTestCertificate(kNow - absl::Hours(24), kNow + absl::Hours(24)));
    const std::string folder = runner_.folder.path().string() + "/";
    runner_.folder.Write("home/default/kobling.toml", "address = \"a:1\"\nca = \"" + folder +
                                                          "ca.pem\"\ncertificate = \"" + folder +
                                                          "own.pem\"\nkey = \"" + folder + "own.key\"\n");
    runner_.folder.Write("ca.pem", MakeTestCertificate(kNow - absl::Hours(24), kNow + absl::Hours(24)).certificate);
  }

  void Use(const TestCertificate& own) {
    runner_.folder.Write("own.pem", own.certificate);
    runner_.folder.Write("own.key", own.key);
  }

  // What doctor prints as an error.
  std::string Doctor() { return runner_.Run({"doctor"}).err; }

  absl::Status Read() {
    const auto profile = Profile::Load("default", {}, [this](const std::string& name) {
      const auto found = runner_.environment.find(name);
      return found == runner_.environment.end() ? std::nullopt : std::optional(found->second);
    });
    return ReadTlsFiles(*profile, kNow).status();
  }

  CommandRunner runner_;
};

TEST_F(Certificates, ThoseInForceAreRead) { EXPECT_TRUE(Read().ok()) << Read(); }

TEST_F(Certificates, OneThatExpiredIsNamedWithItsDay) {
  Use(MakeTestCertificate(kNow - absl::Hours(72), kNow - absl::Hours(48)));
  EXPECT_EQ(domain::ReasonOf(Read()), Reason::kProfile);
  EXPECT_THAT(domain::WhereOf(Read()), HasSubstr("your certificate expired on 2026-11-20"));
  EXPECT_THAT(Doctor(), HasSubstr("your certificate expired on 2026-11-20"));
  EXPECT_TRUE(runner_.server.calls.empty());
}

TEST_F(Certificates, OneThatIsNotValidYetIsNamedWithItsDay) {
  Use(MakeTestCertificate(kNow + absl::Hours(48), kNow + absl::Hours(72)));
  EXPECT_THAT(domain::WhereOf(Read()), HasSubstr("not valid before 2026-11-24"));
  EXPECT_THAT(Doctor(), HasSubstr("not valid before 2026-11-24"));
}

TEST_F(Certificates, AKeyOfAnotherCertificateIsRefused) {
  runner_.folder.Write("own.key", MakeTestCertificate(kNow - absl::Hours(1), kNow + absl::Hours(1)).key);
  EXPECT_EQ(domain::ReasonOf(Read()), Reason::kProfile);
  EXPECT_THAT(Doctor(), HasSubstr("the key is not that of the certificate"));
}

TEST_F(Certificates, TextThatIsNoPemIsNamed) {
  runner_.folder.Write("own.key", "x");
  EXPECT_THAT(Doctor(), HasSubstr("field key"));
  runner_.folder.Write("own.pem", "x");
  EXPECT_THAT(Doctor(), HasSubstr("field certificate"));
  runner_.folder.Write("ca.pem", "x");
  EXPECT_THAT(Doctor(), HasSubstr("field ca"));
  EXPECT_EQ(domain::ReasonOf(Read()), Reason::kProfile);
}

TEST_F(Certificates, AnAuthorityThatExpiredIsNamed) {
  runner_.folder.Write("ca.pem", MakeTestCertificate(kNow - absl::Hours(72), kNow - absl::Hours(48)).certificate);
  EXPECT_THAT(Doctor(), HasSubstr("the authority's certificate expired on 2026-11-20"));
}

}  // namespace
}  // namespace kobling::client
