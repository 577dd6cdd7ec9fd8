#!/bin/sh
# Does anybody see a broken protocol?  Breaks one rule at a time in a copy of the library, and
# expects tests/crash/crash, or a unit suite, to find fault with each copy.  The table in
# doc/CRASH_HARNESS.md says which rule each stands for.
# usage: mutants.sh [BUILD-FOLDER [NAME...]]   (a configured and built one; default: build)
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "${1:-$top/build}" && pwd) || exit 99
[ $# -eq 0 ] || shift
only=$*
: "${CC:=cc}"
tmp=$(mktemp -d "${TMPDIR:-/tmp}/mutants.XXXXXX") || exit 99
trap 'rm -rf "$tmp"' EXIT
trap 'exit 99' HUP INT TERM
unseen=0
seen=0

# objects FOLDER SOURCE...: compiles each into FOLDER, with the headers of $lib.
objects()
{
  into=$1
  shift
  mkdir -p "$into"
  for source; do
    name=$(echo "${source#"$top"/}" | tr / _)
    $CC -O2 -g -w -std=gnu11 -pthread -include config.h -I"$build" -I"$top/include" -I"$lib" \
      -I"$top/tests/unit" -I"$top/tests/stress" -I"$top/bench" -DMPSHM_TOP_SRCDIR="\"$top\"" \
      -c -o "$into/${name%.c}.o" "$source" || return 99
  done
}

# Everything as it should be, compiled once: a mutant replaces what it changes.
compile_whole()
{
  lib=$top/lib
  # shellcheck disable=SC2046
  objects "$tmp/lib" $(find "$top/lib" -name '*.c') &&
    objects "$tmp/crash" $(find "$top/tests/crash" -maxdepth 1 -name '*.c') &&
    objects "$tmp/unit" $(find "$top/tests/unit" -name '*.c') "$top/bench/common/histogram.c" \
      $(grep -L '^int main(' "$top"/tests/stress/*.c)
}

# compile FOLDER SEER FILE: the mutant's program, of the library in FOLDER where FILE is changed.
compile()
{
  lib=$1/lib
  cp -r "$tmp/lib" "$1/objects"
  case $3 in
    *.c) changed=lib/$3 ;;
    *) changed=$(cd "$1" && find lib -name '*.c') ;;
  esac
  # shellcheck disable=SC2046,SC2086 # several words each
  (cd "$1" && objects "$1/objects" $changed) &&
    $CC -pthread -o "$1/$2" "$1"/objects/*.o "$tmp/$2"/*.o $(libraries "$2")
}

libraries()
{
  pkg-config --libs liburcu-bp liburcu-cds 2>/dev/null || echo -lurcu-bp -lurcu-cds -lurcu-common
  echo -ldl
  [ "$1" != unit ] || pkg-config --libs check
}

# said FILE: what was found, on one line.
said()
{
  grep -m 1 -E '^[a-z_.0-9| ]+: (hang|loss|duplicate|torn|leak|broken):|^[^ ]+:[0-9]+:[FE]:' "$1" |
    sed 's/^[^ ]*\/tests\///'
}

# sees FOLDER SEER ARGUMENT...: 1 where it finds fault.
sees()
{
  folder=$1 seer=$2
  shift 2
  case $seer in
    crash) "$folder/crash" --stop "$@" ;;
    unit) CK_RUN_SUITE=$1 "$folder/unit" ;;
  esac >"$folder/output" 2>&1
}

# mutant NAME FILE EXPRESSION crash OPTION... | unit SUITE: sed EXPRESSION breaks lib/FILE.
mutant()
{
  name=$1 file=$2 expression=$3 seer=$4
  shift 4
  case " $only " in
    "  " | *" $name "*) ;;
    *) return 0 ;;
  esac
  mkdir "$tmp/$name"
  cp -r "$top/lib" "$tmp/$name/lib"
  sed "$expression" "$top/lib/$file" >"$tmp/$name/lib/$file"
  if cmp -s "$top/lib/$file" "$tmp/$name/lib/$file"; then
    echo "$name: $expression changes nothing in $file any more"
    unseen=$((unseen + 1))
    return
  fi
  if ! compile "$tmp/$name" "$seer" "$file"; then
    echo "$name: does not compile"
    unseen=$((unseen + 1))
    return
  fi
  sees "$tmp/$name" "$seer" "$@"
  status=$?
  if [ "$status" -eq 1 ]; then
    echo "$name: seen: $(said "$tmp/$name/output")"
    seen=$((seen + 1))
  else
    echo "$name: NOT SEEN (exit status $status)"
    unseen=$((unseen + 1))
  fi
  rm -rf "${tmp:?}/$name"
}

compile_whole || exit 99

# --- Rule 1: announce, then claim.
mutant claim_unannounced ring/mpmc.h '/mpmc_claim_put(/,/^}/s/frame_announce(.*);/(void) frame;/' \
  crash --sample 5000 --pairs 40 --case "mpmc.push.*"
# --- Rule 2: the frame is emptied after the publish, or the release.
mutant empty_before_publish ring/mpmc.h '/void mpmc_publish(/,/^}/s/atomic64_store_release(mpmc_word/frame_empty(frame); &/' \
  crash --case 'mpmc.push.*' --pairs 40
mutant empty_before_release ring/mpmc.h '/void mpmc_release(/,/^}/s/atomic64_store_release(mpmc_word/frame_empty(frame); &/' \
  crash --case 'mpmc.pop.*' --pairs 40
# --- Rule 3: dead means dead(id, generation).
mutant any_generation segment/alive.c 's/state != participant_state(PARTICIPANT_ACTIVE.*/participant_state_kind(state) != PARTICIPANT_ACTIVE)/' \
  unit owners
# --- Rule 4: a tombstone by compare-and-swap.
mutant tomb_by_store ring/mpmc_redeliver.c '/bool resolve_position(/,/^}/s/if (atomic64_cas(slot, &expected, \(.*\))) {/atomic64_store_release(slot, \1); {/' \
  crash --pair recover.reserved,recover.reserved --pairs 600
# --- Rule 5: resolve, clear, FREE.
mutant free_before_resolve segment/resolve.c '/uint64_t state = participant_state(PARTICIPANT_DEAD/s/$/ uint64_t early = state; (void) atomic64_cas(\&segment->participants[participant].state, \&early, participant_state(PARTICIPANT_FREE, generation));/' \
  crash --case 'recover.*'
mutant frame_kept segment/resolve.c '/bool resolve_frame(/,/^}/s/(void) atomic64_cas(&frame->where, &where, 0);//' \
  crash --case 'mpmc.pop.normal'
# --- Rule 6: an adoption is announced, and a dead adopter's element goes back.
mutant adopt_unannounced ring/mpmc_redeliver.c '/bool mpshm_i_mpmc_adopt(/,/^}/s/frame_announce(.*);/(void) frame;/' \
  crash --case 'mpmc.pop.again' --pairs 60
mutant no_help_adopt ring/mpmc_redeliver.c '/case SLOT_TAKEN:/,/break;/s/break;/return false;/' \
  crash --case 'mpmc.pop.again'
# --- Rule 7: a recoverer may die in the middle: what leads to the rest goes last.
mutant clear_before_resolve segment/resolve.c '/bool resolve_frame(/,/^}/s/const struct dead_frame dead = {/uint64_t early = where; (void) atomic64_cas(\&frame->where, \&early, 0); &/' \
  crash --case 'recover.*'
mutant mark_before_resolve segment/resolve.c '/void resolve_objects(/,/^}/s/if (find_object/mpshm_i_opener_clear(segment, i, participant); &/' \
  crash --case 'recover.blocks'
# --- Rule 8: a claim within a claim has a frame of its own.
mutant one_frame segment/thread.h '/frame_find(/,/^}/s/if (likely(.*/if (1)/' \
  crash --sample 5000 --pairs 60 --case 'mpmc.nest.*'
# --- Rule 9: a child does not keep its dead parent alive.
mutant lock_inherited platform/liveness.c 's/madvise(mapping, mapping_bytes(), MADV_DONTFORK) < 0/0/' \
  crash --case 'mpmc.parent_push.normal'
# --- Rule 10: all positions of a batch are announced.
mutant batch_first_only ring/mpmc_batch.c '/claim_put_many(/,/^}/s/mpmc_what(ring->identity_put, count)/mpmc_what(ring->identity_put, 1)/' \
  crash --sample 5000 --pairs 60 --case 'mpmc.push_bulk.*'
# --- Rule 11: tombstones are made, and skipped.
mutant no_tombs ring/mpmc_stuck.c '/bool help_put(/,/^}/s/if (atomic64_cas(/if (0 \&\& atomic64_cas(/' \
  crash --case 'mpmc.push.normal'
mutant tombs_block ring/mpmc.h '/int mpmc_front(/,/^}/s/if (word == mpmc_word_of(ring, SLOT_TOMB, head))/if (0)/' \
  crash --case 'mpmc.pop.tombs'
# --- Rule 12: memory is taken when an object is created.
mutant sparse platform/shm.c 's/if (fallocate(fd, 0, .*/if (1) {/' \
  unit directory
# --- Rule 13: the frame is emptied when the claim fails.
mutant frame_kept_by_loser ring/mpmc.h '/bool mpmc_claim_front(/,/^}/s/^\tframe_empty(frame);//' \
  crash --pair mpmc.pop.normal,mpmc.pop.normal --pairs 600
# --- Rule 14: a thread that exits leaves no frame.
mutant no_destructor segment/thread.c '/void give_back_at_exit(/,/^}/s/(void) give_back(segment, held->slot.cell);//' \
  unit fork
# --- Rule 15: positions wrap.
mutant lap_unwrapped ring/mpmc_stuck.c 's/return slot_lap(word) == slot_lap(slot_word(SLOT_FREE, 0, position & ~ring->mask));/return slot_lap(word) == (position \& ~ring->mask);/' \
  unit mpmc_arithmetic
mutant frame_unwrapped ring/mpmc_redeliver.c '/uint64_t whole_position(/,/^}/s/return tail.*/return kept;/' \
  unit mpmc_arithmetic

# --- The payload on the right side of the publish, and of the release.
mutant publish_before_copy ring/mpmc.c '/int mpshm_mpmc_try_push(/,/^}/{s/copy_element(mpmc_element.*/mpmc_publish(ring, frame, position);/;t;s/mpmc_publish(ring.*/copy_element(mpmc_element(ring, position), element, ring->element_bytes);/;}' \
  crash --case 'mpmc.push.*'
mutant release_before_copy ring/mpmc.c '/int mpshm_mpmc_try_pop(/,/^}/{s/^\tcopy_element(.*/\tmpmc_release(ring, frame, position);/;t;s/^\tmpmc_release(ring.*/\tcopy_element(ret_element, mpmc_element(ring, position), ring->element_bytes);/;}' \
  crash --case 'mpmc.pop.*'
# --- An element is in the index before it is REDEL.
mutant no_index ring/mpmc_redeliver.c '/bool index_add(/,/^}/s/if (atomic64_cas(&entries.*/if (held + 1) {/' \
  crash --case 'mpmc.pop.*'
# --- Blocks of the dead, and blocks of slots that have moved on, are given back.
mutant owned_kept queue/pool.c '/case BLOCK_OWNED:/,/break;/s/if (block_payload.*/if (0)/' \
  crash --case 'queue.put.long_'
mutant in_kept queue/pool.c '/case BLOCK_IN:/,/break;/s/if (slot_done.*/if (0)/' \
  crash --case 'queue.get.long_'
# --- Leases: the steps of a begin, in their order.
mutant lease_slot_first queue/get_begin.c '/ssize_t begin_claimed(/,/^}/{s/^\tmpshm_i_queue_release(.*/\t;/;s/^\tbool good = .*/&\n\tif (message_block_plus_1(head)) mpshm_i_queue_release(queue, frame, position, head, attempt);/;s/^\t\tlease = mpshm_i_lease_start(.*/&\n\tif (!message_block_plus_1(head)) mpshm_i_queue_release(queue, frame, position, head, attempt);/;}' \
  crash --case 'queue.lease.long_'
mutant lease_noted_late queue/lease.c '/^struct lease mpshm_i_lease_start(/,/^}/{s/atomic64_store_release(&descriptor->word, lease.word);/;/;s/uint64_t bit = .*/&atomic64_store_release(\&descriptor->word, lease.word);/;}' \
  crash --case 'queue.lease.*'
mutant lease_named_first queue/lease.c '/^uint64_t mpshm_i_lease_move(/,/^}/s/^\tmemcpy(/\tatomic64_store_release(\&slot->head, moved);\n&/' \
  crash --case 'queue.lease.short_'
mutant lease_unnamed queue/lease.c '/^uint64_t mpshm_i_lease_move(/,/^}/s/^\tatomic64_store_release(&slot->head, moved);//' \
  unit queue_lease_deaths
mutant lease_unmarked queue/lease.c '/^struct lease mpshm_i_lease_start(/,/^}/s/(void) atomic64_fetch_or(.*/;/' \
  crash --case 'queue.lease.*'
# --- While the slot holds the message it is the truth; then the block.
mutant lease_no_undo queue/lease.c '/^bool mpshm_i_lease_undo(/,/^}/s/return atomic64_cas(.*/return true;/' \
  unit queue_lease_deaths
mutant lease_slot_not_asked queue/lease.c '/^void mpshm_i_lease_resolve(/,/^}/s/if (slot_holds(.*/if (0) {/' \
  crash --case 'queue.lease.*'
mutant lease_no_sweep queue/release.c '/^void mpshm_i_queue_release(/,/^}/s/mpshm_i_pool_resolve(.*/;/' \
  crash --case 'queue.lease.*'
# --- What ends without a commit comes back, one delivery more, to one getter.
mutant lease_kept_by_dead queue/pool.c 's/if (block_lease_owner(word) == dead_owner)/if (0)/' \
  crash --case 'queue.lease.short_'
mutant lease_freed_by_death queue/lease.c '/^void mpshm_i_lease_resolve(/,/^}/s/if (mpshm_i_lease_give_back(pool, lease))/if (mpshm_i_pool_free(pool, lease->block, expected))/' \
  crash --case 'queue.lease.short_'
mutant lease_freed_by_abort queue/get_begin.c '/^int mpshm_queue_get_abort(/,/^}/s/if (!mpshm_i_lease_give_back(/(void) mpshm_i_pool_free(\&queue->pool, ours.block, ours.word); &/' \
  unit queue_leases
mutant lease_not_counted queue/lease.c '/^bool mpshm_i_lease_give_back(/,/^}/s/attempt++;/;/' \
  unit queue_leases
mutant lease_count_wraps queue/lease.c '/^bool mpshm_i_lease_give_back(/,/^}/s/if (attempt < BLOCK_ATTEMPT_MAX)//' \
  unit queue_leases
mutant lease_back_unmarked queue/lease.c 's/^\tmpshm_i_lease_mark(pool, lease->block);.*/\t(void) atomic64_fetch_or(\&pool->shm->returned, group_bit(pool, lease->block));/;/^void mpshm_i_lease_mark(/,/^}/s/(void) atomic64_fetch_or(.*/(void) pool, (void) block;/' \
  crash --case 'queue.lease_abort.*'
mutant lease_taken_by_store queue/lease.c '/^bool mpshm_i_lease_take(/,/^}/s/if (!atomic64_cas(\(.*\), &expected, word))/atomic64_store_release(\1, word); if (expected == 0)/' \
  crash --pair queue.lease.back_long,queue.lease.back_long --pairs 600
mutant lease_unwatched queue/lease_find.c '/^bool mpshm_i_lease_look(/,/^}/s/return true;/;/' \
  unit queue_lease_deaths
# --- A commit is the end: of the lease, and of a queue that was shut down.
mutant lease_free_bit_kept queue/pool.c '/case BLOCK_FREE:/,/break;/s/set_free_bit(.*/;/' \
  crash --case 'queue.lease_commit.*'
mutant lease_of_parent queue/get_begin.c '/^static int held(/,/^}/s/block_word_leased(queue->object.segment->self, /block_word_leased(block_lease_owner(atomic64_load_acquire(\&descriptor->word)), /' \
  unit queue_leases
mutant lease_end_not_asked queue/release.c '/^static bool all_delivered(/,/^}/s/return !lease_ever(.*/return true;/' \
  unit queue_leases
mutant lease_end_frames_not_asked queue/release.c '/^static bool all_delivered(/,/^}/s/if (mpshm_i_being_taken(.*/if (0)/' \
  unit queue_lease_deaths
# --- Storms see a loss, and a leak.
mutant storm_loses queue/lease.c '/^void mpshm_i_lease_resolve(/,/^}/s/if (mpshm_i_lease_give_back(pool, lease))/if (mpshm_i_pool_free(pool, lease->block, expected))/' \
  unit storm
mutant storm_leaks queue/pool.c '/case BLOCK_IN:/,/break;/s/if (slot_done.*/if (0)/' \
  unit storm
# --- A dead holder's half-made object is rolled back.
mutant no_mend segment/directory_lock.c 's/if (got == 1)/if (0)/' crash --case 'object.create.*'
# --- A spsc side of the dead can be had.
mutant side_kept ring/spsc_side.c 's/if (mpshm_i_owner_alive(segment, owner))/if (owner != OWNER_NONE)/' \
  crash --case 'spsc.push.*'

echo "$seen broken copies seen, $unseen not"
[ "$unseen" -eq 0 ]
