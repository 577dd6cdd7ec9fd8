#!/bin/sh
# The examples do what their comments say.
. "$(dirname "$0")/common.sh"
examples=$build/examples

# check NAME STATUS WANTED: the status is 0 and $tmp/out is what was wanted.
check()
{
  checks=$((checks + 1))
  [ "$2" -eq 0 ] || fault "$1: exits $2"
  [ "$(cat "$tmp/out")" = "$3" ] || fault "$1: prints $(cat "$tmp/out")"
}

lines='first
second
a third, longer one'

# The producer may come and go before the consumer starts ...
echo "$lines" | bounded "$examples/producer" "$prefix-1" >"$tmp/out"
check "producer, first" $? ""
bounded "$examples/consumer" "$prefix-1" >"$tmp/out"
check "consumer, second" $? "$lines"

# ... and the consumer may wait for it.
bounded "$examples/consumer" "$prefix-2" >"$tmp/out" &
children=$!
sleep 1
echo "$lines" | bounded "$examples/producer" "$prefix-2"
status=$?
wait "$children"
check "consumer, first" $? "$lines"
[ "$status" -eq 0 ] || fault "producer, second: exits $status"

bounded "$examples/spsc_ring" >"$tmp/out"
check spsc_ring $? "100000 samples, sum of readings 2499975000.0"
bounded "$examples/counter" >"$tmp/out"
check counter $? "4 processes, 1000000 adds each: 4000000"

for left in "$shm"*; do
  [ ! -e "$left" ] || fault "leaves $left behind"
done
finish "producer, consumer, spsc_ring and counter"
