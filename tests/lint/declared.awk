# Reads preprocessed C and prints the functions that files below `root` declare and
# do not define: one name a line, in order of appearance.
# usage: cc -E FILE | awk -v root=/path/to/include/ -f declared.awk

/^#/ {
	# A line marker: # 12 "file" flags
	split($0, part, "\"")
	ours = index(part[2], root) == 1
	next
}

ours {
	text = $0
	gsub(/"([^"\\]|\\.)*"/, "\"\"", text)
	n = length(text)
	for (i = 1; i <= n; i++) {
		c = substr(text, i, 1)
		if (c == "{") {
			# extern "C" is no depth; a function's body ends its statement.
			if (statement ~ /extern[ \t]*""[ \t]*$/)
				statement = ""
			else
				depth++
			body = 1
		} else if (c == "}") {
			if (depth > 0)
				depth--
			if (depth == 0 && statement ~ /\)[ \t]*$/)
				statement = ""
		} else if (depth == 0) {
			if (c == ";") {
				declaration(statement)
				statement = ""
			} else {
				statement = statement c
			}
		}
	}
	if (depth == 0)
		statement = statement " "
}

function declaration(s)
{
	if (s ~ /(^|[ \t])(typedef|static)([ \t]|$)/)
		return
	if (!match(s, /mpshm_[A-Za-z0-9_]+[ \t]*\(/))
		return
	s = substr(s, RSTART, RLENGTH)
	sub(/[ \t]*\($/, "", s)
	print s
}
