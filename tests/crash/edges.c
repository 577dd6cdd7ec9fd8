/* SPDX-License-Identifier: BSD-2-Clause */
#include "edges.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "labels.h"
#include "places.h"

/* What is known about a trace's own instructions, each address once. */
struct map {
	struct places places;
	struct label **labels; /* of each file */
	size_t *label_counts;
	const struct label **at; /* the labelled statement that places.place[i] belongs to */
};

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *) a, y = *(const uint64_t *) b;
	return (x > y) - (x < y);
}

/* The addresses, sorted, each once. */
static size_t own_addresses(const struct trace *trace, uint64_t *ret_pcs)
{
	size_t all = 0, count = 0;

	for (uint32_t i = 0; i < trace->steps; i++)
		if (trace->marks[i] & TRACE_OWN)
			ret_pcs[all++] = trace->pc[i];
	qsort(ret_pcs, all, sizeof *ret_pcs, compare);
	for (size_t i = 0; i < all; i++)
		if (count == 0 || ret_pcs[count - 1] != ret_pcs[i])
			ret_pcs[count++] = ret_pcs[i];
	return count;
}

static const struct label *label_at(const struct map *map, uint32_t file, uint32_t line)
{
	for (size_t i = 0; i < map->label_counts[file]; i++) {
		const struct label *label = &map->labels[file][i];
		if (line >= label->first && line <= label->last)
			return label;
	}
	return NULL;
}

/* The innermost labelled statement that an instruction was compiled from. */
static const struct label *label_of(const struct map *map, const struct place *place)
{
	const struct label *label = NULL;
	for (uint32_t f = 0; f < place->frames && !label; f++)
		label = label_at(map, place->frame[f].file, place->frame[f].line);
	return label;
}

static bool make_map(const struct trace *trace, struct map *ret_map)
{
	uint64_t *pcs = calloc(trace->steps + 1u, sizeof *pcs);

	*ret_map = (struct map){0};
	if (!pcs || !places_find(pcs, own_addresses(trace, pcs), &ret_map->places))
		return false;
	free(pcs);
	const struct places *places = &ret_map->places;
	ret_map->labels = calloc(places->file_count, sizeof *ret_map->labels);
	ret_map->label_counts = calloc(places->file_count, sizeof *ret_map->label_counts);
	ret_map->at = calloc(places->count + 1, sizeof *ret_map->at);
	if (!ret_map->labels || !ret_map->label_counts || !ret_map->at)
		return false;
	for (uint32_t i = 0; i < places->file_count; i++)
		ret_map->label_counts[i] = labels_read(places->files[i], &ret_map->labels[i]);
	for (size_t i = 0; i < places->count; i++)
		ret_map->at[i] = label_of(ret_map, &places->place[i]);
	return true;
}

static void free_map(struct map *map)
{
	for (uint32_t i = 0; i < map->places.file_count; i++)
		free(map->labels[i]);
	free(map->labels);
	free(map->label_counts);
	free(map->at);
	places_free(&map->places);
}

static const struct label *label_of_step(const struct map *map, const struct trace *trace,
                                         uint32_t i)
{
	if (i >= trace->steps || !(trace->marks[i] & TRACE_OWN))
		return NULL;
	const struct place *found = bsearch(&trace->pc[i], map->places.place, map->places.count,
	                                    sizeof *found, compare);
	return found ? map->at[found - map->places.place] : NULL;
}

/* A statement may carry several labels. */
static void name_edge(const struct map *map, const struct label *label, struct edge *edge)
{
	for (uint32_t f = 0; f < map->places.file_count; f++)
		for (size_t i = 0; i < map->label_counts[f]; i++) {
			const struct label *other = &map->labels[f][i];
			if (label < map->labels[f] ||
			    label >= map->labels[f] + map->label_counts[f] ||
			    other->first != label->first)
				continue;
			size_t length = strlen(edge->name);
			(void) snprintf(edge->name + length, sizeof edge->name - length, "[%s]",
			                other->name);
		}
}

/* Successive instructions of one statement; a loop that comes again begins another. */
static uint32_t end_of_run(const struct map *map, const struct trace *trace, uint32_t first)
{
	const struct label *label = label_of_step(map, trace, first);
	uint32_t i = first + 1;
	while (label_of_step(map, trace, i) == label && trace->pc[i] != trace->pc[first])
		i++;
	return i;
}

static void find_runs(const struct map *map, const struct trace *trace, struct edges *edges)
{
	for (uint32_t i = 0; i < trace->steps;) {
		const struct label *label = label_of_step(map, trace, i);
		if (!label) {
			i++;
			continue;
		}
		struct edge *edge = &edges->edge[edges->count++];
		uint32_t end = end_of_run(map, trace, i);
		*edge = (struct edge){.first = i, .last = end - 1};
		name_edge(map, label, edge);
		i = end;
	}
}

static void number_gaps(const struct trace *trace, struct edges *edges)
{
	uint32_t done = 0;
	for (uint32_t i = 0; i <= trace->steps; i++) {
		while (done < edges->count && edges->edge[done].last < i)
			done++;
		bool inside = done < edges->count && edges->edge[done].first < i;
		edges->gap[i] = inside ? EDGES_INSIDE : done;
	}
}

bool edges_find(const struct trace *trace, struct edges *ret_edges)
{
	struct map map;

	*ret_edges = (struct edges){
		.edge = calloc(trace->steps + 1u, sizeof *ret_edges->edge),
		.gap = calloc(trace->steps + 1u, sizeof *ret_edges->gap),
	};
	if (!ret_edges->edge || !ret_edges->gap || !make_map(trace, &map))
		return false;
	find_runs(&map, trace, ret_edges);
	number_gaps(trace, ret_edges);
	free_map(&map);
	return true;
}
