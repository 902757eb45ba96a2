#!/usr/bin/env bash
# Measures the identity history: the feed, look-ups meanwhile, what a start reads, and what merges mean for many projects.
#
#   ./tests/bench/identity.sh --full          10,000,000 persons, 1,000,000 changes with 100,000 merges; 10,000 projects with
#                                             10^9 memberships: a national service after many years
#   ./tests/bench/identity.sh                 the same persons and changes; 1,000 projects with 10^8 memberships
#   ./tests/bench/identity.sh --quick         a smoke test of seconds: 20,000 persons, 100 projects; says nothing
#   ./tests/bench/identity.sh --projects N --memberships N --persons N --events N --merges N
#   ./tests/bench/identity.sh --dir DIR       put everything below DIR, on the disk that is to be measured
#   ./tests/bench/identity.sh --build DIR     the build to measure (default build/release)
#   ./tests/bench/identity.sh --keep          do not delete the files at the end
set -euo pipefail
# shellcheck source=tests/bench/common.sh
. "$(dirname "$0")/common.sh"
quick=no full=no
projects="" memberships="" persons="" events="" merges=""
parse_options "quick full projects= memberships= persons= events= merges= keep" "$@"
if [ "$quick" = yes ]; then
  : "${persons:=20000}" "${events:=5000}" "${merges:=500}" "${projects:=100}" "${memberships:=200000}"
elif [ "$full" = yes ]; then
  : "${projects:=10000}" "${memberships:=1000000000}"
fi
: "${persons:=10000000}" "${events:=1000000}" "${merges:=100000}" "${projects:=1000}" "${memberships:=100000000}"
begin "$koblingd" "$kobling" "$build"/tests/bench/{insight,identity,client}_bench
insight_bench="$build/tests/bench/insight_bench"
identity_bench="$build/tests/bench/identity_bench"

init_server
say "Filling $projects projects with $memberships memberships ..."
timeout 7200 "$insight_bench" fill --config "$config" --persons "$persons" --projects "$projects" \
  --memberships "$memberships" >>"$measured"
timeout 3600 "$insight_bench" measure --config "$config" --lookups 2 --write-persons "$work/persons.txt" >/dev/null
say "Writing $events events ..."
timeout 3600 "$identity_bench" events --config "$config" --catalogue "$work/catalogue.csv" \
  --changes "$work/changes.csv" --events "$events" --merges "$merges" >>"$measured"

start_server
record_value identity_start_before "$started_in"
record_value identity_memory_before "$(server_memory VmRSS)"
callers identity-feed:folkeregisteret insight-portal:innsyn.portal
say "Importing the catalogue and the changes ..."
measure identity_catalogue "$persons" as folkeregisteret identity import --file "$work/catalogue.csv"
# Somebody looks persons up meanwhile, as long as it takes. A look-up that fails ends the benchmark at `wait`.
(until [ -e "$work/imported" ]; do
  client_bench calls innsyn.portal --method insight --clients 1 --calls 50 --identifiers "$work/persons.txt"
done) &
lookups=$!
measure identity_changes "$events" as folkeregisteret identity import --file "$work/changes.csv"
touch "$work/imported"
wait "$lookups" || fail "looking persons up failed while the changes were imported."
measure identity_again "$events" as folkeregisteret identity import --file "$work/changes.csv"
measure identity_only_new "$events" as folkeregisteret identity import --only-new --file "$work/changes.csv"
record_value identity_memory_after "$(server_memory VmRSS)"
record_value identity_data "$(du -sb "$work/server/data" | awk '{ print $1 / 1048576 }')"
stop_server

say "Starting the server on it ..."
start_server
record_value identity_start_after "$started_in"
record_value identity_memory_started "$(server_memory VmRSS)"
certificate caseworker kari.caseworker
client_bench calls innsyn.portal --method insight --clients 64 --calls 50 --identifiers "$work/persons.txt"
# Persons are counted by the map for each project.
client_bench calls kari.caseworker --method project-list --clients 1 --calls 10
stop_server
timeout 7200 "$identity_bench" measure --config "$config" >>"$measured"

"$here/report.py" <"$measured"
