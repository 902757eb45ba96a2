#include "client/files/bad_rows.h"

namespace kobling::client {
namespace {

// Published by Skatteetaten as examples of its number series, and by Norsk helsenett for FH-numbers.
constexpr std::array<std::string_view, 4> kPublished = {"30108299939", "20036914700", "29020073150", "55102499947"};
constexpr std::array<std::string_view, 4> kPublishedFh = {"81234567802", "91234567883", "99056326525", "80008117075"};

}  // namespace

std::string MakeBadValue(std::size_t kind, std::string_view good, std::uint64_t variant) {
  std::string value(good);
  switch (kind) {
    case 0:
      return "";
    case 1:
      // Day 1 to 9 loses its zero. Ten digits say so whatever the others are.
      return value.substr(1);
    case 2:
      value[6] = 'O';
      return value;
    case 3:
      return value + " ";
    case 4:
      return value.substr(0, 6) + " " + value.substr(6);
    case 5:
      return std::string("3184") + value.substr(4);
    case 6:
      return std::string("0193") + value.substr(4);
    case 7:
      value.back() = value.back() == '9' ? '0' : static_cast<char>(value.back() + 1);
      return value;
    case 8:
      return std::string(kPublished[variant % kPublished.size()]);
    default:
      return std::string(kPublishedFh[variant % kPublishedFh.size()]);
  }
}

}  // namespace kobling::client
