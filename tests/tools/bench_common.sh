# For bench.sh, contrast.sh, demo.sh and recoverable.sh: . "$here/bench_common.sh", behind common.sh.
# run COMMAND...: its output in $tmp/out and $tmp/err, its exit status in $status.
run()
{
  bounded "$@" >"$tmp/out" 2>"$tmp/err"
  status=$?
  ran=$(basename "$1")
  shift
  ran="$ran $*"
}

# expect STATUS: of what was run.
expect()
{
  checks=$((checks + 1))
  [ "$status" -eq "$1" ] ||
    fault "$ran: exit status $status, not $1: $(tail -n 3 "$tmp/out" "$tmp/err")"
}

# says out|err REGEX: a line of it.
says()
{
  checks=$((checks + 1))
  grep -qE -e "$2" "$tmp/$1" || fault "$ran: no line '$2' on std$1: $(tail -n 5 "$tmp/$1")"
}

# silent out|err
silent()
{
  checks=$((checks + 1))
  [ ! -s "$tmp/$1" ] || fault "$ran: says on std$1: $(head -n 3 "$tmp/$1")"
}

# wrong COMMAND...: it says so in one line, and does nothing else.
wrong()
{
  run "$@"
  expect 2
  silent out
  [ "$(wc -l <"$tmp/err")" -eq 1 ] || fault "$ran: not one line: $(cat "$tmp/err")"
}

# start COMMAND...: in the background, its pid in $started.
start()
{
  "$@" >"$tmp/out" 2>"$tmp/err" &
  started=$!
  children="$children $started"
  ran="$(basename "$1"), ended before its time"
}

# a_child: the oldest that the program has, once it has some; the pid in $child.  Not one of
# libtool's wrapper, which is a shell script that becomes the program.  A short-lived one may
# be gone by then.
a_child()
{
  tries=0
  child=
  while [ -z "$child" ] && [ "$tries" -lt 100 ] && kill -0 "$started" 2>/dev/null; do
    case $(readlink "/proc/$started/exe") in
      */*mpshm-contrast | */*mpshm-demo)
        child=$(cat /proc/[0-9]*/stat 2>/dev/null |
          "${AWK:-awk}" -v parent="$started" '$4 == parent { print $1 }' | sort -n | head -n 1)
        ;;
    esac
    tries=$((tries + 1))
    [ -n "$child" ] || sleep 0.1
  done
  [ -n "$child" ] || fault "$ran: has no child process"
}

# ended_by_signal COMMAND...: SIGTERM ends it, and its segment.
ended_by_signal()
{
  start "$@"
  a_child
  kill -TERM "$started"
  wait "$started"
  status=$?
  expect 143
  left "$started"
}

# child_killed COMMAND...: it ends with 1, and its segment with it.
child_killed()
{
  start "$@"
  a_child
  [ -z "$child" ] || kill -9 "$child"
  wait "$started"
  status=$?
  expect 1
  left "$started"
}

# left PID: that process has left no segment.
left()
{
  checks=$((checks + 1))
  for segment in /dev/shm/mpshm.mpshm-*."$1" /dev/shm/mpshm.mpshm-*."$1".*; do
    [ ! -e "$segment" ] || fault "$ran: leaves $segment behind"
  done
}

before=$(ls /dev/shm)

# nothing_left: no segment is new whose process has gone.
nothing_left()
{
  checks=$((checks + 1))
  for segment in /dev/shm/mpshm.mpshm-contrast.* /dev/shm/mpshm.mpshm-demo.* \
    /dev/shm/mpshm.mpshm-recoverable.* /dev/shm/mpshm.mpshm-bench.*; do
    [ -e "$segment" ] || continue
    pid=$(echo "$segment" | cut -d . -f 3)
    echo "$before" | grep -qxF "$(basename "$segment")" && continue
    kill -0 "$pid" 2>/dev/null || fault "$segment is left behind"
  done
}
