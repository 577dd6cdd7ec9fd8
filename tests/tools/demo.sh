#!/bin/sh
# mpshm-demo: what it counts is what the file has, what is wrong is told.
. "$(dirname "$0")/common.sh"
. "$here/bench_common.sh"
demo=$build/bench/mpshm-demo
text=$tmp/text

# A text with empty lines, long ones and short ones.
"${AWK:-awk}" 'BEGIN {
  long = "0123456789abcdef"
  for (i = 0; i < 12; i++) long = long long
  for (i = 1; i <= 20000; i++) {
    if (i % 7 == 0) print ""
    else if (i % 5000 == 0) print substr(long, 1, 60000 + i % 3)
    else print substr(long, 1 + i % 16, 20 + i * 37 % 211)
  }
}' >"$text"
lines=$(wc -l <"$text")
bytes=$(($(wc -c <"$text") - lines))

# counted LINES BYTES: by $tmp/out, at both ends.
counted()
{
  says out "^\{\"held\": true, .*\"lines_sent\": $1, \"lines_received\": $1, \"bytes_sent\": $2, \"bytes_received\": $2, .*\"out_of_order\": 0, \"redelivered\": 0, "
  says err '^demo: held: '
}

run "$demo" --json --file "$text"
expect 0
counted "$lines" "$bytes"
checksum=$(sed 's/.*"checksum_sent": "\([0-9a-f]*\)", "checksum_received": "\1".*/\1/' "$tmp/out")
[ "${#checksum}" -eq 16 ] || fault "no equal checksums: $(cat "$tmp/out")"

# The checksum is of the lines, whoever carries them.
for how in '--producers 1 --consumers 1' '--producers 3 --consumers 1 --capacity 1' \
  '--producers 5 --consumers 4 --capacity 7'; do
  # shellcheck disable=SC2086 # several words
  run "$demo" --json --file "$text" $how
  expect 0
  counted "$lines" "$bytes"
  says out "\"checksum_sent\": \"$checksum\", \"checksum_received\": \"$checksum\""
done

run "$demo" --file "$text"
expect 0
silent err
says out "^demo: held: $lines lines, [0-9.]+ MB, checksum $checksum equal at both ends, order kept per producer, [0-9.]+ M lines/s"

: >"$tmp/empty"
run "$demo" --json --file "$tmp/empty"
expect 0
counted 0 0
printf 'one\n\n\nfour' >"$tmp/four"
run "$demo" --json --file "$tmp/four" --producers 9
expect 0
counted 4 7

# --- A text of its own, looked at meanwhile -------------------------------------------------
run "$demo" --megabytes 30
expect 0
silent err
says out '^text: [0-9.]+ MB: '
says out '^(state +ok|--- through before mpshm-stat could look.*)$'
says out '^demo: held: '
run env MPSHM_STAT="$tmp/none" "$demo" --megabytes 30
expect 0
says out '^--- (there is no mpshm-stat here; .*|through before .*)$'

# --- What is wrong ---------------------------------------------------------------------------
wrong "$demo" --no-such-option
says err '^mpshm-demo: --no-such-option: .*--help$'
wrong "$demo" --producers 0
wrong "$demo" --consumers 33
wrong "$demo" --capacity many
wrong "$demo" --megabytes
wrong "$demo" "$text"
wrong "$demo" --file "$tmp/none"
says err "^mpshm-demo: $tmp/none: "
wrong "$demo" --file "$tmp"
says err 'not a regular file'
run "$demo" --file "$text" --max-line 100
expect 1
says err "^mpshm-demo: $text: the line at byte [0-9]+ has [0-9]+ bytes, .* 100: give --max-line [0-9]+\$"
says out '^demo: did not hold: producer [0-9]+ .* exit status 1$'

# --- Ended before its time -------------------------------------------------------------------
# One slot, so that there is time.
i=0
while [ "$i" -lt 6 ]; do
  cat "$text" "$text" >"$tmp/more" && mv "$tmp/more" "$text"
  i=$((i + 1))
done
ended_by_signal "$demo" --file "$text" --capacity 1
child_killed "$demo" --file "$text" --capacity 1
says out '^demo: did not hold: (producer|consumer) [0-9]+ \(pid [0-9]+\) died by signal 9'

nothing_left
finish "counts and checksums of both ends are the file's, what is wrong is told"
