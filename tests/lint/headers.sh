#!/bin/sh
# Each public header compiles alone: as strict C11, as C++17, without a warning.
. "$(dirname "$0")/common.sh"
scratch
count=0
warnings="-pedantic-errors -Wall -Wextra -Wundef -Werror"

for path in "$top"/include/mpshm.h "$top"/include/mpshm/*.h; do
  header=${path#"$top/include/"}
  count=$((count + 1))
  # Twice: its guard works.
  printf '#include <%s>\n#include <%s>\nint only_a_header(void);\n' "$header" "$header" >"$tmp/alone.c"
  cp "$tmp/alone.c" "$tmp/alone.cc"
  # shellcheck disable=SC2086 # several words each
  $CC -std=c11 $warnings -Wstrict-prototypes -fsyntax-only -I"$top/include" "$tmp/alone.c" ||
    fault "$header alone as C11"
  # shellcheck disable=SC2086
  $CXX -std=c++17 $warnings -fsyntax-only -I"$top/include" "$tmp/alone.cc" ||
    fault "$header alone as C++17"
done
finish "$count headers, each alone as C11 and C++17"
