#include "server/runtime/hardening.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "crypto/secret_memory.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::server {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr rlim_t kLeastLockedBytes = 1024 * 1024;
constexpr rlim_t kLeastOpenFiles = 1024;
constexpr rlim_t kEnoughOpenFiles = 65'536;

absl::Status TooLow(std::string_view limit, rlim_t least) {
  return MakeError(Reason::kConfiguration,
                   {{DetailKey::kField, limit}, {DetailKey::kExpected, "at least " + std::to_string(least)}});
}

absl::Status RaiseOpenFiles() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) {
    return MakeError(Reason::kInternal);
  }
  const rlim_t wanted = std::min(files.rlim_max, kEnoughOpenFiles);
  if (files.rlim_cur < wanted) {
    files.rlim_cur = wanted;
    if (setrlimit(RLIMIT_NOFILE, &files) != 0) {
      return MakeError(Reason::kInternal);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status HardenProcess() {
  umask(0077);
  KOBLING_RETURN_IF_ERROR(crypto::DisableCoreDumps());
  KOBLING_RETURN_IF_ERROR(RaiseOpenFiles());
  return CheckProcessLimits();
}

absl::Status CheckProcessLimits() {
  rlimit locked{};
  rlimit files{};
  if (getrlimit(RLIMIT_MEMLOCK, &locked) != 0 || getrlimit(RLIMIT_NOFILE, &files) != 0) {
    return MakeError(Reason::kInternal);
  }
  if (locked.rlim_cur < kLeastLockedBytes) {
    return TooLow("LimitMEMLOCK (ulimit -l), bytes", kLeastLockedBytes);
  }
  // HardenProcess raises the soft limit to the hard one.
  if (files.rlim_max < kLeastOpenFiles) {
    return TooLow("LimitNOFILE (ulimit -n)", kLeastOpenFiles);
  }
  return absl::OkStatus();
}

absl::Status CheckEnvironmentVariables(Environment environment, const EnvironmentVariables& variables) {
  if (environment != Environment::kProduction) {
    return absl::OkStatus();
  }
  for (const char* name : {"GRPC_TRACE", "GRPC_VERBOSITY", "SSLKEYLOGFILE"}) {
    if (variables(name) != nullptr) {
      return MakeError(Reason::kConfiguration, {{DetailKey::kField, name},
                                                {DetailKey::kExpected, "not to be set in production"},
                                                {DetailKey::kHint, "take it out of the service's environment"}});
    }
  }
  return absl::OkStatus();
}

}  // namespace kobling::server
