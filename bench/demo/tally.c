/* SPDX-License-Identifier: BSD-2-Clause */
/* Counting and checksumming, the same at both ends. */
#include "demo.h"

#include <string.h>

/* Multiply and fold, eight bytes at a time: finds damage, withstands no attacker. */
static uint64_t line_hash(const char *line, size_t bytes)
{
	const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);
	uint64_t hash = (bytes + 1) * odd, word;

	for (; bytes >= sizeof(word); line += sizeof(word), bytes -= sizeof(word)) {
		memcpy(&word, line, sizeof(word));
		hash = (hash ^ word) * odd;
		hash ^= hash >> 32;
	}
	word = 0;
	if (bytes > 0)
		memcpy(&word, line, bytes);
	hash = (hash ^ word) * odd;
	hash = (hash ^ hash >> 29) * odd;
	return hash ^ hash >> 32;
}

void tally_add(struct tally *tally, const void *line, size_t bytes)
{
	tally->lines++;
	tally->bytes += bytes;
	tally->checksum += line_hash(line, bytes);
}

void tally_publish(struct seat *seat, const struct tally *tally)
{
	__atomic_store_n(&seat->tally.lines, tally->lines, __ATOMIC_RELAXED);
	__atomic_store_n(&seat->tally.bytes, tally->bytes, __ATOMIC_RELAXED);
	__atomic_store_n(&seat->tally.checksum, tally->checksum, __ATOMIC_RELAXED);
}

struct tally tally_sum(const struct seat seats[], unsigned count)
{
	struct tally sum = {0, 0, 0};
	unsigned i;

	for (i = 0; i < count; i++) {
		sum.lines += __atomic_load_n(&seats[i].tally.lines, __ATOMIC_RELAXED);
		sum.bytes += __atomic_load_n(&seats[i].tally.bytes, __ATOMIC_RELAXED);
		sum.checksum += __atomic_load_n(&seats[i].tally.checksum, __ATOMIC_RELAXED);
	}
	return sum;
}
