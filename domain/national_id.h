// The eleven-digit identifiers of persons, and the rules that decide which of them are accepted.
//
// Nothing here derives a gender, a date or a year from an identifier: from 2032 on that is not possible, and it was
// never this service's business.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "domain/error.h"

namespace kobling::domain {

// An identifier that passed NationalIdRules: a fødselsnummer, a D-number or an FH-number. Which of them it is cannot be
// asked. A small value type, ordered as its eleven digits are. It cannot be printed, streamed or formatted: whoever
// needs the digits copies them out by name, and answers for where they go.
class NationalId {
 public:
  static constexpr std::size_t kLength = 11;

  // For values read back from storage that is sealed against change; the rules are not applied again. Fails with
  // RECORD_CORRUPT if the value has more than eleven digits.
  static absl::StatusOr<NationalId> FromPacked(std::uint64_t packed);

  // The identifier as a number; leading zeros are implied.
  std::uint64_t packed() const { return packed_; }

  // Eleven ASCII digits, without a terminating zero.
  void CopyDigits(std::span<char, kLength> target) const;
  std::array<char, kLength> digits() const;

  friend bool operator==(const NationalId&, const NationalId&) = default;
  friend auto operator<=>(const NationalId&, const NationalId&) = default;
  template <typename State>
  friend State AbslHashValue(State state, const NationalId& id) {
    return State::combine(std::move(state), id.packed_);
  }

  template <typename Character, typename Traits>
  friend std::basic_ostream<Character, Traits>& operator<<(std::basic_ostream<Character, Traits>&,
                                                           const NationalId&) = delete;

 private:
  friend class NationalIdRules;
  explicit NationalId(std::uint64_t packed) : packed_(packed) {}

  std::uint64_t packed_;
};

// What is added to the month of an identifier to tell its series from real fødselsnumre and D-numbers.
enum class MonthSeries : std::uint8_t {
  kUnprefixed = 0,    // real fødselsnumre and D-numbers
  kNpid20 = 20,       // NAV's own numbers for persons without other identifier
  kNav40 = 40,        // NAV's test numbers; the same months as the help numbers that hospitals give out
  kNpid60 = 60,       // test numbers for kNpid20
  kNhn65 = 65,        // Norsk helsenett's test numbers; months 66 to 72 are shared with kNpid60
  kSynthetic80 = 80,  // Skatteetaten's synthetic persons (Tenor)
};

// The series that an environment accepts. Chosen by configuration, one switch for each.
struct AcceptedSeries {
  bool unprefixed = true;
  bool fh = false;  // FH-numbers (felles hjelpenummer): first digit 8 or 9
  bool npid20 = false;
  bool nav40 = false;
  bool npid60 = false;
  bool nhn65 = false;
  bool synthetic80 = false;

  // Real fødselsnumre and D-numbers only. `fh` may be switched on.
  static AcceptedSeries Production();
  // Skatteetaten's synthetic persons only; a real person's number is refused.
  static AcceptedSeries Trial();

  // Fails with CONFIGURATION, naming the series, if one is accepted that has no place in production.
  absl::Status CheckForProduction() const;
};

// Decides whether eleven digits are an identifier that this environment accepts. Built once, immutable, safe to share
// between threads; about 20 KiB of tables, so pass it by reference.
//
// Checked in this order, so that the reason is the one that helps most:
//   1. format: exactly eleven ASCII digits, nothing around them;
//   2. the date, strictly, by the series that its month can belong to (not for FH-numbers, which hold no date);
//   3. the check digits: remainder 0, 1, 2 or 3 for the first (0 for FH-numbers), 0 for the second;
//   4. whether the series is accepted. So only a number that is otherwise right is called a test number, a help number
//      or a real one; a mistyped number is called mistyped.
class NationalIdRules {
 public:
  explicit NationalIdRules(const AcceptedSeries& accepted);

  // For rows in bulk: what is wrong with the eleven bytes that begin at `eleven_bytes`, or nothing.
  [[nodiscard]] std::optional<Reason> Check(const char* eleven_bytes) const;

  // Either an identifier or a fault.
  struct ParseResult {
    std::optional<NationalId> id;
    Reason fault = Reason::kIdentifierEmpty;  // meaningful only without id
  };
  // For one value of any length. Says more than Check about values of another length than eleven.
  [[nodiscard]] ParseResult Parse(std::string_view text) const;

  // As Parse for eleven bytes, without a look at the length.
  [[nodiscard]] ParseResult ParseEleven(const char* eleven_bytes) const;

 private:
  // For every first four digits: 0 if a number that begins so can be accepted, else the reason's number.
  using Verdicts = std::array<std::uint8_t, 10'000>;
  static Verdicts MakeVerdicts(const AcceptedSeries& accepted, int days_in_february);
  struct Scan {
    std::uint64_t packed;
    std::optional<Reason> fault;
  };
  Scan ScanEleven(const char* eleven_bytes) const;

  Verdicts common_year_;
  Verdicts leap_year_;
};

}  // namespace kobling::domain
