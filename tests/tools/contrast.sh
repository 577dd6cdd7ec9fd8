#!/bin/sh
# mpshm-contrast: exact ways are exact, its JSON has its fields, what is wrong is told.
. "$(dirname "$0")/common.sh"
. "$here/bench_common.sh"
contrast=$build/bench/mpshm-contrast

# --- What came out ---------------------------------------------------------------------
# judge EXPERIMENT RUNS WAY...: $tmp/out holds what these ways gave, and nothing strange.
judge()
{
  checks=$((checks + 1))
  experiment=$1 runs=$2
  shift 2
  found=$("${AWK:-awk}" -v experiment="$experiment" -v runs="$runs" -v ways="$*" '
    BEGIN {
      n = split("experiment way exact processes increments expected got ns_per_op", key, " ")
    }
    {
      if ($0 !~ /^\{.*\}$/) { print "no object: " $0; next }
      text = substr($0, 2, length($0) - 2)
      fields = split(text, field, ", ")
      if (fields != n) print fields " fields: " $0
      for (i = 1; i <= n; i++) {
        split(field[i], part, ": ")
        if (part[1] != "\"" key[i] "\"") print "no " key[i] ": " $0
        value[key[i]] = part[2]
        gsub(/"/, "", value[key[i]])
      }
      if (value["experiment"] != experiment) print "not asked for: " $0
      if (value["exact"] != "true" && value["exact"] != "false") print "exact: " $0
      if (value["exact"] == "true" && value["got"] != value["expected"]) print "not exact: " $0
      if (experiment != "ticket" && value["processes"] * value["increments"] != value["expected"])
        print "expected: " $0
      if (experiment == "ticket" && value["expected"] != 1) print "expected: " $0
      if (!(value["ns_per_op"] > 0)) print "ns_per_op: " $0
      if ((value["way"] == "racy" || value["way"] == "python") == (value["exact"] == "true"))
        print "promises: " $0
      seen[value["way"]]++
    }
    END {
      n = split(ways, way, " ")
      for (i = 1; i <= n; i++)
        if (seen[way[i]] != runs) print way[i] ": " seen[way[i]] + 0 " of " runs " runs"
    }' "$tmp/out")
  [ -z "$found" ] || fault "$experiment: $found"
}

run "$contrast" --json --experiment five --runs 2
expect 0
judge five 2 racy atomic cas counter mutex
says err '^contrast: held: every exact way was exact in [0-9]+ runs'
run "$contrast" --json --experiment ten --runs 2
expect 0
judge ten 2 racy atomic cas counter mutex
run "$contrast" --json --experiment ticket --runs 2
expect 0
judge ticket 2 racy atomic cas mutex
says out '"way": "racy", .*"expected": 1, "got": [2-5], '

# It fails by itself where the racy one loses nothing on two CPUs.
run "$contrast" --json --experiment million --runs 2 --way racy --way atomic --way cas \
  --way counter --way mutex
expect 0
judge million 2 racy atomic cas counter mutex
run "$contrast" --json --experiment million --increments 20000 --runs 1
expect 0
judge million 1 racy atomic cas counter mutex

# --- The table -------------------------------------------------------------------------
run "$contrast" --experiment ten --way racy --way atomic --gap-ns 2000
expect 0
silent err
says out 'gap between load and store is imitated: 2000 ns'
says out '^  ten +atomic +200 +200 +0\.0 % +[0-9.]+  exact '
says out '^ +all 10 runs: 200$'
[ "$(tail -n 1 "$tmp/out" | cut -d ' ' -f 1,2)" = 'contrast: held:' ] || fault "no verdict in the last line"

# --- Without python3 -------------------------------------------------------------------
# A folder in its place that has all but python3; a libtool wrapper wants some of it.
mkdir "$tmp/path"
for program in sh sed ls dirname basename cat expr rm mkdir grep timeout; do
  found=$(command -v "$program") && ln -s "$found" "$tmp/path/$program"
done
run env PATH="$tmp/path" "$contrast" --experiment ticket --way python
expect 0
says out "ticket +python +skipped: no python3 in PATH"

# --- What is wrong -----------------------------------------------------------------------
wrong "$contrast" --no-such-option
says err '^mpshm-contrast: --no-such-option: .*--help$'
wrong "$contrast" --experiment six
says err '^mpshm-contrast: --experiment six: .*five, ten, million or ticket$'
wrong "$contrast" --way magic
says err '^mpshm-contrast: --way magic: .*racy, .*mutex'
wrong "$contrast" --runs 0
says err '^mpshm-contrast: --runs 0: .* from 1 to 1000$'
wrong "$contrast" --runs 1x
wrong "$contrast" --runs
wrong "$contrast" --processes 101
wrong "$contrast" --increments -1
wrong "$contrast" --gap-ns 99999999999999999999
wrong "$contrast" five
run "$contrast" --help
expect 0
says out '^usage: mpshm-contrast '
run "$contrast" --version
expect 0
says out '^mpshm-contrast [0-9]+\.[0-9]+\.[0-9]+$'

# --- Ended before its time -----------------------------------------------------------------
ended_by_signal "$contrast" --experiment ten --way mutex --runs 1000
child_killed "$contrast" --experiment million --way mutex --increments 1000000000
says err 'million, mutex: process [0-9]+ \(pid [0-9]+\) died by signal 9'
says out '^contrast: did not hold: '

nothing_left
finish "exact ways are exact, what is wrong is told, nothing is left behind"
