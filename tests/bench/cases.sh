#!/usr/bin/env bash
# Measures what a case costs over the years, with the real programs over mutual TLS, everything durable: a delta of one
# person in a hundred, a national reservation list, a past key file made again, the dossier of a large project.
#
#   ./tests/bench/cases.sh                    5,000,000 persons, 500,000 reservations; prints Markdown tables
#   ./tests/bench/cases.sh --persons N        another number of persons; one in ten of them is reserved
#   ./tests/bench/cases.sh --dir DIR          put everything below DIR, on the disk that is to be measured
#   ./tests/bench/cases.sh --build DIR        the build to measure (default build/release)
#   ./tests/bench/cases.sh --keep             do not delete the files at the end
set -euo pipefail
# shellcheck source=tests/bench/common.sh
. "$(dirname "$0")/common.sh"
persons=5000000
parse_options "persons= keep" "$@"
begin "$koblingd" "$kobling"
new=$((persons / 100))
reserved=$((persons / 10))
registers=20
deliveries=50

say "Making $((persons + new)) invented persons ..."
"$kobling" --quiet testdata --persons $((persons + new)) --dir "$work/testdata" >/dev/null
"$here/bench_files.py" "$work/testdata/npr_population.csv" "$work" "$persons" "$new"
rm -rf "$work/testdata" "$work/extract.csv" "$work/half.csv"
sed -n "$((persons / 2)),$((persons / 2 + reserved - 1))p" "$work/identifiers.csv" >"$work/reserved.txt"
head -n $((reserved / 100)) "$work/reserved.txt" >"$work/few.txt"

init_server
start_server
callers caseworker:kari.caseworker key-officer:ola.keyofficer auditor:anne.auditor identity-feed:reservations \
  insight-portal:portal register:NPR
enrol NPR
source_block() { printf '\n[[sources]]\nregister_id = "%s"\nlegal_reference = "helseregisterloven § 19 e"\n%s\n' "$1" "$2"; }
case_head $((persons + new)) >"$work/case.toml"
source_block NPR $'defines_population = true\nscope = "own"' >>"$work/case.toml"
new_project

say "A population of $persons, its full key file, and one in a hundred more ..."
as NPR population submit "$project" --file "$work/identifiers.csv" --column fnr >/dev/null
as NPR population complete "$project" >/dev/null
measure issue "$persons" as ola.keyofficer keyfile issue "$project" NPR
mkdir "$work/register"
as NPR keyfile fetch "$project" --out "$work/register" >/dev/null
as ola.keyofficer project reopen-source "$project" NPR --reason "yearly update" >/dev/null
as NPR population submit "$project" --file "$work/small.txt" --column 1 --no-header >/dev/null
as NPR population complete "$project" >/dev/null
measure issue_delta "$new" as ola.keyofficer keyfile issue "$project" NPR --since 1
measure fetch_delta "$new" as NPR keyfile fetch "$project" --number 2 --out "$work/register"
measure open_delta "$new" as NPR keyfile open "$work/register/NPR_${project}_0002.csv.age" --out "$work/register/delta.csv"
[ "$(wc -l <"$work/register/delta.csv")" -eq $((new + 1)) ] || fail "the delta does not have $new rows."
measure reproduce "$persons" as anne.auditor keyfile reproduce "$project" NPR 1 --purpose "benchmark"

say "A national reservation list of $reserved ..."
load() {
  measure "$1" "$2" as reservations reservation load --file "$3" --no-header --column 1 --mode "$4" --date "$(date +%F)" \
    --legal-reference "EHDS art. 71"
}
load reserve "$reserved" "$work/reserved.txt" replace
load reserve_remove $((reserved / 100)) "$work/few.txt" remove
load reserve_replace "$reserved" "$work/reserved.txt" replace
measure issue_delta_reserved $((reserved + new)) as ola.keyofficer keyfile issue "$project" NPR --since 1
measure later_reservations "$persons" as ola.keyofficer project show "$project"
record_value reservation_memory "$(server_memory VmHWM)"
stop_server
start_server
record_value reservation_start "$started_in"

say "A project with $registers registers and $deliveries deliveries, and its dossier ..."
case_head 2000 >"$work/case.toml"
source_block NPR $'defines_population = true\nscope = "own"' >>"$work/case.toml"
for ((i = 2; i <= registers; i++)); do
  callers "register:R$i"
  enrol "R$i"
  source_block "R$i" $'scope = "population"\nscope_reason = "benchmark"' >>"$work/case.toml"
done
new_project
head -n 1001 "$work/identifiers.csv" >"$work/thousand.csv"
as NPR population submit "$project" --file "$work/thousand.csv" --column fnr >/dev/null
as NPR population complete "$project" >/dev/null
for ((i = 1; i <= registers; i++)); do
  register=$([ "$i" = 1 ] && echo NPR || echo "R$i")
  as ola.keyofficer keyfile issue "$project" "$register" >/dev/null
  as "$register" keyfile fetch "$project" --out "$work/register" >/dev/null
  as "$register" keyfile open "$work/register/${register}_${project}_0001.csv.age" --out "$work/register/$i.csv" >/dev/null
  tail -n +2 "$work/register/$i.csv" | cut -d ';' -f 2 | sort -u >"$work/register/$i.txt"
  rm "$work/register/$i.csv"
  for ((delivery = 1; delivery <= (i <= deliveries - 2 * registers ? 3 : 2); delivery++)); do
    as "$register" usage report "$project" --keyfile 1 --delivery "$register-$delivery" --delivered-on "$(date +%F)" \
      --recipient "an analysis room" --file "$work/register/$i.txt" >/dev/null
  done
done
measure dossier "$deliveries" as anne.auditor audit dossier "$project" --out "$work/dossier"
measure disclosures "$deliveries" as anne.auditor audit disclosures --project "$project" --format csv
[ "$(wc -l <"$work/answer.txt")" -eq $((deliveries + 1)) ] || fail "there are not $deliveries deliveries."

"$here/report.py" <"$measured"
