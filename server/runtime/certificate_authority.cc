#include "server/runtime/certificate_authority.h"

#include <arpa/inet.h>

#include <optional>
#include <sstream>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "domain/error.h"
#include "domain/status_macros.h"
#include "server/runtime/files.h"
#include "server/runtime/openssl_types.h"

namespace kobling::server {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr int kAuthorityDays = 3650;
// A clock that is a little slow elsewhere does not refuse a certificate that was just made.
constexpr absl::Duration kBackdating = absl::Minutes(5);

absl::Status RefuseProduction(Environment environment) {
  if (environment != Environment::kProduction) {
    return absl::OkStatus();
  }
  return MakeError(Reason::kConfiguration,
                   {{DetailKey::kField, "environment"},
                    {DetailKey::kExpected, "trial: in production, certificates come from your own authority"},
                    {DetailKey::kHint, "see docs/operations.md, Certificates from your own authority"}});
}

absl::Status OpenSslFailed() { return MakeError(Reason::kInternal); }

using Serial = std::unique_ptr<BIGNUM, OpenSslFree<BN_free>>;

// What differs between the three kinds of certificate.
struct Profile {
  std::string common_name;
  std::string alternative_names;  // as OpenSSL's configuration writes them; empty for none
  const char* basic_constraints;
  const char* key_usage;
  const char* extended_key_usage;  // null for none
  int days;
};

bool AddExtension(X509& certificate, X509& issuer, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, OpenSslFree<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, kind, value));
  return extension != nullptr && X509_add_ext(&certificate, extension.get(), -1) == 1;
}

bool SetRandomSerial(X509& certificate) {
  constexpr int kBits = 127;
  const Serial serial(BN_new());
  return serial != nullptr && BN_rand(serial.get(), kBits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(&certificate)) != nullptr;
}

bool SetNameAndTimes(X509& certificate, const Profile& profile, absl::Time now) {
  X509_NAME* name = X509_get_subject_name(&certificate);
  const auto* text = reinterpret_cast<const unsigned char*>(profile.common_name.data());
  return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, text, static_cast<int>(profile.common_name.size()), -1,
                                    0) == 1 &&
         ASN1_TIME_set(X509_getm_notBefore(&certificate), absl::ToTimeT(now - kBackdating)) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(&certificate), absl::ToTimeT(now + absl::Hours(24 * profile.days))) !=
             nullptr;
}

bool AddExtensions(X509& certificate, X509& issuer, const Profile& profile) {
  return AddExtension(certificate, issuer, NID_basic_constraints, profile.basic_constraints) &&
         AddExtension(certificate, issuer, NID_key_usage, profile.key_usage) &&
         AddExtension(certificate, issuer, NID_subject_key_identifier, "hash") &&
         AddExtension(certificate, issuer, NID_authority_key_identifier, "keyid:always") &&
         (profile.extended_key_usage == nullptr ||
          AddExtension(certificate, issuer, NID_ext_key_usage, profile.extended_key_usage)) &&
         (profile.alternative_names.empty() ||
          AddExtension(certificate, issuer, NID_subject_alt_name, profile.alternative_names.c_str()));
}

// A new key and its certificate, signed by `authority`, or by itself if there is none.
absl::StatusOr<IssuedCertificate> Issue(const Profile& profile, const IssuedCertificate* authority, absl::Time now) {
  const PrivateKey key(EVP_EC_gen("P-256"));
  const Certificate certificate(X509_new());
  if (key == nullptr || certificate == nullptr) {
    return OpenSslFailed();
  }
  std::vector<Certificate> issuers;
  PrivateKey issuer_key;
  if (authority != nullptr) {
    issuers = ParseCertificates(authority->certificate);
    issuer_key = ParsePrivateKey(authority->private_key);
    if (issuers.size() != 1 || issuer_key == nullptr ||
        X509_check_private_key(issuers[0].get(), issuer_key.get()) != 1) {
      return MakeError(Reason::kConfiguration,
                       {{DetailKey::kExpected, "the certificate and the private key of one authority"}});
    }
  }
  X509& issuer = authority != nullptr ? *issuers[0] : *certificate;
  constexpr long kVersion3 = 2;
  const bool made = X509_set_version(certificate.get(), kVersion3) == 1 && SetRandomSerial(*certificate) &&
                    SetNameAndTimes(*certificate, profile, now) && X509_set_pubkey(certificate.get(), key.get()) == 1 &&
                    X509_set_issuer_name(certificate.get(), X509_get_subject_name(&issuer)) == 1 &&
                    AddExtensions(*certificate, issuer, profile) &&
                    X509_sign(certificate.get(), authority != nullptr ? issuer_key.get() : key.get(), EVP_sha256()) > 0;
  if (!made) {
    return OpenSslFailed();
  }
  IssuedCertificate issued{.certificate = ToPem(*certificate), .private_key = ToPem(*key)};
  if (issued.certificate.empty() || issued.private_key.empty()) {
    return OpenSslFailed();
  }
  return issued;
}

bool IsIpAddress(const std::string& host) {
  in6_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 || inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

bool IsHostName(std::string_view host) {
  return !host.empty() && host.size() <= 253 &&
         host.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") ==
             std::string_view::npos;
}

}  // namespace

absl::StatusOr<CertificateAuthority> CertificateAuthority::Create(Environment environment,
                                                                  const std::filesystem::path& folder,
                                                                  const domain::Clock& clock) {
  KOBLING_RETURN_IF_ERROR(RefuseProduction(environment));
  const Profile profile = {.common_name = "Kobling trial authority",
                           .alternative_names = "",
                           .basic_constraints = "critical,CA:TRUE,pathlen:0",
                           .key_usage = "critical,keyCertSign,cRLSign",
                           .extended_key_usage = nullptr,
                           .days = kAuthorityDays};
  KOBLING_ASSIGN_OR_RETURN(IssuedCertificate authority, Issue(profile, nullptr, clock.Now()));
  KOBLING_RETURN_IF_ERROR(MakeNewFolder(folder, 0700));
  KOBLING_RETURN_IF_ERROR(WriteNewFile(folder / "ca.key", authority.private_key, 0600));
  KOBLING_RETURN_IF_ERROR(WriteNewFile(folder / "ca.pem", authority.certificate, 0600));
  KOBLING_RETURN_IF_ERROR(WriteNewFile(folder / "index", "", 0600));
  return CertificateAuthority(folder, std::move(authority), clock);
}

absl::StatusOr<CertificateAuthority> CertificateAuthority::Open(Environment environment,
                                                                const std::filesystem::path& folder,
                                                                const domain::Clock& clock) {
  KOBLING_RETURN_IF_ERROR(RefuseProduction(environment));
  KOBLING_RETURN_IF_ERROR(CheckPrivateFolder(folder));
  KOBLING_RETURN_IF_ERROR(CheckSecretFile(folder / "ca.key"));
  IssuedCertificate authority;
  KOBLING_ASSIGN_OR_RETURN(authority.private_key, ReadSmallFile(folder / "ca.key"));
  KOBLING_ASSIGN_OR_RETURN(authority.certificate, ReadSmallFile(folder / "ca.pem"));
  return CertificateAuthority(folder, std::move(authority), clock);
}

absl::StatusOr<IssuedCertificate> CertificateAuthority::IssueServerCertificate(const std::vector<std::string>& hosts,
                                                                               int days) {
  std::string names;
  for (const std::string& host : hosts) {
    const bool is_ip = IsIpAddress(host);
    if (!is_ip && !IsHostName(host)) {
      return MakeError(Reason::kConfiguration,
                       {{DetailKey::kField, "host"}, {DetailKey::kExpected, "host names or IP addresses"}});
    }
    names += absl::StrFormat("%s%s:%s", names.empty() ? "" : ",", is_ip ? "IP" : "DNS", host);
  }
  const Profile profile = {.common_name = "koblingd",
                           .alternative_names = std::move(names),
                           .basic_constraints = "critical,CA:FALSE",
                           .key_usage = "critical,digitalSignature",
                           .extended_key_usage = "serverAuth",
                           .days = days};
  return Issue(profile, &authority_, clock_->Now());
}

absl::StatusOr<IssuedCertificate> CertificateAuthority::IssueClientCertificate(const Caller& caller,
                                                                               const std::string& trust_domain,
                                                                               int days) {
  const absl::Time now = clock_->Now();
  const Profile profile = {.common_name = caller.id.text(),
                           .alternative_names = absl::StrFormat("URI:spiffe://%s/%s/%s", trust_domain,
                                                                NameOf(caller.role), caller.id.text()),
                           .basic_constraints = "critical,CA:FALSE",
                           .key_usage = "critical,digitalSignature",
                           .extended_key_usage = "clientAuth",
                           .days = days};
  KOBLING_ASSIGN_OR_RETURN(IssuedCertificate issued, Issue(profile, &authority_, now));
  KOBLING_RETURN_IF_ERROR(EnterInIndex(caller, now + absl::Hours(24 * days)));
  return issued;
}

absl::Status CertificateAuthority::EnterInIndex(const Caller& caller, absl::Time expiry) const {
  KOBLING_ASSIGN_OR_RETURN(std::string index, ReadSmallFile(folder_ / "index"));
  std::istringstream lines(index);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string id;
    std::string role_name;
    words >> id >> role_name;
    const std::optional<Role> role = RoleFromName(role_name);
    if (!role) {
      return MakeError(Reason::kFileMalformed, {{DetailKey::kFile, (folder_ / "index").string()}});
    }
    // Two ids that differ only in case are one person, most likely.
    if (absl::EqualsIgnoreCase(id, caller.id.text()) && RolesConflict(*role, caller.role)) {
      return MakeError(Reason::kConfiguration,
                       {{DetailKey::kField, "role"},
                        {DetailKey::kState, NameOf(*role)},
                        {DetailKey::kExpected, "a role that does not conflict with one that this id has had"},
                        {DetailKey::kHint, "give the role to another person"}});
    }
  }
  index += absl::StrFormat("%s %s %s\n", caller.id.text(), NameOf(caller.role),
                           absl::FormatTime("%Y-%m-%d", expiry, absl::UTCTimeZone()));
  return ReplaceFile(folder_ / "index", index, 0600);
}

}  // namespace kobling::server
