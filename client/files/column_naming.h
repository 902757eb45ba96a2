// What columns are called once their identifiers are løpenumre.
#pragma once

#include <string>
#include <string_view>

namespace kobling::client {

// The default name of a relative's column: the ending that says identifier gives way to `lopenummer`, case aside.
//   mor_fnr, morfnr, mor_fodselsnummer, mor_fødselsnummer -> mor_lopenummer;  mor -> mor_lopenummer
std::string RelativeName(std::string_view column);

// The name of the index column, whatever it was.
inline constexpr std::string_view kIndexName = "lopenummer";

}  // namespace kobling::client
