# header.awk: reads a public header and prints its manual page.
# Variables: name, date, pages.  Wants mdoc.awk.
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

END {
	front()
	for (g = 1; g <= groups; g++)
		group(g)
	back()
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

# --- The page ------------------------------------------------------------------------
# NAME's words: the first line behind "name:" or "name - ", else all of it.
function one_line(    s)
{
	s = text[0, 1]
	if (!sub(/^[A-Za-z]+( -|:) /, "", s))
		s = tolower(substr(s, 1, 1)) substr(s, 2)
	sub(/\.$/, "", s)
	return s
}

function front(    i, n, part)
{
	print ".\\\" Made from the comments of " (name == "mpshm" ? "" : "mpshm/") part_of(name) ".h by man/generate.sh."
	print ".Dd " date
	print ".Dt " toupper(name) " 3"
	print ".Os"
	print ".Sh NAME"
	print ".Nm " name
	print ".Nd " escape(one_line())
	print ".Sh LIBRARY"
	print "mpshm (libmpshm, \\-lmpshm)"
	print ".Sh SYNOPSIS"
	print ".In mpshm.h"
	for (i = 1; i <= functions; i++)
		prototype_synopsis(synopsis[i])
	print ".Sh DESCRIPTION"
	# The first line stands in NAME, an empty one behind it.
	n = copy(0, 3, part)
	if (n > 0)
		comment(part, n)
	else
		flow(text[0, 1])
	if (name != "mpshm") {
		print ".Pp"
		print "What holds for every call is told in"
		print ".Xr mpshm 3 ."
	}
}

function part_of(page)
{
	sub(/^mpshm_/, "", page)
	return page
}

# The group's comment from line `first` on.
function copy(g, first, part,    i, n)
{
	n = 0
	for (i = first; i <= lines[g]; i++)
		part[++n] = text[g, i]
	part[n + 1] = ""
	return n
}

# Its functions, or its types, or its macros.
function heading(g,    i, s, kind)
{
	s = ""
	for (kind = 1; kind <= 3 && s == ""; kind++)
		for (i = 1; i <= items[g]; i++)
			if (kinds[g, i] == (kind == 1 ? "function" : kind == 2 ? "type" : "macro"))
				s = s (s == "" ? "" : ", ") title(kinds[g, i], whats[g, i])
	return s
}

function title(kind, what)
{
	if (kind == "function") {
		sub(/\(.*/, "", what)
		match(what, /[A-Za-z0-9_]+$/)
		return substr(what, RSTART) "()"
	}
	if (kind == "macro")
		sub(/[ (].*/, "", what)
	return what
}

function group(g,    part, n, i, kind, open)
{
	if (items[g] == 0) { # a comment on its own
		print ".Pp"
		n = copy(g, 1, part)
		comment(part, n)
		return
	}
	print ".Ss " escape(heading(g))
	open = 0
	for (i = 1; i <= items[g]; i++) {
		if (kinds[g, i] != "function")
			continue
		if (!open++)
			print ".Bd -literal"
		prototype_code(whats[g, i])
	}
	if (open) {
		print ".Ed"
		if (lines[g] > 0)
			print ".Pp"
	}
	n = copy(g, 1, part)
	comment(part, n)
	if (open && n > 0 && items[g] > open)
		print ".Pp"
	open = ""
	for (i = 1; i <= items[g]; i++) {
		kind = kinds[g, i]
		if (kind == "function")
			continue
		if (kind == "type" && open != "") {
			print ".El"
			open = ""
		}
		if (kind == "type") {
			if (heading(g) != whats[g, i]) {
				print ".Pp"
				print ".Vt " whats[g, i] " :"
			}
			continue
		}
		if (open == "") {
			print ".Bl -tag -width 4n -compact"
			open = kind
		}
		item(kind, whats[g, i], sides[g, i])
	}
	if (open != "")
		print ".El"
}

function item(kind, what, side)
{
	gsub(/[ \t]+/, " ", what)
	if (kind == "macro" || what ~ /=/ || what !~ / /)
		print ".It Dv " argument(what)
	else
		print ".It Vt " argument(what)
	if (side != "")
		flow(side)
}

function back(    page, n, i, others)
{
	print ".Sh SEE ALSO"
	print ".Xr mpshm-stat 1 ,"
	n = split(pages, page, " ")
	others = 0
	for (i = 1; i <= n; i++)
		others += page[i] != name
	for (i = 1; i <= n; i++)
		if (page[i] != name)
			print ".Xr " page[i] " 3" (--others ? " ," : "")
	print ".Sh HISTORY"
	print "All of this is there since version 0.1, except where it says otherwise."
}
