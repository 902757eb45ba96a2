#include "domain/national_id.h"

#include <algorithm>
#include <utility>

namespace kobling::domain {
namespace {

constexpr std::uint64_t kPackedEnd = 100'000'000'000;  // 10^11

constexpr std::uint8_t kAccepted = 0;

// FH-numbers begin with 8 or 9, which no day of a fødselsnummer or D-number does.
constexpr std::uint32_t kFirstFhPrefix = 8000;

bool AllDigits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Twelve digits from the immigration authorities: the last two are a weighted sum of the others, modulo 11.
bool IsDufNumber(std::string_view text) {
  constexpr std::array<int, 10> kWeights = {4, 6, 3, 2, 4, 6, 3, 2, 7, 5};
  if (text.size() != 12 || !AllDigits(text)) {
    return false;
  }
  int sum = 0;
  for (std::size_t i = 0; i < kWeights.size(); ++i) {
    sum += kWeights[i] * (text[i] - '0');
  }
  return (text[10] - '0') * 10 + (text[11] - '0') == sum % 11;
}

void CopyPair(std::uint32_t value, char* target) {
  target[0] = static_cast<char>('0' + value / 10);
  target[1] = static_cast<char>('0' + value % 10);
}

// Whether the environment takes the series, and what to say if it does not.
struct SeriesRule {
  MonthSeries series;
  bool accepted;
  Reason refusal;
};

// Of two series that share a month and both refuse it, the later decides what is said.
std::array<SeriesRule, 6> SeriesRules(const AcceptedSeries& accepted) {
  return {{
      {MonthSeries::kUnprefixed, accepted.unprefixed, Reason::kIdentifierNotSynthetic},
      {MonthSeries::kNpid20, accepted.npid20, Reason::kIdentifierTestSeries},
      {MonthSeries::kNav40, accepted.nav40, Reason::kIdentifierHelpNumber},
      {MonthSeries::kNpid60, accepted.npid60, Reason::kIdentifierTestSeries},
      {MonthSeries::kNhn65, accepted.nhn65, Reason::kIdentifierTestSeries},
      {MonthSeries::kSynthetic80, accepted.synthetic80, Reason::kIdentifierTestSeries},
  }};
}

}  // namespace

absl::StatusOr<NationalId> NationalId::FromPacked(std::uint64_t packed) {
  if (packed >= kPackedEnd) {
    return MakeError(Reason::kRecordCorrupt);
  }
  return NationalId(packed);
}

void NationalId::CopyDigits(std::span<char, kLength> target) const {
  // Six and five digits, in pairs, so that no division waits for another.
  const auto first_six = static_cast<std::uint32_t>(packed_ / 100'000);
  const auto last_five = static_cast<std::uint32_t>(packed_ % 100'000);
  char* out = target.data();
  CopyPair(first_six / 10'000, out);
  CopyPair(first_six / 100 % 100, out + 2);
  CopyPair(first_six % 100, out + 4);
  CopyPair(last_five / 1'000, out + 6);
  CopyPair(last_five / 10 % 100, out + 8);
  out[10] = static_cast<char>('0' + last_five % 10);
}

std::array<char, NationalId::kLength> NationalId::digits() const {
  std::array<char, kLength> copy;
  CopyDigits(copy);
  return copy;
}

AcceptedSeries AcceptedSeries::Production() { return AcceptedSeries{}; }

AcceptedSeries AcceptedSeries::Trial() { return AcceptedSeries{.unprefixed = false, .synthetic80 = true}; }

absl::Status AcceptedSeries::CheckForProduction() const {
  const std::pair<bool, std::string_view> no_place_in_production[] = {
      {npid20, "npid20"}, {nav40, "nav40"}, {npid60, "npid60"}, {nhn65, "nhn65"}, {synthetic80, "synthetic80"}};
  for (const auto& [accepted, name] : no_place_in_production) {
    if (accepted) {
      return MakeError(Reason::kConfiguration,
                       {{DetailKey::kField, name}, {DetailKey::kHint, "a series that production must not accept"}});
    }
  }
  return absl::OkStatus();
}

NationalIdRules::NationalIdRules(const AcceptedSeries& accepted)
    : common_year_(MakeVerdicts(accepted, 28)), leap_year_(MakeVerdicts(accepted, 29)) {}

NationalIdRules::Verdicts NationalIdRules::MakeVerdicts(const AcceptedSeries& accepted, int days_in_february) {
  const std::array<int, 12> days_in_month = {31, days_in_february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  constexpr int kDNumberDay = 40;
  Verdicts verdicts;
  verdicts.fill(static_cast<std::uint8_t>(Reason::kIdentifierImpossibleDate));
  for (const SeriesRule& rule : SeriesRules(accepted)) {
    for (int month = 1; month <= 12; ++month) {
      for (int day = 1; day <= days_in_month[month - 1]; ++day) {
        const int written_month = month + static_cast<int>(rule.series);
        for (const int written_day : {day, day + kDNumberDay}) {
          std::uint8_t& verdict = verdicts[written_day * 100 + written_month];
          if (rule.accepted) {
            verdict = kAccepted;
          } else if (verdict != kAccepted) {
            verdict = static_cast<std::uint8_t>(rule.refusal);
          }
        }
      }
    }
  }
  std::fill(verdicts.begin() + kFirstFhPrefix, verdicts.end(),
            accepted.fh ? kAccepted : static_cast<std::uint8_t>(Reason::kIdentifierFhNotAccepted));
  return verdicts;
}

NationalIdRules::Scan NationalIdRules::ScanEleven(const char* eleven_bytes) const {
  std::array<std::uint32_t, NationalId::kLength> d;
  std::uint32_t largest = 0;
  for (std::size_t i = 0; i < d.size(); ++i) {
    d[i] = static_cast<std::uint8_t>(eleven_bytes[i]) - std::uint32_t{'0'};
    largest = std::max(largest, d[i]);
  }
  if (largest > 9) {
    return {0, Reason::kIdentifierNotElevenDigits};
  }
  const std::uint32_t prefix = ((d[0] * 10 + d[1]) * 10 + d[2]) * 10 + d[3];
  const std::uint32_t two_digit_year = d[4] * 10 + d[5];
  const std::uint32_t last_five = (((d[6] * 10 + d[7]) * 10 + d[8]) * 10 + d[9]) * 10 + d[10];
  const std::uint64_t packed = (prefix * std::uint64_t{100} + two_digit_year) * 100'000 + last_five;

  const Verdicts& verdicts = two_digit_year % 4 == 0 ? leap_year_ : common_year_;
  const auto verdict = static_cast<Reason>(verdicts[prefix]);
  if (verdict == Reason::kIdentifierImpossibleDate) {
    return {packed, verdict};
  }
  const std::uint32_t first =
      (3 * d[0] + 7 * d[1] + 6 * d[2] + d[3] + 8 * d[4] + 9 * d[5] + 4 * d[6] + 5 * d[7] + 2 * d[8] + d[9]) % 11;
  const std::uint32_t second = (5 * d[0] + 4 * d[1] + 3 * d[2] + 2 * d[3] + 7 * d[4] + 6 * d[5] + 5 * d[6] + 4 * d[7] +
                                3 * d[8] + 2 * d[9] + d[10]) %
                               11;
  const std::uint32_t largest_first = prefix >= kFirstFhPrefix ? 0 : 3;
  if (first > largest_first || second != 0) {
    return {packed, Reason::kIdentifierCheckDigits};
  }
  if (verdict != static_cast<Reason>(kAccepted)) {
    return {packed, verdict};
  }
  return {packed, std::nullopt};
}

std::optional<Reason> NationalIdRules::Check(const char* eleven_bytes) const { return ScanEleven(eleven_bytes).fault; }

NationalIdRules::ParseResult NationalIdRules::ParseEleven(const char* eleven_bytes) const {
  const Scan scan = ScanEleven(eleven_bytes);
  if (scan.fault) {
    return {std::nullopt, *scan.fault};
  }
  return {.id = NationalId(scan.packed)};
}

NationalIdRules::ParseResult NationalIdRules::Parse(std::string_view text) const {
  if (text.size() == NationalId::kLength) {
    return ParseEleven(text.data());
  }
  if (text.empty()) {
    return {std::nullopt, Reason::kIdentifierEmpty};
  }
  if (text.size() == NationalId::kLength - 1 && AllDigits(text)) {
    return {std::nullopt, Reason::kIdentifierLeadingZeroLost};
  }
  if (IsDufNumber(text)) {
    return {std::nullopt, Reason::kIdentifierDufNumber};
  }
  return {std::nullopt, Reason::kIdentifierNotElevenDigits};
}

}  // namespace kobling::domain
