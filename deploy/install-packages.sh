#!/usr/bin/env bash
# Installs what deploy/packages.txt lists and this machine lacks. Does nothing, and needs no root, when all is there.
set -euo pipefail
list="$(dirname "$0")/packages.txt"
mapfile -t wanted < <(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$list" | tr -d ' ')
# By their own names and by those that they provide: Node.js that is not Debian's brings npm with it, and bars Debian's.
installed="$(dpkg-query -W -f='${db:Status-Status} ${Package}, ${Provides}\n' | sed -n 's/^installed //p' | tr ',' '\n' | sed -e 's/^ *//' -e 's/[ (].*//')"
missing=()
for package in "${wanted[@]}"; do
  grep -qxF -e "$package" <<<"$installed" || missing+=("$package")
done
[ "${#missing[@]}" -eq 0 ] && exit 0
echo "Installing ${#missing[@]} Debian packages: ${missing[*]}" >&2
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "error: these packages must be installed by root; run: apt-get install ${missing[*]}" >&2; exit 1; }
  as_root=(sudo)
fi
log="$(mktemp)"
if ! { "${as_root[@]}" apt-get update -qq &&
       "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  echo "error: apt-get could not install the packages above; the whole log is $log" >&2
  exit 1
fi
rm -f "$log"
