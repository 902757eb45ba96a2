"""Picks people of the trial whom all three registers know, for the demonstration: one, or so many.

Usage: demo_pick.py DATA [COUNT]. Prints one identifier a line.
"""
import csv
import itertools
import sys

folder = sys.argv[1]
count = int(sys.argv[2]) if len(sys.argv) > 2 else 1


def keys_to_identifiers(name, key, **options):
    with open(f"{folder}/{name}", newline="", **options) as file:
        rows = csv.reader(file, delimiter={"npr_extract.csv": ";", "kreft_extract.csv": ",", "mfr_extract.csv": "\t"}[name])
        header = next(rows)
        key_at, fnr_at = header.index(key), header.index("fnr")
        return {row[key_at]: row[fnr_at] for row in rows}


identifiers = keys_to_identifiers("npr_extract.csv", "npr_key", encoding="cp1252")
with open(f"{folder}/truth.csv", newline="") as file:
    known_to_all = (row for row in csv.DictReader(file, delimiter=";") if row["npr_key"] and row["kreft_key"] and row["mfr_key"])
    people = dict.fromkeys(identifiers[row["npr_key"]] for row in known_to_all)
print("\n".join(itertools.islice(people, count)))
