#include "server/runtime/hardening.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string_view>

#include "domain/error.h"
#include "server/runtime/testing.h"

namespace kobling::server {
namespace {

using domain::Reason;
using domain::ReasonOf;

// Exits with 0 if the body says so; hardening and limits cannot be taken back, so they get a process of their own.
template <typename Body>
int InOwnProcess(Body body) {
  const pid_t child = fork();
  if (child == 0) {
    _exit(body() ? 0 : 1);
  }
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

TEST(Hardening, ProcessLeavesNoCoreAndOpensNoFileToOthers) {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "file").string();
  EXPECT_EQ(InOwnProcess([&] {
              if (!HardenProcess().ok()) {
                return false;
              }
              rlimit core{};
              getrlimit(RLIMIT_CORE, &core);
              std::ofstream(path) << "text";
              struct stat facts {};
              return core.rlim_max == 0 && stat(path.c_str(), &facts) == 0 && (facts.st_mode & 0777) == 0600;
            }),
            0);
}

TEST(Hardening, LowLimitsAreRefused) {
  EXPECT_TRUE(CheckProcessLimits().ok()) << CheckProcessLimits();
  EXPECT_EQ(InOwnProcess([] {
              const rlimit low{.rlim_cur = 64 * 1024, .rlim_max = 64 * 1024};
              setrlimit(RLIMIT_MEMLOCK, &low);
              return ReasonOf(CheckProcessLimits()) == Reason::kConfiguration;
            }),
            0);
  EXPECT_EQ(InOwnProcess([] {
              const rlimit low{.rlim_cur = 256, .rlim_max = 256};
              setrlimit(RLIMIT_NOFILE, &low);
              return ReasonOf(CheckProcessLimits()) == Reason::kConfiguration;
            }),
            0);
}

TEST(Hardening, OpenFilesAreRaisedToWhatIsAllowed) {
  EXPECT_EQ(InOwnProcess([] {
              const rlimit soft{.rlim_cur = 256, .rlim_max = 2048};
              rlimit raised{};
              return setrlimit(RLIMIT_NOFILE, &soft) == 0 && HardenProcess().ok() &&
                     getrlimit(RLIMIT_NOFILE, &raised) == 0 && raised.rlim_cur == 2048;
            }),
            0);
}

TEST(Hardening, VariablesThatShowTrafficAreRefusedInProductionOnly) {
  const auto none = [](const char*) -> const char* { return nullptr; };
  EXPECT_TRUE(CheckEnvironmentVariables(Environment::kProduction, none).ok());
  for (const std::string_view set : {"GRPC_TRACE", "GRPC_VERBOSITY", "SSLKEYLOGFILE"}) {
    const auto one = [set](const char* name) -> const char* { return set == name ? "" : nullptr; };
    const absl::Status status = CheckEnvironmentVariables(Environment::kProduction, one);
    EXPECT_EQ(ReasonOf(status), Reason::kConfiguration) << set;
    EXPECT_NE(domain::WhereOf(status).find(set), std::string::npos);
    EXPECT_TRUE(CheckEnvironmentVariables(Environment::kTrial, one).ok()) << set;
  }
}

}  // namespace
}  // namespace kobling::server
