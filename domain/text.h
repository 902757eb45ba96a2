// Text. First, the one bridge between std::string_view and absl::string_view, which are different types in Debian's
// build of Abseil and do not convert into each other. Our interfaces speak std; this is used only where an Abseil call
// needs its own type.
#pragma once

#include <string_view>

#include "absl/strings/string_view.h"

namespace kobling::domain {

inline absl::string_view ToAbsl(std::string_view text) { return absl::string_view(text.data(), text.size()); }
inline std::string_view ToStd(absl::string_view text) { return std::string_view(text.data(), text.size()); }

// Whether the text is UTF-8: whole characters, none overlong, no surrogates.
bool IsUtf8(std::string_view text);

}  // namespace kobling::domain
