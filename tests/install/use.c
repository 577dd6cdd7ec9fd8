/* A user's program, as C: compiled against the installed library by install.sh. */
#include <mpshm.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct order {
	uint32_t number, amount;
};

struct report {
	struct order orders[8];
};

static struct mpshm_spsc *ring_of(struct mpshm_segment *segment, const char *name, uint32_t bytes)
{
	const struct mpshm_spsc_options options = {.capacity = 4, .element_bytes = bytes};
	struct mpshm_spsc *ring;

	return mpshm_spsc_open(&ring, segment, name, MPSHM_CREATE | MPSHM_PRODUCER | MPSHM_CONSUMER,
	                       &options) < 0
	               ? NULL
	               : ring;
}

/* What the headers inline works with the library that is installed: an element of 8 bytes. */
static int through_a_ring(struct mpshm_segment *segment)
{
	struct mpshm_spsc *ring = ring_of(segment, "orders", sizeof(struct order));
	struct order got = {0};

	if (!ring || mpshm_spsc_try_push(ring, &(struct order){7, 100}) != 0 ||
	    mpshm_spsc_try_pop(ring, &got) != 0 || got.number != 7 || got.amount != 100)
		return -1;
	return mpshm_spsc_close(ring);
}

/* And one of 64. */
static int through_a_wide_ring(struct mpshm_segment *segment)
{
	struct mpshm_spsc *ring = ring_of(segment, "reports", sizeof(struct report));
	const struct report sent = {{{1, 10}, {2, 20}, {3, 30}, {4, 40}, {5, 50}, {8, 80}}};
	struct report got;

	if (!ring || mpshm_spsc_try_push(ring, &sent) != 0 || mpshm_spsc_try_pop(ring, &got) != 0 ||
	    memcmp(&got, &sent, sizeof got) != 0)
		return -1;
	return mpshm_spsc_close(ring);
}

int main(void)
{
	const struct mpshm_segment_options options = {.flags = MPSHM_EPHEMERAL};
	struct mpshm_segment *segment;
	char name[32];

	puts(mpshm_version());
	if (mpshm_error_detail()[0] != '\0')
		return 1;
	(void) snprintf(name, sizeof name, "install-%ld", (long) getpid());
	if (mpshm_segment_open(&segment, name, MPSHM_CREATE, &options) < 0)
		return 2;
	if (through_a_ring(segment) < 0 || through_a_wide_ring(segment) < 0)
		return 3;
	return mpshm_segment_close(segment) < 0 ? 4 : 0;
}
