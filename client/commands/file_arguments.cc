#include "client/commands/file_arguments.h"

#include <sys/stat.h>

#include <filesystem>
#include <optional>
#include <system_error>

#include "client/session.h"

namespace kobling::client {
namespace {

using Use = FileArgument::Use;

constexpr const char* kStandardInput = "-";

std::optional<struct stat> LookAt(const FileArgument& file, int input) {
  struct stat information {};
  const int result = file.path == kStandardInput ? fstat(input, &information) : stat(file.path.c_str(), &information);
  return result == 0 ? std::optional(information) : std::nullopt;
}

bool IsSameFile(const FileArgument& a, const FileArgument& b, int input) {
  const auto one = LookAt(a, input);
  const auto other = LookAt(b, input);
  if (one && other) {
    return one->st_dev == other->st_dev && one->st_ino == other->st_ino;
  }
  if (one || other || a.path == kStandardInput || b.path == kStandardInput) {
    return false;
  }
  std::error_code error;
  const std::filesystem::path first = std::filesystem::weakly_canonical(std::filesystem::absolute(a.path), error);
  return first == std::filesystem::weakly_canonical(std::filesystem::absolute(b.path), error);
}

}  // namespace

absl::Status CheckFileArguments(const std::vector<FileArgument>& files, int input) {
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (files[i].use == Use::kWritten && files[i].path == kStandardInput) {
      return UsageError(files[i].option + ": name a file; nothing is written to standard output");
    }
    for (std::size_t j = 0; j < i; ++j) {
      const bool is_either_empty = files[i].path.empty() || files[j].path.empty();
      const bool is_any_written = files[i].use == Use::kWritten || files[j].use == Use::kWritten;
      if (!is_either_empty && is_any_written && IsSameFile(files[i], files[j], input)) {
        return UsageError(files[j].option + " and " + files[i].option + " are the same file");
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace kobling::client
