"""Links the trial's deliveries on løpenummer, as the data user does, and compares with what the trial knows to be true.

Usage: demo_link.py DELIVERIES DATA. Ends with exit code 1 if a link is missing or one too many.
"""
import csv
import sys
from collections import defaultdict

deliveries, data = sys.argv[1:3]


def read(name, delimiter, encoding="utf-8"):
    with open(f"{deliveries}/{name}", newline="", encoding=encoding) as file:
        return list(csv.DictReader(file, delimiter=delimiter))


npr = read("npr.csv", ";", "cp1252")
kreft = read("kreft.csv", ",")
mfr = read("mfr.csv", "\t")
print(f"Rows delivered: NPR {len(npr)}, KREFT {len(kreft)}, MFR {len(mfr)}")

npr_rows = defaultdict(list)
for row in npr:
    npr_rows[row["lopenummer"]].append(row["npr_key"])
kreft_row = {row["lopenummer"]: row["kreft_key"] for row in kreft}
mfr_row = {row["lopenummer"]: row for row in mfr}

# A person's first stay stands for the person; keys rise with the stay.
linked = set()
for number in set(npr_rows) | set(kreft_row) | set(mfr_row):
    stays = sorted(npr_rows.get(number, []))
    child = mfr_row.get(number)
    mother = sorted(npr_rows.get(child["mor_lopenummer"], [])) if child and child["mor_lopenummer"] else []
    found = (stays[0] if stays else "", kreft_row.get(number, ""), child["mfr_key"] if child else "", mother[0] if mother else "")
    if sum(1 for key in found[:3] if key) >= 2:
        linked.add(found)

with open(f"{data}/truth.csv", newline="") as file:
    truth = {tuple(row) for row in list(csv.reader(file, delimiter=";"))[1:]}

missing, wrong = truth - linked, linked - truth
mothers = sum(1 for row in truth if row[3])
print(f"People found in two or more registers: {len(linked)}; in truth: {len(truth)}; mothers among them with stays: {mothers}")
if missing or wrong:
    print(f"The linkage is wrong: {len(missing)} links are missing, {len(wrong)} should not be there.")
    sys.exit(1)
print("The linkage on løpenummer equals the truth, mothers included.")
