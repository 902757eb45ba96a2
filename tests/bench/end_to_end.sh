#!/usr/bin/env bash
# Measures the whole path with the real programs: from a CSV file to a delivery, over mutual TLS, everything durable.
#
#   ./tests/bench/end_to_end.sh                   1,000,000 persons; prints Markdown tables
#   ./tests/bench/end_to_end.sh --persons N       another number of persons: 5600000 is a national load
#   ./tests/bench/end_to_end.sh --submissions N   so many small submissions of 1,000 new rows (default 1000)
#   ./tests/bench/end_to_end.sh --runs R          repeat what can be repeated and print medians (default 1)
#   ./tests/bench/end_to_end.sh --dir DIR         put everything below DIR, on the disk that is to be measured
#   ./tests/bench/end_to_end.sh --build DIR       the build to measure (default build/release)
#   ./tests/bench/end_to_end.sh --keep            do not delete the files at the end
set -euo pipefail
# shellcheck source=tests/bench/common.sh
. "$(dirname "$0")/common.sh"
persons=1000000
submissions=1000
runs=1
parse_options "persons= submissions= runs= keep" "$@"
begin "$koblingd" "$kobling" "$build/tests/bench/client_bench"
small_rows=1000

# Without the text that RocksDB writes about itself.
data_bytes() { du -sb --exclude="LOG*" "$work/server/data" | cut -f 1; }
# The log of a database that was just opened holds nothing that its tables hold as well.
restart() { stop_server; start_server; record_value restart "$started_in"; }

say "Making $persons invented persons ..."
"$kobling" --quiet testdata --persons $((persons + submissions * small_rows)) --dir "$work/testdata" >/dev/null
"$here/bench_files.py" "$work/testdata/npr_population.csv" "$work" "$persons" $((submissions * small_rows))
rm -rf "$work/testdata"

say "Installing ..."
init_server
start_server
callers caseworker:kari.caseworker key-officer:ola.keyofficer register:NPR register:KREFT
enrol NPR
enrol KREFT
case_head $((persons + submissions * small_rows)) >"$work/case.toml"
cat >>"$work/case.toml" <<TOML

[[sources]]
register_id = "NPR"
defines_population = true
scope = "own"
legal_reference = "NPR-forskriften § 3-6"

[[sources]]
register_id = "KREFT"
scope = "intersection"
legal_reference = "Kreftregisterforskriften § 3-5"
TOML

say "First submission: nobody is known ..."
new_project
measure submit_new "$persons" as NPR population submit "$project" --file "$work/identifiers.csv" --column fnr
record_value memory_first "$(server_memory VmRSS)"
record_value memory_peak_first "$(server_memory VmHWM)"
restart
before="$(data_bytes)"
record_value bytes_per_identifier "$(awk -v b="$before" -v n="$persons" 'BEGIN { print b / n }')"

for ((run = 1; run <= runs; run++)); do
  say "Run $run of $runs ..."
  new_project
  measure submit_known "$persons" as NPR population submit "$project" --file "$work/identifiers.csv" --column fnr
  as NPR population complete "$project" >/dev/null
  as ola.keyofficer keyfile open-match "$project" KREFT --max-rows $((persons + 1000)) >/dev/null
  measure match "$persons" as KREFT keyfile match "$project" --file "$work/identifiers.csv" --column fnr
  folder="$work/register-$run"
  mkdir "$folder"
  measure issue "$persons" as ola.keyofficer keyfile issue "$project" NPR
  together="$last_seconds"
  measure fetch "$persons" as NPR keyfile fetch "$project" --out "$folder"
  together="$together $last_seconds"
  sealed="$folder/NPR_${project}_0001.csv.age"
  measure open "$persons" as NPR keyfile open "$sealed" --out "$folder/opened.csv"
  together="$together $last_seconds"
  record_rows issue_fetch_open "$persons" "$(awk '{ printf "%.6f", $1 + $2 + $3 }' <<<"$together")"
  [ "$(wc -l <"$folder/opened.csv")" -eq $((persons + 1)) ] || fail "the key file does not have $persons rows."
  measure apply "$persons" as NPR apply --keyfile "$sealed" --in "$work/extract.csv" --column fnr \
    --out "$folder/delivery.csv" --used "$folder/used.txt"
  [ "$(wc -l <"$folder/delivery.csv")" -eq $((persons + 1)) ] || fail "the delivery does not have $persons rows."
  measure usage "$persons" as NPR usage report "$project" --keyfile 1 --delivery "NPR-$run" \
    --delivered-on "$(date +%F)" --recipient "an analysis room" --file "$folder/used.txt"
  as ola.keyofficer keyfile issue "$project" KREFT --format json >"$work/issued.json"
  [ "$(field rows <"$work/issued.json")" -eq "$persons" ] || fail "the match does not have $persons rows."
  rm -rf "$folder"
done

record_value memory_peak_runs "$(server_memory VmHWM)"

say "A set of its own: every second identifier ..."
new_project
restart
before="$(data_bytes)"
as NPR population submit "$project" --file "$work/half.csv" --column fnr >/dev/null
restart
record_value bytes_per_element_half \
  "$(awk -v b="$(($(data_bytes) - before))" -v n="$(($(wc -l <"$work/half.csv") - 1))" 'BEGIN { print b / n }')"

say "$submissions submissions of $small_rows new rows ..."
new_project
client_bench submissions NPR --project "$project" --identifiers "$work/small.txt" --rows "$small_rows"
for clients in 1 64; do
  client_bench calls kari.caseworker --method server-info --clients "$clients" --calls 200
  client_bench calls kari.caseworker --method project-list --clients "$clients" --calls 200
done
record_value memory_end "$(server_memory VmRSS)"

"$here/report.py" <"$measured"
