/* SPDX-License-Identifier: BSD-2-Clause */
/* table: rows of text, columns as wide as their widest cell. */
#ifndef MPSHM_STAT_TABLE_H
#define MPSHM_STAT_TABLE_H

#include <stddef.h>

struct table_column {
	const char *title;
	enum { TABLE_LEFT, TABLE_RIGHT } align;
};

struct table {
	const struct table_column *columns;
	size_t columns_count;
	char **cells; /* row by row; rows may be incomplete while they are filled */
	size_t cells_count;
};

/* The columns, constant, and how many. */
void table_start(struct table *ret_table, const struct table_column *columns, size_t count);

/* The next cell, left to right, row after row.  Copied; escape it first. */
void table_cell(struct table *table, const char *text);

/* Print all with titles, each line behind `indent`, and give the memory back. */
void table_print(struct table *table, const char *indent);

#endif
