/* A user's program, as C: compiled against the installed library by install.sh. */
#include <mpshm.h>

#include <stdio.h>
#include <unistd.h>

struct order {
	uint32_t number, amount;
};

/* What the headers inline works with the library that is installed. */
static int through_a_ring(struct mpshm_segment *segment)
{
	const struct mpshm_spsc_options options = {.capacity = 4, .element_bytes = 8};
	struct mpshm_spsc *ring;
	struct order got = {0};

	if (mpshm_spsc_open(&ring, segment, "ring", MPSHM_CREATE | MPSHM_PRODUCER | MPSHM_CONSUMER,
	                    &options) < 0 ||
	    mpshm_spsc_try_push(ring, &(struct order){7, 100}) != 0 ||
	    mpshm_spsc_try_pop(ring, &got) != 0 || got.number != 7 || got.amount != 100)
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
	if (through_a_ring(segment) < 0)
		return 3;
	return mpshm_segment_close(segment) < 0 ? 4 : 0;
}
