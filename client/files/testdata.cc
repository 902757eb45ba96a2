#include "client/files/testdata.h"

#include <array>
#include <cstdio>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "client/files/bad_rows.h"
#include "client/files/trial_people.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::client {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr std::uint64_t kMostPersons = 10'000'000;
// Windows-1252 in NPR, UTF-8 in MFR.
constexpr std::array<std::string_view, 4> kWards = {"Kirurgi Troms\xF8", "Barneavdeling",
                                                    "F\xF8"
                                                    "dem\xF8"
                                                    "de \xC5lesund",
                                                    "H\xE6matologi"};
constexpr std::array<std::string_view, 4> kHospitals = {"Troms\xC3\xB8", "\xC3\x85lesund", "Bod\xC3\xB8",
                                                        "S\xC3\xA6tre"};
constexpr std::array<std::string_view, 4> kFindings = {"ingen", "to, venstre side", "kalt \"\"liten\"\"",
                                                       "f\xC3\xB8rst\r\nsiden"};

// "N00000042": a row's own key, which says nothing about identifiers.
std::string Key(char letter, std::uint64_t number) {
  std::array<char, 16> text;
  const int length =
      std::snprintf(text.data(), text.size(), "%c%08llu", letter, static_cast<unsigned long long>(number));
  return std::string(text.data(), static_cast<std::size_t>(length));
}
std::string StayKey(std::uint64_t person, std::uint64_t stay) { return Key('N', person * 2 + stay); }
std::string CancerKey(std::uint64_t person) { return Key('K', person); }
std::string BirthKey(std::uint64_t person) { return Key('M', person); }

class Generator {
 public:
  explicit Generator(const TestDataOptions& options)
      : options_(options), people_(options.persons, options.seed), order_(0) {}

  absl::Status WritePopulation();
  absl::Status WritePatients();
  absl::Status WriteCancers();
  absl::Status WriteBirths();
  absl::Status WriteTruth();
  absl::Status WriteExpected();

 private:
  absl::StatusOr<std::unique_ptr<AtomicFile>> Create(std::string_view name) const {
    return AtomicFile::Create(options_.folder + "/" + std::string(name), options_.overwrite);
  }
  ShuffledOrder NextOrder(std::uint64_t count) { return ShuffledOrder(count, options_.seed * 16 + ++order_); }
  std::string_view DigitsOf(std::uint64_t person) {
    digits_ = people_.Digits(person);
    return {digits_.data(), digits_.size()};
  }
  std::string_view MotherDigits(std::uint64_t person) {
    const auto mother = people_.MotherOf(person);
    return mother.has_value() ? DigitsOf(*mother) : std::string_view();
  }
  std::string BadRow(std::uint64_t number);
  void CountMother(std::uint64_t person);

  const TestDataOptions& options_;
  TrialPeople people_;
  std::uint64_t order_;
  std::array<char, domain::NationalId::kLength> digits_{};

  std::uint64_t duplicates_ = 0;
  std::uint64_t bad_ = 0;
  std::array<std::uint64_t, kBadKinds.size()> bad_by_kind_{};
  std::uint64_t mother_cells_ = 0;
  std::vector<bool> is_mother_;
  std::uint64_t patient_rows_ = 0;
  std::uint64_t cancer_rows_ = 0;
  std::uint64_t cancer_rows_inside_ = 0;
  std::uint64_t birth_rows_ = 0;
};

std::string Generator::BadRow(std::uint64_t number) {
  const std::size_t kind = number % kBadKinds.size();
  // From somebody whose number begins with a zero: days 1 to 9, more than one in four.
  std::uint64_t person = people_.Draw(number, 32) % people_.count();
  while (people_.Digits(person).front() != '0') {
    person = person + 1 == people_.count() ? 0 : person + 1;
  }
  ++bad_by_kind_[kind];
  return MakeBadValue(kind, DigitsOf(person), number / kBadKinds.size());
}

void Generator::CountMother(std::uint64_t person) {
  if (const auto mother = people_.MotherOf(person)) {
    ++mother_cells_;
    is_mother_[*mother] = true;
  }
}

absl::Status Generator::WritePopulation() {
  const std::uint64_t persons = people_.population();
  duplicates_ = persons / 200;
  bad_ = persons / 100;
  is_mother_.assign(people_.count(), false);
  KOBLING_ASSIGN_OR_RETURN(const auto file, Create("npr_population.csv"));
  KOBLING_RETURN_IF_ERROR(file->Write("fnr;mor_fnr\n"));
  const std::uint64_t rows = persons + duplicates_ + bad_;
  const ShuffledOrder order = NextOrder(rows);
  std::string line;
  for (std::uint64_t i = 0; i < rows; ++i) {
    const std::uint64_t what = order.At(i);
    if (what >= persons + duplicates_) {
      line = BadRow(what - persons - duplicates_) + ";";
    } else {
      const std::uint64_t person = what < persons ? what : people_.Draw(what, 33) % persons;
      line = DigitsOf(person);
      line += ';';
      line += MotherDigits(person);
      CountMother(person);
    }
    line += '\n';
    KOBLING_RETURN_IF_ERROR(file->Write(line));
  }
  return file->Commit();
}

absl::Status Generator::WritePatients() {
  KOBLING_ASSIGN_OR_RETURN(const auto file, Create("npr_extract.csv"));
  KOBLING_RETURN_IF_ERROR(file->Write("npr_key;fnr;avdeling;kode\n"));
  const ShuffledOrder order = NextOrder(people_.population() * 2);
  std::string line;
  for (std::uint64_t i = 0; i < people_.population() * 2; ++i) {
    const std::uint64_t person = order.At(i) / 2;
    const std::uint64_t stay = order.At(i) % 2;
    if (stay == 1 && !people_.HasSecondStay(person)) {
      continue;
    }
    const std::uint64_t drawn = people_.Draw(person, 34 + stay);
    line = StayKey(person, stay) + ";";
    line += DigitsOf(person);
    line += ";";
    line += kWards[drawn % kWards.size()];
    line += ";A" + std::to_string(drawn / 8 % 100) + "\n";
    KOBLING_RETURN_IF_ERROR(file->Write(line));
    ++patient_rows_;
  }
  return file->Commit();
}

absl::Status Generator::WriteCancers() {
  KOBLING_ASSIGN_OR_RETURN(const auto file, Create("kreft_extract.csv"));
  KOBLING_RETURN_IF_ERROR(file->Write("\"kreft_key\",\"fnr\",\"funn\"\r\n"));
  const std::uint64_t known = people_.population() + people_.outsiders();
  const ShuffledOrder order = NextOrder(known);
  std::string line;
  for (std::uint64_t i = 0; i < known; ++i) {
    const std::uint64_t person = order.At(i);
    const bool is_inside = person < people_.population();
    if (is_inside && !people_.HasCancerRecord(person)) {
      continue;
    }
    line = '"';
    line += CancerKey(person);
    line += "\",\"";
    line += DigitsOf(person);
    line += "\",\"";
    line += kFindings[people_.Draw(person, 36) % kFindings.size()];
    line += "\"\r\n";
    KOBLING_RETURN_IF_ERROR(file->Write(line));
    ++cancer_rows_;
    cancer_rows_inside_ += is_inside ? 1 : 0;
  }
  return file->Commit();
}

absl::Status Generator::WriteBirths() {
  KOBLING_ASSIGN_OR_RETURN(const auto file, Create("mfr_extract.csv"));
  KOBLING_RETURN_IF_ERROR(file->Write("\xEF\xBB\xBFmfr_key\tfnr\tmor_fnr\tsykehus\n"));
  const ShuffledOrder order = NextOrder(people_.population());
  std::string line;
  for (std::uint64_t i = 0; i < people_.population(); ++i) {
    const std::uint64_t person = order.At(i);
    if (!people_.HasBirthRecord(person)) {
      continue;
    }
    line = BirthKey(person) + "\t";
    line += DigitsOf(person);
    line += '\t';
    line += MotherDigits(person);
    line += '\t';
    line += kHospitals[people_.Draw(person, 37) % kHospitals.size()];
    line += '\n';
    KOBLING_RETURN_IF_ERROR(file->Write(line));
    ++birth_rows_;
  }
  return file->Commit();
}

absl::Status Generator::WriteTruth() {
  KOBLING_ASSIGN_OR_RETURN(const auto file, Create("truth.csv"));
  KOBLING_RETURN_IF_ERROR(file->Write("npr_key;kreft_key;mfr_key;mor_npr_key\n"));
  for (std::uint64_t person = 0; person < people_.population(); ++person) {
    const bool has_cancer = people_.HasCancerRecord(person);
    const bool has_birth = people_.HasBirthRecord(person);
    if (!has_cancer && !has_birth) {
      continue;
    }
    // A mother is linked through the birth record, which names her.
    const std::uint64_t mother = has_birth ? people_.MotherOf(person).value_or(people_.count()) : people_.count();
    std::string others(1, ';');
    others += has_cancer ? CancerKey(person) : "";
    others += ';';
    others += has_birth ? BirthKey(person) : "";
    others += ';';
    others += mother < people_.population() ? StayKey(mother, 0) : "";
    others += '\n';
    const std::uint64_t stays = people_.HasSecondStay(person) ? 2 : 1;
    for (std::uint64_t stay = 0; stay < stays; ++stay) {
      KOBLING_RETURN_IF_ERROR(file->Write(StayKey(person, stay) + others));
    }
  }
  return file->Commit();
}

absl::Status Generator::WriteExpected() {
  KOBLING_ASSIGN_OR_RETURN(const auto file, Create("expected.json"));
  std::map<std::string_view, std::uint64_t> by_reason;
  std::string kinds;
  for (std::size_t i = 0; i < kBadKinds.size(); ++i) {
    by_reason[domain::InfoOf(kBadKinds[i].reason).name] += bad_by_kind_[i];
    kinds += absl::StrFormat("%s\"%s\": %d", i == 0 ? "" : ", ", kBadKinds[i].name, bad_by_kind_[i]);
  }
  std::string reasons;
  for (const auto& [reason, count] : by_reason) {
    reasons += absl::StrFormat("%s\"%s\": %d", reasons.empty() ? "" : ", ", reason, count);
  }
  std::uint64_t mothers = 0;
  std::uint64_t outside_mothers = 0;
  for (std::uint64_t person = 0; person < is_mother_.size(); ++person) {
    mothers += is_mother_[person] ? 1 : 0;
    outside_mothers += is_mother_[person] && person >= people_.population() ? 1 : 0;
  }
  const std::uint64_t persons = people_.population();
  const std::uint64_t good = persons + duplicates_;
  KOBLING_RETURN_IF_ERROR(
      file->Write(absl::StrFormat("{\n  \"persons\": %d,\n  \"seed\": %d,\n", persons, options_.seed)));
  KOBLING_RETURN_IF_ERROR(file->Write(absl::StrFormat(
      "  \"npr_population\": {\n    \"rows\": %d,\n    \"good\": %d,\n    \"bad\": %d,\n    \"duplicates\": %d,\n"
      "    \"distinct_persons\": %d,\n    \"bad_by_reason\": {%s},\n    \"bad_by_kind\": {%s},\n    "
      "\"mor_fnr_filled\": %d,\n"
      "    \"distinct_mothers\": %d,\n    \"distinct_persons_with_mothers\": %d\n  },\n",
      good + bad_, good, bad_, duplicates_, persons, reasons, kinds, mother_cells_, mothers,
      persons + outside_mothers)));
  constexpr auto kExtract = "  \"%s\": {\"rows\": %d, \"rows_in_population\": %d}%s\n";
  KOBLING_RETURN_IF_ERROR(file->Write(absl::StrFormat(kExtract, "npr_extract", patient_rows_, patient_rows_, ",")));
  KOBLING_RETURN_IF_ERROR(
      file->Write(absl::StrFormat(kExtract, "kreft_extract", cancer_rows_, cancer_rows_inside_, ",")));
  KOBLING_RETURN_IF_ERROR(file->Write(absl::StrFormat(kExtract, "mfr_extract", birth_rows_, birth_rows_, "\n}")));
  return file->Commit();
}

}  // namespace

absl::Status GenerateTestData(const TestDataOptions& options) {
  if (options.persons == 0 || options.persons > kMostPersons) {
    return MakeError(Reason::kFieldMalformed, {{DetailKey::kField, "persons"}, {DetailKey::kLimit, kMostPersons}});
  }
  Generator generator(options);
  KOBLING_RETURN_IF_ERROR(generator.WritePopulation());
  KOBLING_RETURN_IF_ERROR(generator.WritePatients());
  KOBLING_RETURN_IF_ERROR(generator.WriteCancers());
  KOBLING_RETURN_IF_ERROR(generator.WriteBirths());
  KOBLING_RETURN_IF_ERROR(generator.WriteTruth());
  return generator.WriteExpected();
}

}  // namespace kobling::client
