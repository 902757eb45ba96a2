// Reads HTML as strictly as XML is read. For tests only.
#pragma once

#include <string>
#include <string_view>

namespace kobling::client {

// What keeps the page from being well-formed XML; empty if nothing does. Every element is closed in order, attributes
// stand in quotation marks, and '&' begins one of the five entities of XML or a number.
std::string XmlProblem(std::string_view page);

// Text that would become markup in a page that does not escape it, and the same text as a page must write it.
inline constexpr const char* kHostile = "<script>&\"";
inline constexpr const char* kEscaped = "&lt;script&gt;&amp;&quot;";

}  // namespace kobling::client
