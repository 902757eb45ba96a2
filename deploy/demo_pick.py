"""Picks somebody of the trial whom all three registers know, for the demonstration's question to insight."""
import csv
import sys

folder = sys.argv[1]


def keys_to_identifiers(name, key, **options):
    with open(f"{folder}/{name}", newline="", **options) as file:
        rows = csv.reader(file, delimiter={"npr_extract.csv": ";", "kreft_extract.csv": ",", "mfr_extract.csv": "\t"}[name])
        header = next(rows)
        key_at, fnr_at = header.index(key), header.index("fnr")
        return {row[key_at]: row[fnr_at] for row in rows}


with open(f"{folder}/truth.csv", newline="") as file:
    row = next(row for row in csv.DictReader(file, delimiter=";") if row["npr_key"] and row["kreft_key"] and row["mfr_key"])
print(keys_to_identifiers("npr_extract.csv", "npr_key", encoding="cp1252")[row["npr_key"]])
