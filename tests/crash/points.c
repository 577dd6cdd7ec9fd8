/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every instruction of the program's own text, each time that it comes; or a sample of them.
 * Of shared libraries every Nth, and both sides of every system call, where things
 * change for others.
 */
#include "points.h"

#include <stdlib.h>

#include "engine.h"

static uint64_t mix(uint64_t seed, uint64_t i)
{
	uint64_t x = seed * UINT64_C(0x9e3779b97f4a7c15) + i * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 31) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 29;
}

uint32_t points_own(const struct trace *trace)
{
	uint32_t own = 0;
	for (uint32_t i = 0; i < trace->steps; i++)
		own += (trace->marks[i] & TRACE_OWN) != 0;
	return own;
}

struct choice {
	const struct trace *trace;
	uint32_t own_every, foreign_every;
};

static bool is_chosen(const struct choice *choice, uint32_t i)
{
	const struct trace *trace = choice->trace;

	if (i == 0 || i == trace->steps || trace->marks[i] & TRACE_EDGE)
		return true;
	if (trace->marks[i] & TRACE_OWN)
		return mix(engine_options.seed, i) % choice->own_every == 0;
	if (trace->marks[i] & TRACE_SYSTEM || trace->marks[i - 1] & TRACE_SYSTEM)
		return true;
	return mix(engine_options.seed, i) % choice->foreign_every == 0;
}

static uint32_t add(struct point *points, uint32_t count, const struct choice *choice)
{
	const struct trace *trace = choice->trace;

	for (uint32_t i = 0; i <= trace->steps; i++) {
		if (!is_chosen(choice, i))
			continue;
		points[count++] = (struct point){.step = i};
		if (trace->marks[i] & TRACE_SLOW)
			points[count++] = (struct point){.step = i, .asleep = true};
	}
	return count;
}

static uint32_t at_least_1(uint32_t n)
{
	return n > 0 ? n : 1;
}

uint32_t points_choose(const struct trace *trace, struct point **ret_points)
{
	uint32_t foreign = trace->steps - points_own(trace);
	uint32_t most = at_least_1(engine_options.foreign_max);
	struct choice choice = {
		.trace = trace,
		.own_every = at_least_1(engine_options.sample),
		.foreign_every = at_least_1(engine_options.foreign),
	};
	if (foreign / choice.foreign_every > most)
		choice.foreign_every = foreign / most;

	*ret_points = calloc(2 * (size_t) trace->steps + 2, sizeof **ret_points);
	if (!*ret_points)
		return 0;
	if (engine_options.step == RUN_NO_STEP)
		return add(*ret_points, 0, &choice);
	uint32_t step = engine_options.step <= trace->steps ? engine_options.step : trace->steps;
	(*ret_points)[0] = (struct point){.step = step};
	(*ret_points)[1] = (struct point){.step = step, .asleep = true};
	return trace->marks[step] & TRACE_SLOW ? 2 : 1;
}

/* The nth chosen step: of our own text, so that calls are seldom stopped in between. */
static uint32_t any_step(const struct trace *trace, uint64_t random)
{
	for (uint32_t tries = 0; tries < 64; tries++) {
		uint32_t i = (uint32_t) (mix(random, tries) % at_least_1(trace->steps));
		if (trace->marks[i] & TRACE_OWN)
			return i;
	}
	return 0;
}

uint32_t points_choose_pairs(const struct trace *trace, const struct trace *frozen,
                             struct point **ret_points)
{
	uint32_t count = engine_options.pairs;
	struct point *points = calloc(count + 1u, sizeof *points);

	*ret_points = points;
	if (!points)
		return 0;
	if (engine_options.step != RUN_NO_STEP) {
		points[0] = (struct point){
			.step = engine_options.step <= trace->steps ? engine_options.step
		                                                    : trace->steps,
			.frozen_at = engine_options.frozen_at <= frozen->steps
		                             ? engine_options.frozen_at
		                             : frozen->steps,
		};
		return 1;
	}
	for (uint32_t i = 0; i < count; i++) {
		uint64_t random = mix(engine_options.seed, i + 1);
		points[i].step = any_step(trace, random);
		points[i].frozen_at = any_step(frozen, ~random);
	}
	return count;
}
