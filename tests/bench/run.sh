#!/usr/bin/env bash
# Runs all benchmarks and writes the results to standard output as Markdown. docs/benchmarks.md says what they mean.
#
#   ./tests/bench/run.sh --quick               a smoke test of some minutes: 20,000 persons, 100 projects; says nothing
#   ./tests/bench/run.sh                       1,000,000 persons, 1,000 projects, 10^8 memberships, 3 runs
#   ./tests/bench/run.sh --full                5,600,000 persons, 10,000 projects, 10^9 memberships, 3 runs
#   ./tests/bench/run.sh --dir DIR             put data below DIR, on the disk that is to be measured
#   ./tests/bench/run.sh --build DIR           the build to measure (default build/release)
set -euo pipefail
# shellcheck source=tests/bench/common.sh
. "$(dirname "$0")/common.sh"
quick=no
full=no
parse_options "quick full" "$@"
size=normal
[ "$quick" = no ] || size=quick
[ "$full" = no ] || size=full
case "$size" in
  quick)
    persons=20000 submissions=20 runs=1 min_time=0.01
    projects=100 memberships=200000 directory=50000 lookups=200 events=5000 ;;
  normal)
    persons=1000000 submissions=1000 runs=3 min_time=0.5
    projects=1000 memberships=100000000 directory=10000000 lookups=2000 events=1000000 ;;
  full)
    persons=5600000 submissions=1000 runs=3 min_time=0.5
    projects=10000 memberships=1000000000 directory=10000000 lookups=5000 events=1000000 ;;
esac
begin "$koblingd" "$kobling" "$build"/tests/bench/{crypto,insight,identity,client}_bench

echo "## Machine"
echo
echo "- $(date -u +%FT%RZ), commit $(git -C "$root" rev-parse --short HEAD 2>/dev/null || echo unknown), size $size"
echo "- $(nproc) processors: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
echo "- $(awk '$1 == "MemTotal:" { printf "%.1f GiB memory", $2 / 1048576 }' /proc/meminfo)," \
  "data on $(df --output=fstype "$work" | tail -n 1)"
echo "- load before the start: $(cut -d ' ' -f 1-3 /proc/loadavg)"
echo
echo "## The whole path, $persons persons"
echo
"$here/end_to_end.sh" --persons "$persons" --submissions "$submissions" --runs "$runs" --dir "$work" --build "$build"
echo "## Cases over the years, $persons persons"
echo
"$here/cases.sh" --persons "$persons" --dir "$work" --build "$build"
echo "## Insight"
echo
"$here/insight.sh" --persons "$directory" --projects "$projects" --memberships "$memberships" --lookups "$lookups" \
  --dir "$work" --build "$build"
echo "## Identity history"
echo
"$here/identity.sh" --persons "$directory" --projects "$projects" --memberships "$memberships" --events "$events" \
  --merges $((events / 10)) --dir "$work" --build "$build"
echo "## What a user would do instead, $persons persons"
echo
"$kobling" --quiet testdata --persons "$persons" --dir "$work/testdata" >/dev/null
"$here/bench_files.py" "$work/testdata/npr_population.csv" "$work" "$persons" 0
chmod 711 "$work"  # the user that PostgreSQL runs as must pass
"$here/postgres.sh" --identifiers "$work/identifiers.csv" --runs "$runs" --dir "$work" --build "$build"
for ((run = 1; run <= runs; run++)); do
  "$here/script_baseline.py" "$work/identifiers.csv" "$work/script.csv"
done | "$here/report.py"
echo "## Innermost steps, one core"
echo
"$build/tests/bench/crypto_bench" --benchmark_format=json --benchmark_min_time="$min_time" 2>/dev/null |
  "$here/report.py" --google-benchmark
