#include "tests/bench/bench_program.h"

#include <iostream>

namespace kobling::bench {

double SecondsSince(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

void Report(std::string_view key, double value) { std::cout << "value\t" << key << '\t' << value << '\n'; }

void Report(const std::string& key, const Percentiles& percentiles) {
  Report(key + "p50", percentiles.p50.count());
  Report(key + "p99", percentiles.p99.count());
  Report(key + "max", percentiles.max.count());
}

int RunProgram(CLI::App& app, int argc, char** argv, const std::function<absl::Status()>& work) {
  std::cout.precision(10);
  CLI11_PARSE(app, argc, argv);
  if (const absl::Status status = work(); !status.ok()) {
    std::cerr << "error: " << status << '\n';
    return 1;
  }
  return 0;
}

}  // namespace kobling::bench
