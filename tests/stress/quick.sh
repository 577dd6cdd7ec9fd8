#!/bin/sh
# The stress programs with small numbers, for `make check`; `make check-stress` runs them for longer.
set -u
cd "${abs_top_builddir:-.}/tests/stress" || exit 99
for program in exchange kill_storm; do
  [ -x "./$program" ] || { echo "quick: no $program here"; exit 77; }
done
failed=0

# run PROGRAM ARGUMENT...: its last line says how it went.
run()
{
  output=$("./$@" 2>&1) || failed=1
  echo "$output" | tail -n 1
}

run exchange spsc --count 2000000
run exchange spsc --count 200000 --batch 1
run exchange mpmc --count 1000000 --producers 2 --consumers 2
run exchange mpmc --count 100000 --batch 1 --producers 4 --consumers 4
run exchange queue --count 30000 --producers 2 --consumers 2
run kill_storm spsc --seconds 2
exit $failed
