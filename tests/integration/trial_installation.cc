#include "tests/integration/trial_installation.h"

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string_view>
#include <vector>

#include "domain/status_macros.h"
#include "server/application.h"
#include "server/commands/koblingd.h"

namespace kobling::tests {
namespace {

namespace fs = std::filesystem;

// Nothing can be tested without an installation.
template <typename Value>
Value OrEnd(absl::StatusOr<Value> value) {
  if (!value.ok()) {
    std::cerr << "the trial cannot be set up: " << value.status() << '\n';
    std::abort();
  }
  return *std::move(value);
}

// The service as far as `koblingd init` needs it.
class InitialisingService final : public server::Service {
 public:
  absl::StatusOr<server::SigningKeyInfo> Initialise(const server::ServerConfig& config) override {
    server::SigningKeyInfo key;
    KOBLING_RETURN_IF_ERROR(server::Application::Initialise(config, &key));
    return key;
  }
  absl::Status Serve(const server::ServerConfig&, server::Log&, const server::ServeOptions&) override {
    return absl::UnimplementedError("only init is run through this service");
  }
};

server::Caller CallerFrom(const Who& who) { return {.role = who.role, .id = OrEnd(domain::ActorId::Parse(who.id))}; }

CallerFiles FilesFrom(const std::string& ca, server::IssuedCertificate issued) {
  return {.ca = ca, .certificate = std::move(issued.certificate), .key = std::move(issued.private_key)};
}

}  // namespace

TrialInstallation::TrialInstallation() {
  InitialisingService service;
  std::ostringstream out;
  std::ostringstream err;
  const std::string folder = folder_.string();
  const std::vector<const char*> argv = {"koblingd",      "init",  "--dir",    folder.c_str(),
                                         "--environment", "trial", "--listen", "127.0.0.1:0"};
  const int code = server::RunKoblingd(static_cast<int>(argv.size()), argv.data(),
                                       {.out = out, .err = err, .clock = clock_, .service = service});
  init_output_ = out.str() + err.str();
  if (code != 0) {
    std::cerr << "koblingd init failed: " << init_output_ << '\n';
    std::abort();
  }
  config_ = OrEnd(server::LoadConfig(config_file()));
}

void TrialInstallation::AddToConfig(std::string_view text) {
  std::ofstream(config_file(), std::ios::app) << text;
  config_ = OrEnd(server::LoadConfig(config_file()));
}

const CallerFiles& TrialInstallation::CertificateOf(const Who& who) {
  const auto [place, is_new] = issued_.try_emplace(who);
  if (is_new) {
    auto authority = OrEnd(server::CertificateAuthority::Open(server::Environment::kTrial, folder_ / "ca", clock_));
    place->second = FilesFrom(authority.certificate(),
                              OrEnd(authority.IssueClientCertificate(CallerFrom(who), config_.trust_domain, 30)));
  }
  return place->second;
}

CallerFiles TrialInstallation::ForgedCertificate(const Who& who, const std::string& trust_domain) {
  // A copy of the authority that has forgotten whom it issued certificates to.
  const fs::path copy = parent_.path() / ("forged-" + std::to_string(++forgeries_));
  fs::copy(folder_ / "ca", copy);
  fs::permissions(copy, fs::perms::owner_all);
  fs::resize_file(copy / "index", 0);
  auto authority = OrEnd(server::CertificateAuthority::Open(server::Environment::kTrial, copy, clock_));
  return FilesFrom(authority.certificate(), OrEnd(authority.IssueClientCertificate(CallerFrom(who), trust_domain, 30)));
}

CallerFiles TrialInstallation::ForeignCertificate(const Who& who) {
  auto authority = OrEnd(server::CertificateAuthority::Create(
      server::Environment::kTrial, parent_.path() / ("foreign-" + std::to_string(++forgeries_)), clock_));
  // The foreign caller knows the right authority of the server, but was certified by the wrong one.
  return FilesFrom(CertificateOf(kAuditor).ca,
                   OrEnd(authority.IssueClientCertificate(CallerFrom(who), config_.trust_domain, 30)));
}

}  // namespace kobling::tests
