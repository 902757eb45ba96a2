// The files that one command line names: no two of them may be the same.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace kobling::client {

struct FileArgument {
  enum class Use { kRead, kWritten };
  std::string option;  // as people know it: "--out"
  std::string path;    // empty if it was not given; "-" is standard input
  Use use = Use::kRead;
};

// Fails with USAGE, naming both options, if a file that is to be written is another argument's file as well: by its
// path, through a link, or as what standard input was redirected from. Fails with USAGE if a file that is to be written
// is "-". `input` is the descriptor of standard input.
absl::Status CheckFileArguments(const std::vector<FileArgument>& files, int input);

}  // namespace kobling::client
