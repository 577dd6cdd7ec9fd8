#!/bin/sh
# usage: generate.sh HEADER INCLUDE-FOLDER DATE >PAGE
# Makes the manual page of a public header from its comments, so that the two can't
# differ: its first comment is the description, every other comment a section with
# what is declared behind it.  DATE as mdoc(7) wants it: "November 21, 2024".
set -eu
LC_ALL=C
export LC_ALL
if [ $# -ne 3 ]; then
  echo "usage: generate.sh HEADER INCLUDE-FOLDER DATE" >&2
  exit 2
fi
here=$(dirname "$0")
header=$1 include=$2 date=$3
name=$(basename "$header" .h)
[ "$name" = mpshm ] || name=mpshm_$name

# The other pages, for SEE ALSO.
pages=mpshm
for other in "$include"/mpshm/*.h; do
  case $other in *_inline.h) continue ;; esac # a part of another page
  pages="$pages mpshm_$(basename "$other" .h)"
done

exec "${AWK:-awk}" -v name="$name" -v date="$date" -v pages="$pages" \
  -f "$here/mdoc.awk" -f "$here/header.awk" -f "$here/page.awk" "$header"
