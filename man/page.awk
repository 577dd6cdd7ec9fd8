# page.awk: prints what header.awk has read as a manual page.
# Variables: name, date, pages.  Wants mdoc.awk.

END {
	front()
	for (g = 1; g <= groups; g++)
		group(g)
	back()
}

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
