# The second chapter of deploy/demo.sh, which sources it: a person whose identifiers change, in a project of its own. Ada has
# a D-number, gets a fødselsnummer, is taken for the same person as Bo, and turns out not to be. All three are invented.
ada_d=55858570106
ada=01839012345
bo=01839012353
identity_dir="$dir/identity"
mkdir -p "$identity_dir"

sequence=0
# Sends one event of the feed: event, identifier, other identifier.
feed() {
  sequence=$((sequence + 1))
  printf 'sequence;event;identifier;other;effective_date\n%s;%s;%s;%s;%s\n' "$sequence" "$1" "$2" "${3:-}" "$(day)" |
    as folkeregister.adapter identity import --file - >/dev/null
}
# The register's key files that stand, by number, as it gives them to `kobling apply`.
declare -A key_files=([NPR]=1 [KREFT]=1 [MFR]=1)
# Issues a key file to a register, with options, and lets it fetch the file: the file's number is in $number.
issue() {
  local register="$1"
  shift
  as ola.keyofficer keyfile issue "$linked" "$register" "$@" --format json >"$dir/issued.json"
  number="$(field number <"$dir/issued.json")"
  as "$register" keyfile fetch "$linked" --number "$number" --out "$dir/registers/$register" >/dev/null
}
# Every register makes a delivery of all that it has, and reports on it. Options for the reports follow.
deliver() {
  local delivery="$1" register number options code
  shift
  mkdir -p "$dir/deliveries/$delivery"
  for register in NPR KREFT MFR; do
    options=()
    for number in ${key_files[$register]}; do
      options+=(--keyfile "$dir/registers/$register/${register}_${linked}_$(printf %04d "$number").csv.age")
    done
    code=0
    as "$register" apply "${options[@]}" --in "$identity_dir/$register.csv" --column fnr --force \
      --out "$dir/deliveries/$delivery/$register.csv" --used "$identity_dir/used.txt" >/dev/null || code=$?
    [ "$code" -eq 0 ] || [ "$code" -eq 5 ] || fail "$register could not make delivery $delivery."
    as "$register" usage report "$linked" --keyfile "$number" --delivery "$delivery" --delivered-on "$(day)" \
      --recipient "TSD p5678" --file "$identity_dir/used.txt" >/dev/null
  done
}
# The løpenummer of a row in a delivery, by the register's own key of the row; nothing if the row is not there.
lopenummer() { awk -F ';' -v key="$3" '$1 == key { print $2 }' "$dir/deliveries/$1/$2.csv"; }
# Ends the demonstration if the two are not the same løpenummer, or if there is none.
same() { [ -n "$1" ] && [ "$1" = "$2" ] || fail "$3"; }
different() { [ -n "$1" ] && [ -n "$2" ] && [ "$1" != "$2" ] || fail "$3"; }
# What a citizen is told, with one of their identifiers.
ask() {
  printf '%s\n' "$1" | as innsyn.portal insight lookup --purpose "innbyggerens egen forespørsel" --format json
}
told_the_same() {
  [ "$(ask "$1" | field projects)" = "$(ask "$2" | field projects)" ] || fail "a citizen's answer depends on the number that they ask with."
}
# Who waits for a correction file and for how many rows, as NPR=1 MFR=1.
waiting() {
  as ola.keyofficer correction list --project "$linked" --format json | python3 -c '
import json, sys
print(*sorted("{}={}".format(r["register_id"], r[sys.argv[1]]) for r in json.load(sys.stdin)["registers"] if int(r[sys.argv[1]])))' "$1"
}
# One key officer proposes, another confirms, and the registers that wait get a correction file each.
correct() {
  local correction number register
  correction="$(as ola.keyofficer correction propose --project "$linked" --reason "$1" --format json | field number)"
  as ola.keyofficer correction confirm --project "$linked" --number "$correction" --reason "my own" >/dev/null 2>"$dir/refused.txt" &&
    fail "a key officer confirmed their own correction."
  sed -n '1s/^error: /   Ola may not confirm it himself: /p' "$dir/refused.txt"
  as nina.keyofficer correction confirm --project "$linked" --number "$correction" --reason "compared with the source" >/dev/null
  same "$(waiting confirmed_rows)" "MFR=1 NPR=1" "other registers wait for a correction than were told the old number."
  for register in NPR MFR; do
    issue "$register" --correction
    key_files[$register]+=" $number"
    say "$(field file_name <"$dir/issued.json"): a correction of $(field rows <"$dir/issued.json") row"
  done
  as ola.keyofficer keyfile issue "$linked" KREFT --correction >/dev/null 2>"$dir/refused.txt" && fail "KREFT got a correction."
  sed -n '1s/^error: /   KREFT was only told what stays, and gets none: /p' "$dir/refused.txt"
}

step "13. A second project. Ada has a D-number; the registers make their first delivery"
"$kobling" --quiet testdata --persons 200 --seed 3 --dir "$identity_dir/data" >/dev/null
sed -e 's/^case_number = .*/case_number = "HDS-2026-01235"/' -e "s/^end_date = .*/end_date = \"$(date -d '+3000 days' +%F)\"/" \
  -e "s/^\(deletion_date\|due_date\) = .*/\1 = \"$(date -d '+3030 days' +%F)\"/" "$dir/case.toml" >"$identity_dir/case.toml"
linked="$(as kari.caseworker project create --file "$identity_dir/case.toml" --format json | field id)"
as kari.caseworker project ready "$linked" >/dev/null
as ola.keyofficer project activate "$linked" >/dev/null
feed created "$ada_d"
somebody="$(python3 "$root/deploy/demo_pick.py" "$identity_dir/data")"
printf 'npr_key;fnr;kode\nnpr-ada;%s;A\nnpr-bo;%s;B\nnpr-x;%s;C\n' "$ada_d" "$bo" "$somebody" >"$identity_dir/NPR.csv"
printf 'kreft_key;fnr;kode\nkreft-ada;%s;A\nkreft-x;%s;C\n' "$ada" "$somebody" >"$identity_dir/KREFT.csv"
printf 'mfr_key;fnr;kode\nmfr-ada;%s;A\nmfr-bo;%s;B\n' "$ada" "$bo" >"$identity_dir/MFR.csv"
{ cat "$identity_dir/data/npr_population.csv" && printf '%s\n%s\n' "$ada_d" "$bo"; } |
  sed 's/;.*//' >"$identity_dir/population.csv"
as NPR population submit "$linked" --file "$identity_dir/population.csv" --column fnr >/dev/null 2>&1 || { code=$?; [ "$code" -eq 5 ] || exit "$code"; }
as NPR population complete "$linked" >/dev/null
as ola.keyofficer keyfile open-match "$linked" KREFT --max-rows 1000 >/dev/null
as KREFT keyfile match "$linked" --file "$identity_dir/KREFT.csv" --column fnr >/dev/null
for register in NPR KREFT MFR; do issue "$register"; done
deliver first
ada_is="$(lopenummer first NPR npr-ada)"
bo_is="$(lopenummer first NPR npr-bo)"
different "$ada_is" "$bo_is" "Ada and Bo have the same løpenummer."
same "$bo_is" "$(lopenummer first MFR mfr-bo)" "Bo has another løpenummer in MFR than in NPR."
[ -z "$(lopenummer first KREFT kreft-ada)$(lopenummer first MFR mfr-ada)" ] || fail "a number was linked that nobody knew to be Ada's."
say "NPR holds Ada under the D-number and delivers her. KREFT and MFR hold her under a fødselsnummer that nobody has"
say "connected with it yet: they have no løpenummer for her, and her rows are left out."

days_later 30
step "14. A month later ($(day)): the feed tells that Ada has got the fødselsnummer; the second delivery"
feed replaced "$ada" "$ada_d"
as ola.keyofficer keyfile open-match "$linked" KREFT --max-rows 1000 >/dev/null
as KREFT keyfile match "$linked" --file "$identity_dir/KREFT.csv" --column fnr >/dev/null
issue KREFT
key_files[KREFT]=$number
issue MFR --since 1
key_files[MFR]+=" $number"
say "MFR gets a delta of $(field rows <"$dir/issued.json") row; NPR needs no new file."
deliver second
for row in "NPR npr-ada" "KREFT kreft-ada" "MFR mfr-ada"; do
  # shellcheck disable=SC2086
  same "$ada_is" "$(lopenummer second $row)" "Ada has another løpenummer in the second delivery."
done
say "Ada has the løpenummer that she had under the D-number, in all three registers. Checked."
told_the_same "$ada_d" "$ada"
say "She is told the same whichever of the two she logs in with. Checked."

days_later 60
step "15. Another month later ($(day)): the source has found that Bo is Ada; a correction, and the third delivery"
feed merged "$ada" "$bo"
same "$(waiting waiting_rows)" "MFR=1 NPR=1" "other rows wait for a correction than Bo's."
say "Two løpenumre are out for one person. Until somebody decides, each register keeps what it was told."
correct "case 26/118"
deliver third
same "$ada_is" "$(lopenummer third NPR npr-bo)" "Bo's row does not have Ada's løpenummer after the correction."
same "$ada_is" "$(lopenummer third MFR mfr-bo)" "Bo's row in MFR does not have Ada's løpenummer after the correction."
same "$ada_is" "$(lopenummer third KREFT kreft-ada)" "Ada's løpenummer has changed by the correction."
say "Rows under either number have one løpenummer now: the one that was Ada's. Checked."
told_the_same "$ada" "$bo"

days_later 90
step "16. And another ($(day)): it was wrong, Bo is somebody else; a correction, and the fourth delivery"
feed split "$bo" "$ada"
same "$(waiting waiting_rows)" "MFR=1 NPR=1" "the split does not wait for a correction of Bo's rows."
correct "case 26/131"
deliver fourth
same "$ada_is" "$(lopenummer fourth NPR npr-ada)" "Ada has another løpenummer after the split."
same "$ada_is" "$(lopenummer fourth KREFT kreft-ada)" "Ada has another løpenummer in KREFT after the split."
same "$ada_is" "$(lopenummer fourth MFR mfr-ada)" "Ada has another løpenummer in MFR after the split."
same "$bo_is" "$(lopenummer fourth NPR npr-bo)" "Bo did not get the old løpenummer back."
same "$bo_is" "$(lopenummer fourth MFR mfr-bo)" "Bo did not get the old løpenummer back in MFR."
say "Ada has the løpenummer of the first delivery, and so has Bo. Checked."

step "17. What Bo is told, who was Ada for a month"
printf '%s\n' "$bo" | as innsyn.portal insight lookup --purpose "innbyggerens egen forespørsel" --format csv |
  cut -d ';' -f 1,4- | sed 's/^/   /'
python3 -c '
import json, sys
answer = json.load(sys.stdin)
corrected = {r["register_id"]: len(r["corrected_times"]) for p in answer["projects"] for r in p["registers"]}
if corrected != {"NPR": 2, "KREFT": 0, "MFR": 2}:
    sys.exit(1)' <<<"$(ask "$bo")" || fail "Bo is not told of the corrections."
say "Both corrections of NPR and MFR are told. Checked."

step "18. The auditor: every key file of the three months can be made again, and nothing contradicts itself"
made=0
as anne.auditor keyfile list "$linked" --format json >"$identity_dir/key_files.json"
while read -r register number; do
  as anne.auditor keyfile reproduce "$linked" "$register" "$number" --purpose "spørsmål fra tilsynet" >/dev/null ||
    fail "key file $number of $register is not what was issued."
  made=$((made + 1))
done < <(python3 -c '
import json, sys
for key_file in json.load(sys.stdin):
    print(key_file["register_id"], key_file["number"])' <"$identity_dir/key_files.json")
say "$made key files, made under four states of the identity history, are byte for byte what was issued."
as anne.auditor audit scrub | sed 's/^/   /'
as anne.auditor audit list --operation identity --format csv | cut -d ';' -f 2,3,5,9,12 | sed 's/^/   /'
