#include "client/files/signal_cleanup.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "client/files/atomic_file.h"
#include "gtest/gtest.h"

namespace kobling::client {
namespace {

class SignalCleanup : public testing::TestWithParam<int> {};

TEST_P(SignalCleanup, LeavesNoUnfinishedFileAndEndsByTheSignal) {
  const std::string path = testing::TempDir() + "/signal_cleanup_" + std::to_string(getpid());
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    CleanUpOnSignal();
    const auto file = AtomicFile::Create(path, Overwrite::kRefuse);
    const char answer = file.ok() && (*file)->Write("secret").ok() ? 'y' : 'n';
    if (write(ready[1], &answer, 1) != 1) {
      _exit(1);
    }
    while (true) {
      pause();
    }
  }
  char answer = 0;
  ASSERT_EQ(read(ready[0], &answer, 1), 1);
  close(ready[0]);
  close(ready[1]);
  EXPECT_EQ(answer, 'y');
  EXPECT_TRUE(std::filesystem::exists(path + ".part"));
  ASSERT_EQ(kill(child, GetParam()), 0);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == GetParam());
  EXPECT_FALSE(std::filesystem::exists(path + ".part"));
  EXPECT_FALSE(std::filesystem::exists(path));
}

INSTANTIATE_TEST_SUITE_P(Signals, SignalCleanup, testing::Values(SIGINT, SIGTERM, SIGHUP));

}  // namespace
}  // namespace kobling::client
