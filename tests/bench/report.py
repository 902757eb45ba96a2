#!/usr/bin/env python3
"""Turns measurements into Markdown tables. Reads standard input, writes standard output.

A line is one measurement, its fields separated by tabs:
  rows   KEY  ROWS  SECONDS     so many rows took so long
  value  KEY  VALUE             one number, in the unit of its key
A key that is measured several times gets the median. With --google-benchmark, standard input is what a benchmark
program printed with --benchmark_format=json.

What the keys mean, the floors and the aims stand below and nowhere else. They hold for 2 cores with the client on the
same machine, mutual TLS, everything durable, and the sizes in docs/benchmarks.md.
"""

import json
import re
import statistics
import sys

# key: (what, floor, aim); rows per second
ROWS = {
    "submit_new": ("submit from a CSV file, all identifiers new", 1_000_000, 2_000_000),
    "submit_known": ("submit from a CSV file, all identifiers known", 2_000_000, 4_000_000),
    "small_submissions": ("consecutive submissions of 1,000 new rows", 50_000, 100_000),
    "match": ("match, all identifiers that a register holds", 1_000_000, 2_000_000),
    "issue": ("issue a key file", None, None),
    "fetch": ("fetch and verify a key file", None, None),
    "open": ("open a key file to CSV", None, None),
    "issue_fetch_open": ("issue + fetch + verify + open to CSV", 1_000_000, 2_000_000),
    "apply": ("apply a key file to an extract", 1_000_000, 2_000_000),
    "usage": ("usage report", 1_000_000, 2_000_000),
    "issue_delta": ("issue a delta: one person in a hundred is new", None, None),
    "fetch_delta": ("fetch and verify the delta", None, None),
    "open_delta": ("open the delta to CSV", None, None),
    "reproduce": ("make a past key file again and compare", None, None),
    "reserve": ("load a reservation list, all of it new to the list", None, None),
    "reserve_remove": ("take one in a hundred out of the list", None, None),
    "reserve_replace": ("load the whole list again", None, None),
    "issue_delta_reserved": ("issue a delta after that: new persons, and the reserved as withdrawn", None, None),
    "later_reservations": ("show the project, with who has reserved themselves since", None, None),
    "dossier": ("dossier of a project with 20 registers; a row is a delivery", None, None),
    "disclosures": ("who received what (§ 19 h), one project; a row is a delivery", None, None),
    "identity_catalogue": ("identity feed from a CSV file: everybody, once", 50_000, None),
    "identity_changes": ("identity feed from a CSV file: changes, with look-ups meanwhile", 50_000, None),
    "identity_again": ("the same changes sent again, compared and passed over", None, None),
    "identity_only_new": ("the same changes sent again with --only-new", None, None),
    "postgres_straightforward": ("PostgreSQL + pgcrypto, straightforward", None, None),
    "postgres_tuned": ("PostgreSQL + pgcrypto, tuned", None, None),
    "script": ("Python script, no storage", None, None),
}

# key: (what, unit, floor, aim)
VALUES = {
    "memory_first": ("server memory (RSS) after the first submission", "MiB", None, None),
    "memory_peak_first": ("server memory, peak (VmHWM), the first submission", "MiB", None, None),
    "memory_peak_runs": ("server memory, peak (VmHWM), started anew, all that is known", "MiB", None, None),
    "memory_end": ("server memory (RSS), started anew, after the small submissions", "MiB", None, None),
    "bytes_per_identifier": ("bytes of data/ per identifier, its first set included", "bytes", None, None),
    "bytes_per_element_half": ("growth of data/ per element, set of every second identifier", "bytes", 4, 1.5),
    "restart": ("restart to serving", "s", 10, 2),
    "small_submission_p50": ("one submission of 1,000 new rows, p50", "ms", None, None),
    "small_submission_p99": ("one submission of 1,000 new rows, p99", "ms", None, None),
    "persons": ("persons in the directory", "", None, None),
    "projects": ("projects", "", None, None),
    "memberships": ("memberships", "", None, None),
    "open_seconds": ("open database and state, in process", "s", None, None),
    "open_memory": ("memory (RSS) after opening, in process", "MiB", None, None),
    "lookup_memory": ("memory, peak, after the look-ups, in process", "MiB", None, None),
    "lookup_p50": ("insight, one person, one thread, p50", "ms", None, None),
    "lookup_p99": ("insight, one person, one thread, p99", "ms", 5, 1),
    "lookup_max": ("insight, one person, one thread, longest", "ms", None, None),
    "projects_per_person": ("projects in an answer, mean", "", None, None),
    "event_p50": ("a durable event alone, for comparison, p50", "ms", None, None),
    "event_p99": ("a durable event alone, for comparison, p99", "ms", None, None),
    "event_max": ("a durable event alone, for comparison, longest", "ms", None, None),
    "set_elements": ("elements of all different sets", "", None, None),
    "set_bytes_in_rows": ("keys and values per set element", "bytes", None, None),
    "set_bytes_stored": ("stored bytes per set element", "bytes", 4, 1.5),
    "insight_start": ("start to serving with that data", "s", 10, 2),
    "insight_memory": ("server memory (RSS) with that data", "MiB", 4096, 2048),
    "insight_memory_peak": ("server memory, peak (VmHWM), with that data", "MiB", 4096, 2048),
    "reservation_memory": ("server memory, peak (VmHWM), until then", "MiB", None, None),
    "reservation_start": ("restart to serving", "s", 10, 2),
    "insight_data": ("size of data/", "MiB", None, None),
    "identity_merges": ("merges among the changes", "", None, None),
    "identity_persons_with_several": ("persons with several identifiers after them", "", None, None),
    "identity_start_before": ("start to serving, before any event", "s", 10, 2),
    "identity_start_after": ("start to serving, after all events", "s", 10, 2),
    "identity_memory_before": ("server memory (RSS), before any event", "MiB", 4096, 2048),
    "identity_memory_after": ("server memory (RSS), after the feed", "MiB", 4096, 2048),
    "identity_memory_started": ("server memory (RSS), started anew", "MiB", 4096, 2048),
    "identity_data": ("size of data/", "MiB", None, None),
    "identity_open": ("open database, map and state, in process", "s", None, None),
    "identity_replay": ("the map of an earlier version, made again", "s", None, None),
    "identity_lookup_p50": ("insight, one person with several identifiers, p50", "ms", None, None),
    "identity_lookup_p99": ("insight, one person with several identifiers, p99", "ms", 5, 1),
    "identity_lookup_max": ("insight, one person with several identifiers, longest", "ms", None, None),
    "identity_projects_to_review": ("projects in which a correction waits", "", None, None),
    "identity_review_all": ("find them", "s", None, None),
    "identity_waiting_rows": ("rows that wait in the largest project", "", None, None),
    "identity_review_one": ("find those", "s", None, None),
    "identity_scrub": ("scrub of everything", "s", None, None),
    "postgres_straightforward_bytes": ("PostgreSQL, straightforward, per row with indexes", "bytes", None, None),
    "postgres_tuned_bytes": ("PostgreSQL, tuned, per row with indexes", "bytes", None, None),
}

CALL = re.compile(r"calls (\S+) (\d+) (p50|p99|max|rate|refused)")
CALL_UNITS = {"p50": "ms", "p99": "ms", "max": "ms", "rate": "/s", "refused": "calls"}


def number(value):
    if value is None:
        return "–"
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def with_unit(value, unit):
    return number(value) + (f" {unit}" if unit and value is not None else "")


def describe_value(key, values):
    call = CALL.fullmatch(key)
    if call is None:
        return VALUES[key]
    method, clients, figure = call.groups()
    what = f"{method} over mutual TLS, {clients} client{'s' if clients != '1' else ''}, {figure}"
    if figure in ("p50", "p99", "max") and max(values[f"calls {method} {clients} refused"]) > 0:
        what += " of the calls that were answered"
    # The limits are for a small unary call.
    limits = (20, 5) if figure == "p99" and clients == "64" else (None, None)
    return (what, CALL_UNITS[figure], *limits)


def table(header, rows):
    print("| " + " | ".join(header) + " |")
    print("|" + "|".join("---" if column == 0 else "---:" for column in range(len(header))) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def report_measurements(lines):
    rows, values = {}, {}
    for line in lines:
        kind, key, *fields = line.rstrip("\n").split("\t")
        if kind == "rows":
            count, seconds = fields
            rows.setdefault(key, []).append((int(count), float(seconds)))
        elif kind == "value":
            values.setdefault(key, []).append(float(fields[0]))
        else:
            sys.exit(f"error: not a measurement: {line!r}")
    if rows:
        lines = []
        for key, runs in rows.items():
            what, floor, aim = ROWS[key]
            count = runs[0][0]
            seconds = statistics.median(run[1] for run in runs)
            lines.append([what, f"{count:,}", f"{seconds:.3f}", number(count / seconds), number(floor), number(aim)])
        table(["what", "rows", "seconds", "rows/s", "floor", "aim"], lines)
    if values:
        lines = []
        for key, runs in values.items():
            what, unit, floor, aim = describe_value(key, values)
            lines.append([what, with_unit(statistics.median(runs), unit), with_unit(floor, unit), with_unit(aim, unit)])
        table(["what", "value", "floor", "aim"], lines)


def report_google_benchmark(text):
    lines = []
    for run in json.loads(text)["benchmarks"]:
        items, size = run.get("items_per_second"), run.get("bytes_per_second")
        speed = with_unit(items, "/s") if items else with_unit(size / 1e6, "MB/s") if size else "–"
        lines.append([f"`{run['name']}`", f"{number(run['cpu_time'])} {run['time_unit']}", speed])
    table(["step", "one iteration", "speed"], lines)


if __name__ == "__main__":
    if sys.argv[1:] == ["--google-benchmark"]:
        report_google_benchmark(sys.stdin.read())
    elif len(sys.argv) == 1:
        report_measurements(sys.stdin)
    else:
        sys.exit(__doc__)
