#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# usage: run.sh [--all] [MODEL...]   (make check-model)
# Has Spin search every state of each model, and of each variant with a rule taken away: a
# sound one must have no violation, a broken one must have one.  --all adds larger bounds.
set -u
here=$(cd "$(dirname "$0")" && pwd)
: "${SPIN:=spin}" "${CC:=cc}" "${MODEL_MEGABYTES:=4000}"
LC_ALL=C
export LC_ALL

all=no
if [ "${1:-}" = --all ]; then
  all=yes
  shift
fi
wanted=" $* "
for tool in "$SPIN" ${CC%% *}; do
  command -v "$tool" >/dev/null 2>&1 || {
    echo "check-model: skipped: no $tool; install Spin 6.5 or later (Debian, Ubuntu: apt-get install spin; else https://spinroot.com) and a C compiler" >&2
    exit 77
  }
done

dir=$(mktemp -d "${TMPDIR:-/tmp}/mpshm-model.XXXXXX") || exit 99
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
failed=0 done=0 begin=$(date +%s)

# check MODEL sound|broken|larger NAME DEFINES...
check()
{
  model=$1 kind=$2 name=$3
  shift 3
  case $wanted in
    "  " | *" $model "*) ;;
    *) return ;;
  esac
  [ "$kind" = larger ] && [ "$all" = no ] && return
  printf '%-7s %-7s %-34s ' "$model" "$kind" "$name"
  rm -rf "$dir/pan"
  mkdir "$dir/pan"
  verdict=$(
    cd "$dir/pan" || exit 1
    "$SPIN" -a "$@" "$here/$model.pml" >spin.log 2>&1 && [ -s pan.c ] || { echo 'does not translate'; cat spin.log >&2; exit; }
    # shellcheck disable=SC2086 # CC may be several words
    $CC -O0 -w -DSAFETY -DCOLLAPSE -DMEMLIM="$MODEL_MEGABYTES" -o pan pan.c >cc.log 2>&1 || { echo 'does not compile'; cat cc.log >&2; exit; }
    nice -n 19 ./pan -m1000000 >pan.log 2>&1
    # A search cut short by memory or depth proves nothing.
    if grep -q 'errors: 0' pan.log && ! grep -Eq 'Search not completed|max search depth|out of memory' pan.log; then
      echo clean
    elif grep -Eq 'errors: [1-9]' pan.log && grep -Eq '^pan:1: (assertion|invalid end)' pan.log; then
      echo violation
    else
      echo 'search cut short'
    fi
  )
  log=$dir/pan/pan.log
  states=$(awk '/states, stored/ { print $1; exit }' "$log" 2>/dev/null)
  seconds=$(awk '/pan: elapsed time/ { print $4; exit }' "$log" 2>/dev/null)
  done=$((done + 1))
  case $kind-$verdict in
    broken-violation) result=ok why=$(sed -n 's/^pan:1: *//p' "$log" | head -n 1 | cut -c1-60) ;;
    sound-clean | larger-clean) result=ok why= ;;
    *) result=FAIL why=$(sed -n 's/^pan:1: *//p' "$log" 2>/dev/null | head -n 1) failed=$((failed + 1)) ;;
  esac
  printf '%10s states %7s s  %-4s %s  %s\n' "${states:-?}" "${seconds:-?}" "$result" "$verdict" "$why"
}

# --- ring: the many-to-many ring -------------------------------------------------
push="-DPRODUCERS=1 -DPUTS=2 -DCONSUMERS=2 -DDEATHS=2"
pop="-DPRODUCERS=0 -DPUTS=0 -DCONSUMERS=3 -DFILLED=1 -DDEATHS=2"
ghosts="-DPRODUCERS=0 -DPUTS=0 -DCONSUMERS=3 -DFILLED=2 -DGHOSTS=2"
narrow="-DN=1 -DPRODUCERS=2 -DPUTS=1 -DCONSUMERS=2 -DDEATHS=1"
adopt="-DN=1 -DPRODUCERS=1 -DPUTS=1 -DCONSUMERS=2 -DFILLED=1 -DGHOSTS=1 -DDEATHS=1"
# shellcheck disable=SC2086 # several words each
{
  check ring sound  'push and pop, 2 deaths' $push
  check ring sound  'a death and a rebirth' $push -DBIRTHS=1
  check ring sound  'two producers' -DPRODUCERS=2 -DPUTS=1 -DCONSUMERS=1 -DDEATHS=2 -DBIRTHS=1
  check ring sound  'three pop one' $pop
  check ring sound  'three pop two' $pop -DFILLED=2
  check ring sound  'an index too small' $ghosts -DDEATHS=1
  check ring sound  'an index too small, no more deaths' $ghosts -DDEATHS=0 -DBITS_TRUSTED
  check ring sound  'adoption of the adopted' $adopt
  check ring larger 'one slot, two helpers' $narrow
  check ring larger 'index of two, full' -DPRODUCERS=0 -DPUTS=0 -DN=4 -DCONSUMERS=2 -DFILLED=3 -DGHOSTS=3 -DENTRIES=2 -DDEATHS=1
  check ring larger 'three pop one, 3 deaths, a rebirth' $pop -DDEATHS=3 -DBIRTHS=1
  check ring larger 'adoption, 2 deaths' $adopt -DDEATHS=2
  check ring broken 'frame after the claim' $pop -DANNOUNCE_LATE
  check ring broken 'frame emptied before publish' $pop -DEMPTY_EARLY
  check ring broken 'liveness from before tail was read' $push -DBIRTHS=1 -DLIVENESS_CACHED
  check ring broken 'tombstone by plain store' $narrow -DTOMB_BY_STORE
  check ring broken 'FREE before resolve, frame kept' $push -DBIRTHS=1 -DFREE_FIRST
  check ring broken 'FREE before resolve, frame cleared' $push -DBIRTHS=1 -DFREE_FIRST -DBORN_CLEAN
  check ring broken 'adoption without attempt' $adopt -DNO_ATTEMPT
  check ring broken 'adoption without frame' $pop -DNO_ADOPT
  check ring broken 'frame kept on a failed claim' $pop -DKEEP_FAILED
  check ring broken 'frame given up for a live announcer' $pop -DVETO_CLEARS
  check ring broken 'frame given up for a full index' $ghosts -DDEATHS=1 -DFULL_INDEX_CLEARS
  check ring broken 'index: entry out before its bit' $ghosts -DDEATHS=0 -DBITS_TRUSTED -DREMOVE_ENTRY_FIRST
  check ring broken 'index: bit not set again' $ghosts -DDEATHS=0 -DBITS_TRUSTED -DREMOVE_FOREVER
  check ring broken 'index: bits of the dead not mended' $ghosts -DDEATHS=1 -DBITS_TRUSTED
}

# --- batch: several positions a claim ------------------------------------------------
check batch sound  'one producer' -DPRODUCERS=1 -DDEATHS=1
check batch sound  'one producer, 2 deaths' -DPRODUCERS=1 -DPUTS=3 -DDEATHS=2
check batch sound  'two producers' -DPRODUCERS=2 -DCONSUMERS=1 -DDEATHS=2
check batch larger 'two producers, two consumers' -DDEATHS=1
check batch broken 'only the first position announced' -DPRODUCERS=1 -DDEATHS=1 -DFIRST_ONLY
check batch broken 'frame emptied after the first' -DPRODUCERS=1 -DDEATHS=1 -DEMPTY_EARLY

# --- blocks: a queue's pool ---------------------------------------------------------
check blocks sound  'one slot, one block' -DDEATHS=2
check blocks sound  'the block again' -DPUTS=2 -DDEATHS=1
check blocks sound  'two slots, two blocks' -DN=2 -DBLOCKS=2
check blocks larger 'the block again, 2 deaths' -DPUTS=2 -DDEATHS=2
check blocks broken 'block freed by plain store' -DPUTS=2 -DDEATHS=1 -DFREE_BY_STORE
check blocks broken 'block freed before its slot' -DFREE_BEFORE_RELEASE
check blocks broken 'IN after READY' -DIN_LATE
check blocks broken 'pool resolved before frames' -DPOOL_FIRST

# --- leases: messages in getters' hands -----------------------------------------------
two="-DFILLED=1 -DBLOCKS=1 -DGETTERS=2"
three="-DFILLED=1 -DBLOCKS=1 -DGETTERS=3"
# shellcheck disable=SC2086 # several words each
{
  check leases sound  'inline, 2 deaths' $three -DDEATHS=2
  check leases sound  'in a block, 2 deaths' $three -DLONG=1 -DDEATHS=2
  check leases sound  'marks not mended, no deaths' $three -DDEATHS=0 -DMARKS_TRUSTED
  check leases sound  'one of each, two turns' -DFILLED=2 -DBLOCKS=2 -DLONG=2 -DGETTERS=2 -DTURNS=2
  check leases larger 'one of each, three getters' -DFILLED=2 -DBLOCKS=2 -DLONG=1
  check leases broken 'slot released before LEASED' $two -DLONG=1 -DSLOT_FIRST
  check leases broken 'adopter does not make it IN' $three -DLONG=1 -DNO_UNDO
  check leases broken 'copy that the slot does not name' $three -DUNNAMED
  check leases broken 'slot names the block before IN' $two -DNAMED_FIRST
  check leases broken 'slot not asked' $two -DLONG=1 -DSLOT_NOT_ASKED
  check leases broken 'no sweep behind an adoption' $two -DNO_SWEEP
  check leases broken 'group marked after the release' $two -DLONG=1 -DLEASED_LATE
  check leases broken 'marks of the dead not mended' $two -DLONG=1 -DMARKS_TRUSTED
  check leases broken 'unmarked, no second look' $three -DDEATHS=0 -DMARKS_TRUSTED -DUNMARK_FOREVER
  check leases broken 'taken back by plain store' $three -DLONG=1 -DTAKE_BY_STORE
  check leases broken 'end: frames not asked' $three -DLONG=1 -DFRAMES_NOT_ASKED
  check leases broken 'end: index before frames' $three -DLONG=1 -DINDEX_FIRST
  check leases broken 'end: leases not asked' $three -DLONG=1 -DLEASES_NOT_ASKED
  check leases broken 'end: leases before frames' $three -DLONG=1 -DLEASES_FIRST
}

# --- wait: the eventcount ------------------------------------------------------------
check wait sound  'membarrier, no slice'
check wait sound  'fence, no slice' -DFENCE -DNO_MEMBARRIER
check wait sound  'who gets an error passes on' -DPICKY=1 -DWAKERS=1
check wait sound  'a death, and the slice' -DDEATHS=1
check wait larger 'three waiters' -DWAITERS=3
check wait larger 'three wakers' -DWAKERS=3
check wait broken 'neither fence nor membarrier' -DNO_MEMBARRIER
check wait broken 'flag cleared by who woke somebody' -DCLEAR_BY_WOKEN
check wait broken 'flag cleared, no second wake' -DNO_SECOND_WAKE
check wait broken 'wake without a new epoch' -DNO_EPOCH
check wait broken 'who gets an error does not pass on' -DPICKY=1 -DWAKERS=1 -DPICKY_SILENT
check wait broken 'a death, and no slice' -DDEATHS=1 -DNO_SLICE

# --- tso: store buffers --------------------------------------------------------------
check tso sound  'frame by plain store, claim by CAS'
check tso larger 'three claims, 2 deaths' -DCLAIMS=3 -DDEATHS=2
check tso broken 'frame after the claim' -DFRAME_AFTER
check tso broken 'claim by fetch-and-add' -DFETCH_ADD
check tso broken 'frame emptied before publish' -DEMPTY_EARLY
check tso broken 'frame stores may pass others' -DSTORES_PASS
check tso broken 'CAS does not drain' -DCAS_DRAINS_NOT
check tso broken 'dead before its stores arrived' -DDEAD_BEFORE_DRAINED

echo "$done searched in $(($(date +%s) - begin)) s, $failed failed"
[ "$done" -gt 0 ] && [ "$failed" -eq 0 ]
