#include "client/read_line.h"

#include <termios.h>
#include <unistd.h>

#include "client/files/file_descriptor.h"
#include "domain/error.h"

namespace kobling::client {
namespace {

constexpr std::size_t kMaxLine = 4096;

// Switches the echo of a terminal off while it lives.
class NoEcho {
 public:
  explicit NoEcho(int descriptor) : descriptor_(descriptor), is_terminal_(tcgetattr(descriptor, &before_) == 0) {
    if (is_terminal_) {
      termios hidden = before_;
      hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
      tcsetattr(descriptor_, TCSANOW, &hidden);
    }
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;
  ~NoEcho() {
    if (is_terminal_) {
      tcsetattr(descriptor_, TCSANOW, &before_);
    }
  }

 private:
  int descriptor_;
  termios before_ = {};
  bool is_terminal_;
};

}  // namespace

absl::StatusOr<std::string> ReadLine(int descriptor) {
  std::string line;
  char c = 0;
  while (true) {
    const ssize_t got = read(descriptor, &c, 1);
    if (got < 0) {
      return ReadError("standard input");
    }
    if (got == 0 || c == '\n') {
      break;
    }
    line += c;
    if (line.size() > kMaxLine) {
      return domain::MakeError(domain::Reason::kFieldTooLong,
                               {{domain::DetailKey::kFile, "standard input"}, {domain::DetailKey::kLimit, kMaxLine}});
    }
  }
  constexpr const char* kWhite = " \t\r";
  const std::size_t begin = line.find_first_not_of(kWhite);
  return begin == std::string::npos ? "" : line.substr(begin, line.find_last_not_of(kWhite) - begin + 1);
}

absl::StatusOr<std::string> ReadHiddenLine(int descriptor) {
  const NoEcho hidden(descriptor);
  return ReadLine(descriptor);
}

}  // namespace kobling::client
