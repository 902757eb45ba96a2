#include "tests/bench/insight_data.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "domain/error.h"
#include "domain/national_id_maker.h"
#include "domain/status_macros.h"
#include "storage/project_store.h"

namespace kobling::bench {
namespace {

namespace records = ::kobling::storage::v1;

constexpr double kSmallestProject = 100;
constexpr double kDenseShare = 0.9;
constexpr std::uint64_t kSkewSteps = 100;
constexpr std::int64_t kSubmittedUs = 1'790'000'000'000'000;

absl::Status CannotBeMet(const std::string& hint) {
  return domain::MakeError(domain::Reason::kInternal, {{domain::DetailKey::kHint, hint}});
}

absl::Status FillDirectory(const server::Core& core, std::uint32_t count) {
  KOBLING_ASSIGN_OR_RETURN(const std::vector<domain::NationalId> persons, InventedPersons(0, count));
  std::vector<crypto::Tag> tags(persons.size());
  core.directory.TagsOf(persons, tags);
  std::vector<storage::NewIdentifier> identifiers;
  identifiers.reserve(persons.size());
  for (std::size_t i = 0; i < persons.size(); ++i) {
    identifiers.push_back({tags[i], persons[i]});
  }
  std::sort(identifiers.begin(), identifiers.end(), [](const auto& a, const auto& b) { return a.tag < b.tag; });
  storage::WriteBatch batch;
  KOBLING_ASSIGN_OR_RETURN(const storage::Allotment allotment, core.directory.Allot(identifiers, batch));
  KOBLING_RETURN_IF_ERROR(core.store.Commit(batch));
  core.directory.Publish(allotment);
  return absl::OkStatus();
}

// Draws members; each number of a range independently, with the same chance.
class Lottery {
 public:
  explicit Lottery(std::uint64_t seed) : random_(seed) {}

  // Calls `take` with each number of [begin, end) that is drawn, ascending.
  template <typename Take>
  void Draw(std::uint64_t begin, std::uint64_t end, double chance, const Take& take) {
    if (chance >= 1) {
      for (std::uint64_t number = begin; number < end; ++number) {
        take(number);
      }
      return;
    }
    // Jumps from hit to hit, since most numbers are misses.
    const double per_miss = std::log1p(-chance);
    double place = static_cast<double>(begin) + Misses(per_miss);
    for (; place < static_cast<double>(end); place += 1 + Misses(per_miss)) {
      take(static_cast<std::uint64_t>(place));
    }
  }

  std::uint64_t Below(std::uint64_t limit) {
    return std::uniform_int_distribution<std::uint64_t>(0, limit - 1)(random_);
  }

 private:
  double Misses(double per_miss) { return std::floor(std::log1p(-uniform_(random_)) / per_miss); }

  std::mt19937_64 random_;
  std::uniform_real_distribution<double> uniform_{0, 1};
};

enum class Shape : std::uint8_t { kEven, kSkewed, kDense };

storage::NumberSet DrawPopulation(Lottery& lottery, Shape shape, double size, std::uint32_t persons) {
  std::vector<std::uint32_t> numbers;
  numbers.reserve(static_cast<std::size_t>(size * 1.1) + 100);
  const auto take = [&](std::uint64_t number) { numbers.push_back(static_cast<std::uint32_t>(number)); };
  const double chance = size / persons;
  if (shape == Shape::kEven) {
    lottery.Draw(0, persons, chance, take);
  } else if (shape == Shape::kDense) {
    const auto run = std::min<std::uint64_t>(persons, static_cast<std::uint64_t>(size / kDenseShare));
    const std::uint64_t begin = lottery.Below(persons - run + 1);
    lottery.Draw(begin, begin + run, size / static_cast<double>(run), take);
  } else {
    for (std::uint64_t step = 0; step < kSkewSteps; ++step) {
      const double remaining = 1 - (static_cast<double>(step) + 0.5) / kSkewSteps;
      lottery.Draw(step * persons / kSkewSteps, (step + 1) * persons / kSkewSteps,
                   std::min(1.0, 3 * chance * remaining * remaining), take);
    }
  }
  storage::NumberSet set = storage::MakeNumberSet(numbers);
  set.runOptimize();
  return set;
}

storage::NumberSet DrawPart(Lottery& lottery, const storage::NumberSet& whole, double share) {
  std::vector<std::uint32_t> numbers(whole.cardinality());
  whole.toUint32Array(numbers.data());
  std::vector<std::uint32_t> part;
  lottery.Draw(0, numbers.size(), share, [&](std::uint64_t place) { part.push_back(numbers[place]); });
  storage::NumberSet set = storage::MakeNumberSet(part);
  set.runOptimize();
  return set;
}

// Upper end of a logarithmic scale of sizes with the given mean.
absl::StatusOr<double> LargestProject(double mean, double persons) {
  const auto mean_up_to = [](double largest) {
    return (largest - kSmallestProject) / std::log(largest / kSmallestProject);
  };
  double low = kSmallestProject + 1;
  double high = persons;
  if (mean < mean_up_to(low) || mean > mean_up_to(high)) {
    return CannotBeMet("no spread of project sizes gives so many memberships");
  }
  for (int step = 0; step < 100; ++step) {
    const double middle = (low + high) / 2;
    (mean_up_to(middle) < mean ? low : high) = middle;
  }
  return high;
}

std::string ProjectIdOf(std::uint32_t number) { return absl::StrCat("P", absl::Dec(number, absl::kZeroPad4)); }

void SetMark(const std::string& actor, records::MarkRecord& mark) {
  mark.set_actor(actor);
  mark.set_time_us(kSubmittedUs);
}

void AddSource(const std::string& register_id, records::ScopeRecord scope, records::CaseRecord& project_case) {
  records::SourceRecord& source = *project_case.add_sources();
  source.set_register_id(register_id);
  source.set_defines_population(scope == records::SCOPE_RECORD_OWN);
  source.set_scope(scope);
  source.set_legal_reference("helseregisterloven § 19 a");
}

records::ProjectRecord MakeProject(const std::string& id, std::uint64_t approved_persons) {
  records::ProjectRecord project;
  project.set_id(id);
  project.set_state(records::PROJECT_STATE_RECORD_ACTIVE);
  project.set_key_version(1);
  records::CaseRecord& project_case = *project.mutable_project_case();
  project_case.set_title("An invented study, number " + id);
  project_case.set_purpose("To measure how long an answer takes when there are many projects.");
  project_case.set_purpose_kind(1);
  project_case.set_data_user("An invented university");
  project_case.set_decision_reference("26/01234");
  project_case.set_decision_date("2026-09-01");
  project_case.set_legal_basis("§§ 4, 5 and 7");
  project_case.set_linkage_performer(1);
  AddSource("NPR", records::SCOPE_RECORD_OWN, project_case);
  AddSource("KREFT", records::SCOPE_RECORD_INTERSECTION, project_case);
  project_case.set_approved_persons(approved_persons);
  project_case.set_start_date("2026-09-01");
  project_case.set_end_date("2090-12-31");
  project_case.set_deletion_date("2091-12-31");
  project_case.set_contact("study@example.org");
  SetMark("kari.caseworker", *project.mutable_created());
  SetMark("ola.keyofficer", *project.mutable_activated());
  return project;
}

records::KeyFileRecord MakeKeyFile(const std::string& project, const std::string& register_id,
                                   records::ScopeRecord scope, const storage::SetId& set, std::uint64_t rows) {
  records::KeyFileRecord key_file;
  key_file.set_project_id(project);
  key_file.set_register_id(register_id);
  key_file.set_number(1);
  key_file.set_scope(scope);
  key_file.set_file_name(register_id + "_" + project + "_0001.csv.age");
  key_file.set_rows(rows);
  key_file.set_persons(rows);
  key_file.set_key_version(1);
  key_file.set_expiry_date("2091-12-31");
  key_file.set_usage_due_date("2091-12-31");
  key_file.set_set(set);
  SetMark("ola.keyofficer", *key_file.mutable_issued());
  SetMark(register_id, *key_file.mutable_first_fetched());
  return key_file;
}

absl::StatusOr<std::uint64_t> FillProject(const server::Core& core, std::uint32_t number, storage::NumberSet population,
                                          Lottery& lottery) {
  storage::WriteBatch batch;
  const std::string id = ProjectIdOf(number);
  const std::uint64_t size = population.cardinality();
  storage::ProjectStore::Put(MakeProject(id, size), batch);
  records::SubmissionRecord submission;
  submission.set_project_id(id);
  submission.set_register_id("NPR");
  submission.set_number(1);
  submission.add_columns("fnr");
  submission.mutable_counts()->set_rows(size);
  submission.mutable_counts()->set_valid_rows(size);
  submission.mutable_counts()->set_identifiers(size);
  KOBLING_ASSIGN_OR_RETURN(*submission.mutable_index_set(), core.sets.Put(population, batch));
  SetMark("NPR", *submission.mutable_submitted());
  storage::ProjectStore::Put(submission, batch);
  if (number % 2 == 0) {
    storage::ProjectStore::Put(MakeKeyFile(id, "NPR", records::SCOPE_RECORD_OWN, submission.index_set(), size), batch);
    const storage::NumberSet matched = DrawPart(lottery, population, 1.0 / 3);
    KOBLING_ASSIGN_OR_RETURN(const storage::SetId matched_set, core.sets.Put(matched, batch));
    storage::ProjectStore::Put(
        MakeKeyFile(id, "KREFT", records::SCOPE_RECORD_INTERSECTION, matched_set, matched.cardinality()), batch);
  }
  if (number % 4 == 0) {
    const storage::NumberSet used = DrawPart(lottery, population, 0.95);
    records::UsageRecord usage;
    usage.set_project_id(id);
    usage.set_register_id("NPR");
    usage.set_key_file_number(1);
    usage.set_delivery_reference("NPR-2026-1");
    usage.set_version(1);
    usage.set_sequence(1);
    usage.set_delivered_on("2026-10-01");
    usage.set_recipient("an analysis room");
    KOBLING_ASSIGN_OR_RETURN(*usage.mutable_used_set(), core.sets.Put(used, batch));
    usage.set_used(used.cardinality());
    usage.set_rows(used.cardinality());
    SetMark("NPR", *usage.mutable_reported());
    storage::ProjectStore::Put(usage, batch);
  }
  KOBLING_RETURN_IF_ERROR(core.store.Commit(batch));
  return size;
}

absl::Status FillRegisters(const server::Core& core) {
  storage::WriteBatch batch;
  for (const std::string id : {"NPR", "KREFT"}) {
    records::RegisterRecord record;
    record.set_id(id);
    record.set_name("Invented register " + id);
    record.set_controller("Invented controller");
    record.set_contact("register@example.org");
    record.set_inclusion_reference("helseregisterloven § 11");
    record.set_inclusion_date("2023-01-11");
    SetMark("kari.caseworker", *record.mutable_created());
    storage::RegisterStore::Put(record, batch);
  }
  return core.store.Commit(batch);
}

}  // namespace

absl::StatusOr<std::vector<domain::NationalId>> InventedPersons(std::uint32_t skip, std::uint32_t count) {
  std::vector<domain::NationalId> persons;
  persons.reserve(count);
  domain::NationalIdParts parts;
  for (parts.day = 1; parts.day <= 28; ++parts.day) {
    for (parts.month = 1; parts.month <= 12; ++parts.month) {
      for (parts.two_digit_year = 0; parts.two_digit_year < 100; ++parts.two_digit_year) {
        for (parts.individual = 0; parts.individual < 1000; ++parts.individual) {
          if (persons.size() == count) {
            return persons;
          }
          const auto made = domain::MakeValid(parts);
          if (made.has_value() && skip > 0) {
            --skip;
          } else if (made.has_value()) {
            persons.push_back(*made);
          }
        }
      }
    }
  }
  return CannotBeMet("more persons than there are synthetic identifiers");
}

absl::StatusOr<std::uint64_t> FillInsightData(const server::Core& core, const InsightDataOptions& options) {
  if (core.directory.size() != 0) {
    return CannotBeMet("the database is not empty");
  }
  const double mean = static_cast<double>(options.memberships) / options.projects;
  KOBLING_ASSIGN_OR_RETURN(const double largest, LargestProject(mean, options.persons));
  KOBLING_RETURN_IF_ERROR(FillDirectory(core, options.persons));
  KOBLING_RETURN_IF_ERROR(FillRegisters(core));
  Lottery lottery(options.seed);
  std::vector<std::uint32_t> order(options.projects);  // so that a project's shape says nothing about its size
  for (std::uint32_t i = 0; i < options.projects; ++i) {
    order[i] = i;
    std::swap(order[i], order[lottery.Below(std::uint64_t{i} + 1)]);
  }
  constexpr Shape kShapes[] = {Shape::kEven, Shape::kSkewed, Shape::kEven, Shape::kDense};
  std::uint64_t memberships = 0;
  for (std::uint32_t i = 0; i < options.projects; ++i) {
    const double step = (order[i] + 0.5) / options.projects;
    const double size = kSmallestProject * std::pow(largest / kSmallestProject, step);
    // Shapes change every fourth project, so that each shape comes with and without key files and reports.
    const Shape shape = kShapes[i / 4 % 4];
    KOBLING_ASSIGN_OR_RETURN(const std::uint64_t members,
                             FillProject(core, i + 1, DrawPopulation(lottery, shape, size, options.persons), lottery));
    memberships += members;
  }
  return memberships;
}

}  // namespace kobling::bench
