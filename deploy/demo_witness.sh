# shellcheck shell=bash
# Part of demo.sh: nobody has to believe the server. Uses what demo.sh has set up.

step "28. Anybody can check the event log, offline, with two public keys"
published="$dir/published-log-copy"
# The proof of a key file's issue, which the register keeps beside the file; it makes the server publish up to there.
as NPR keyfile receipt "$sealed" | grep -E '^(proof|index|operation|cosigned)' | sed 's/^/   /'
cp -r "$dir/server/published-log" "$published"
as anne.auditor audit verify "$published" >"$dir/verified.txt" ||
  { cat "$dir/verified.txt" >&2; fail "the published log is not sound."; }
grep -E '^(sound|events|root|checkpoints|cosignatures) ' "$dir/verified.txt" | sed 's/^/   /'
say "A second program, written from the published format alone, finds the same:"
/usr/bin/python3 -B "$root/tests/audit/verify_log.py" "$published" --key "$(cat "$dir/server/public/log.vkey")" \
  --witness "$(cat "$dir/witness/witness.vkey")" >"$dir/verified-again.txt" ||
  { cat "$dir/verified-again.txt" >&2; fail "the second program does not agree."; }
tail -n 1 "$dir/verified-again.txt" | sed 's/^/     /'

step "29. Somebody changes one event in a copy of the log"
# One byte in the middle of the first bundle of events.
python3 - "$published" <<'EOF'
import sys
events = int(open(sys.argv[1] + "/checkpoint", encoding="utf-8").read().split("\n")[1])
name = "000" if events >= 256 else f"000.p/{events}"
with open(f"{sys.argv[1]}/tile/entries/{name}", "r+b") as bundle:
    data = bundle.read()
    bundle.seek(len(data) // 2)
    bundle.write(bytes([data[len(data) // 2] ^ 1]))
EOF
if as anne.auditor audit verify "$published" >"$dir/forged.txt"; then
  fail "the change was not noticed."
fi
say "noticed; the first thing that is wrong:"
sed -n '/^WHERE/,$p' "$dir/forged.txt" | sed -n '1,2p' | sed 's/^/     /'

step "30. Somebody puts yesterday's database in place of today's"
stop_server
cp -r "$dir/server/data" "$dir/data-of-yesterday"
start_server
as kari.caseworker register update NPR --contact "ny@register.example" >/dev/null
stop_server
mv "$dir/server/data" "$dir/data-of-today"
cp -r "$dir/data-of-yesterday" "$dir/server/data"
chmod 700 "$dir/server/data"
start_server
as anne.auditor operator status | sed 's/^/   /' || true
if as anne.auditor audit list >/dev/null 2>&1; then
  fail "a server with an older database answered."
fi
say "More was published, and the witness has seen more, than this database holds: the server stays sealed."
stop_server
rm -rf "$dir/server/data"
mv "$dir/data-of-today" "$dir/server/data"
rm -rf "$dir/data-of-yesterday"
start_server
as anne.auditor operator status >/dev/null || fail "the server is sealed with the right database."
say "With the right database it opens again."
