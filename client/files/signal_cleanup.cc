#include "client/files/signal_cleanup.h"

#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "client/files/atomic_file.h"

namespace kobling::client {

void CleanUpOnSignal() {
  sigset_t stopping;
  sigemptyset(&stopping);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    // A signal that is ignored, as by nohup, stays ignored.
    struct sigaction action {};
    if (sigaction(signal, nullptr, &action) == 0 && action.sa_handler != SIG_IGN) {
      sigaddset(&stopping, signal);
    }
  }
  pthread_sigmask(SIG_BLOCK, &stopping, nullptr);
  std::thread([stopping] {
    int signal = 0;
    if (sigwait(&stopping, &signal) != 0) {
      return;
    }
    RemoveUnfinishedFiles();
    std::signal(signal, SIG_DFL);
    // To the process and not to this thread, which still blocks it.
    kill(getpid(), signal);
    pthread_sigmask(SIG_UNBLOCK, &stopping, nullptr);
  }).detach();
}

}  // namespace kobling::client
