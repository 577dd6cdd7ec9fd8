/* SPDX-License-Identifier: BSD-2-Clause */
/* status: what mpshm-stat exits with. */
#ifndef MPSHM_STAT_STATUS_H
#define MPSHM_STAT_STATUS_H

enum status {
	STATUS_HEALTHY = 0,
	STATUS_UNHEALTHY = 1, /* and whatever failed in mpshm-stat itself */
	STATUS_USAGE = 2,
	STATUS_NOT_FOUND = 3,
	STATUS_PERMISSION = 4,
	STATUS_INCOMPATIBLE = 5,
};

/* Of two the one to report: the smallest that is not healthy. */
static inline enum status status_worse(enum status a, enum status b)
{
	if (a == STATUS_HEALTHY || b == STATUS_HEALTHY)
		return a == STATUS_HEALTHY ? b : a;
	return a < b ? a : b;
}

#endif
