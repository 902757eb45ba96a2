#!/usr/bin/env bash
# Measures insight with many projects: look-ups, memory, start, bytes per set element.
#
#   ./tests/bench/insight.sh                      1,000 projects, 100,000,000 memberships of 10,000,000 persons
#   ./tests/bench/insight.sh --projects N --memberships N --persons N
#   ./tests/bench/insight.sh --lookups N          so many persons, each once (default 2000)
#   ./tests/bench/insight.sh --dir DIR            put everything below DIR, on the disk that is to be measured
#   ./tests/bench/insight.sh --build DIR          the build to measure (default build/release)
#   ./tests/bench/insight.sh --keep               do not delete the files at the end
set -euo pipefail
# shellcheck source=tests/bench/common.sh
. "$(dirname "$0")/common.sh"
projects=1000
memberships=100000000
persons=10000000
lookups=2000
parse_options "projects= memberships= persons= lookups= keep" "$@"
begin "$koblingd" "$build"/tests/bench/{insight,client}_bench
insight_bench="$build/tests/bench/insight_bench"

init_server
certificate insight-portal innsyn.portal
certificate caseworker kari.caseworker
say "Filling $projects projects with $memberships memberships ..."
timeout 7200 "$insight_bench" fill --config "$config" --persons "$persons" --projects "$projects" \
  --memberships "$memberships" >>"$measured"
say "Looking up $lookups persons ..."
timeout 3600 "$insight_bench" measure --config "$config" --lookups "$lookups" \
  --write-persons "$work/persons.txt" >>"$measured"
record_value insight_data "$(du -sb "$work/server/data" | awk '{ print $1 / 1048576 }')"

say "Starting the server on it ..."
start_server
record_value insight_start "$started_in"
record_value insight_memory "$(server_memory VmRSS)"
for clients in 1 64; do
  client_bench calls innsyn.portal --method insight --clients "$clients" --calls $((lookups / clients + 1)) \
    --identifiers "$work/persons.txt"
  client_bench calls kari.caseworker --method server-info --clients "$clients" --calls 200
done
# The whole list comes in one answer, so it grows with the projects: few calls say enough.
client_bench calls kari.caseworker --method project-list --clients 1 --calls 20
record_value insight_memory_peak "$(server_memory VmHWM)"

"$here/report.py" <"$measured"
