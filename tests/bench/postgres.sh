#!/usr/bin/env bash
# Measures what a user would do instead with PostgreSQL and pgcrypto: the same identifiers in, keyed hashes stored, a list
# out. A cluster of its own in a temporary folder, on a Unix socket, fully durable; ended and deleted at the end.
#
#   ./tests/bench/postgres.sh                  1,000,000 persons; prints Markdown tables
#   ./tests/bench/postgres.sh --persons N      another number of persons
#   ./tests/bench/postgres.sh --identifiers F  a CSV file with the one column fnr, instead of making persons
#   ./tests/bench/postgres.sh --runs R         repeat and print medians (default 1)
#   ./tests/bench/postgres.sh --dir DIR        put the cluster below DIR, on the disk that is to be measured
#   ./tests/bench/postgres.sh --build DIR      where `kobling testdata` is (default build/release)
#
# PostgreSQL refuses to run as root; started by root, the cluster runs as the user postgres, or nobody without one.
set -euo pipefail
# shellcheck source=tests/bench/common.sh
. "$(dirname "$0")/common.sh"
persons=1000000
identifiers=""
runs=1
parse_options "persons= identifiers= runs=" "$@"
[ -z "$identifiers" ] || identifiers="$(realpath "$identifiers")"

bin=/usr/lib/postgresql/15/bin
if [ ! -x "$bin/initdb" ]; then
  mapfile -t wanted < <(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$root/deploy/packages-bench.txt")
  as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  say "Installing ${wanted[*]} ..."
  # Without this, Debian would also make and start a cluster for the whole machine.
  [ -e /etc/postgresql-common/createcluster.conf ] ||
    { "${as_root[@]}" mkdir -p /etc/postgresql-common &&
        echo "create_main_cluster = false" | "${as_root[@]}" tee /etc/postgresql-common/createcluster.conf >/dev/null; }
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o Dpkg::Options::=--force-confold "${wanted[@]}" >&2
fi

make_work "$dir"
cluster_started=no
as_user=()
stop_cluster() {
  [ "$cluster_started" = no ] || "${as_user[@]}" "$bin/pg_ctl" -D "$work/pg/data" -m fast -t 60 -s stop || true
  cluster_started=no
}
trap 'stop_cluster; clean_up' EXIT

if [ -z "$identifiers" ]; then
  need_programs "$kobling"
  say "Making $persons invented persons ..."
  "$kobling" --quiet testdata --persons "$persons" --dir "$work/testdata" >/dev/null
  "$here/bench_files.py" "$work/testdata/npr_population.csv" "$work" "$persons" 0
  rm -rf "$work/testdata"
  identifiers="$work/identifiers.csv"
fi
persons=$(($(wc -l <"$identifiers") - 1))
mkdir "$work/pg"
cp "$identifiers" "$work/pg/identifiers.csv"
if [ "$(id -u)" -eq 0 ]; then
  user="$(id -un postgres 2>/dev/null || echo nobody)"
  as_user=(runuser -u "$user" --)
  chmod 711 "$work"
  chown -R "$user" "$work/pg"
fi
"${as_user[@]}" test -x "$work/pg" || fail "the user $user cannot enter the folders above $work; choose another --dir."
cd "$work/pg"  # the user can enter no other folder of ours
"${as_user[@]}" "$bin/initdb" -D "$work/pg/data" -U bench --auth=trust --no-locale --encoding=UTF8 >"$work/initdb.txt"

# start_cluster SETTING...
start_cluster() {
  local setting options="-c listen_addresses='' -c unix_socket_directories='$work/pg'"
  for setting in "$@"; do
    options="$options -c $setting"
  done
  "${as_user[@]}" "$bin/pg_ctl" -D "$work/pg/data" -l "$work/pg/log" -o "$options" -w -t 60 -s start
  cluster_started=yes
}
query() { timeout 3600 "${as_user[@]}" psql -h "$work/pg" -U bench -d postgres -v ON_ERROR_STOP=1 -q -A -t -f -; }
# measure KEY: runs the SQL on standard input, records time and table size, and forgets the tables
measure() {
  local begin="$EPOCHREALTIME"
  query
  record_rows "$1" "$persons" "$(seconds_since "$begin")"
  [ "$(wc -l <"$work/pg/out.csv")" -eq "$persons" ] || fail "PostgreSQL did not write $persons rows."
  record_value "$1_bytes" "$(echo "select pg_total_relation_size('person')::float8 / $persons" | query)"
  echo "drop table person, incoming" | query
}
make_key() {
  query <<<"create extension if not exists pgcrypto;
    create table if not exists project_key as select gen_random_bytes(32) as key;"
}

say "Straightforward ..."
start_cluster
make_key
for ((run = 1; run <= runs; run++)); do
  measure postgres_straightforward <<SQL
create table incoming (fnr text);
create table person (fnr text not null, lopenummer text not null);
create unique index on person (fnr);
create unique index on person (lopenummer);
copy incoming from '$work/pg/identifiers.csv' (format csv, header);
insert into person select fnr, encode(hmac(fnr::bytea, key, 'sha256'), 'hex') from incoming, project_key;
copy (select fnr, lopenummer from person order by lopenummer) to '$work/pg/out.csv' (format csv, delimiter ';');
SQL
done
stop_cluster

say "Tuned ..."
# Durable still: with wal_level=minimal, what goes into a table made in the same transaction is synced at the commit
# instead of being written twice.
start_cluster wal_level=minimal max_wal_senders=0 max_wal_size=8GB checkpoint_timeout=30min shared_buffers=1GB \
  work_mem=512MB maintenance_work_mem=1GB
for ((run = 1; run <= runs; run++)); do
  measure postgres_tuned <<SQL
begin;
create table incoming (fnr text);
copy incoming from '$work/pg/identifiers.csv' (format csv, header);
create table person (fnr bytea not null, lopenummer bytea not null);
insert into person
  select fnr::bytea, substring(hmac(fnr::bytea, key, 'sha256') from 1 for 16) from incoming, project_key;
create unique index on person (fnr);
create unique index on person (lopenummer);
commit;
copy (select encode(fnr, 'escape'), encode(lopenummer, 'hex') from person order by lopenummer)
  to '$work/pg/out.csv' (format csv, delimiter ';');
SQL
done
stop_cluster

"$here/report.py" <"$measured"
