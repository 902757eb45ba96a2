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

# One row for each stay of somebody whom another register knows too; a mother is named by her first stay.
linked = set()
for number, stays in npr_rows.items():
    child = mfr_row.get(number)
    if number not in kreft_row and child is None:
        continue
    mother = sorted(npr_rows.get(child["mor_lopenummer"], [])) if child and child["mor_lopenummer"] else []
    for stay in stays:
        linked.add((stay, kreft_row.get(number, ""), child["mfr_key"] if child else "", mother[0] if mother else ""))

with open(f"{data}/truth.csv", newline="") as file:
    truth = {tuple(row) for row in list(csv.reader(file, delimiter=";"))[1:]}

missing, wrong = truth - linked, linked - truth
mothers = sum(1 for row in truth if row[3])
print(f"Rows linked: {len(linked)}; in truth: {len(truth)}; of these with the mother's own stay: {mothers}")
if missing or wrong:
    print(f"The linkage is wrong: {len(missing)} links are missing, {len(wrong)} should not be there.")
    sys.exit(1)

# A mother may be missing in the register, but nobody who stands there may have become blank.
with open(f"{data}/mfr_extract.csv", newline="", encoding="utf-8-sig") as file:
    without_mother = {row["mfr_key"] for row in csv.DictReader(file, delimiter="\t") if not row["mor_fnr"]}
blank = {row["mfr_key"] for row in mfr if not row["mor_lopenummer"]}
print(f"Births without a mother in MFR: {len(blank & without_mother)}; mothers lost on the way: {len(blank - without_mother)}")
if blank - without_mother:
    sys.exit(1)
print("The linkage on løpenummer equals the truth, mothers included.")
