# For stat.sh and stat_ill.sh, after common.sh: running mpshm-stat and judging what it says.
stat=$build/tools/mpshm-stat
holder=$build/tests/tools/holder
for program in "$stat" "$holder"; do
  [ -x "$program" ] || { echo "$self: no $program: make it first"; exit 99; }
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
  # Each open waits for the other end: `to` first, then `from`.
  "$holder" "$@" <"$tmp/to$number" >"$tmp/from$number" 3>&- 4>&- &
  held=$!
  children="$children $held"
  if [ "$number" = 1 ]; then exec 3>"$tmp/to1"; else exec 4>"$tmp/to2"; fi
  said=
  read -r said <"$tmp/from$number"
  [ "$said" = ready ] || { echo "$self: the holder did not get ready"; exit 1; }
}

# patch FILE BYTE OCTAL-BYTES: writes over it.
patch()
{
  # shellcheck disable=SC2059 # the format is the data
  printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null || fault "dd on $1"
}
