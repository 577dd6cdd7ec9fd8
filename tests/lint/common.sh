# For the scripts beside this: . "$(dirname "$0")/common.sh"
# Under `make check` the Makefile sets these; the defaults let a script run by hand.
set -u
LC_ALL=C
export LC_ALL
here=$(cd "$(dirname "$0")" && pwd)
top=${abs_top_srcdir:-$(cd "$here/../.." && pwd)}
build=${abs_top_builddir:-$top/build}
: "${CC:=cc}" "${CXX:=c++}" "${AWK:=awk}" "${NM:=nm}"

name=$(basename "$0" .sh)
faults=0

# fault TEXT...: one finding.
fault()
{
  echo "$name: $*"
  faults=$((faults + 1))
}

# skip TEXT...: what this needs is not here.
skip()
{
  echo "$name: skipped: $*"
  exit 77
}

# finish TEXT...: ends the script.
finish()
{
  if [ "$faults" -gt 0 ]; then
    echo "$name: $faults found"
    exit 1
  fi
  echo "$name: $*"
  exit 0
}

# scratch: a fresh folder below the build, in $tmp, removed at the end.
scratch()
{
  tmp=$build/tests/lint/tmp/$name
  rm -rf "$tmp"
  mkdir -p "$tmp" || exit 99
  trap 'rm -rf "$tmp"' EXIT
}
