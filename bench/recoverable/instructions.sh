#!/bin/sh
# Instructions per call, with and without intents, as callgrind counts them.
# usage: instructions.sh [BUILD-FOLDER]      (with mpshm-recoverable and its modules built)
# Exit status 77: no valgrind, or none that can read the build, or no shared libraries.
set -u
LC_ALL=C
export LC_ALL
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "${1:-$top/build}" && pwd) || exit 99
program=$build/bench/mpshm-recoverable

skip()
{
  echo "instructions: skipped: $*"
  exit 77
}
command -v "${VALGRIND:-valgrind}" >/dev/null 2>&1 || skip "no valgrind: install it (Debian: valgrind)"

tmp=$(mktemp -d "${TMPDIR:-/tmp}/instructions.XXXXXX") || exit 99
trap 'rm -rf "$tmp"' EXIT
trap 'exit 99' HUP INT TERM

# count BUILD: callgrind writes a file for each call of operations_measure(), and numbers them
# from 1; their totals go to $tmp/BUILD, in the order of the operations.
count()
{
  "$build/libtool" --mode=execute "${VALGRIND:-valgrind}" -q --tool=callgrind --collect-atstart=no \
    --toggle-collect=operations_measure --dump-after=operations_measure \
    --callgrind-out-file="$tmp/$1.out" "$program" --operations "$1" >"$tmp/output" 2>&1
  status=$?
  [ "$status" -ne 77 ] || skip "$(tail -n 1 "$tmp/output")"
  # Older valgrinds don't read newer debugging information; -gdwarf-4 suits them.
  grep -q "Valgrind: debuginfo reader:" "$tmp/output" && skip "valgrind can't read this build"
  if [ "$status" -ne 0 ]; then
    cat "$tmp/output"
    echo "instructions: --operations $1: exit status $status"
    exit 1
  fi
  n=1
  while [ -e "$tmp/$1.out.$n" ]; do
    sed -n 's/^totals: //p' "$tmp/$1.out.$n"
    n=$((n + 1))
  done >"$tmp/$1"
}

count with
count without
"$program" --operations list >"$tmp/names" || exit 1
paste -d ' ' "$tmp/names" "$tmp/with" "$tmp/without" | "${AWK:-awk}" '
BEGIN { printf "%-26s %8s %8s %8s %8s\n", "instructions a call", "with", "without", "more", "" }
NF != 4 { print "instructions: no count of " $0; faults++; next }
# What the loop around them takes.
$1 == "nothing" { nothing = $3 / $2; next }
{
	with = $3 / $2 - nothing
	without = $4 / $2 - nothing
	printf "%-26s %8.1f %8.1f %+8.1f %+6.0f %%\n", $1, with, without, with - without,
		100 * (with - without) / without
}
END { exit faults > 0 }'
