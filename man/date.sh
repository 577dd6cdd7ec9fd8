#!/bin/sh
# usage: date.sh CHANGELOG.md
# The date of the generated pages, as mdoc(7) wants it, "November 21, 2024": that of the
# newest release in the change log.  Before the first one that of SOURCE_DATE_EPOCH,
# which https://reproducible-builds.org defines; else today.
set -eu
LC_ALL=C
export LC_ALL
date=$(sed -n 's/^## \[[^]]*\] - \([0-9]\{4\}-[0-9][0-9]-[0-9][0-9]\)$/\1/p' "$1" | sort | tail -n 1)
date -u -d "${date:-@${SOURCE_DATE_EPOCH:-$(date +%s)}}" '+%B %-d, %Y'
