#!/bin/sh
# Does the harness see a broken protocol?  Breaks one rule at a time in a copy of
# the library, builds it, and expects tests/crash/crash to find fault with each copy.
# usage: mutants.sh [BUILD-FOLDER [NAME]]      (a configured and built one; default: build)
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "${1:-$top/build}" && pwd) || exit 99
only=${2:-}
: "${CC:=cc}"
tmp=$(mktemp -d "${TMPDIR:-/tmp}/mutants.XXXXXX") || exit 99
trap 'rm -rf "$tmp"' EXIT
trap 'exit 99' HUP INT TERM
unseen=0
seen=0

# compile DIRECTORY: the library of that folder and the harness, as one program.
compile()
{
  # shellcheck disable=SC2046,SC2086 # several words each
  $CC -O2 -g -w -std=gnu11 -pthread -include config.h -I"$build" -I"$top/include" -I"$1/lib" \
    -o "$1/crash" $(find "$1/lib" "$top/tests/crash" -name '*.c') \
    $(pkg-config --libs liburcu-bp liburcu-cds 2>/dev/null || echo -lurcu-bp -lurcu-cds -lurcu-common) -ldl
}

# mutant NAME FILE EXPRESSION OPTION...: sed EXPRESSION breaks lib/FILE; options of crash.
mutant()
{
  name=$1 file=$2 expression=$3
  shift 3
  [ -z "$only" ] || [ "$only" = "$name" ] || return 0
  mkdir "$tmp/$name"
  cp -r "$top/lib" "$tmp/$name/lib"
  sed "$expression" "$top/lib/$file" >"$tmp/$name/lib/$file"
  if cmp -s "$top/lib/$file" "$tmp/$name/lib/$file"; then
    echo "$name: $expression changes nothing in $file any more"
    unseen=$((unseen + 1))
    return
  fi
  if ! compile "$tmp/$name"; then
    echo "$name: does not compile"
    unseen=$((unseen + 1))
    return
  fi
  "$tmp/$name/crash" --stop "$@" >"$tmp/$name/output" 2>&1
  status=$?
  if [ "$status" -eq 1 ]; then
    echo "$name: seen: $(grep -m 1 -E '^[a-z_.0-9| ]+: (hang|loss|duplicate|torn|leak|broken):' "$tmp/$name/output")"
    seen=$((seen + 1))
  else
    echo "$name: NOT SEEN (exit status $status)"
    unseen=$((unseen + 1))
  fi
  rm -rf "${tmp:?}/$name"
}

# Rule 1: announce before the claim.
mutant claim_unannounced ring/mpmc.h '/mpmc_claim_put(/,/^}/s/frame_announce(.*);/(void) frame;/' \
  --sample 5000 --pairs 40 --case "mpmc.push.*"
# Rule 2: the frame is emptied after the publish.
mutant empty_before_publish ring/mpmc.h '/void mpmc_publish(/,/^}/s/atomic64_store_release(mpmc_word/frame_empty(frame); &/' \
  --case 'mpmc.push.*' --pairs 40
mutant empty_before_release ring/mpmc.h '/void mpmc_release(/,/^}/s/atomic64_store_release(mpmc_word/frame_empty(frame); &/' \
  --case 'mpmc.pop.*' --pairs 40
# The payload is written before the publish.
mutant publish_before_copy ring/mpmc.c '/int mpshm_mpmc_try_push(/,/^}/{s/copy_element(mpmc_element.*/mpmc_publish(ring, frame, position);/;t;s/mpmc_publish(ring.*/copy_element(mpmc_element(ring, position), element, ring->element_bytes);/;}' \
  --case 'mpmc.push.*'
# The slot is released after it was read.
mutant release_before_copy ring/mpmc.c '/int mpshm_mpmc_try_pop(/,/^}/{s/^\tcopy_element(.*/\tmpmc_release(ring, frame, position);/;t;s/^\tmpmc_release(ring.*/\tcopy_element(ret_element, mpmc_element(ring, position), ring->element_bytes);/;}' \
  --case 'mpmc.pop.*'
# Rule 11, and the push cut off: nobody makes a tombstone of it.
mutant no_tombs ring/mpmc_stuck.c '/bool help_put(/,/^}/s/if (atomic64_cas(/if (0 \&\& atomic64_cas(/' \
  --case 'mpmc.push.normal'
# An element is in the index before it is REDEL.
mutant no_index ring/mpmc_redeliver.c '/bool index_add(/,/^}/s/if (atomic64_cas(&entries.*/if (held + 1) {/' \
  --case 'mpmc.pop.*'
# Rule 6: an adoption is announced.
mutant adopt_unannounced ring/mpmc_redeliver.c '/bool mpshm_i_mpmc_adopt(/,/^}/s/frame_announce(.*);/(void) frame;/' \
  --case 'mpmc.pop.again' --pairs 60
# A TAKEN element of a dead adopter goes back.
mutant no_help_adopt ring/mpmc_redeliver.c '/case SLOT_TAKEN:/,/break;/s/break;/return false;/' \
  --case 'mpmc.pop.again'

# Blocks of the dead, and blocks of slots that have moved on, are given back.
mutant owned_kept queue/pool.c '/case BLOCK_OWNED:/,/break;/s/if (block_payload.*/if (0)/' \
  --case 'queue.put.long_'
mutant in_kept queue/pool.c '/case BLOCK_IN:/,/break;/s/if (slot_done.*/if (0)/' \
  --case 'queue.get.long_'
# A dead holder's half-made object is rolled back.
mutant no_mend segment/directory_lock.c 's/if (got == 1)/if (0)/' --case 'object.create.*'

echo "$seen broken copies seen, $unseen not"
[ "$unseen" -eq 0 ]
