# Reads lib/layout/*.h and prints, one a line:
#   field STRUCT FIELD              a field that is not reserved
#   size STRUCT BYTES               what LAYOUT_SIZE asserts
#   at STRUCT FIELD OFFSET BYTES    what LAYOUT_AT asserts

{
	line = $0
	sub(/^[ \t]*#.*/, "", line)
	text = text " " line
}

END {
	while ((from = index(text, "/*")) > 0) {
		rest = substr(text, from + 2)
		text = substr(text, 1, from - 1) " " substr(rest, index(rest, "*/") + 2)
	}
	n = split(text, statement, ";")
	for (i = 1; i <= n; i++) {
		s = statement[i]
		gsub(/[ \t]+/, " ", s)
		if (match(s, /struct [a-z_]+_shm \{/)) {
			split(substr(s, RSTART, RLENGTH), word, " ")
			current = word[2]
			s = substr(s, RSTART + RLENGTH)
		}
		if (s ~ /LAYOUT_(SIZE|AT) ?\(/) {
			kind = s ~ /LAYOUT_SIZE/ ? "size" : "at"
			gsub(/^.*\(|\).*$|struct |,/, " ", s)
			print kind, s
		} else if (s ~ /\}/) {
			current = ""
		} else if (current != "") {
			gsub(/ ?\[.*$/, "", s)
			m = split(s, word, " ")
			if (word[m] !~ /^reserved[0-9]*$/)
				print "field", current, word[m]
		}
	}
}
