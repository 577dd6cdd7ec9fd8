#!/bin/sh
# Every memory-order label has a partner, and the partner stands in the code.
. "$(dirname "$0")/common.sh"
cd "$top" || exit 99

# include/ too: an inline fast path has edges as well.
edges=$(find lib include -type f -name '*.[ch]' | sort | xargs "$AWK" -f "$here/edges.awk") || exit 99
found=$(echo "$edges" | $AWK '
$1 == "site" { if (!($2 in site)) { site[$2] = $3; order[++n] = $2 } }
$1 == "pair" { partner[++m] = $3; of[m] = $2; at[m] = $4; paired[$2] = paired[$3] = 1 }
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
}')
if [ -n "$found" ]; then
  echo "$found"
  faults=$(echo "$found" | wc -l)
fi
finish "$(echo "$edges" | grep -c '^pair') edges, each with both ends"
