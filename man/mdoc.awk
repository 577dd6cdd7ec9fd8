# mdoc.awk: text, comments and declarations as mdoc(7).

# Characters that roff takes for its own.
function escape(s)
{
	gsub(/\\/, "\\e", s)
	return s
}

# In code a minus is a minus, not a hyphen.
function escape_code(s)
{
	s = escape(s)
	gsub(/-/, "\\-", s)
	if (s ~ /^[.']/)
		s = "\\&" s
	return s
}

# A macro's argument, quoted.
function argument(s)
{
	s = escape(s)
	gsub(/"/, "\\(dq", s)
	return "\"" s "\""
}

# A word of flowing text: `x` in italics, -ERRNO and negative numbers with a real minus.
function styled(word)
{
	word = escape(word)
	if (word ~ /`[^`]+`/) {
		sub(/`/, "\\fI", word)
		sub(/`/, "\\fR", word)
	}
	if (word ~ /^[(]?-[A-Z0-9]/)
		sub(/-/, "\\-", word)
	if (word ~ /_|-E[A-Z]/)
		word = "\\%" word # never hyphenated
	return word
}

# Flowing text: a new line after each sentence, as mdoc wants it, and before column 79.
function flow(text,    words, n, i, line, word, ended)
{
	n = split(text, words, /[ \t]+/)
	line = ""
	ended = 0
	for (i = 1; i <= n; i++) {
		if (words[i] == "")
			continue
		if (words[i] ~ /^mpshm_[a-z_]+\(\)[.,;:]*$/) {
			if (line != "")
				print line
			line = ""
			word = words[i]
			sub(/\(\)/, " ", word)
			sub(/ $/, "", word)
			print ".Fn " word
			continue
		}
		word = styled(words[i])
		if (line != "" && (ended || length(line) + length(word) > 77)) {
			print line
			line = ""
		}
		if (line == "" && word ~ /^[.']/)
			word = "\\&" word
		line = line == "" ? word : line " " word
		ended = words[i] ~ /[^.][.!?][)"]*$/
	}
	if (line != "")
		print line
}

# A comment's lines, without their stars, between text[1] and text[n].  Indented lines
# are tables or code and stay as they are; the others flow.
function comment(text, n,    i, paragraph, literal, gap)
{
	paragraph = ""
	literal = gap = 0
	for (i = 1; i <= n + 1; i++) {
		if (i > n || text[i] !~ /^   *[^ ]/) {
			if (i <= n && text[i] == "" && literal && text[i + 1] ~ /^  /) {
				print ""
				continue
			}
			if (literal) {
				print ".Ed"
				literal = 0
			}
			if (i <= n && text[i] != "") {
				if (gap && paragraph == "")
					print ".Pp"
				gap = 0
				paragraph = paragraph " " text[i]
				continue
			}
			flow(paragraph)
			paragraph = ""
			gap = 1
			continue
		}
		flow(paragraph)
		paragraph = ""
		gap = 0
		if (!literal) {
			print ".Bd -literal -offset 2n"
			literal = 1
		}
		sub(/^  /, "", text[i])
		print escape_code(text[i])
	}
}

# "int f(int a, char *b)" as one line, wrapped at column 76, four blanks in.
function prototype_code(s,    head, words, n, i, line)
{
	n = split_arguments(s, words)
	head = substr(s, 1, index(s, "("))
	line = head
	for (i = 1; i <= n; i++) {
		if (length(line) + length(words[i]) > 74) {
			print escape_code(line)
			line = "    " words[i]
		} else {
			line = line (i > 1 ? " " : "") words[i]
		}
		line = line (i < n ? "," : "")
	}
	print escape_code(line ");")
}

# The same for SYNOPSIS.
function prototype_synopsis(s,    before, words, n, i, function_name)
{
	n = split_arguments(s, words)
	before = substr(s, 1, index(s, "(") - 1)
	match(before, /[A-Za-z0-9_]+$/)
	function_name = substr(before, RSTART)
	before = substr(before, 1, RSTART - 1)
	sub(/^static inline /, "", before)
	sub(/ $/, "", before)
	print ".Ft " argument(before)
	print ".Fo " function_name
	for (i = 1; i <= n; i++)
		print ".Fa " argument(words[i])
	print ".Fc"
}

# What stands between the outer parentheses, at commas outside of inner ones.
function split_arguments(s, words,    i, c, depth, n, start)
{
	start = index(s, "(") + 1
	n = depth = 0
	for (i = start; i <= length(s); i++) {
		c = substr(s, i, 1)
		if (c == "(")
			depth++
		if ((c == "," || c == ")") && depth == 0) {
			words[++n] = substr(s, start, i - start)
			sub(/^ +/, "", words[n])
			start = i + 1
			if (c == ")")
				break
		}
		if (c == ")")
			depth--
	}
	return n
}
