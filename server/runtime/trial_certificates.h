// A trial authority and certificates by it, for the tests of this folder.
#pragma once

#include <filesystem>
#include <string>

#include "server/runtime/certificate_authority.h"
#include "server/runtime/files.h"
#include "server/runtime/testing.h"

namespace kobling::server {

inline CertificateAuthority MakeAuthority(const std::filesystem::path& folder, const domain::Clock& clock) {
  auto authority = CertificateAuthority::Create(Environment::kTrial, folder, clock);
  EXPECT_TRUE(authority.ok()) << authority.status();
  return *std::move(authority);
}

inline Caller MakeCaller(Role role, std::string_view id) { return {.role = role, .id = *domain::ActorId::Parse(id)}; }

inline IssuedCertificate MakeServerCertificate(CertificateAuthority& authority) {
  auto issued = authority.IssueServerCertificate({"localhost", "127.0.0.1"}, 365);
  EXPECT_TRUE(issued.ok()) << issued.status();
  return *std::move(issued);
}

inline IssuedCertificate MakeClientCertificate(CertificateAuthority& authority) {
  auto issued = authority.IssueClientCertificate(MakeCaller(Role::kAuditor, "ola"), "kobling.example.org", 30);
  EXPECT_TRUE(issued.ok()) << issued.status();
  return *std::move(issued);
}

// The three files of [tls] in a folder.
inline TlsFiles TlsFilesIn(const std::filesystem::path& folder) {
  return {.certificate = folder / "server.pem", .private_key = folder / "server.key", .client_ca = folder / "ca.pem"};
}

inline void WriteTlsFiles(const TlsFiles& files, const IssuedCertificate& server, std::string_view client_ca) {
  ASSERT_TRUE(ReplaceFile(files.certificate, server.certificate, 0600).ok());
  ASSERT_TRUE(ReplaceFile(files.private_key, server.private_key, 0600).ok());
  ASSERT_TRUE(ReplaceFile(files.client_ca, client_ca, 0600).ok());
}

}  // namespace kobling::server
