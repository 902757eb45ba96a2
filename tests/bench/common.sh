# shellcheck shell=bash disable=SC2034,SC2154  # variables come from and go to the scripts that source this
# What the benchmark scripts share. Sourced, not run. The caller sets the defaults of its own options and calls
# parse_options and begin.
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
build="$root/build/release"
dir=""
keep=no
server_pid=""
export PYTHONDONTWRITEBYTECODE=1

fail() { printf 'error: %s\n' "$*" >&2; exit 1; }
say() { printf '%s\n' "$*" >&2; }

# parse_options "NAME= NAME ..." ARGUMENT...: --NAME VALUE sets the variable NAME, --NAME without a value sets it to "yes".
# --dir, --build and --help are options of every script.
parse_options() {
  local known=" $1 dir= build= " name
  shift
  while [ $# -gt 0 ]; do
    name="${1#--}"
    if [ "$1" = -h ] || [ "$1" = --help ]; then
      # The comment that the script begins with.
      awk 'NR == 1 { next } !/^#/ { exit } { sub(/^# ?/, ""); print }' "$0"
      exit 0
    elif [ "$1" != "$name" ] && [[ "$known" == *" $name= "* ]]; then
      [ -n "${2:-}" ] || fail "--$name needs a value; see $0 --help"
      printf -v "$name" %s "$2"
      shift 2
    elif [ "$1" != "$name" ] && [[ "$known" == *" $name "* ]]; then
      printf -v "$name" yes
      shift
    else
      fail "unknown option $1; see $0 --help"
    fi
  done
  [ -z "$dir" ] || dir="$(realpath "$dir")"
  build="$(realpath "$build")"
  koblingd="$build/server/koblingd"
  kobling="$build/client/kobling"
}

# begin PROGRAM...: these must be built; then $work is a folder that is gone at the end, as is the server.
begin() {
  need_programs "$@"
  make_work "$dir"
  trap clean_up EXIT
}

need_programs() {
  local program
  for program in "$@"; do
    [ -x "$program" ] || fail "$program is missing; build it: cmake --preset release && cmake --build --preset release"
  done
}

# A fresh folder below $1 (default: the system's temporary folder), in $work. Gone at the end, unless $keep is "yes".
make_work() {
  work="$(mktemp -d "${1:-${TMPDIR:-/tmp}}/kobling-bench-XXXXXX")"
  measured="$work/measurements.tsv"
  mkdir "$work/certificates"
  export KOBLING_HOME="$work/profiles"
  : >"$measured"
}

clean_up() {
  end_server || say "The server did not end well."
  [ -z "${work:-}" ] || [ "${keep:-no}" = yes ] || rm -rf "$work"
}

init_server() {
  # A free port, written into the configuration, so that profiles stay right when the server is started again.
  local port
  port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
  "$koblingd" init --dir "$work/server" --environment trial --listen "127.0.0.1:$port" >"$work/init.txt"
  config="$work/server/koblingd.toml"
}

# certificate ROLE ID
certificate() {
  "$koblingd" certificate issue --config "$config" --role "$1" --id "$2" --out "$work/certificates/$2" >/dev/null
}

# Starts the server; $address is where it listens and $started_in how many seconds it took until callers could connect.
start_server() {
  local begin="$EPOCHREALTIME"
  rm -f "$work/address"
  "$koblingd" serve --config "$config" --ready-file "$work/address" 2>>"$work/server.log" &
  server_pid=$!
  local tries
  for ((tries = 0; tries < 60000; tries++)); do
    [ ! -s "$work/address" ] || break
    kill -0 "$server_pid" 2>/dev/null || {
      tail -n 5 "$work/server.log" >&2
      server_pid=""
      fail "the server did not start."
    }
    sleep 0.01
  done
  [ -s "$work/address" ] || fail "the server was not ready after ten minutes."
  started_in="$(seconds_since "$begin")"
  address="$(cat "$work/address")"
}

# Tells the server to end, waits for it, kills it after a minute. Returns the server's status.
end_server() {
  [ -n "$server_pid" ] || return 0
  local pid="$server_pid" tries
  server_pid=""
  kill "$pid" 2>/dev/null || true  # it may have died already; its status, below, tells
  for ((tries = 0; tries < 600; tries++)); do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  kill -KILL "$pid" 2>/dev/null || true  # it is gone by now, unless it hangs
  wait "$pid" 2>/dev/null
}

stop_server() {
  end_server || {
    tail -n 5 "$work/server.log" >&2
    fail "the server did not end well."
  }
}

seconds_since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.6f", b - a }'; }

# server_memory VmRSS|VmHWM, in MiB
server_memory() { awk -v name="$1:" '$1 == name { print $2 / 1024 }' "/proc/$server_pid/status"; }

record_rows() { printf 'rows\t%s\t%s\t%s\n' "$1" "$2" "$3" >>"$measured"; }
record_value() { printf 'value\t%s\t%s\n' "$1" "$2" >>"$measured"; }

# client_bench COMMAND ID OPTION...: as the caller with that id
client_bench() {
  timeout 1800 "$build/tests/bench/client_bench" "$1" --address "$address" --certificates "$work/certificates/$2" \
    --id "$2" "${@:3}" >>"$measured"
}

# field PATH: one field of the JSON on standard input
field() {
  python3 -c 'import json, sys
value = json.load(sys.stdin)
for key in sys.argv[1].split("."):
    value = value[int(key)] if isinstance(value, list) else value[key]
print(value)' "$1"
}

# callers ROLE:ID...: a certificate and a profile for each; the server runs.
callers() {
  local who id
  for who in "$@"; do
    id="${who#*:}"
    certificate "${who%%:*}" "$id"
    "$kobling" profile create "$id" --address "$address" --ca "$work/certificates/$id/ca.pem" \
      --certificate "$work/certificates/$id/$id.pem" --key "$work/certificates/$id/$id.key" \
      --signing-key "$work/server/public/kobling.pub" >/dev/null
  done
}

as() { local who="$1"; shift; timeout 1800 "$kobling" --profile "$who" --quiet "$@"; }

# measure KEY ROWS COMMAND...: runs the command and records how long it took. The command's own start is part of it.
measure() {
  local key="$1" rows="$2" begin
  shift 2
  begin="$EPOCHREALTIME"
  "$@" >"$work/answer.txt" 2>"$work/error.txt" || { cat "$work/error.txt" >&2; fail "this step failed: $*"; }
  last_seconds="$(seconds_since "$begin")"
  record_rows "$key" "$rows" "$last_seconds"
}

# enrol REGISTER: enters it and approves a recipient key of its own.
enrol() {
  as kari.caseworker register add "$1" --name "Invented register $1" --kind kvalitetsregister \
    --controller "Invented controller" --contact "post@register.example" \
    --inclusion-reference "helseregisterloven § 11" --inclusion-date 2023-01-11 >/dev/null
  as "$1" keygen >/dev/null
  as ola.keyofficer recipient-key approve "$1" 1 \
    --fingerprint "$(as "$1" recipient-key submit --format json | field fingerprint)" >/dev/null
}

# case_head APPROVED: a case that lacks its sources.
case_head() {
  cat <<TOML
title = "A benchmark"
purpose = "To measure how fast the whole path is."
purpose_kind = "research"
data_user = "An invented university"
decision_reference = "26/01234"
decision_date = "$(date -d '-30 days' +%F)"
legal_basis = "§§ 4, 5 and 7"
linkage_performer = "data-user"
approved_persons = $1
start_date = "$(date -d '-1 day' +%F)"
end_date = "$(date -d '+300 days' +%F)"
deletion_date = "$(date -d '+600 days' +%F)"
contact = "post@prosjekt.example"
analysis_room = "TSD"
title_nynorsk = "Dikta studie"
title_english = "Invented study"
purpose_nynorsk = "For å måle kor fort heile vegen er."
purpose_english = "To measure how fast the whole path is."
TOML
}

# A new active project of $work/case.toml, in $project.
new_project() {
  project="$(as kari.caseworker project create --file "$work/case.toml" --format json | field id)"
  as kari.caseworker project ready "$project" >/dev/null
  as ola.keyofficer project activate "$project" >/dev/null
}
