// The reason table as a page for people.
#pragma once

#include <string>

namespace kobling::domain {

// docs/errors.md, whole. A test compares the file with this text, so that the two never part.
std::string ErrorsMarkdown();

}  // namespace kobling::domain
