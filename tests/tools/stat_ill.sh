#!/bin/sh
# mpshm-stat: what it says of what is no segment, of damaged ones, and of the dead.
. "$(dirname "$0")/common.sh"
. "$here/stat_common.sh"

live=$prefix-live
hold 1 "$live"
first=$held

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

# Strings that were written over: participant 0's command, then object 0's name.
cp "$shm-live" "$shm-scrawl"
patch "$shm-scrawl" $((4096 + 48)) '\033[2J\n\377"\\'
expect 1 show "$prefix-scrawl"
plain out
says out " dead .* (\?|\\\\x1b)\\[2J"
expect 1 show --json "$prefix-scrawl"
json 7
directory=$(od -An -tu8 -j128 -N8 "$shm-live" | tr -d ' ') # directory_at
patch "$shm-scrawl" $((directory + 128)) '\033[2J'
expect 1 list "$prefix-scrawl"
plain out
says out "  $prefix-scrawl  corrupt  "
says out '^  #0 .* corrupt$'
says out '^  level +value '
expect 1 list --json "$prefix-scrawl"
json 6
says out '"state":"corrupt","index":0\}$'

# What has the name and is no file: no look follows it, or waits for it.
mkfifo "$shm-fifo"
mkdir "$shm-folder"
ln -s "$shm-live" "$shm-link"
for kind in fifo folder link; do
  expect 1 show "$prefix-$kind"
  says err "$prefix-$kind: not a segment: no regular file; "
done
rm -rf "$shm-fifo" "$shm-folder" "$shm-link"

# One that grows, shrinks, goes and comes again under the look: some word, no signal.
cp "$shm-live" "$shm-restless"
(
  while :; do
    for bytes in 100 5000 70000 67108864 200000; do truncate -s $bytes "$shm-restless"; done
    rm -f "$shm-restless"
    cp "$shm-live" "$shm-restless"
  done
) 2>/dev/null &
restless=$!
children="$children $restless"
for round in 1 2 3 4 5 6 7 8 9 10; do
  for command in list show "show --json" "list --json"; do
    checks=$((checks + 1))
    ran="mpshm-stat $command $prefix-restless ($round)"
    # shellcheck disable=SC2086 # words
    bounded "$stat" $command "$prefix-restless" >"$tmp/out" 2>"$tmp/err"
    got=$?
    [ "$got" -le 5 ] && [ "$got" -ne 2 ] || fault "$ran: exits $got: $(cat "$tmp/err")"
    plain out
    case $command in *json) json "" ;; esac
  done
done
kill "$restless"
wait "$restless" 2>/dev/null
rm -f "$shm-restless"

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
# as_nobody COMMAND...: runs it as somebody who isn't root; false where that can't be done.
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
  echo "$self: skipped: a file that may not be read (can't be anybody but root here)"
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
says out "^ +1 +$second .* alive .* e(\\?|\\\\x1b)\\[31m\""
expect 0 show --json "$live"
json 8
says out '"command":"e(\?|\\u001b)\[31m\\"'
kill -9 "$second"
wait "$second" 2>/dev/null # the shell may say that it was killed
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

# The next one to attach resolves that, and takes the side of ring1 over.
exec 4>&-
rm -f "$tmp/to2" "$tmp/from2"
hold 2 "$live"
third=$held
expect 0 show "$live"
says out '^peer deaths +1 found and resolved$'
for object in ring1 ring2 orders level hits; do
  expect 0 show "$live/$object"
  says out '^peer deaths +1 with it open$'
  expect 0 --json show "$live/$object"
  says out '"peer_deaths":1\}$'
done
expect 0 show "$live/ring1"
says out '^recovered +1 sides of the dead taken over$'
expect 0 --json list "$live"
says out '"name":"ring1",.*"recovered":1,'
says out '"name":"ring2",.*"recovered":0,'
exec 4>&-
wait "$third" || fault "the third holder failed"

# --- The end -------------------------------------------------------------------------------
exec 3>&-
wait "$first" || fault "the holder failed"
expect 3 show "$live"
finish "mpshm-stat tells ill from well"
