#!/bin/sh
# A sample of tests/crash/crash for `make check`; `make check-crash` kills at every instruction.
set -u
cd "${abs_top_builddir:-.}/tests/crash" || exit 99
[ -x ./crash ] || { echo "quick: no crash here"; exit 77; }
# Stepping through a sanitizer takes for ever and shows nothing new.
[ -z "${SAN_CFLAGS:-}" ] || { echo "quick: skipped under a sanitizer"; exit 77; }
# The example outside of the library: one way to write a record holds, the other does not.
if [ -x ./example/flip ]; then
  ./example/flip --case record.flip >/dev/null
  status=$?
  [ "$status" -eq 0 ] || [ "$status" -eq 77 ] || { echo "quick: example: record.flip does not hold"; exit 1; }
  ./example/flip --case record.naive >/dev/null
  status=$?
  [ "$status" -eq 1 ] || [ "$status" -eq 77 ] || { echo "quick: example: record.naive is not seen"; exit 1; }
fi
output=$(./crash --quick 2>&1)
status=$?
case $status in
  0 | 77) echo "$output" | tail -n 1 ;;
  *) echo "$output" ;;
esac
exit $status
