#!/usr/bin/env bash
# Runs the attacks that Kobling stops, and beside each its control: the same without what stops it, or without the attack. Prints what was tried and what stopped it.
#
#   ./tests/attacks.sh                 on what ./tests/run.sh has built
#   ./tests/attacks.sh --preset asan   on another build
#
# tests/attacks.txt lists them. Exit code 2 if an attack succeeds or a control fails, last line: the counts.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=release
while [ $# -gt 0 ]; do
  case "$1" in
    --preset) preset="${2:?--preset needs a name}"; shift 2 ;;
    -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "error: unknown option $1; see $0 --help" >&2; exit 1 ;;
  esac
done

trim() { sed 's/^[[:space:]]*//; s/[[:space:]]*$//'; }

# Whether every test that the filter names is there and passes.
passes() {
  local program="build/$preset/$1" filter="$2" wanted
  wanted="$(($(printf '%s' "$filter" | tr -cd ':' | wc -c) + 1))"
  [ -x "$program" ] || { echo "error: $program is not built; run ./tests/run.sh --preset $preset" >&2; exit 1; }
  "$program" --gtest_filter="$filter" >"$log" 2>&1 && grep -q "^\[  PASSED  \] $wanted tests\?\.$" "$log"
}

log="$(mktemp)"
trap 'rm -f "$log"' EXIT
attacks=0 stopped=0 controls=0 succeeded=0
printf '%-5s  %-75s  %-12s  %-9s  %s\n' TEST "WHAT WAS TRIED" RESULT CONTROL "STOPPED BY"
while IFS='|' read -r id what program attack control by; do
  id="$(trim <<<"$id")" what="$(trim <<<"$what")" program="$(trim <<<"$program")"
  attack="$(trim <<<"$attack")" control="$(trim <<<"$control")" by="$(trim <<<"$by")"
  result="NOT STOPPED" control_result="-"
  attacks=$((attacks + 1))
  if passes "$program" "$attack"; then
    result="stopped" stopped=$((stopped + 1))
  else
    cat "$log" >&2
  fi
  if [ "$control" != - ]; then
    control_result="FAILS" controls=$((controls + 1))
    if passes "$program" "$control"; then
      control_result="holds" succeeded=$((succeeded + 1))
    else
      cat "$log" >&2
    fi
  fi
  printf '%-5s  %-75s  %-12s  %-9s  %s\n' "$id" "$what" "$result" "$control_result" "$by"
done < <(grep -v '^#' tests/attacks.txt)

echo "attacks tried: $attacks, stopped: $stopped; controls: $controls, held: $succeeded"
[ "$attacks" -eq "$stopped" ] && [ "$controls" -eq "$succeeded" ] || exit 2
