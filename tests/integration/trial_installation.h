// An installation of a trial in a temporary folder, made by the code path of `koblingd init`, and certificates for its
// callers.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "domain/clock.h"
#include "domain/role.h"
#include "server/runtime/certificate_authority.h"
#include "server/runtime/config.h"
#include "storage/test_folder.h"

namespace kobling::tests {

// A caller: a role and an id.
struct Who {
  domain::Role role;
  std::string id;
  friend auto operator<=>(const Who&, const Who&) = default;
};

// The people of the tests.
inline const Who kCaseworker = {domain::Role::kCaseworker, "kari"};
inline const Who kKeyOfficer = {domain::Role::kKeyOfficer, "ole"};
inline const Who kAuditor = {domain::Role::kAuditor, "astrid"};
inline const Who kPortal = {domain::Role::kInsightPortal, "helsenorge"};
inline const Who kOperator = {domain::Role::kOperator, "odd"};
inline const Who kFeed = {domain::Role::kIdentityFeed, "fred"};
inline Who RegisterCaller(const std::string& id) { return {domain::Role::kRegister, id}; }

// What a caller needs for mutual TLS, in PEM.
struct CallerFiles {
  std::string ca;
  std::string certificate;
  std::string key;
};

// Listens on 127.0.0.1, port 0. Gone with the object, whatever is in the folder. For one thread at a time.
class TrialInstallation {
 public:
  TrialInstallation();

  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path config_file() const { return folder_ / "koblingd.toml"; }
  const server::ServerConfig& config() const { return config_; }
  const domain::Clock& clock() const { return clock_; }
  // What `koblingd init` printed.
  const std::string& init_output() const { return init_output_; }

  // Adds sections to the configuration file and reads it anew.
  void AddToConfig(std::string_view text);

  // A certificate by the trial's authority; the same one every time.
  const CallerFiles& CertificateOf(const Who& who);

  // A certificate by the trial's authority that it would not issue: for another trust domain, or for a role that
  // conflicts with one that the id has.
  CallerFiles ForgedCertificate(const Who& who, const std::string& trust_domain);

  // A certificate by an authority that the server does not know.
  CallerFiles ForeignCertificate(const Who& who);

 private:
  const domain::SystemClock clock_;
  const storage::TestFolder parent_;
  const std::filesystem::path folder_ = parent_.path() / "trial";
  std::string init_output_;
  server::ServerConfig config_;
  std::map<Who, CallerFiles> issued_;
  int forgeries_ = 0;
};

}  // namespace kobling::tests
