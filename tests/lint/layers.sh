#!/bin/sh
# No layer reaches down: reads every #include line, compiles nothing.
. "$(dirname "$0")/common.sh"
cd "$top" || exit 99

files=$(find lib include tools bench examples -type f \
  \( -name '*.[ch]' -o -name '*.cc' -o -name '*.hh' \) | sort)
found=$(echo "$files" | xargs "$AWK" '
BEGIN {
	# Top to bottom.  A layer may include itself and those before it.
	n = split("platform layout segment ring sync queue value container process", layer, " ")
	for (i = 1; i <= n; i++)
		rank[layer[i]] = i
}

function fault(text) { print FILENAME ":" FNR ": " text ": " $0 }

FNR == 1 {
	split(FILENAME, path, "/")
	folder = path[1]
	mine = folder == "lib" && (path[2] in rank) ? path[2] : ""
	if (folder == "lib" && path[3] != "" && mine == "")
		print FILENAME ":1: lib/" path[2] " is no layer that tests/lint/layers.sh knows"
}

/^[ \t]*#[ \t]*include[ \t]*[<"]/ {
	line = $0
	sub(/^[ \t]*#[ \t]*include[ \t]*/, "", line)
	system_style = substr(line, 1, 1) == "<"
	line = substr(line, 2)
	sub(/[>"].*/, "", line)
	parts = split(line, want, "/")

	if (line ~ /(^|\/)\.\.?(\/|$)/) {
		fault("no path may climb or say ./")
		next
	}
	if (line == "mpshm.h" || want[1] == "mpshm") {
		if (!system_style && folder != "lib")
			fault("users write <...> here, and so do we")
		next
	}
	if (line ~ /^ck_/ && folder != "bench" && FILENAME !~ /^lib\/platform\//)
		fault("Concurrency Kit is for lib/platform, and as a peer for bench")
	if (line ~ /^urcu/ && folder != "lib")
		fault("liburcu is the library'"'"'s own affair")

	if (folder == "include") {
		if (!system_style)
			fault("a public header includes <mpshm/...> and system headers only")
		next
	}
	inside = parts > 1 && (want[1] in rank) && !system_style
	if (folder != "lib") {
		# What takes the place of a header of lib/ is one of them.
		instead = FILENAME ~ /^bench\/recoverable\/unannounced\//
		if ((inside && !instead) || want[1] == "lib")
			fault(folder "/ may use public headers only")
		next
	}
	if (system_style || line == "config.h")
		next
	if (inside) {
		if (mine != "" && rank[want[1]] > rank[mine])
			fault("lib/" mine " is above lib/" want[1])
		next
	}
	if (parts == 1) {
		# A file of its own folder, by its bare name.
		own = FILENAME
		sub(/[^\/]*$/, "", own)
		if ((getline ignored < (own line)) < 0)
			fault("neither in this folder nor LAYER/FILE")
		close(own line)
		next
	}
	fault("not a layer")
}') || exit 99

if [ -n "$found" ]; then
  echo "$found"
  faults=$(echo "$found" | wc -l)
fi
finish "$(echo "$files" | wc -l) files, no layer reaches down"
