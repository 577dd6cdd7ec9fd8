# Collects memory-order labels from the comments of C files.
# A label is [X-Y1]: capitals, a dash, a letter or more, a number, such as [Q-A1].
# An edge is told at the access,
#   /* [Q-A1] pairs with [Q-R0], [Q-R2] in publish: payload visible */
# or in a table, whose lines stand for no access themselves:
#   [Q-R0] READY by publish -> [Q-A1] word load before a claim: payload visible
# Prints:  site LABEL WHERE        the label stands at an access
#          pair LABEL PARTNER WHERE

FNR == 1 { flush_comment(); inside = 0 }

{
	line = $0
	while (line != "") {
		if (inside) {
			end = index(line, "*/")
			if (end == 0) {
				add(line)
				break
			}
			add(substr(line, 1, end - 1))
			flush_comment()
			inside = 0
			line = substr(line, end + 2)
			continue
		}
		block = index(line, "/*")
		single = index(line, "//")
		if (single && (!block || single < block)) {
			add(substr(line, single + 2))
			flush_comment()
			break
		}
		if (!block)
			break
		inside = 1
		line = substr(line, block + 2)
	}
}

END { flush_comment() }

function add(s)
{
	sub(/^[ \t]*\*?[ \t]*/, "", s)
	if (s ~ /^\[[A-Z][A-Z0-9]*-[A-Z]+[0-9]+[a-z]?\].*->[ \t]*\[[A-Z][A-Z0-9]*-[A-Z]+[0-9]+[a-z]?\]/) {
		left = substr(s, 1, index(s, "]"))
		sub(/^.*->[ \t]*\[/, "[", s)
		print "pair", left, substr(s, 1, index(s, "]")), FILENAME ":" FNR
		return
	}
	if (comment == "")
		where = FILENAME ":" FNR
	comment = comment " " s
}

# In a comment, the labels that directly follow "pairs with" are partners of the
# label before these words; all others are sites.
function flush_comment(    rest, label, before, mode, current)
{
	rest = comment
	comment = ""
	mode = "site"
	current = ""
	while (match(rest, /\[[A-Z][A-Z0-9]*-[A-Z]+[0-9]+[a-z]?\]/)) {
		before = substr(rest, 1, RSTART - 1)
		label = substr(rest, RSTART, RLENGTH)
		rest = substr(rest, RSTART + RLENGTH)
		if (before ~ /pairs with[ \t]*$/)
			mode = "partner"
		else if (mode == "partner" && before !~ /^([ \t,\/&+]|and|or)*$/)
			mode = "site"
		if (mode == "partner" && current != "") {
			print "pair", current, label, where
		} else {
			current = label
			print "site", label, where
		}
	}
}
