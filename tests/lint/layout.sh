#!/bin/sh
# Every shared struct, and every field in it that is not reserved, has its numbers
# asserted, and doc/LAYOUT.md says the same.
. "$(dirname "$0")/common.sh"
cd "$top" || exit 99
scratch
document=doc/LAYOUT.md

$AWK -f "$here/layout.awk" lib/layout/*.h | tr -s ' ' | sed 's/ $//' >"$tmp/code" || exit 99
grep -v '^field' "$tmp/code" | sort >"$tmp/asserted"
grep '^field' "$tmp/code" | cut -d' ' -f2- | sort >"$tmp/fields"
[ -s "$tmp/fields" ] || fault "found no field in lib/layout: is layout.awk broken?"

# ## `NAME_shm`: ..., BYTES bytes ...
# | OFFSET | BYTES | `FIELD` | ...
$AWK -F'[|`]' '
/^## / { name = "" }
/^## `[a-z_]*_shm`/ {
	name = $2
	match($0, /[0-9]+ bytes/)
	print "size", name, substr($0, RSTART, RLENGTH - 6)
}
name && /^\| [0-9]+ \| [0-9]+ \| `/ { print "at", name, $5, $2 + 0, $3 + 0 }' \
  "$document" | sort >"$tmp/document"

grep '^at' "$tmp/asserted" | cut -d' ' -f2,3 | sort >"$tmp/at"
sed 's/ .*//' "$tmp/fields" | sort -u >"$tmp/structs"
grep '^size' "$tmp/asserted" | cut -d' ' -f2 | sort >"$tmp/sized"

# differ LEFT RIGHT TEXT: what LEFT has and RIGHT lacks.
differ()
{
  comm -23 "$tmp/$1" "$tmp/$2" >"$tmp/differ"
  while read -r line; do fault "$line: $3"; done <"$tmp/differ"
}

differ structs sized "no LAYOUT_SIZE"
differ fields at "no LAYOUT_AT"
differ asserted document "not so in $document"
differ document asserted "not so in lib/layout"
finish "$(wc -l <"$tmp/structs") structs, $(wc -l <"$tmp/fields") fields, as $document has them"
