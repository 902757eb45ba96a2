#include "domain/error_catalogue.h"

#include <string>
#include <string_view>

#include "absl/strings/str_format.h"
#include "domain/error.h"
#include "domain/text.h"

namespace kobling::domain {
namespace {

constexpr std::string_view kIntroduction = R"(# Errors

Every refusal by the server or the client has one of the reasons below. An error says what is wrong, where, and what to
do; it never holds an identifier, a løpenummer or a key. Programs go by the name, never by the text.

*Number* is what a faulty row of a submission carries. *Code* is the canonical gRPC code of a refused call. *Retry* says
whether the same request, with the same request id, may be sent again without changing anything.

The denial `NOT_PERMITTED` reads the same for every cause, also for things that do not exist, and never has details.

This page is made from the table in `domain/reasons.cc`; a test compares the two.
)";

std::string_view RetryText(Retry retry) { return retry == Retry::kSameRequest ? "same request" : "no"; }

struct Chapter {
  std::uint32_t first_number;
  std::string_view title;
};

// Where a new heading stands: before the first reason with this number or a greater one.
constexpr Chapter kChapters[] = {
    {1, "Values that should be a national identifier"},
    {20, "Values that should be a løpenummer"},
    {100, "Who is calling"},
    {110, "Fields of a request"},
    {120, "Registers and recipient keys"},
    {140, "Projects"},
    {160, "Populations and match windows"},
    {190, "Key files and usage"},
    {210, "The server itself"},
    {240, "Files on your machine, and the way to the server"},
};

}  // namespace

std::string ErrorsMarkdown() {
  std::string page(kIntroduction);
  std::size_t chapter = 0;
  for (const ReasonInfo& info : AllReasons()) {
    const auto number = static_cast<std::uint32_t>(info.reason);
    if (chapter < std::size(kChapters) && number >= kChapters[chapter].first_number) {
      page += absl::StrFormat(
          "\n## %s\n\n| Number | Name | Code | Retry | What is wrong | What to do |\n|---|---|---|---|---|---|\n",
          kChapters[chapter].title);
      ++chapter;
    }
    page += absl::StrFormat("| %d | `%s` | %s | %s | %s | %s |\n", number, info.name,
                            absl::StatusCodeToString(info.code), RetryText(info.retry), info.what, info.remedy);
  }
  return page;
}

}  // namespace kobling::domain
