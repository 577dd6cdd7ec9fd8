#!/bin/sh
# Every memory-order label has a partner, the partner stands in the code, and
# doc/MEMORY_MODEL.md lists the same edges.
. "$(dirname "$0")/common.sh"
cd "$top" || exit 99
document=doc/MEMORY_MODEL.md

# include/ too: an inline fast path has edges as well.
edges=$(find lib include -type f -name '*.[ch]' | sort | xargs "$AWK" -f "$here/edges.awk") || exit 99
# Of the tables: | X-R0, X-R1 -> X-A0 | ..., or <-> where both store and load.
told=$($AWK -F'|' '
$2 ~ /^ [A-Z][A-Z0-9, -]* <?-> [A-Z][A-Z0-9, -]* $/ {
	split($2, end, / <?-> /)
	n = split(end[1], left, /[ ,]+/)
	m = split(end[2], right, /[ ,]+/)
	for (i = 1; i <= n; i++)
		for (k = 1; k <= m; k++)
			if (left[i] != "" && right[k] != "")
				print "told", "[" left[i] "]", "[" right[k] "]", FILENAME ":" FNR
}' "$document")
found=$(printf '%s\n%s\n' "$edges" "$told" | $AWK -v document="$document" '
function edge(a, b) { return a < b ? a " and " b : b " and " a }

$1 == "site" { if (!($2 in site)) { site[$2] = $3; order[++n] = $2 } }
$1 == "pair" { partner[++m] = $3; of[m] = $2; at[m] = $4; paired[$2] = paired[$3] = 1
               coded[edge($2, $3)] = $4 }
$1 == "told" { told[edge($2, $3)] = $4 }
END {
	for (i = 1; i <= m; i++) {
		if (!(partner[i] in site))
			print at[i] ": " of[i] " pairs with " partner[i] ", which stands nowhere"
		if (!(of[i] in site))
			print at[i] ": " of[i] " pairs with " partner[i] " and itself stands nowhere"
	}
	for (i = 1; i <= n; i++)
		if (!(order[i] in paired))
			print site[order[i]] ": " order[i] " pairs with nothing"
	for (e in coded)
		if (!(e in told))
			print coded[e] ": " e " are no edge in " document
	for (e in told)
		if (!(e in coded))
			print told[e] ": " e " are no edge in the code"
}')
if [ -n "$found" ]; then
  echo "$found"
  faults=$(echo "$found" | wc -l)
fi
finish "$(echo "$told" | wc -l) edges, each with both ends, as $document has them"
