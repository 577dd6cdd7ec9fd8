#!/bin/sh
# The public headers, lib/mpshm.map and the shared library's exports name the same functions.
. "$(dirname "$0")/common.sh"
scratch
map=$top/lib/mpshm.map

for header in "$top"/include/mpshm.h "$top"/include/mpshm/*.h; do
  # shellcheck disable=SC2086 # CC may be several words
  $CC -E -I"$top/include" -x c "$header" >"$tmp/preprocessed" ||
    { fault "$header does not preprocess"; continue; }
  $AWK -v root="$top/include/" -f "$here/declared.awk" "$tmp/preprocessed"
done | sort -u >"$tmp/headers"
[ -s "$tmp/headers" ] || fault "found no function in include/: is declared.awk broken?"

# The names between `global:` and `local:` of every node, and no pattern.
sed 's/#.*//' "$map" | tr ';{}' '\n\n\n' | $AWK '
  { gsub(/[ \t]/, "") }
  sub(/^local:/, "") { on = 0 }
  sub(/^global:/, "") { on = 1 }
  on && $0 != "" { print }' >"$tmp/map.all"
sort "$tmp/map.all" | uniq -d | sed 's/^/twice in lib\/mpshm.map: /' >"$tmp/twice"
sort -u "$tmp/map.all" >"$tmp/map"

# differ LEFT RIGHT TEXT: what LEFT has and RIGHT lacks.
differ()
{
  for symbol in $(comm -23 "$tmp/$1" "$tmp/$2"); do
    fault "$symbol: $3"
  done
}

while read -r line; do fault "$line"; done <"$tmp/twice"
differ headers map "declared in include/, not in lib/mpshm.map"
differ map headers "in lib/mpshm.map, declared nowhere in include/"
for symbol in $(grep -v '^mpshm_[a-z0-9_]*$' "$tmp/map"; grep '^mpshm_i_' "$tmp/map"); do
  fault "$symbol: not a public name"
done

library=$build/lib/.libs/libmpshm.so
if [ -e "$library" ]; then
  $NM -D --defined-only "$library" | $AWK '$2 != "A" { sub(/@.*/, "", $3); print $3 }' |
    grep -v '^__*\(asan\|ubsan\|tsan\|gcov\|llvm\|odr\)_' | sort -u >"$tmp/exports"
  differ map exports "in lib/mpshm.map, not exported by libmpshm.so: not written yet?"
  differ exports map "exported by libmpshm.so, not in lib/mpshm.map"
  compared="headers, map and library agree"
else
  compared="headers and map agree (no shared library in this build)"
fi
finish "$(wc -l <"$tmp/map") functions: $compared"
