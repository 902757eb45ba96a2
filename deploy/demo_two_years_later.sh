# The third chapter of deploy/demo.sh, which sources it: the first project over the years.
days_later 720
step "19. Two years later ($(day)): what is due"
as ola.keyofficer project list --expiring "$(date -d '+770 days' +%F)" | sed 's/^/   /'

step "20. People reserve themselves against all use of their data; the national list is loaded"
python3 "$root/deploy/demo_pick.py" "$dir/data" 25 >"$dir/reserved.csv"
as reservasjon.no reservation load --file "$dir/reserved.csv" --no-header --column 1 --mode replace --date "$(day)" \
  --legal-reference "EHDS art. 71" >/dev/null
as ola.keyofficer project show "$project" --format json | python3 -c '
import json, sys
for later in json.load(sys.stdin)["later_reservations"]:
    print("   {}: {} people of key file {} have reserved themselves since".format(later["register_id"], later["persons"], later["key_file_number"]))'
say "What was issued stands; the next files leave them out."

step "21. The population grows: NPR sends the new year's people"
"$kobling" --quiet testdata --persons $((persons / 50 + 100)) --seed 2 --dir "$dir/data-later" >/dev/null
as ola.keyofficer project reopen-source "$project" NPR --reason "yearly update by the decision" >/dev/null
as NPR population submit "$project" --file "$dir/data-later/npr_population.csv" --column fnr --relative mor_fnr \
  >/dev/null 2>&1 || { code=$?; [ "$code" -eq 5 ] || exit "$code"; }
as NPR population complete "$project" >/dev/null
as ola.keyofficer keyfile issue "$project" NPR --since 1 --format json >"$dir/issued.json"
say "$(field file_name <"$dir/issued.json"): a delta of $(field rows <"$dir/issued.json") rows, $(field withdrawn_rows <"$dir/issued.json") of them withdrawn"

step "22. NPR delivers the new year's extract with the delta, and reports on it"
as NPR keyfile fetch "$project" --out "$dir/registers/NPR" >/dev/null
as NPR apply --keyfile "$dir/registers/NPR/NPR_${project}_0002.csv.age" --in "$dir/data-later/npr_extract.csv" --column fnr \
  --out "$dir/deliveries/npr-later.csv" --used "$dir/registers/NPR/used-later.txt" >/dev/null || { code=$?; [ "$code" -eq 5 ] || exit "$code"; }
as NPR usage report "$project" --keyfile 2 --delivery NPR-2028-1 --delivered-on "$(day)" --recipient "TSD p1234" \
  --file "$dir/registers/NPR/used-later.txt" >/dev/null
as ola.keyofficer usage status "$project" | sed 's/^/   /'

step "23. One of those who reserved themselves asks what became of it"
head -n 1 "$dir/reserved.csv" | as innsyn.portal insight lookup --purpose "innbyggerens egen forespørsel" | sed 's/^/   /'

step "24. A supervisor asks: is key file 1 what it was two years ago?"
as anne.auditor keyfile reproduce "$project" NPR 1 --purpose "spørsmål fra tilsynet" --format json >"$dir/reproduced.json"
say "made again in memory: $(field key_file.rows <"$dir/reproduced.json") rows; the same as issued: $(field equal <"$dir/reproduced.json")"

step "25. Who received what, when and on which basis (§ 19 h), and all of the project in one place"
as anne.auditor audit disclosures --project "$project" | sed 's/^/   /'
rm -rf "$dir/dossier" "$dir/public"
as anne.auditor audit dossier "$project" --out "$dir/dossier" >/dev/null
as kari.caseworker project publish --out "$dir/public" >/dev/null
say "dossier/dossier.html is for a supervisor to read, public/index.html for everybody."

step "26. The period has ended: the key officer closes the project"
days_later 741
as ola.keyofficer project close "$project" --reason "the period has ended" >/dev/null
days_later 742
say "The server has warned that the key will be destroyed on $(as ola.keyofficer project show "$project" --format json | field destruction.on)."

step "27. The day has come: the key is destroyed by the server itself"
days_later 773
as anne.auditor audit project "$project" --since "$(date -d '+741 days' +%F)" --format csv | cut -d ';' -f 2-6 | sed 's/^/   /'
as anne.auditor keyfile reproduce "$project" NPR 1 --purpose "spørsmål fra tilsynet" >/dev/null 2>"$dir/reproduced.txt" &&
  fail "a key file was made without a key."
sed -n '1s/^error: /   Nobody can make a key file again: /p' "$dir/reproduced.txt"
say "Citizens are still told that they were included:"
head -n 1 "$dir/reserved.csv" | as innsyn.portal insight lookup --purpose "innbyggerens egen forespørsel" --format csv |
  cut -d ';' -f 1,2,4,5,6 | sed 's/^/     /'
