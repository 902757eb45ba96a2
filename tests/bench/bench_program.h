// What the benchmark programs share: measurements for tests/bench/report.py on standard output, and how a program ends.
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "tests/bench/percentiles.h"

namespace kobling::bench {

using SteadyClock = std::chrono::steady_clock;

double SecondsSince(SteadyClock::time_point start);

void Report(std::string_view key, double value);
// Three measurements: the key followed by p50, p99 and max.
void Report(const std::string& key, const Percentiles& percentiles);

// Parses the command line and does the work, unless the line says otherwise. The program's exit status.
int RunProgram(CLI::App& app, int argc, char** argv, const std::function<absl::Status()>& work);

}  // namespace kobling::bench
