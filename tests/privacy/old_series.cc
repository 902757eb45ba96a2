#include "tests/privacy/old_series.h"

namespace kobling::tests {

OldSeries MakeOldSeries(const std::vector<std::string>& people, const std::vector<std::string>& others,
                        std::uint64_t seed) {
  OldSeries series;
  series.rows = series.wrong_rows = "fnr;lnr\n";
  for (std::size_t i = 0; i < people.size(); ++i) {
    const std::string digits = std::to_string(100'000 + seed % 100'000 + i * 7919);
    series.rows += people[i] + ";OLD-" + digits + '\n';
    series.wrong_rows += people[i] + ";WRONG-" + digits + '\n';
    series.numbers.push_back("OLD-" + digits);
    series.numbers.push_back("WRONG-" + digits);
  }
  // An identifier for a number, a number with a space in it, and another number for somebody.
  series.rows += others[0] + ';' + others[1] + '\n' + others[2] + ';' + series.numbers[0] + " 1\n" + people[0] + ';' +
                 series.numbers[2] + '\n';
  series.project_case = R"(title = "Invented study of the past"
purpose = "To look for what must not be found."
data_user = "Invented university"
decision_reference = "14/99"
decision_date = "2014-11-01"
legal_basis = "the law of then"
start_date = "2015-01-01"
end_date = "2019-12-31"
deletion_date = "2020-12-31"
contact = "study@example.org"
series_origin = "made by an invented unit in 2015"

[[sources]]
register_id = "NPR"
legal_reference = "§ 3-1"
)";
  return series;
}

std::vector<std::string> ImportArguments(const std::string& project) {
  return {"series",          "import",     project,       "--column",    "fnr",
          "--number-column", "lnr",        "--issued-on", "2015-03-01",  "--delivered-on",
          "2015-04-01",      "--delivery", "2015-1",      "--recipient", "Invented university"};
}

}  // namespace kobling::tests
