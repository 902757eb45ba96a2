#include "client/read_line.h"

#include <termios.h>
#include <unistd.h>

#include <cctype>

#include "client/files/file_descriptor.h"
#include "domain/error.h"
#include "domain/status_macros.h"

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

struct ReadByte {
  char byte = 0;
  bool is_end = false;
};

absl::StatusOr<ReadByte> ReadOne(int descriptor) {
  ReadByte next;
  const ssize_t got = read(descriptor, &next.byte, 1);
  if (got < 0) {
    return ReadError("standard input");
  }
  next.is_end = got == 0;
  return next;
}

}  // namespace

absl::StatusOr<std::string> ReadLine(int descriptor) {
  std::string line;
  while (true) {
    KOBLING_ASSIGN_OR_RETURN(const ReadByte next, ReadOne(descriptor));
    if (next.is_end || next.byte == '\n') {
      break;
    }
    line += next.byte;
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

absl::StatusOr<bool> HasMoreText(int descriptor) {
  while (true) {
    KOBLING_ASSIGN_OR_RETURN(const ReadByte next, ReadOne(descriptor));
    if (next.is_end) {
      return false;
    }
    if (std::isspace(static_cast<unsigned char>(next.byte)) == 0) {
      return true;
    }
  }
}

}  // namespace kobling::client
