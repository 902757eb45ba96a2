#!/usr/bin/env bash
# Installs what is missing, builds Kobling and runs all its tests.
#
#   ./tests/run.sh                 the release build, every test: what CI runs
#   ./tests/run.sh --preset asan   another preset: debug, asan (AddressSanitizer and UBSan), tsan
#   ./tests/run.sh --long          crash, fault and model tests with many more seeds and places (an hour or more)
set -euo pipefail
cd "$(dirname "$0")/.."

preset=release
while [ $# -gt 0 ]; do
  case "$1" in
    --preset) preset="${2:?--preset needs a name: debug, release, asan or tsan}"; shift 2 ;;
    --long) export KOBLING_LONG_TESTS=1; shift ;;
    -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "error: unknown option $1; see $0 --help" >&2; exit 1 ;;
  esac
done

./deploy/install-packages.sh
cmake --preset "$preset" -Wno-dev >"build-$preset.log" 2>&1 || { cat "build-$preset.log" >&2; exit 1; }
rm -f "build-$preset.log"
cmake --build --preset "$preset"
ctest --preset "$preset"
