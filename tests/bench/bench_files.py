#!/usr/bin/env python3
"""Makes the benchmark's files from the population that `kobling testdata` made.

  bench_files.py POPULATION DIR PERSONS SMALL

POPULATION has identifiers in its column fnr, some of them wrong or twice on purpose. Of the distinct valid ones, the
first PERSONS become
  identifiers.csv   the column alone
  half.csv          every second of them
  extract.csv       a register's extract: a row for each person with other columns, in another order
and the next SMALL become
  small.txt         identifiers of other people, one a line, without a header
"""

import csv
import random
import sys
from pathlib import Path

from script_baseline import is_valid


def main(population, folder, persons, small):
    seen = {}
    with open(population, newline="", encoding="utf-8") as rows:
        for row in csv.DictReader(rows, delimiter=";"):
            if len(seen) == persons + small:
                break
            if is_valid(row["fnr"]):
                seen.setdefault(row["fnr"])
    identifiers = list(seen)
    if len(identifiers) < persons + small:
        sys.exit(f"error: only {len(identifiers)} different valid identifiers in {population}")
    people = identifiers[:persons]
    write(folder / "identifiers.csv", "fnr", people)
    write(folder / "half.csv", "fnr", people[::2])
    with open(folder / "small.txt", "w", encoding="utf-8") as out:
        out.writelines(f"{identifier}\n" for identifier in identifiers[persons:])
    random.seed(1)
    random.shuffle(people)
    departments = ("Barneavdeling", "Fødeavdeling", "Kirurgisk avdeling", "Ålesund poliklinikk")
    write(folder / "extract.csv", "rad;fnr;avdeling;kode",
          (f"R{row};{identifier};{departments[row % 4]};A{row % 90 + 10}" for row, identifier in enumerate(people)))


def write(path, header, lines):
    with open(path, "w", encoding="utf-8") as out:
        out.write(header + "\n")
        out.writelines(f"{line}\n" for line in lines)


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
