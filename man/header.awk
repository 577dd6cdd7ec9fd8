# header.awk: reads a public header into groups, for page.awk.
#
# A group is a comment and what is declared behind it up to an empty line or the next
# comment.  Members of structs and enums and macros keep the comment at their side.

BEGIN { groups = functions = described = 0 }

# Not for readers: guards, includes, C++.
/^#ifdef __cplusplus/ { skipping = 1 }
skipping {
	if (/^#endif/)
		skipping = 0
	next
}
/SPDX-License-Identifier/ || /^#(include|ifndef|endif)/ || /^MPSHM_(BEGIN|END)_DECLS/ { next }
/^#define MPSHM_([A-Z]+_)?H$/ || /^struct [a-z_]+;$/ { next }

/^[ \t]*$/ && !in_comment && !in_body { current = 0; next }

# --- Comments at the left margin ---------------------------------------------------
/^\/\*/ || in_comment {
	line = $0
	if (!in_comment) {
		in_comment = 1
		current = described ? ++groups : 0
		described = 1
		lines[current] = 0
	}
	last = line ~ /\*\/[ \t]*$/
	sub(/[ \t]*\*\/[ \t]*$/, "", line)
	sub(/^(\/\*| \*)[ \t]?/, "", line)
	if (line != "" || (lines[current] > 0 && !last))
		text[current, ++lines[current]] = line
	if (last)
		in_comment = 0
	next
}

# --- Inline functions' bodies: none of the reader's business ------------------------
in_body {
	if (/^[}]/)
		in_body = 0
	next
}
/^[{]/ {
	in_body = 1
	if (pending != "")
		keep_function()
	next
}

# --- Macros --------------------------------------------------------------------------
/^#define/ {
	line = substr($0, 9)
	side = side_comment(line)
	sub(/[ \t]*\/\*.*/, "", line)
	keep("macro", line, side)
	next
}

# --- Structs and enums ---------------------------------------------------------------
/^(struct|enum) [a-z_]+ \{.*\};$/ {
	kept = $0
	sub(/ \{.*/, "", kept)
	keep("type", kept, "")
	list = $0
	sub(/^[^{]*\{[ \t]*/, "", list)
	sub(/[ \t]*\};$/, "", list)
	n = split(list, member, /,[ \t]*/)
	for (i = 1; i <= n; i++)
		keep("member", member[i], "")
	next
}
/^(struct|enum) [a-z_]+ \{$/ {
	sub(/ \{$/, "")
	keep("type", $0, "")
	in_type = 1
	next
}
in_type && /^\};/ {
	in_type = 0
	next
}
in_type {
	line = $0
	sub(/^[ \t]+/, "", line)
	if (line ~ /^\*/) { # a member's comment goes on
		sub(/^\*[ \t]*/, "", line)
		sub(/[ \t]*\*\/.*/, "", line)
		sides[current, items[current]] = sides[current, items[current]] " " line
		next
	}
	side = side_comment(line)
	sub(/[ \t]*\/\*.*/, "", line)
	sub(/[;,]$/, "", line)
	keep("member", line, side)
	next
}

# --- Functions -----------------------------------------------------------------------
{
	line = $0
	gsub(/[ \t]+/, " ", line)
	sub(/^ /, "", line)
	pending = pending == "" ? line : pending " " line
	if (pending ~ /;$/)
		keep_function()
}

function keep_function()
{
	sub(/;$/, "", pending)
	synopsis[++functions] = pending
	keep("function", pending, "")
	pending = ""
}

# Add to the group at hand, or begin one without a comment.
function keep(kind, what, side)
{
	if (current == 0) {
		current = ++groups
		lines[current] = 0
	}
	kinds[current, ++items[current]] = kind
	whats[current, items[current]] = what
	sides[current, items[current]] = side
}

function side_comment(line)
{
	if (!match(line, /\/\*/))
		return ""
	line = substr(line, RSTART + 2)
	sub(/[ \t]*\*\/.*/, "", line)
	sub(/^[ \t]+/, "", line)
	return line
}
