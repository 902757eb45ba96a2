// How long a citizen waits for the list of their projects when there are many, how much memory the server needs for
// that, and how many bytes a membership takes. Works on a fresh installation made by `koblingd init`;
// tests/bench/insight.sh runs the whole of it. Prints measurements for tests/bench/report.py.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "domain/status_macros.h"
#include "tests/bench/bench_program.h"
#include "tests/bench/insight_data.h"
#include "tests/bench/opened_core.h"
#include "tests/bench/timed_lookups.h"

namespace kobling::bench {
namespace {

// A line of /proc/self/status, in MiB.
double MemoryMib(std::string_view name) {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    if (word == name) {
      double kib = 0;
      status >> kib;
      return kib / 1024;
    }
  }
  return 0;
}

absl::Status Fill(const std::string& config_file, const InsightDataOptions& options) {
  KOBLING_ASSIGN_OR_RETURN(const auto opened, OpenedCore::Open(config_file));
  const auto start = SteadyClock::now();
  KOBLING_ASSIGN_OR_RETURN(const std::uint64_t memberships, FillInsightData(opened->core(), options));
  Report("persons", options.persons);
  Report("projects", options.projects);
  Report("memberships", static_cast<double>(memberships));
  std::cerr << "filled in " << SecondsSince(start) << " s\n";
  return absl::OkStatus();
}

// Identifiers of random persons, in random order; the same ones for the same seed.
absl::StatusOr<std::vector<std::string>> RandomPersons(const OpenedCore& opened, std::size_t count,
                                                       std::uint64_t seed) {
  const std::uint32_t all = opened.core().directory.size();
  std::mt19937_64 random(seed);
  std::uniform_int_distribution<std::uint32_t> any(0, all - 1);
  storage::NumberSet numbers;
  while (numbers.cardinality() < std::min<std::size_t>(count, all)) {
    numbers.add(any(random));
  }
  KOBLING_ASSIGN_OR_RETURN(std::vector<std::string> persons, opened.Identifiers(numbers));
  std::shuffle(persons.begin(), persons.end(), random);
  return persons;
}

absl::Status MeasureLookups(const OpenedCore& opened, const server::Call& call,
                            const std::vector<std::string>& persons) {
  KOBLING_ASSIGN_OR_RETURN(TimedLookups timed, TimeLookups(opened, call, persons));
  Report("lookup_", PercentilesOf(std::move(timed.durations)));
  Report("projects_per_person", static_cast<double>(timed.projects) / static_cast<double>(persons.size()));
  return absl::OkStatus();
}

// The part of a look-up that waits for the disk: its event.
absl::Status MeasureEvents(const OpenedCore& opened, const server::Call& call, std::size_t count) {
  std::vector<Milliseconds> durations;
  for (std::size_t i = 0; i < count; ++i) {
    transparency::Event event = server::MakeEvent(call);
    event.purpose = kLookupPurpose;
    const auto start = SteadyClock::now();
    KOBLING_RETURN_IF_ERROR(opened.core().committer.Record(std::move(event)));
    durations.emplace_back(SteadyClock::now() - start);
  }
  Report("event_", PercentilesOf(std::move(durations)));
  return absl::OkStatus();
}

// Elements of a set that is used twice count once, as its bytes do.
absl::Status MeasureSets(const OpenedCore& opened) {
  const server::Core& core = opened.core();
  std::set<storage::SetId> ids;
  {
    const server::State::View state = core.state.Read();
    for (const auto& [id, project] : state->projects) {
      for (const auto& submission : project.rows.submissions) {
        ids.insert({submission.index_set(), submission.relative_set()});
      }
      for (const auto& key_file : project.rows.key_files) {
        ids.insert(key_file.set());
      }
      for (const auto& usage : project.rows.usage) {
        ids.insert(usage.used_set());
      }
    }
  }
  double elements = 0;
  for (const storage::SetId& id : ids) {
    KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet set, core.sets.Get(id));
    elements += static_cast<double>(set.cardinality());
  }
  double bytes = 0;
  KOBLING_ASSIGN_OR_RETURN(const auto rows, core.store.Scan(storage::Family::kSets, storage::KeyRange::All()));
  for (; rows->Valid(); rows->Next()) {
    bytes += static_cast<double>(rows->key().size() + rows->value().size());
  }
  KOBLING_RETURN_IF_ERROR(rows->status());
  KOBLING_ASSIGN_OR_RETURN(const std::uint64_t stored, core.store.ApproximateBytes(storage::Family::kSets));
  Report("set_elements", elements);
  Report("set_bytes_in_rows", bytes / elements);
  Report("set_bytes_stored", static_cast<double>(stored) / elements);
  return absl::OkStatus();
}

absl::Status Measure(const std::string& config_file, std::size_t lookups, const std::filesystem::path& persons_file) {
  const auto start = SteadyClock::now();
  KOBLING_ASSIGN_OR_RETURN(const auto opened, OpenedCore::Open(config_file));
  Report("open_seconds", SecondsSince(start));
  Report("open_memory", MemoryMib("VmRSS:"));
  KOBLING_ASSIGN_OR_RETURN(const std::vector<std::string> persons, RandomPersons(*opened, lookups, 1));
  KOBLING_ASSIGN_OR_RETURN(const server::Call call, LookupCall());
  KOBLING_RETURN_IF_ERROR(MeasureLookups(*opened, call, persons));
  Report("lookup_memory", MemoryMib("VmHWM:"));
  KOBLING_RETURN_IF_ERROR(MeasureEvents(*opened, call, std::min<std::size_t>(lookups, 1000)));
  KOBLING_RETURN_IF_ERROR(MeasureSets(*opened));
  if (!persons_file.empty()) {
    std::ofstream file(persons_file);
    for (const std::string& person : persons) {
      file << person << '\n';
    }
  }
  return absl::OkStatus();
}

int Run(int argc, char** argv) {
  CLI::App app("Measures insight on an installation with many projects.");
  app.require_subcommand(1);
  std::string config_file;
  InsightDataOptions options;
  CLI::App* fill = app.add_subcommand("fill", "Fills a fresh installation with invented persons and projects");
  fill->add_option("--config", config_file, "The installation's koblingd.toml")->required();
  fill->add_option("--persons", options.persons, "Persons in the directory")->capture_default_str();
  fill->add_option("--projects", options.projects, "Projects")->capture_default_str()->check(CLI::PositiveNumber);
  fill->add_option("--memberships", options.memberships, "Sum of all projects' populations")->capture_default_str();
  fill->add_option("--seed", options.seed, "The same seed gives the same sets")->capture_default_str();
  std::size_t lookups = 2000;
  std::string persons_file;
  CLI::App* measure = app.add_subcommand("measure", "Opens it as the server does and looks persons up");
  measure->add_option("--config", config_file, "The installation's koblingd.toml")->required();
  measure->add_option("--lookups", lookups, "Persons to look up, each once")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  measure->add_option("--write-persons", persons_file, "Writes the (invented) persons' identifiers to this file");
  return RunProgram(app, argc, argv, [&] {
    return fill->parsed() ? Fill(config_file, options) : Measure(config_file, lookups, persons_file);
  });
}

}  // namespace
}  // namespace kobling::bench

int main(int argc, char** argv) { return kobling::bench::Run(argc, argv); }
