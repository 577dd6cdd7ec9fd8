#!/bin/sh
# mpshm-stat: what it says of segments well and ill, and what it exits with.
. "$(dirname "$0")/common.sh"
stat=$build/tools/mpshm-stat
holder=$build/tests/tools/holder
for program in "$stat" "$holder"; do
  [ -x "$program" ] || { echo "stat: no $program: make it first"; exit 99; }
done

# expect STATUS ARGUMENT...: runs mpshm-stat; what it prints is in $tmp/out and $tmp/err.
expect()
{
  want=$1
  shift
  ran="mpshm-stat $*"
  bounded "$stat" "$@" >"$tmp/out" 2>"$tmp/err"
  got=$?
  checks=$((checks + 1))
  [ "$got" -eq "$want" ] || fault "$ran: exits $got, not $want: $(cat "$tmp/out" "$tmp/err")"
}

# says out|err PATTERN: the last run printed that (an extended regular expression).
says()
{
  checks=$((checks + 1))
  grep -Eq -e "$2" "$tmp/$1" || fault "$ran: no '$2' in: $(cat "$tmp/$1")"
}

# silent out|err: the last run printed nothing there.
silent()
{
  checks=$((checks + 1))
  [ ! -s "$tmp/$1" ] || fault "$ran: prints to std$1: $(cat "$tmp/$1")"
}

# plain out|err: nothing in it that a terminal would act on.
plain()
{
  checks=$((checks + 1))
  if tr -d '\n -~' <"$tmp/$1" | grep -q .; then
    fault "$ran: control characters: $(od -c "$tmp/$1" | head -n 20)"
  fi
}

# json LINES: the last run printed that many lines of JSON ("" for any number).
json()
{
  checks=$((checks + 1))
  lines=$(wc -l <"$tmp/out")
  [ -z "$1" ] || [ "$lines" -eq "$1" ] || fault "$ran: $lines lines, not $1: $(cat "$tmp/out")"
  if python3 -c '' 2>/dev/null; then
    python3 -c '
import json, sys
for line in sys.stdin.buffer:
    said = json.loads(line.decode())
    assert said["schema_version"] == 1, line
    assert said["type"] in ("segment", "object", "participant"), line
' <"$tmp/out" 2>"$tmp/why" || fault "$ran: no JSON: $(tail -n 1 "$tmp/why")"
  elif grep -Evq '^\{"schema_version":1,"type":"(segment|object|participant)",.*\}$' "$tmp/out"; then
    fault "$ran: no JSON: $(cat "$tmp/out")"
  fi
  plain out
}

# hold NUMBER SEGMENT [COMMAND]: a holder; its input stays open on descriptor 3 (NUMBER 1)
# or 4; its pid is in $held.
hold()
{
  number=$1
  shift
  mkfifo "$tmp/to$number" "$tmp/from$number" || exit 99
  # Its output first: the other end of `to` opens when the holder does.
  "$holder" "$@" <"$tmp/to$number" >"$tmp/from$number" 3>&- 4>&- &
  held=$!
  children="$children $held"
  if [ "$number" = 1 ]; then exec 3>"$tmp/to1"; else exec 4>"$tmp/to2"; fi
  said=
  read -r said <"$tmp/from$number"
  [ "$said" = ready ] || { echo "stat: the holder did not get ready"; exit 1; }
}

# patch FILE BYTE OCTAL-BYTES: writes over it.
patch()
{
  # shellcheck disable=SC2059 # the format is the data
  printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null || fault "dd on $1"
}

# --- Without any segment ---------------------------------------------------------------
expect 0 --help
says out '^usage: mpshm-stat '
silent err
expect 0 --version
says out '^mpshm-stat [0-9]+\.[0-9]+\.[0-9]+, library [0-9.]+$'
expect 2 --no-such-option
says err 'no-such-option.*--help'
silent out
expect 2 frobnicate
says err 'frobnicate'
expect 2 show
expect 2 show a b
expect 2 show "$(printf 'a\033[31mb')"
says err 'a\\x1b\[31mb'
plain err
expect 3 show "$prefix-none"
says err "$prefix-none: no such segment; .*list"
silent out
expect 3 list "$prefix-none"
says err 'no such segment'

# --- Healthy ---------------------------------------------------------------------------
live=$prefix-live
hold 1 "$live"
first=$held
expect 0 list "$live"
silent err
says out "^[-0-9]+ [0-9:]+  layout [0-9]+\.[0-9]+  $live  ok  creator [0-9]+  age [0-9]+s  memory .*iB of .*iB  participants 1 alive, 0 dead\$"
says out '^  NAME +KIND +CAP +USED +USED% '
says out '^  ring1 +spsc +8 +3 +38% .* ok$'
says out '^  ring2 +mpmc +16 +16 +100% .* full$'
says out '^  orders +queue +4 +2 +50% .* ok$'
says out '^  level +value .* -42 +1 +0 +ok$'
says out '^  hits +counter .* 7 +1 +0 +ok$'
[ "$(awk '/^  /{ print length($0) - length($NF) }' "$tmp/out" | sort -u | wc -l)" -eq 1 ] ||
  fault "the columns are not aligned: $(cat "$tmp/out")"
expect 0 show "$live"
silent err
says out "^segment +$live\$"
says out '^state +ok$'
says out '^objects +5 of [0-9]+$'
says out '^participants +1 of 8: 1 alive, 0 dead, 0 unknown$'
says out '^peer deaths +0 '
says out "^ +0 +$first +[0-9]+ +alive +[0-9]+ .* ring1,ring2,orders,level,hits\$"
expect 0 show "$live/orders"
says out '^kind +queue$'
says out '^capacity +4 messages$'
says out '^max message +4096 bytes$'
says out '^pool +1 of [0-9]+ blocks in use$'
says out '^recovered +0 '
says out '^redelivered +0$'
says out '^tombstoned +0 '
says out "^ +0 +$first .* alive "
expect 0 show "$live/ring1"
says out '^element size +16 bytes$'
says out "^producer +participant 0, pid $first, alive\$"
says out '^consumer +free$'
expect 3 show "$live/nothing"
says err "$live: no object nothing; "
expect 0 --json list "$live"
json 6
says out '"name":"orders","state":"ok",.*"kind":"queue",.*"capacity":4,"used":2,"element_bytes":4096,'
says out '"name":"level",.*"value":-42,'
expect 0 show --json "$live"
json 7
says out "\"type\":\"participant\",.*\"pid\":$first,.*\"liveness\":\"alive\",.*\"open\":\\[\"ring1\",\"ring2\""
expect 0 show --json "$live/ring1"
json 2
says out '"producer":0,"consumer":null,'

# --- It only looks -----------------------------------------------------------------------
cp "$shm-live" "$tmp/before" && bounded "$stat" show "$live" >/dev/null
cmp "$tmp/before" "$shm-live" || fault "looking has changed the segment"
rm -f "$tmp/before"

# --- Output that goes nowhere --------------------------------------------------------------
if [ -w /dev/full ]; then
  checks=$((checks + 1))
  "$stat" list "$live" >/dev/full 2>"$tmp/err"
  got=$?
  ran="mpshm-stat list >/dev/full"
  [ "$got" -eq 1 ] || fault "$ran: exits $got"
  says err 'standard output: No space'
fi
mkfifo "$tmp/pipe"
exec 5<>"$tmp/pipe" 6>"$tmp/pipe" 5>&- # nobody reads 6 any more
checks=$((checks + 1))
"$stat" --json list "$live" >&6 2>"$tmp/err"
got=$?
ran="mpshm-stat into a pipe without a reader"
[ "$got" -eq 1 ] || fault "$ran: exits $got"
says err 'standard output: Broken pipe'
exec 6>&-

# --- Copies of it with something wrong -----------------------------------------------------
# Offsets: lib/layout/segment.h.
junk() { echo "not of mpshm, not of mpshm, not of mpshm"; }
junk >"$shm-junk"
expect 1 show "$prefix-junk"
says err "$prefix-junk: not a segment; .*/dev/shm/mpshm.$prefix-junk"
silent out
: >"$shm-empty"
expect 1 show "$prefix-empty"
says err "$prefix-empty: it is being created; try again"
expect 0 list "$prefix-empty"
says out "  $prefix-empty  creating  "
cp "$shm-live" "$shm-foreign"
patch "$shm-foreign" 8 '\143' # layout_major
expect 5 show "$prefix-foreign"
says err "$prefix-foreign: another layout: .*99.*[^0-9]1[^0-9].*"
head -c 5000 "$shm-live" >"$shm-cut"
expect 1 show "$prefix-cut"
says err "$prefix-cut: truncated: 5000 of .*; .*/dev/shm/mpshm.$prefix-cut"
head -c 100 "$shm-live" >"$shm-short"
expect 1 show "$prefix-short"
says err "$prefix-short: truncated"
cp "$shm-live" "$shm-corrupt"
patch "$shm-corrupt" 112 '\001\377\377\377' # participants_at
expect 1 show "$prefix-corrupt"
says err "$prefix-corrupt: corrupt: "

# All of them in one listing, which none of them ends.
expect 1 list "$prefix-junk" "$prefix-foreign" "$prefix-cut" "$prefix-corrupt" "$live"
says out "  $prefix-junk  other  "
says out "  $prefix-foreign  incompat  "
says out "  $prefix-cut  truncated  "
says out "  $prefix-corrupt  corrupt  "
says out "  $live  ok  "
expect 5 list "$prefix-foreign" "$live"
expect 1 --json list "$prefix-junk" "$prefix-foreign" "$prefix-cut" "$prefix-corrupt"
json 4
says out '"state":"incompat",.*"detail":".*99'
# The listing of all has others' segments too, so that its status may be anything.
bounded "$stat" >"$tmp/out" 2>"$tmp/err"
ran=mpshm-stat
says out "  $prefix-foreign  incompat  "
says out "  $live  ok  "

# --- A file that may not be read -------------------------------------------------------------
# denied COMMAND...: runs it as somebody who isn't root; false where that can't be done.
as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"; }
if [ "$(id -u)" -ne 0 ]; then
  as_nobody() { "$@"; }
fi
junk >"$shm-denied"
chmod 000 "$shm-denied"
if as_nobody "$stat" --version >/dev/null 2>&1; then
  checks=$((checks + 1))
  as_nobody "$stat" show "$prefix-denied" >"$tmp/out" 2>"$tmp/err"
  got=$? ran="mpshm-stat show $prefix-denied (as nobody)"
  [ "$got" -eq 4 ] || fault "$ran: exits $got, not 4: $(cat "$tmp/err")"
  says err "$prefix-denied: no permission to read it: "
else
  echo "stat: skipped: a file that may not be read (can't be anybody but root here)"
fi
rm -f "$shm-denied"

# --- The dead ------------------------------------------------------------------------------
name=$(printf 'e\033[31m"\\\001x')
hold 2 "$live" "$name"
second=$held
expect 0 list "$live"
says out 'participants 2 alive, 0 dead$'
expect 0 show "$live"
plain out
says out "^ +1 +$second .* alive .* e\\\\x1b\\[31m\"\\\\\\\\\\\\x01x "
expect 0 show --json "$live"
json 8
says out '"command":"e\\u001b\[31m\\"\\\\\\u0001x"'
kill -9 "$second"
wait "$second" 2>/dev/null
expect 1 list "$live"
says out "  $live  dead-peer  .*participants 1 alive, 1 dead\$"
says out '^  ring1 .* dead-peer$'
expect 1 show "$live"
says out "^ +1 +$second .* dead "
says out '^state +dead-peer: 1 dead: .*mpshm_segment_recover'
expect 1 show "$live/ring1"
says out "^consumer +participant 1, pid $second, dead\$"
expect 1 --json show "$live"
json 8
says out "\"pid\":$second,.*\"liveness\":\"dead\""

# --- The end -------------------------------------------------------------------------------
exec 4>&- 3>&-
wait "$first" || fault "the holder failed"
expect 3 show "$live"
finish "mpshm-stat tells well from ill"
