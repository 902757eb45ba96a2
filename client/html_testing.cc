#include "client/html_testing.h"

#include <algorithm>
#include <regex>
#include <vector>

namespace kobling::client {
namespace {

std::string At(std::string_view page, std::size_t position) {
  return "line " +
         std::to_string(1 + std::count(page.begin(), page.begin() + static_cast<std::ptrdiff_t>(position), '\n'));
}

bool IsText(std::string_view text) {
  static const std::regex pattern("([^<>&\\x01-\\x08\\x0b-\\x1f]|&(amp|lt|gt|quot|apos|#[0-9]+);)*");
  // Piece by piece: the library's expressions recurse.
  for (std::size_t begin = 0; begin < text.size(); begin = text.find_first_of(" \n", begin + 1)) {
    const std::string_view rest = text.substr(begin);
    const std::string_view piece = rest.substr(0, rest.find_first_of(" \n", 1));
    if (!std::regex_match(piece.begin(), piece.end(), pattern)) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::string XmlProblem(std::string_view page) {
  constexpr std::string_view kDoctype = "<!DOCTYPE html>\n";
  if (!page.starts_with(kDoctype)) {
    return "no document type";
  }
  static const std::regex tag("(/?)([a-z][a-z0-9]*)(( [a-z-]+=\"([^<\"&]|&(amp|lt|gt|quot|apos|#[0-9]+);)*\")*)(/?)");
  std::vector<std::string> open;
  for (std::size_t at = kDoctype.size(); at < page.size();) {
    const std::size_t begin = page.find('<', at);
    if (!IsText(page.substr(at, begin == std::string_view::npos ? begin : begin - at))) {
      return At(page, at) + ": text";
    }
    if (begin == std::string_view::npos) {
      break;
    }
    const std::size_t end = page.find('>', begin);
    std::match_results<std::string_view::const_iterator> match;
    const std::string_view inside = page.substr(begin + 1, end == std::string_view::npos ? 0 : end - begin - 1);
    if (!std::regex_match(inside.begin(), inside.end(), match, tag)) {
      return At(page, begin) + ": tag";
    }
    const std::string name = match[2];
    if (match[1].length() > 0) {
      if (open.empty() || open.back() != name) {
        return At(page, begin) + ": </" + name + "> closes another element";
      }
      open.pop_back();
    } else if (match[match.size() - 1].length() == 0) {
      open.push_back(name);
    }
    at = end + 1;
  }
  return open.empty() ? "" : "<" + open.back() + "> is not closed";
}

}  // namespace kobling::client
