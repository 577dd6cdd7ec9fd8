#!/bin/sh
# Every source file stands in its folder's Makefile.inc, or a release would lack it;
# every unit suite stands in suites.def, or it would never run.
. "$(dirname "$0")/common.sh"
cd "$top" || exit 99
count=0

# listed FILE FRAGMENT: by its path, or as a program of its own (the path without .c).
listed()
{
  sed 's/#.*//' "$2" | tr -s ' \t\\' '\n\n\n' | grep -qxF -e "$1" -e "${1%.*}"
}

for folder in lib include tools bench examples tests; do
  fragment=$folder/Makefile.inc
  for file in $(find "$folder" -type f \( -name '*.[ch]' -o -name '*.cc' -o -name '*.hh' \) | sort); do
    count=$((count + 1))
    case $file in
      lib/exports.h) continue ;;
    esac
    listed "$file" "$fragment" || fault "$file: not in $fragment"
  done
done

for file in tests/unit/test_*.c; do
  suite=$(basename "$file" .c)
  suite=${suite#test_}
  grep -q "^SUITE($suite)\$" tests/unit/suites.def || fault "$file: no SUITE($suite) in tests/unit/suites.def"
done
finish "$count files listed"
