#!/bin/sh
# usage: run-list.sh PROGRAM...   (in the build folder)
# Runs one after the other, says how each ended and how long it took; exit 1 if one failed.
# Exit status 77 of a program means that it can't run here: skipped.
set -u
total=$# n=0 failed=0 skipped=0
if [ "$total" -eq 0 ]; then
  echo "nothing to run"
  exit 1
fi
for program; do
  n=$((n + 1))
  echo "[$n/$total] $program ..."
  begin=$(date +%s)
  "./$program"
  status=$?
  seconds=$(($(date +%s) - begin))
  if [ "$status" -eq 0 ]; then
    echo "[$n/$total] PASS $program, $seconds s"
  elif [ "$status" -eq 77 ]; then
    echo "[$n/$total] SKIP $program, $seconds s"
    skipped=$((skipped + 1))
  else
    echo "[$n/$total] FAIL $program: exit status $status, $seconds s"
    failed=$((failed + 1))
  fi
done
echo "$((total - skipped)) run, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
