/* SPDX-License-Identifier: BSD-2-Clause */
/* Boost's lockfree::spsc_queue and lockfree::queue, of fixed size. */
#include "missing.hh"
#include "ring_typed.hh"

#ifdef HAVE_BOOST
#include <boost/lockfree/queue.hpp>
#include <boost/lockfree/spsc_queue.hpp>
#include <boost/version.hpp>

namespace
{

struct spsc {
	template <class Element, unsigned Capacity>
	using ring = boost::lockfree::spsc_queue<Element, boost::lockfree::capacity<Capacity>>;

	static constexpr unsigned capacity_max = 65536;
	static constexpr bool batches = true;

	template <class Ring, class Element>
	RING_INLINE bool push(Ring &ring, const Element &element)
	{
		return ring.push(element);
	}
	template <class Ring, class Element> RING_INLINE bool pop(Ring &ring, Element &ret_element)
	{
		return ring.pop(ret_element);
	}
	template <class Ring, class Element>
	RING_INLINE size_t push_many(Ring &ring, const Element *elements, size_t count)
	{
		return ring.push(elements, count);
	}
	template <class Ring, class Element>
	RING_INLINE size_t pop_many(Ring &ring, Element *ret_elements, size_t count)
	{
		return ring.pop(ret_elements, count);
	}
};

/* Its nodes are named by 16-bit indexes, and lie in it. */
struct many {
	template <class Element, unsigned Capacity>
	using ring = boost::lockfree::queue<Element, boost::lockfree::capacity<Capacity>>;

	static constexpr unsigned capacity_max = 1024;
	static constexpr bool batches = false;

	template <class Ring, class Element>
	RING_INLINE bool push(Ring &ring, const Element &element)
	{
		return ring.push(element);
	}
	template <class Ring, class Element> RING_INLINE bool pop(Ring &ring, Element &ret_element)
	{
		return ring.pop(ret_element);
	}
};

} // namespace

const struct peer peer_boost_spsc = typed_ring<spsc>::make("boost spsc_queue", false);
const struct peer peer_boost_mpmc = typed_ring<many>::make("boost queue", true);

const char *version_boost(void)
{
	return BOOST_LIB_VERSION;
}
#else
const struct peer peer_boost_spsc = missing_peer("boost spsc_queue", "compiled without Boost");
const struct peer peer_boost_mpmc = missing_peer("boost queue", "compiled without Boost");

const char *version_boost(void)
{
	return nullptr;
}
#endif
