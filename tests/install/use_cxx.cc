// A user's program, as C++: compiled against the installed library by install.sh.
#include <mpshm.h>

#include <cstring>
#include <iostream>
#include <string>
#include <unistd.h>

struct order {
	uint32_t number, amount;
};

struct report {
	order orders[8];
};

// What the headers inline works with the library that is installed.
template <class Element>
static bool goes_through(mpshm_segment *segment, const char *name, const Element &sent)
{
	mpshm_spsc_options options = {};
	mpshm_spsc *ring;
	Element got = {};

	options.capacity = 4;
	options.element_bytes = sizeof(Element);
	if (mpshm_spsc_open(&ring, segment, name, MPSHM_CREATE | MPSHM_PRODUCER | MPSHM_CONSUMER,
	                    &options) < 0)
		return false;
	bool whole = mpshm_spsc_try_push(ring, &sent) == 0 && mpshm_spsc_try_pop(ring, &got) == 0 &&
	             std::memcmp(&got, &sent, sizeof(got)) == 0;
	return mpshm_spsc_close(ring) == 0 && whole;
}

int main()
{
	mpshm_segment_options options = {};
	mpshm_segment *segment;
	const std::string name = "install-" + std::to_string(getpid());

	std::cout << mpshm_version() << std::endl;
	if (mpshm_error_detail()[0] != '\0')
		return 1;
	options.flags = MPSHM_EPHEMERAL;
	if (mpshm_segment_open(&segment, name.c_str(), MPSHM_CREATE, &options) < 0)
		return 2;
	if (!goes_through(segment, "orders", order{7, 100}) ||
	    !goes_through(segment, "reports", report{{{1, 10}, {2, 20}, {3, 30}, {8, 80}}}))
		return 3;
	return mpshm_segment_close(segment) < 0 ? 4 : 0;
}
