#include "client/files/lopenummer_check.h"

#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <vector>

#include "client/files/file_descriptor.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::client {
namespace {

constexpr std::size_t kLongestLine = std::size_t{64} << 10;
constexpr std::string_view kHeader = "lopenummer";
constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";

class LineChecker {
 public:
  explicit LineChecker(const OnCheckedLine& on_line) : on_line_(on_line) {}

  absl::Status Take(std::string_view line) {
    ++line_;
    if (!line.empty() && line.back() == '\r') {
      line.remove_suffix(1);
    }
    if (line_ == 1 && line.substr(0, kUtf8Mark.size()) == kUtf8Mark) {
      line.remove_prefix(kUtf8Mark.size());
    }
    if (line.empty()) {
      ++counts_.blank;
      return absl::OkStatus();
    }
    if (line_ == 1 && line == kHeader) {
      return absl::OkStatus();
    }
    const auto problem = domain::ExplainLopenummer(line);
    ++(problem.has_value() ? counts_.wrong : counts_.right);
    return on_line_(line_, problem);
  }

  std::uint64_t line() const { return line_; }
  const LopenummerCheckCounts& counts() const { return counts_; }

 private:
  const OnCheckedLine& on_line_;
  std::uint64_t line_ = 0;
  LopenummerCheckCounts counts_;
};

}  // namespace

absl::StatusOr<LopenummerCheckCounts> CheckLopenumre(int descriptor, const std::string& name,
                                                     const OnCheckedLine& on_line) {
  LineChecker checker(on_line);
  std::vector<char> part(kLongestLine);
  std::string waiting;
  while (true) {
    const ssize_t got = ::read(descriptor, part.data(), part.size());
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return ReadError(name);
    }
    if (got == 0) {
      break;
    }
    waiting.append(part.data(), static_cast<std::size_t>(got));
    std::size_t start = 0;
    for (std::size_t stop = waiting.find('\n'); stop != std::string::npos; stop = waiting.find('\n', start)) {
      KOBLING_RETURN_IF_ERROR(checker.Take(std::string_view(waiting).substr(start, stop - start)));
      start = stop + 1;
    }
    waiting.erase(0, start);
    if (waiting.size() > kLongestLine) {
      return domain::MakeError(domain::Reason::kFileMalformed,
                               {{domain::DetailKey::kFile, name},
                                {domain::DetailKey::kLine, checker.line() + 1},
                                {domain::DetailKey::kLimit, std::uint64_t{kLongestLine}}});
    }
  }
  if (!waiting.empty()) {
    KOBLING_RETURN_IF_ERROR(checker.Take(waiting));
  }
  return checker.counts();
}

std::string Explain(const domain::LopenummerProblem& problem) {
  using Kind = domain::LopenummerProblem::Kind;
  const std::string character = "character " + std::to_string(problem.position);
  switch (problem.kind) {
    case Kind::kWrongLength:
      return "it has " + std::to_string(problem.length) + " characters; a løpenummer has " +
             std::to_string(domain::Lopenummer::kLength);
    case Kind::kFirstCharacter:
      return "it does not begin with L";
    case Kind::kLowerCase:
      return character + " is a small letter; a løpenummer has capital letters only";
    case Kind::kConfusable:
      return character + " is an I, L, O or U, which a løpenummer does not have there" +
             (problem.probable.has_value() ? std::string("; probably ") + *problem.probable + " was meant"
                                           : std::string());
    case Kind::kForeignCharacter:
      return character + " is neither a digit nor a letter from A to Z";
    case Kind::kCheckCharacter:
      break;
  }
  return "the check character does not fit: at least one character is wrong";
}

}  // namespace kobling::client
