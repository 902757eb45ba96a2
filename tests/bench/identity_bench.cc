// What the identity history costs with many persons and projects. Works on an installation that insight_bench has
// filled; tests/bench/identity.sh runs the whole of it. Prints measurements for tests/bench/report.py.
#include <CLI/CLI.hpp>
#include <fstream>
#include <functional>
#include <iostream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "domain/status_macros.h"
#include "server/use_cases/corrections.h"
#include "server/use_cases/scrub.h"
#include "tests/bench/bench_program.h"
#include "tests/bench/insight_data.h"
#include "tests/bench/opened_core.h"
#include "tests/bench/timed_lookups.h"

namespace kobling::bench {
namespace {

struct EventOptions {
  std::string catalogue_file;
  std::string changes_file;
  std::uint32_t events = 1'000'000;
  std::uint32_t merges = 100'000;
};

// A line of the feed's CSV file.
class EventFile {
 public:
  EventFile(const std::string& path, std::uint64_t first) : file_(path), next_(first) {
    file_ << "sequence;event;identifier;other;effective_date\n";
  }
  void Add(std::string_view event, const std::string& identifier, const std::string& other = {}) {
    file_ << next_++ << ';' << event << ';' << identifier << ';' << other << ";2026-11-01\n";
  }
  std::uint64_t next() const { return next_; }

 private:
  std::ofstream file_;
  std::uint64_t next_;
};

// Everybody who is known, then a day of changes: of a million events 100,000 merges, half of them split again, 450,000
// new numbers, and the rest ends, flags and births.
absl::Status WriteEvents(const std::string& config_file, const EventOptions& options) {
  KOBLING_ASSIGN_OR_RETURN(const auto opened, OpenedCore::Open(config_file));
  const std::uint32_t persons = opened->core().directory.size();
  storage::NumberSet everybody;
  everybody.addRange(0, persons);
  KOBLING_ASSIGN_OR_RETURN(const std::vector<std::string> known, opened->Identifiers(everybody));
  EventFile catalogue(options.catalogue_file, 1);
  for (const std::string& identifier : known) {
    catalogue.Add("created", identifier);
  }
  KOBLING_ASSIGN_OR_RETURN(const std::vector<domain::NationalId> strangers, InventedPersons(persons, options.events));
  EventFile changes(options.changes_file, catalogue.next());
  std::mt19937_64 random(1);
  const auto any = [&]() -> const std::string& { return known[random() % known.size()]; };
  std::vector<std::pair<std::string, std::string>> merged;
  std::size_t stranger = 0;
  const std::uint64_t end = catalogue.next() + options.events;
  const double merge_share = static_cast<double>(options.merges) / options.events;
  while (changes.next() < end) {
    const double draw = static_cast<double>(random() % 1'000'000) / 1'000'000;
    if (draw < merge_share) {
      merged.emplace_back(any(), any());
      if (merged.back().first == merged.back().second) {
        merged.pop_back();
        continue;
      }
      changes.Add("merged", merged.back().first, merged.back().second);
    } else if (draw < 1.5 * merge_share) {
      if (!merged.empty()) {
        const auto pair = merged[random() % merged.size()];
        changes.Add("split", pair.second, pair.first);
      }
    } else if (draw < 1.5 * merge_share + 0.45) {
      changes.Add("replaced", TextOf(strangers[stranger++]), any());
    } else if (draw < 0.8) {
      changes.Add("ended", any());
    } else if (draw < 0.9) {
      changes.Add("protected", any());
    } else if (draw < 0.92) {
      changes.Add("annulled", any());
    } else {
      changes.Add("created", TextOf(strangers[stranger++]));
    }
  }
  Report("identity_merges", static_cast<double>(merged.size()));
  return absl::OkStatus();
}

// The project with the most people that has key files.
std::string LargestProject(const server::Core& core) {
  const server::State::View state = core.state.Read();
  std::string largest;
  std::uint64_t most = 0;
  for (const auto& [id, project] : state->projects) {
    if (!project.rows.key_files.empty() && project.index.cardinality() > most) {
      most = project.index.cardinality();
      largest = id;
    }
  }
  return largest;
}

absl::Status Time(std::string_view key, const std::function<absl::Status()>& work) {
  const auto start = SteadyClock::now();
  KOBLING_RETURN_IF_ERROR(work());
  Report(key, SecondsSince(start));
  return absl::OkStatus();
}

absl::Status MeasureLookups(const OpenedCore& opened, std::size_t lookups) {
  const server::Core& core = opened.core();
  std::mt19937_64 random(2);
  storage::NumberSet all;
  all.addRange(0, core.directory.size());
  std::vector<std::uint32_t> numbers(core.identities.WithHistory(all).cardinality());
  core.identities.WithHistory(all).toUint32Array(numbers.data());
  storage::NumberSet drawn;
  while (drawn.cardinality() < std::min(lookups, numbers.size())) {
    drawn.add(numbers[random() % numbers.size()]);
  }
  KOBLING_ASSIGN_OR_RETURN(const server::Call call, LookupCall());
  KOBLING_ASSIGN_OR_RETURN(const std::vector<std::string> persons, opened.Identifiers(drawn));
  KOBLING_ASSIGN_OR_RETURN(TimedLookups timed, TimeLookups(opened, call, persons));
  Report("identity_lookup_", PercentilesOf(std::move(timed.durations)));
  return absl::OkStatus();
}

absl::Status Measure(const std::string& config_file, std::size_t lookups) {
  const auto start = SteadyClock::now();
  KOBLING_ASSIGN_OR_RETURN(const auto opened, OpenedCore::Open(config_file));
  Report("identity_open", SecondsSince(start));
  const server::Core& core = opened->core();
  Report("identity_persons_with_several", static_cast<double>(core.identities.counts().persons_with_several));
  KOBLING_RETURN_IF_ERROR(Time("identity_replay", [&] {
    storage::IdentityReplay replay(core.identity_log);
    return replay.AdvanceTo(core.identities.version()).status();
  }));
  KOBLING_RETURN_IF_ERROR(MeasureLookups(*opened, lookups));
  const server::Corrections corrections(core);
  KOBLING_ASSIGN_OR_RETURN(const server::Call list, CallBy(domain::Role::kKeyOfficer, "ola.keyofficer",
                                                           "/kobling.v1.CorrectionService/ListCorrections"));
  KOBLING_RETURN_IF_ERROR(Time("identity_review_all", [&]() -> absl::Status {
    KOBLING_ASSIGN_OR_RETURN(const auto response, corrections.List(list, {}));
    Report("identity_projects_to_review", response.projects_to_review_size());
    return absl::OkStatus();
  }));
  server::api::ListCorrectionsRequest one;
  one.set_project_id(LargestProject(core));
  KOBLING_RETURN_IF_ERROR(Time("identity_review_one", [&]() -> absl::Status {
    KOBLING_ASSIGN_OR_RETURN(const auto response, corrections.List(list, one));
    std::uint64_t rows = 0;
    for (const auto& line : response.registers()) {
      rows += line.waiting_rows();
    }
    Report("identity_waiting_rows", static_cast<double>(rows));
    return absl::OkStatus();
  }));
  KOBLING_ASSIGN_OR_RETURN(const server::Call scrub,
                           CallBy(domain::Role::kOperator, "drift", "/kobling.v1.OperatorService/Scrub"));
  return Time("identity_scrub", [&]() -> absl::Status {
    KOBLING_ASSIGN_OR_RETURN(const auto report, server::Scrub(core).Run(scrub, {}));
    if (!report.sound()) {
      std::cerr << report.DebugString();
    }
    return absl::OkStatus();
  });
}

int Run(int argc, char** argv) {
  CLI::App app("Measures the identity history on an installation that insight_bench has filled.");
  app.require_subcommand(1);
  std::string config_file;
  EventOptions options;
  CLI::App* events = app.add_subcommand("events", "Writes files of events about the persons in the directory");
  events->add_option("--config", config_file, "The installation's koblingd.toml")->required();
  events->add_option("--catalogue", options.catalogue_file, "Everybody, as created")->required();
  events->add_option("--changes", options.changes_file, "What happens then")->required();
  events->add_option("--events", options.events, "Changes")->capture_default_str()->check(CLI::PositiveNumber);
  events->add_option("--merges", options.merges, "Merges among them, about")->capture_default_str();
  std::size_t lookups = 2000;
  CLI::App* measure = app.add_subcommand("measure", "Opens it as the server does and measures what follows");
  measure->add_option("--config", config_file, "The installation's koblingd.toml")->required();
  measure->add_option("--lookups", lookups, "Persons with several identifiers to look up")->capture_default_str();
  return RunProgram(app, argc, argv, [&] {
    return events->parsed() ? WriteEvents(config_file, options) : Measure(config_file, lookups);
  });
}

}  // namespace
}  // namespace kobling::bench

int main(int argc, char** argv) { return kobling::bench::Run(argc, argv); }
