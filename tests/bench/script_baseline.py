#!/usr/bin/env python3
"""What a user would write instead: a script that replaces identifiers by keyed hashes. Validates, stores nothing.

  script_baseline.py IN OUT      IN: CSV with the identifiers in its first column, with a header. OUT: identifier;number

Prints a measurement for report.py. The key is made anew for each run.
"""

import csv
import hashlib
import hmac
import secrets
import sys
import time

WEIGHTS_1 = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)
WEIGHTS_2 = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def is_valid(identifier):
    """A synthetic person (month + 80) or D-number, with a possible date and right check digits."""
    if len(identifier) != 11 or not identifier.isascii() or not identifier.isdigit():
        return False
    digits = [ord(c) - 48 for c in identifier]
    day = digits[0] * 10 + digits[1]
    month = digits[2] * 10 + digits[3] - 80
    if day > 40:
        day -= 40
    if not 1 <= month <= 12 or not 1 <= day <= DAYS[month - 1]:
        return False
    # From 2032 on the first check digit leaves a remainder of 0, 1, 2 or 3.
    first = sum(weight * digit for weight, digit in zip(WEIGHTS_1, digits)) % 11
    second = sum(weight * digit for weight, digit in zip(WEIGHTS_2, digits)) % 11
    return first <= 3 and second == 0


def main(source, target):
    started = time.perf_counter()
    key = secrets.token_bytes(32)
    seen = set()
    with open(source, newline="", encoding="utf-8") as rows, open(target, "w", newline="", encoding="utf-8") as out:
        reader = csv.reader(rows, delimiter=";")
        writer = csv.writer(out, delimiter=";", lineterminator="\n")
        next(reader)
        writer.writerow(("fodselsnummer", "number"))
        for row in reader:
            identifier = row[0]
            if is_valid(identifier) and identifier not in seen:
                seen.add(identifier)
                writer.writerow((identifier, hmac.digest(key, identifier.encode(), hashlib.sha256).hex()[:32]))
    print(f"rows\tscript\t{len(seen)}\t{time.perf_counter() - started:.6f}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
