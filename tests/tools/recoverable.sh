#!/bin/sh
# mpshm-recoverable and its instruction counts: every row comes, and what is wrong is told.
# How long anything takes is not judged.
. "$(dirname "$0")/common.sh"
. "$here/bench_common.sh"

# On a crowded machine its processes wait for each other at every start line.
bounded()
{
  if command -v timeout >/dev/null 2>&1; then timeout 600 "$@"; else "$@"; fi
}

[ -z "${SAN_CFLAGS:-}" ] || { echo "recoverable: skipped under a sanitizer"; exit 77; }
recoverable=$build/bench/mpshm-recoverable
top=$(cd "$here/../.." && pwd)

run "$recoverable" --rounds 1 --milliseconds 1
[ "$status" -ne 77 ] || { cat "$tmp/err"; exit 77; }
expect 0
cp "$tmp/out" "$tmp/table"
run "$recoverable" --list
expect 0
rows=$(cut -d ' ' -f 1 "$tmp/out")
[ "$(echo "$rows" | wc -l)" -ge 9 ] || fault "few rows: $rows"
# A row has figures, or says why it has none; a busy machine may disturb all of its samples.
number='[0-9.]+ \([0-9.]+ \.\. [0-9.]+\)'
for row in $rows; do
  checks=$((checks + 1))
  grep -qE -e "^$row .* ($number +$number .* (within|within\?|above\?|ABOVE)|nothing that counts|skipped, one CPU)$" \
    "$tmp/table" || fault "no row $row: $(cat "$tmp/table")"
done
# These need one CPU, and nobody's leave: sooner or later they have figures.
for row in mpmc-8-alone queue-64-alone; do
  checks=$((checks + 1))
  tries=0
  until grep -qE -e "^$row .* $number +$number " "$tmp/table" || [ "$tries" -eq 5 ]; do
    tries=$((tries + 1))
    run "$recoverable" --rounds 1 --milliseconds 1 --row "$row"
    cat "$tmp/out" >>"$tmp/table"
  done
  [ "$tries" -lt 5 ] || fault "$row has no figures: $(cat "$tmp/table")"
done

wrong "$recoverable" --no-such-option
wrong "$recoverable" --rounds 0
wrong "$recoverable" --milliseconds 0
wrong "$recoverable" --operations both
says err '^mpshm-recoverable: --operations both: give with, without or list$'
wrong "$recoverable" row

run "$recoverable" --operations with
expect 0
silent err
run "$recoverable" --operations without
expect 0
silent err

# --- Instructions, where valgrind is -------------------------------------------------------
run "$top/bench/recoverable/instructions.sh" "$build"
if [ "$status" -eq 77 ]; then
  cat "$tmp/out"
elif [ "$status" -ne 0 ]; then
  expect 0
else
  cp "$tmp/out" "$tmp/counts"
  run "$recoverable" --operations list
  for operation in $(cut -d ' ' -f 1 "$tmp/out" | grep -v '^nothing$'); do
    checks=$((checks + 1))
    grep -qE -e "^$operation +[0-9.]+ +[0-9.]+ +[-+][0-9.]+ " "$tmp/counts" ||
      fault "no count of $operation: $(cat "$tmp/counts")"
  done
  # Exact figures: what has no claims costs the same in both builds, and a claim does not.
  "${AWK:-awk}" '
    /^(spsc|value|counter)_/ && $4 != 0 { print "counts differ: " $0 }
    /^mpmc_try_(push|pop) / && !($4 > 0) { print "no intents: " $0 }' "$tmp/counts" >"$tmp/strange"
  checks=$((checks + 1))
  [ ! -s "$tmp/strange" ] || fault "$(cat "$tmp/strange")"
fi

nothing_left
finish "every row comes, what is wrong is told, nothing is left behind"
