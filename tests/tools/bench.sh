#!/bin/sh
# mpshm-bench: what it measures stands in its table, its JSON file and its page; what is
# wrong is told.  How fast anything is is not judged.
. "$(dirname "$0")/common.sh"
. "$here/bench_common.sh"

[ -z "${SAN_CFLAGS:-}" ] || { echo "bench: skipped under a sanitizer"; exit 77; }
bench=$build/bench/mpshm-bench
[ -x "$bench" ] || { echo "bench: skipped, configured without mpshm-bench"; exit 77; }

# page ROW...: the run's page is well-formed and has these rows.
page()
{
  checks=$((checks + 1))
  "${AWK:-awk}" -f "$here/markup.awk" "$tmp/run.html" >"$tmp/markup" ||
    fault "the page: $(head -n 5 "$tmp/markup")"
  for row; do
    checks=$((checks + 1))
    grep -qF "id=\"row-$row\"" "$tmp/run.html" || fault "$ran: the page lacks row $row"
    grep -qF "id=\"all-$row\"" "$tmp/run.html" || fault "$ran: the page lacks all of $row"
    grep -qF "\"name\": \"$row\"" "$tmp/run.json" || fault "$ran: the JSON file lacks $row"
  done
}

# measure OPTION...: briefly.
measure()
{
  run "$bench" --rounds 1 --seconds 0.01 --json "$tmp/run.json" "$@"
  expect 0
  silent err
  says out "^every sample: $tmp/run\.json; report: $tmp/run\.html$"
  checks=$((checks + 1))
  [ "$(tail -n 1 "$tmp/out" | cut -c 1-13)" = 'every sample:' ] || fault "$ran: more follows the files' names"
}

run "$bench" --list
expect 0
cut -d ' ' -f 1 "$tmp/out" >"$tmp/rows"
checks=$((checks + 1))
[ "$(sort "$tmp/rows" | uniq | wc -l)" -eq "$(wc -l <"$tmp/rows")" ] || fault "a row's name comes twice"

# A plot that names a row which isn't there would lack it silently.
for row in $(sed -n 's/^[^"]*\("[^"]*"\)/\1/p' "$here/../../bench/suite/plots.cc" | tr ',' '\n' |
  sed -n 's/.*"\([a-z]*-[a-z0-9-]*\)".*/\1/p'); do
  checks=$((checks + 1))
  grep -qxF "$row" "$tmp/rows" || fault "plots.cc: no row $row"
done

measure --row spsc-8-1024
page $(grep spsc-8-1024 "$tmp/rows")
checks=$((checks + 1))
grep -q '<svg class="plot"' "$tmp/run.html" || fault "$ran: no plot"
measure --row counter
page counter-add

# At a rate: times in order, of all the messages that were due.  On a crowded machine a
# sample may be given up.
tries=0
: >"$tmp/times"
until [ -s "$tmp/times" ] || [ "$tries" -eq 5 ]; do
  tries=$((tries + 1))
  measure --row latency-spin-10k
  sed -n 's/.*"latency_ns": {\(.*\)}.*/\1/p' "$tmp/run.json" | sed 's/"[^"]*": //g; s/,//g' >"$tmp/times"
done
page latency-spin-10k
"${AWK:-awk}" '
  NF != 7 || $1 != 10000 { print "not 10000 messages, six points: " $0 }
  { for (i = 3; i <= NF; i++) if ($i < $(i - 1)) print "not in order: " $0 }' "$tmp/times" >"$tmp/strange"
checks=$((checks + 3))
[ -s "$tmp/times" ] || fault "$ran: no times in the JSON file"
[ ! -s "$tmp/strange" ] || fault "$ran: $(cat "$tmp/strange")"
grep -q '<table class="latency">' "$tmp/run.html" || fault "$ran: the page lacks the times"

# One of each kind that --full adds.
for row in spsc-65536 mpmc-trip-24 mpmc-8-4to4 queue-4to4 zero-copy-64k queue-among-8 \
  attach mpmc-memory-8; do
  measure --row "$row"
  page "$row"
done

# --- What can't be ------------------------------------------------------------------------
wrong "$bench" --no-such-option
wrong "$bench" --rounds 0
wrong "$bench" --seconds 0
wrong "$bench" --row no-such-row
wrong "$bench" row
for option in --json --html; do
  run "$bench" --row counter $option "$tmp/no/such/folder"
  expect 1
  silent out
  says err "^mpshm-bench: $tmp/no/such/folder: No such file or directory$"
done

# A bare check of the check.
for text in '<p>a</p' '<p><b>a</p></b>' '<p>' '</p>' '<p>a & b</p>' '<img/>' '<p>a < b</p>'; do
  checks=$((checks + 1))
  echo "$text" | "${AWK:-awk}" -f "$here/markup.awk" >/dev/null && fault "markup.awk takes $text"
done

nothing_left
finish "rows, files and refusals are as told, nothing is left behind"
