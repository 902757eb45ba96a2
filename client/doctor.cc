#include "client/doctor.h"

#include <filesystem>
#include <utility>

#include "absl/strings/str_format.h"
#include "client/certificate_file.h"
#include "crypto/age_key.h"
#include "crypto/minisign.h"

namespace kobling::client {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;
using Verdict = Finding::Verdict;

constexpr absl::Duration kClockTolerance = absl::Minutes(1);
constexpr std::size_t kArenaBytes = 64 * 1024;

void AddBad(Diagnosis& diagnosis, const std::string& what, const std::string& details, const absl::Status& status) {
  diagnosis.findings.push_back({what, Verdict::kBad, details});
  if (diagnosis.status.ok()) {
    diagnosis.status = status;
  }
}

std::string Short(const absl::Status& status) {
  const auto reason = domain::ReasonOf(status).value_or(Reason::kInternal);
  const std::string where = domain::WhereOf(status);
  return absl::StrFormat("%s %s", domain::InfoOf(reason).name, where);
}

absl::StatusOr<PemFile> ReadPem(const Profile& profile, Setting setting) {
  PemFile file;
  KOBLING_ASSIGN_OR_RETURN(file.path, profile.Require(setting));
  KOBLING_ASSIGN_OR_RETURN(file.text, setting == Setting::kKey ? ReadSecretFile(file.path) : ReadSmallFile(file.path));
  return file;
}

void AddFile(Diagnosis& diagnosis, Setting setting, const absl::Status& status, const std::string& details) {
  const std::string what(NameOf(setting));
  if (status.ok()) {
    diagnosis.findings.push_back({what, Verdict::kGood, details});
  } else {
    AddBad(diagnosis, what, Short(status), status);
  }
}

void CheckFiles(const Profile& profile, absl::Time now, Diagnosis& diagnosis) {
  const auto ca = ReadPem(profile, Setting::kCa);
  AddFile(diagnosis, Setting::kCa, ca.ok() ? CheckAuthorities(*ca, now) : ca.status(), ca.ok() ? ca->path : "");
  const auto certificate = ReadPem(profile, Setting::kCertificate);
  const auto end = certificate.ok() ? CheckCertificate(*certificate, now) : certificate.status();
  AddFile(diagnosis, Setting::kCertificate, end.status(),
          end.ok() ? certificate->path + ", until " + absl::FormatTime("%Y-%m-%d", *end, absl::UTCTimeZone()) : "");
  const auto key = ReadPem(profile, Setting::kKey);
  absl::Status key_status = key.status();
  if (key.ok() && certificate.ok()) {
    key_status = CheckKey(*key, *certificate);
  }
  AddFile(diagnosis, Setting::kKey, key_status, key.ok() ? key->path : "");
}

void CheckClock(const api::ServerInfo& info, absl::Time now, Diagnosis& diagnosis) {
  const absl::Time servers = absl::FromUnixSeconds(info.time().seconds()) + absl::Nanoseconds(info.time().nanos());
  const absl::Duration difference = absl::AbsDuration(now - servers);
  const bool is_near = difference <= kClockTolerance;
  diagnosis.findings.push_back({"clock", is_near ? Verdict::kGood : Verdict::kAdvice,
                                absl::StrFormat("%d s from the server's%s", absl::ToInt64Seconds(difference),
                                                is_near ? "" : "; set this machine's clock")});
}

void CheckSigningKey(const Profile& profile, const api::ServerInfo& info, Diagnosis& diagnosis) {
  const auto servers = crypto::MinisignPublicKey::Parse(info.signing_public_key());
  if (!servers.ok()) {
    AddBad(diagnosis, "signing key", "the server shows none that can be read", servers.status());
    return;
  }
  diagnosis.server_signing_key = servers->line();
  const std::string fingerprint = servers->Fingerprint();
  if (profile.Get(Setting::kSigningKey).value.empty()) {
    diagnosis.findings.push_back(
        {"signing key", Verdict::kAdvice,
         "not pinned; compare " + fingerprint + " with the key officer, then run kobling doctor --pin FINGERPRINT"});
    return;
  }
  const auto pinned = profile.SigningKey();
  if (!pinned.ok()) {
    AddBad(diagnosis, "signing key", Short(pinned.status()), pinned.status());
  } else if (*pinned != servers->line()) {
    AddBad(
        diagnosis, "signing key", "the server's is another than the profile's: " + fingerprint,
        MakeError(Reason::kKeyFileSignature, {{DetailKey::kHint, "the server's signing key is not the pinned one"}}));
  } else {
    diagnosis.findings.push_back({"signing key", Verdict::kGood, "as pinned, " + fingerprint});
  }
}

void CheckIdentity(const Profile& profile, const api::ServerInfo& info, Diagnosis& diagnosis) {
  if (info.caller_role() != "register") {
    return;
  }
  const std::string& path = profile.Get(Setting::kIdentity).value;
  const auto arena = crypto::SecretArena::Create(kArenaBytes);
  if (!arena.ok()) {
    AddBad(diagnosis, "identity", Short(arena.status()), arena.status());
    return;
  }
  const auto identity = crypto::AgeIdentity::Load(path, **arena);
  if (identity.ok()) {
    diagnosis.findings.push_back({"identity", Verdict::kGood, path + ", " + identity->recipient().Fingerprint()});
  } else if (domain::ReasonOf(identity.status()) == Reason::kFileNotFound) {
    diagnosis.findings.push_back({"identity", Verdict::kAdvice, "none yet; run kobling keygen"});
  } else {
    AddBad(diagnosis, "identity", Short(identity.status()), identity.status());
  }
}

void CheckServer(Session& session, const Profile& profile, Diagnosis& diagnosis) {
  const auto info = session.Ask(&Connection::GetServerInfo, api::GetServerInfoRequest());
  if (!info.ok()) {
    const auto reason = domain::ReasonOf(info.status());
    const bool is_reached = reason != Reason::kServerUnreachable && reason != Reason::kDeadline;
    AddBad(diagnosis, is_reached ? "TLS and role" : "server", Short(info.status()), info.status());
    const auto ca = ReadPem(profile, Setting::kCa);
    const auto certificate = ReadPem(profile, Setting::kCertificate);
    if (!is_reached && ca.ok() && certificate.ok() && !IsIssuedBy(*certificate, *ca)) {
      // A server that does not trust a certificate only closes the connection.
      diagnosis.findings.push_back(
          {"certificate", Verdict::kAdvice,
           "it is not from the authority in ca; if the server trusts that one alone, it closes the connection"});
    }
    return;
  }
  diagnosis.findings.push_back({"server", Verdict::kGood, info->controller() + ", " + info->environment()});
  diagnosis.findings.push_back({"TLS", Verdict::kGood, "both certificates are accepted"});
  diagnosis.findings.push_back({"role", Verdict::kGood, info->caller_role() + " " + info->caller_id()});
  const bool is_same_version = info->version() == KOBLING_VERSION;
  diagnosis.findings.push_back({"version", is_same_version ? Verdict::kGood : Verdict::kAdvice,
                                "server " + info->version() + ", client " + KOBLING_VERSION});
  CheckClock(*info, session.clock().Now(), diagnosis);
  CheckSigningKey(profile, *info, diagnosis);
  CheckIdentity(profile, *info, diagnosis);
}

}  // namespace

std::string NameOf(Finding::Verdict verdict) {
  switch (verdict) {
    case Verdict::kGood:
      return "good";
    case Verdict::kAdvice:
      return "advice";
    case Verdict::kBad:
      return "bad";
  }
  return "";
}

Diagnosis Diagnose(Session& session) {
  Diagnosis diagnosis;
  const auto profile = session.GetProfile();
  if (!profile.ok()) {
    AddBad(diagnosis, "profile", Short(profile.status()), profile.status());
    return diagnosis;
  }
  std::error_code ignored;
  const bool has_file = std::filesystem::exists((*profile)->config_file(), ignored);
  diagnosis.findings.push_back(
      {"profile", has_file ? Verdict::kGood : Verdict::kAdvice,
       (*profile)->folder().string() + (has_file ? "" : " does not exist; kobling profile create makes it")});
  const auto address = (*profile)->Require(Setting::kAddress);
  if (address.ok()) {
    diagnosis.findings.push_back({"address", Verdict::kGood, *address});
  } else {
    AddBad(diagnosis, "address", Short(address.status()), address.status());
  }
  CheckFiles(**profile, session.clock().Now(), diagnosis);
  if (diagnosis.status.ok()) {
    CheckServer(session, **profile, diagnosis);
  }
  return diagnosis;
}

}  // namespace kobling::client
