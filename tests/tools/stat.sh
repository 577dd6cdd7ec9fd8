#!/bin/sh
# mpshm-stat: its arguments, what it says of a healthy segment, and where it says it.
. "$(dirname "$0")/common.sh"
. "$here/stat_common.sh"

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
says out '^take-overs +0 '
says out "^ +0 +$first +[0-9]+ +alive +[0-9]+ .* ring1,ring2,orders,level,hits\$"
expect 0 show "$live/orders"
says out '^kind +queue$'
says out '^capacity +4 messages$'
says out '^max message +4096 bytes$'
says out '^pool +1 of [0-9]+ blocks in use$'
says out "^leased +0 in getters' hands, 0 came back\$"
says out '^recovered +0 '
says out '^redelivered +0$'
says out '^tombstoned +0 '
says out '^dropped +0, '
says out '^peer deaths +0 with it open$'
says out "^ +0 +$first .* alive "
expect 0 show "$live/ring1"
says out '^element size +16 bytes$'
says out "^producer +participant 0, pid $first, alive\$"
says out '^consumer +free$'
says out '^recovered +0 sides '
expect 3 show "$live/nothing"
says err "$live: no object nothing; "
expect 0 --json list "$live"
json 6
says out '"name":"orders","state":"ok",.*"kind":"queue",.*"capacity":4,"used":2,"element_bytes":4096,'
says out '"name":"level",.*"value":-42,'
says out '"name":"level",.*"recovered":0,"redelivered":0,"tombstoned":0,"dropped":0,"peer_deaths":0\}$'
says out '"type":"segment",.*"peer_deaths":0,"lock_take_overs":0,'
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
# No stdout at all: what can't be said is a failure, saying nothing is none.
for asked in "1 list $live" "1 --json show $live" "1 --version" "3 show $prefix-none"; do
  checks=$((checks + 1))
  # shellcheck disable=SC2086 # words
  "$stat" ${asked#? } >&- 2>"$tmp/err"
  got=$?
  [ "$got" -eq "${asked%% *}" ] || fault "mpshm-stat ${asked#? } >&-: exits $got: $(cat "$tmp/err")"
done
mkfifo "$tmp/pipe"
exec 5<>"$tmp/pipe" 6>"$tmp/pipe" 5>&- # nobody reads 6 any more
checks=$((checks + 1))
"$stat" --json list "$live" >&6 2>"$tmp/err"
got=$?
ran="mpshm-stat into a pipe without a reader"
[ "$got" -eq 1 ] || fault "$ran: exits $got"
says err 'standard output: Broken pipe'
exec 6>&-

# --- The end -------------------------------------------------------------------------------
exec 3>&-
wait "$first" || fault "the holder failed"
expect 3 show "$live"
finish "mpshm-stat tells what there is"
