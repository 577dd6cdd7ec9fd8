# For the scripts beside this: . "$(dirname "$0")/common.sh"
# Under `make check` the Makefile sets abs_top_builddir; the default lets a script run by hand.
set -u
LC_ALL=C
export LC_ALL
here=$(cd "$(dirname "$0")" && pwd)
build=${abs_top_builddir:-$(cd "$here/../.." && pwd)/build}
self=$(basename "$0" .sh)
faults=0
checks=0

# Segments of this run, and of no other that may be under way.
prefix=test-$self-$$
shm=/dev/shm/mpshm.$prefix
tmp=$build/tests/tools/tmp/$prefix
children=
rm -rf "$tmp"
mkdir -p "$tmp" || exit 99

clean_up()
{
  for child in $children; do kill -9 "$child" 2>/dev/null; done
  rm -rf "$tmp" "$shm"*
  rmdir "$build/tests/tools/tmp" 2>/dev/null # unless the other script is at work
}
trap clean_up EXIT
trap 'exit 99' HUP INT TERM

# fault TEXT...: one finding.
fault()
{
  echo "$self: $*"
  faults=$((faults + 1))
}

# finish TEXT...: ends the script.
finish()
{
  if [ "$faults" -gt 0 ]; then
    echo "$self: $faults of $checks checks failed"
    exit 1
  fi
  echo "$self: $checks checks: $*"
  exit 0
}

# bounded COMMAND...: with an end, where timeout(1) is there.
bounded()
{
  if command -v timeout >/dev/null 2>&1; then
    timeout 300 "$@"
  else
    "$@"
  fi
}
