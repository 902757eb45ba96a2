#include "server/runtime/certificate_authority.h"

#include <sys/stat.h>

#include <string>
#include <vector>

#include "domain/error.h"
#include "server/runtime/certificate_check.h"
#include "server/runtime/openssl_types.h"
#include "server/runtime/peer_identity.h"
#include "server/runtime/trial_certificates.h"

namespace kobling::server {
namespace {

using domain::Reason;
using domain::ReasonOf;

constexpr const char* kTrustDomain = "kobling.example.org";

class AuthorityTest : public testing::Test {
 protected:
  bool Verifies(const std::string& certificate, int purpose) const {
    const auto leaf = ParseCertificates(certificate);
    const auto trusted = ParseCertificates(authority_.certificate());
    const std::unique_ptr<X509_STORE, OpenSslFree<X509_STORE_free>> store(X509_STORE_new());
    const std::unique_ptr<X509_STORE_CTX, OpenSslFree<X509_STORE_CTX_free>> context(X509_STORE_CTX_new());
    X509_STORE_add_cert(store.get(), trusted.at(0).get());
    X509_STORE_CTX_init(context.get(), store.get(), leaf.at(0).get(), nullptr);
    X509_STORE_CTX_set_purpose(context.get(), purpose);
    X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(context.get()), X509_V_FLAG_X509_STRICT);
    return X509_verify_cert(context.get()) == 1;
  }

  const domain::SystemClock clock_;
  const TemporaryFolder folder_;
  CertificateAuthority authority_ = MakeAuthority(folder_.path() / "ca", clock_);
};

TEST_F(AuthorityTest, ClientCertificateNamesItsCallerAndNothingElse) {
  const auto issued = authority_.IssueClientCertificate(MakeCaller(Role::kKeyOfficer, "kari.n"), kTrustDomain, 30);
  ASSERT_TRUE(issued.ok()) << issued.status();
  const auto certificates = ParseCertificates(issued->certificate);
  ASSERT_EQ(certificates.size(), 1U);
  EXPECT_EQ(UriNames(*certificates[0]), std::vector<std::string>{"spiffe://kobling.example.org/key-officer/kari.n"});
  const auto caller = CallerFromUris(UriNames(*certificates[0]), kTrustDomain);
  ASSERT_TRUE(caller.ok());
  EXPECT_EQ(caller->role, Role::kKeyOfficer);
  EXPECT_TRUE(Verifies(issued->certificate, X509_PURPOSE_SSL_CLIENT));
  EXPECT_FALSE(Verifies(issued->certificate, X509_PURPOSE_SSL_SERVER)) << "a client may not pose as a server";
  const auto key = ParsePrivateKey(issued->private_key);
  EXPECT_EQ(X509_check_private_key(certificates[0].get(), key.get()), 1);
  EXPECT_EQ(EVP_PKEY_get_bits(key.get()), 256);
}

TEST_F(AuthorityTest, ServerCertificateIsForItsHostsAndForServersOnly) {
  const auto issued = authority_.IssueServerCertificate({"kobling.example.org", "127.0.0.1", "::1"}, 30);
  ASSERT_TRUE(issued.ok()) << issued.status();
  const auto certificates = ParseCertificates(issued->certificate);
  ASSERT_EQ(certificates.size(), 1U);
  EXPECT_EQ(X509_check_host(certificates[0].get(), "kobling.example.org", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_ip_asc(certificates[0].get(), "127.0.0.1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(certificates[0].get(), "::1", 0), 1);
  EXPECT_NE(X509_check_host(certificates[0].get(), "other.example.org", 0, 0, nullptr), 1);
  EXPECT_TRUE(UriNames(*certificates[0]).empty());
  EXPECT_TRUE(Verifies(issued->certificate, X509_PURPOSE_SSL_SERVER));
  EXPECT_FALSE(Verifies(issued->certificate, X509_PURPOSE_SSL_CLIENT));
}

TEST_F(AuthorityTest, HostThatIsNoHostIsRefused) {
  for (const auto* host : {"", "a,DNS:evil.example", "a b", "*", "email:x", "a\nb"}) {
    EXPECT_EQ(ReasonOf(authority_.IssueServerCertificate({host}, 30).status()), Reason::kConfiguration) << host;
  }
}

TEST_F(AuthorityTest, OneIdNeverGetsConflictingRoles) {
  for (const Role first : domain::kAllRoles) {
    for (const Role second : domain::kAllRoles) {
      const std::string id = "id-" + std::string(NameOf(first)) + "-" + std::string(NameOf(second));
      ASSERT_TRUE(authority_.IssueClientCertificate(MakeCaller(first, id), kTrustDomain, 30).ok());
      const auto issued = authority_.IssueClientCertificate(MakeCaller(second, id), kTrustDomain, 30);
      EXPECT_EQ(issued.ok(), !RolesConflict(first, second)) << id;
    }
  }
}

TEST_F(AuthorityTest, ConflictIsRememberedInTheFolderAndByIdInAnyCase) {
  ASSERT_TRUE(authority_.IssueClientCertificate(MakeCaller(Role::kCaseworker, "Kari"), kTrustDomain, 1).ok());
  auto opened = CertificateAuthority::Open(Environment::kTrial, folder_.path() / "ca", clock_);
  ASSERT_TRUE(opened.ok()) << opened.status();
  const auto issued = opened->IssueClientCertificate(MakeCaller(Role::kKeyOfficer, "kari"), kTrustDomain, 30);
  EXPECT_EQ(ReasonOf(issued.status()), Reason::kConfiguration);
  EXPECT_TRUE(opened->IssueClientCertificate(MakeCaller(Role::kKeyOfficer, "ola"), kTrustDomain, 30).ok());
}

TEST_F(AuthorityTest, DamagedIndexStopsIssuing) {
  WriteText(folder_.path() / "ca" / "index", "kari case");
  EXPECT_EQ(ReasonOf(authority_.IssueClientCertificate(MakeCaller(Role::kAuditor, "ola"), kTrustDomain, 30).status()),
            Reason::kFileMalformed);
}

TEST_F(AuthorityTest, FilesAreForTheOwnerAlone) {
  for (const auto* name : {"ca.key", "ca.pem", "index"}) {
    EXPECT_TRUE(CheckSecretFile(folder_.path() / "ca" / name).ok()) << name;
  }
  EXPECT_TRUE(CheckPrivateFolder(folder_.path() / "ca").ok());
  ASSERT_EQ(chmod((folder_.path() / "ca" / "ca.key").c_str(), 0644), 0);
  EXPECT_EQ(ReasonOf(CertificateAuthority::Open(Environment::kTrial, folder_.path() / "ca", clock_).status()),
            Reason::kFileMode);
}

TEST_F(AuthorityTest, ProductionIsPointedToItsOwnAuthority) {
  const auto created = CertificateAuthority::Create(Environment::kProduction, folder_.path() / "other", clock_);
  EXPECT_EQ(ReasonOf(created.status()), Reason::kConfiguration);
  EXPECT_NE(domain::WhereOf(created.status()).find("docs/operations.md"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder_.path() / "other"));
  EXPECT_EQ(ReasonOf(CertificateAuthority::Open(Environment::kProduction, folder_.path() / "ca", clock_).status()),
            Reason::kConfiguration);
}

class CertificateCheckTest : public AuthorityTest {
 protected:
  static std::string FieldOf(const absl::StatusOr<absl::Time>& result) {
    EXPECT_EQ(ReasonOf(result.status()), Reason::kConfiguration);
    const auto details = domain::DetailsOf(result.status());
    return details.empty() ? "" : details.front().second;
  }

  IssuedCertificate server_ = MakeServerCertificate(authority_);
  const absl::Time now_ = absl::Now();
};

TEST_F(CertificateCheckTest, GoodPairIsAcceptedUntilItExpires) {
  const TlsTexts texts{.certificate_chain = server_.certificate + authority_.certificate(),
                       .private_key = server_.private_key,
                       .client_ca = ""};
  const auto expiry = CheckServerCertificate(texts, now_);
  ASSERT_TRUE(expiry.ok()) << expiry.status();
  EXPECT_LT(absl::AbsDuration(*expiry - (now_ + absl::Hours(24 * 365))), absl::Minutes(1));
  EXPECT_FALSE(CheckServerCertificate(texts, *expiry).ok());
  EXPECT_FALSE(CheckServerCertificate(texts, now_ - absl::Hours(1)).ok());
}

TEST_F(CertificateCheckTest, WhatWouldNotWorkIsNamed) {
  const IssuedCertificate other = MakeServerCertificate(authority_);
  const IssuedCertificate client = MakeClientCertificate(authority_);
  const TemporaryFolder elsewhere;
  const CertificateAuthority stranger = MakeAuthority(elsewhere.path() / "ca", clock_);
  const std::string& pem = server_.certificate;
  const std::string& key = server_.private_key;
  const struct {
    std::string certificate;
    std::string key;
    const char* field;
  } kCases[] = {
      {"", key, "tls.certificate"},
      {pem.substr(0, pem.size() / 2), key, "tls.certificate"},
      {pem + pem.substr(0, pem.size() / 2), key, "tls.certificate"},
      {pem, "", "tls.key"},
      {pem, key.substr(0, key.size() / 2), "tls.key"},
      {pem, other.private_key, "tls.key"},
      {client.certificate, client.private_key, "tls.certificate"},
      {pem + stranger.certificate(), key, "tls.certificate"},
  };
  for (const auto& wrong : kCases) {
    EXPECT_EQ(FieldOf(CheckServerCertificate({wrong.certificate, wrong.key, ""}, now_)), wrong.field);
  }
}

TEST_F(CertificateCheckTest, AuthorityMustBeOneAndInForce) {
  EXPECT_TRUE(CheckClientAuthority(authority_.certificate(), now_).ok());
  EXPECT_TRUE(CheckClientAuthority(authority_.certificate() + authority_.certificate(), now_).ok());
  EXPECT_EQ(FieldOf(CheckClientAuthority("", now_)), "tls.client_ca");
  EXPECT_EQ(FieldOf(CheckClientAuthority(server_.certificate, now_)), "tls.client_ca");
  EXPECT_EQ(FieldOf(CheckClientAuthority(authority_.certificate(), now_ + absl::Hours(24 * 3651))), "tls.client_ca");
}

}  // namespace
}  // namespace kobling::server
