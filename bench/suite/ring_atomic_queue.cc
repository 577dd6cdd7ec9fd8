/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * atomic_queue: AtomicQueue for words, none of which is ever zero, and AtomicQueue2 for
 * lines.  Round trips take its fastest calls, those of "OptimistAtomicQueue", which claim
 * a position first and then wait for it.
 */
#include "missing.hh"
#include "ring_typed.hh"

#ifdef HAVE_ATOMIC_QUEUE
#include <atomic_queue/atomic_queue.h>
#include <type_traits>

namespace
{

/* `Spread`: elements that follow each other lie in different lines. */
template <class Element, unsigned Capacity, bool Spsc, bool Spread, bool Throughput>
using queue = std::conditional_t<
	std::is_integral<Element>::value,
	atomic_queue::AtomicQueue<uint64_t, Capacity, 0, Spread, Throughput, false, Spsc>,
	atomic_queue::AtomicQueue2<Element, Capacity, Spread, Throughput, false, Spsc>>;

template <bool Spsc> struct attempts {
	template <class Element, unsigned Capacity>
	using ring = queue<Element, Capacity, Spsc, !Spsc, true>;

	static constexpr unsigned capacity_max = 65536;
	static constexpr bool batches = false;

	template <class Ring, class Element>
	RING_INLINE bool push(Ring &ring, const Element &element)
	{
		return ring.try_push(element);
	}
	template <class Ring, class Element> RING_INLINE bool pop(Ring &ring, Element &ret_element)
	{
		return ring.try_pop(ret_element);
	}
};

template <bool Spsc> struct optimist {
	template <class Element, unsigned Capacity>
	using ring = queue<Element, Capacity, Spsc, true, false>;

	static constexpr bool batches = false;

	template <class Ring, class Element>
	RING_INLINE bool push(Ring &ring, const Element &element)
	{
		ring.push(element);
		return true;
	}
	template <class Ring, class Element> RING_INLINE bool pop(Ring &ring, Element &ret_element)
	{
		ret_element = ring.pop();
		return true;
	}
};

/*
 * A producer that is preempted between its claim and its store is overtaken by one that
 * claims the same slot a lap later.
 */
struct peer make_mpmc()
{
	struct peer peer = typed_ring<attempts<false>, optimist<false>>::make("atomic_queue", true);

	peer.reorders = true;
	return peer;
}

} // namespace

const struct peer peer_atomic_spsc =
	typed_ring<attempts<true>, optimist<true>>::make("atomic_queue SPSC", false);
const struct peer peer_atomic_mpmc = make_mpmc();

const char *version_atomic_queue(void)
{
	return ""; /* it tells none */
}
#else
const struct peer peer_atomic_spsc =
	missing_peer("atomic_queue SPSC", "compiled without atomic_queue");
const struct peer peer_atomic_mpmc = missing_peer("atomic_queue", "compiled without atomic_queue");

const char *version_atomic_queue(void)
{
	return nullptr;
}
#endif
