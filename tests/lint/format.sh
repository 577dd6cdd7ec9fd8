#!/bin/sh
# clang-format has nothing to change.  Versions format differently, so only one judges.
. "$(dirname "$0")/common.sh"
cd "$top" || exit 99
reference=14
tool=${CLANG_FORMAT:-clang-format}
command -v "$tool-$reference" >/dev/null 2>&1 && tool=$tool-$reference
command -v "$tool" >/dev/null 2>&1 || skip "no clang-format"
"$tool" --version | grep -q "version $reference\." ||
  skip "$("$tool" --version | head -n 1), but .clang-format is for $reference"

files=$(find include lib tests tools bench examples -type f \
  \( -name '*.[ch]' -o -name '*.cc' -o -name '*.hh' \) | sort)
for file in $files; do
  "$tool" --style=file --dry-run -Werror "$file" >/dev/null 2>&1 ||
    fault "$file: run make format, or clang-format -i on it"
done
finish "$(echo "$files" | wc -l) files as .clang-format wants them"
