// Which of the known names somebody probably meant.
#pragma once

#include <span>
#include <string_view>

namespace kobling::server {

// The name that takes the fewest inserted, removed and changed characters; the first of equals; empty if there are
// none.
std::string_view NearestName(std::string_view written, std::span<const std::string_view> names);

}  // namespace kobling::server
