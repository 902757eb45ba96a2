#!/usr/bin/env bash
# The whole job of Kobling in one go: a decision, three registers, one linkage, one citizen's question; a person whose
# identifiers change; and the first project two years later, until its key is gone.
#
#   ./deploy/demo.sh                  installs what is missing, builds, runs the job with 200,000 invented persons
#   ./deploy/demo.sh --persons N      another number of persons
#   ./deploy/demo.sh --dir DIR        keep everything in DIR (default: build/demo; made anew each time)
#   ./deploy/demo.sh --keep-running   leave the server up at the end
set -euo pipefail
cd "$(dirname "$0")/.."
root="$PWD"
persons=200000
dir="$root/build/demo"
keep_running=no
while [ $# -gt 0 ]; do
  case "$1" in
    --persons) persons="${2:?--persons needs a number}"; shift 2 ;;
    --dir) dir="$(realpath -m "${2:?--dir needs a folder}")"; shift 2 ;;
    --keep-running) keep_running=yes; shift ;;
    -h | --help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "error: unknown option $1; see $0 --help" >&2; exit 1 ;;
  esac
done

step() { printf '\n== %s\n' "$*"; }
say() { printf '   %s\n' "$*"; }
fail() { printf '\nerror: %s\n' "$*" >&2; exit 1; }

step "Building (the first time takes some minutes)"
./deploy/install-packages.sh
cmake --preset release -Wno-dev >build-demo.log 2>&1 || { cat build-demo.log >&2; exit 1; }
cmake --build --preset release --target koblingd kobling kobling-witness >build-demo.log 2>&1 || { tail -n 40 build-demo.log >&2; exit 1; }
rm -f build-demo.log
koblingd="$root/build/release/server/koblingd"
kobling="$root/build/release/client/kobling"
kobling_witness="$root/build/release/witness/kobling-witness"
say "koblingd (server), kobling (client) and kobling-witness are in build/release."

if [ -e "$dir" ]; then
  [ -f "$dir/.kobling-demo" ] || fail "$dir exists and was not made by this script; choose another folder with --dir."
  if [ -f "$dir/server.pid" ] && kill -0 "$(cat "$dir/server.pid")" 2>/dev/null; then
    fail "a server of an earlier run is still up; end it and its witness with: kill $(cat "$dir/server.pid" "$dir/witness.pid" | tr '\n' ' ')"
  fi
  rm -rf "$dir"
fi
mkdir -p "$dir/certificates"
chmod 700 "$dir"
touch "$dir/.kobling-demo"
export KOBLING_HOME="$dir/profiles"
started=$SECONDS
clock=()  # what a command runs under, so that its time is another

step "1. The service is installed, with a certificate for each person and register that takes part"
# A free port, written into the configuration, so that profiles stay right when the server is started again.
port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
"$koblingd" init --dir "$dir/server" --environment trial --listen "127.0.0.1:$port" >"$dir/init.txt"
sed -n '/ingerprint/s/^/   /p' "$dir/init.txt"
config="$dir/server/koblingd.toml"
certificate() { "$koblingd" certificate issue --config "$config" --role "$1" --id "$2" --days 825 --out "$dir/certificates/$2" >/dev/null; }
certificate caseworker kari.caseworker
certificate key-officer ola.keyofficer
certificate register NPR
certificate register KREFT
certificate register MFR
certificate insight-portal innsyn.portal
certificate identity-feed reservasjon.no
certificate identity-feed folkeregister.adapter
certificate key-officer nina.keyofficer
certificate auditor anne.auditor

# Somebody else's program: it signs that the event log only ever grew, and the server does not start against it.
witness_port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
"$kobling_witness" init --dir "$dir/witness" --name witness.example/kobling >/dev/null
"$kobling_witness" add-log --dir "$dir/witness" --log-key "$dir/server/public/log.vkey"
cp "$dir/witness/witness.vkey" "$dir/server/witness.vkey"
printf '\n[witness]\nurl = "http://127.0.0.1:%s"\nkey_file = "witness.vkey"\n' "$witness_port" >>"$config"
start_witness() {
  rm -f "$dir/witness-address"
  "${clock[@]}" "$kobling_witness" serve --dir "$dir/witness" --listen "127.0.0.1:$witness_port" --ready-file "$dir/witness-address" \
    2>>"$dir/witness.log" &
  witness_pid=$!
  echo "$witness_pid" >"$dir/witness.pid"
  for _ in $(seq 300); do
    [ -s "$dir/witness-address" ] && return
    kill -0 "$witness_pid" 2>/dev/null || { cat "$dir/witness.log" >&2; fail "the witness did not start."; }
    sleep 0.1
  done
  fail "the witness did not say where it listens; see $dir/witness.log"
}
start_server() {
  start_witness
  rm -f "$dir/address"
  "${clock[@]}" "$koblingd" serve --config "$config" --ready-file "$dir/address" 2>>"$dir/server.log" &
  server_pid=$!
  echo "$server_pid" >"$dir/server.pid"
  for _ in $(seq 300); do
    [ -s "$dir/address" ] && return
    kill -0 "$server_pid" 2>/dev/null || { cat "$dir/server.log" >&2; fail "the server did not start."; }
    sleep 0.1
  done
  fail "the server did not say where it listens; see $dir/server.log"
}
stop_server() {
  if kill -0 "$server_pid" 2>/dev/null; then
    kill "$server_pid"
    wait "$server_pid" || true
    rm -f "$dir/server.pid"
  fi
  if kill -0 "$witness_pid" 2>/dev/null; then
    kill "$witness_pid"
    wait "$witness_pid" || true
    rm -f "$dir/witness.pid"
  fi
}
# From now on it is so many days after the start: server and callers run with their clocks moved on by libfaketime;
# nothing in Kobling knows of it.
faketime_library="$(echo /usr/lib/*/faketime/libfaketimeMT.so.1)"
[ -f "$faketime_library" ] || fail "the package faketime is missing; run deploy/install-packages.sh"
days_later() {
  stop_server
  clock=(env "LD_PRELOAD=$faketime_library" "FAKETIME=+$1d" FAKETIME_DONT_FAKE_MONOTONIC=1)
  start_server
}
day() { "${clock[@]}" date +%F; }
server_pid=none
witness_pid=none
trap '[ "$keep_running" = yes ] || stop_server' EXIT
start_server
address="$(cat "$dir/address")"
say "The server listens on $address. Every caller shows a certificate of their own."

for who in kari.caseworker ola.keyofficer NPR KREFT MFR innsyn.portal anne.auditor reservasjon.no \
  folkeregister.adapter nina.keyofficer; do
  folder="$dir/certificates/$who"
  "$kobling" profile create "$who" --address "$address" --ca "$folder/ca.pem" --certificate "$folder/$who.pem" \
    --key "$folder/$who.key" --signing-key "$dir/server/public/kobling.pub" --log-key "$dir/server/public/log.vkey" --witness-key "$dir/witness/witness.vkey" >/dev/null
done
as() { local who="$1"; shift; "${clock[@]}" "$kobling" --profile "$who" --quiet "$@"; }
as kari.caseworker doctor >/dev/null || fail "the client cannot talk to the server; run: KOBLING_HOME=$KOBLING_HOME $kobling --profile kari.caseworker doctor"
# One field of a JSON answer.
field() { python3 -c 'import json,sys
value=json.load(sys.stdin)
for key in sys.argv[1].split("."):
    value=value[int(key)] if isinstance(value,list) else value.get(key)
print(value)' "$1"; }

step "2. $persons invented persons in three registers"
mkdir -p "$dir/data"
"$kobling" --quiet testdata --persons "$persons" --dir "$dir/data" >/dev/null
say "NPR defines the population. KREFT and MFR hold other data about some of the same people, and about others."
as kari.caseworker register add NPR --name "Norsk pasientregister" --kind npr --controller "Folkehelseinstituttet" --contact "post@register.example" \
  --inclusion-reference "Besluttet inkludert, § 3 og vedlegget" --inclusion-date 2023-01-11 >/dev/null
as kari.caseworker register add KREFT --name "Kreftregisteret" --kind kreftregisteret --controller "Folkehelseinstituttet" --contact "post@register.example" \
  --inclusion-reference "Besluttet inkludert, § 3 og vedlegget" --inclusion-date 2023-01-11 >/dev/null
as kari.caseworker register add MFR --name "Medisinsk fødselsregister" --kind medisinsk-fodselsregister --controller "Folkehelseinstituttet" --contact "post@register.example" \
  --inclusion-reference "Besluttet inkludert, § 3 og vedlegget" --inclusion-date 2023-01-11 >/dev/null

step "3. Each register makes a key pair; the key officer compares fingerprints and approves"
for register in NPR KREFT MFR; do
  as "$register" keygen >/dev/null
  fingerprint="$(as "$register" recipient-key submit --format json | field fingerprint)"
  as ola.keyofficer recipient-key approve "$register" 1 --fingerprint "$fingerprint" >/dev/null
  say "$register  $fingerprint"
done

step "4. The caseworker enters the decision, the key officer activates the project"
cat >"$dir/case.toml" <<TOML
case_number = "HDS-2026-01234"
title = "Sykehusopphold, kreft og fødsler"
title_nynorsk = "Sjukehusopphald, kreft og fødslar"
title_english = "Hospital stays, cancer and births"
purpose = "Vi undersøker om sykehusopphold før fødsel henger sammen med senere kreft."
purpose_nynorsk = "Vi undersøkjer om sjukehusopphald før fødsel heng saman med seinare kreft."
purpose_english = "We study whether hospital stays before giving birth are related to cancer later in life."
rights = "Du kan be om innsyn og reservere deg hos hvert register."
purpose_kind = "research"
data_user = "Universitetet i Oslo, ved prosjektleder"
decision_reference = "24/01234-7"
decision_date = "2026-09-01"
legal_basis = "Tilgjengeliggjøringsforskriften §§ 4, 5 og 7; REK 2026/1234"
linkage_performer = "data-user"
analysis_room = "TSD"
approved_persons = $((persons * 3 + 1000))
start_date = "2026-09-01"
end_date = "$(date -d '+740 days' +%F)"
deletion_date = "$(date -d '+770 days' +%F)"
contact = "post@prosjekt.example"

[[conditions]]
kind = "deletion"
text = "Datafilene slettes når prosjektet er avsluttet."
due_date = "$(date -d '+770 days' +%F)"

[[sources]]
register_id = "NPR"
defines_population = true
scope = "own"
legal_reference = "NPR-forskriften § 3-6"

[[sources]]
register_id = "KREFT"
scope = "intersection"
legal_reference = "Kreftregisterforskriften § 3-5"

[[sources]]
register_id = "MFR"
scope = "population"
scope_reason = "MFR cannot stream all its numbers; the decision lists the population for it."
legal_reference = "MFR-forskriften § 3-4"
includes_relatives = true
TOML
project="$(as kari.caseworker project create --file "$dir/case.toml" --format json | field id)"
as kari.caseworker project ready "$project" >/dev/null
as ola.keyofficer project activate "$project" >/dev/null
say "Project $project is active. Its key was made in the server and never leaves it."

step "5. NPR sends the population: identifiers go in, nothing but counts comes back"
code=0
as NPR population submit "$project" --file "$dir/data/npr_population.csv" --column fnr --relative mor_fnr \
  --rejects "$dir/npr_rejects.csv" --format json >"$dir/submission.json" 2>"$dir/submission.txt" || code=$?
[ "$code" -eq 0 ] || [ "$code" -eq 5 ] || { cat "$dir/submission.txt" >&2; fail "the submission was refused."; }
say "$(field counts.rows <"$dir/submission.json") rows, $(field counts.identifiers <"$dir/submission.json") persons, \
$(field counts.relatives <"$dir/submission.json") mothers outside the population."
sed -n 's/^\([0-9].* left out: .*\) \[.*/     \1/p' "$dir/submission.txt"
say "Bad rows are listed as line, column and reason in npr_rejects.csv, never with the value. The good rows stand."
as NPR population complete "$project" >/dev/null

step "6. KREFT streams everything it holds; only what matches the population is kept, and KREFT is not told what"
as ola.keyofficer keyfile open-match "$project" KREFT --max-rows $((persons * 2 + 1000)) >/dev/null
as KREFT keyfile match "$project" --file "$dir/data/kreft_extract.csv" --column fnr >/dev/null

step "7. The key officer issues a sealed key file for each register"
for register in NPR KREFT MFR; do
  as ola.keyofficer keyfile issue "$project" "$register" --format json >"$dir/issued.json"
  say "$(field file_name <"$dir/issued.json"): $(field rows <"$dir/issued.json") rows, sealed to $register alone"
done

step "8. Each register fetches its file and replaces identifiers by løpenumre in its own extract"
mkdir -p "$dir/registers" "$dir/deliveries"
for register in NPR KREFT MFR; do
  lower="${register,,}"
  mkdir -p "$dir/registers/$register"
  as "$register" keyfile fetch "$project" --out "$dir/registers/$register" >/dev/null
  relatives=()
  [ "$register" != MFR ] || relatives=(--relative mor_fnr)
  as "$register" apply --keyfile "$dir/registers/$register/${register}_${project}_0001.csv.age" \
    --in "$dir/data/${lower}_extract.csv" --column fnr "${relatives[@]}" \
    --out "$dir/deliveries/$lower.csv" --used "$dir/registers/$register/used.txt" >/dev/null || { code=$?; [ "$code" -eq 5 ] || exit "$code"; }
  say "$register delivers deliveries/$lower.csv to the analysis room: no national identifier in it."
done
say "The sealed file opens with stock tools too, without this software:"
sealed="$dir/registers/NPR/NPR_${project}_0001.csv.age"
minisign -Vm "$sealed" -p "$dir/server/public/kobling.pub" -q
identity="$(as NPR config show --format json | python3 -c 'import json,sys; print(next(r["value"] for r in json.load(sys.stdin) if r["setting"]=="identity"))')"
age -d -i "$identity" "$sealed" | { head -n 1; cat >/dev/null; } | sed 's/^/     /'
say "minisign and age agree."

step "9. Each register reports which løpenumre its delivery used"
for register in NPR KREFT MFR; do
  as "$register" usage report "$project" --keyfile 1 --delivery "$register-2026-1" --delivered-on "$(date +%F)" \
    --recipient "TSD p1234" --file "$dir/registers/$register/used.txt" >/dev/null
done
as ola.keyofficer usage status "$project" | sed 's/^/   /'

step "10. The data user links the deliveries on løpenummer; the trial knows the truth to compare with"
python3 "$root/deploy/demo_link.py" "$dir/deliveries" "$dir/data" | sed 's/^/   /'

step "11. A citizen asks which projects include them"
python3 "$root/deploy/demo_pick.py" "$dir/data" |
  as innsyn.portal insight lookup --purpose "innbyggerens egen forespørsel" | sed 's/^/   /'

step "12. The auditor sees every step, and no identifier"
as anne.auditor audit project "$project" | sed 's/^/   /'

# shellcheck source=deploy/demo_identity.sh
. "$root/deploy/demo_identity.sh"
# shellcheck source=deploy/demo_two_years_later.sh
. "$root/deploy/demo_two_years_later.sh"
# shellcheck source=deploy/demo_witness.sh
. "$root/deploy/demo_witness.sh"

step "Done in $((SECONDS - started)) seconds (without the build)."
say "Everything is in $dir: server/ (installation), deliveries/, registers/, server.log."
if [ "$keep_running" = yes ]; then
  say "The server runs on as process $server_pid at $address; its clock says $(day), with its witness. End them with: kill $server_pid $witness_pid"
else
  say "To start this server for good:  $kobling_witness serve --dir $dir/witness --listen 127.0.0.1:$witness_port &"
  say "                                $koblingd serve --config $config"
fi
say "Try it:  KOBLING_HOME=$KOBLING_HOME $kobling --profile anne.auditor audit list --operation insight"
say "A new installation:  $koblingd init --help   and docs/operations.md"
