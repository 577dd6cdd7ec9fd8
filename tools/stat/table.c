/* SPDX-License-Identifier: BSD-2-Clause */
#include "table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"

void table_start(struct table *ret_table, const struct table_column *columns, size_t count)
{
	ret_table->columns = columns;
	ret_table->columns_count = count;
	ret_table->cells = NULL;
	ret_table->cells_count = 0;
}

void table_cell(struct table *table, const char *text)
{
	size_t count = table->cells_count;

	if ((count & (count - 1)) == 0) {
		char **cells =
			reallocarray(table->cells, count ? count * 2 : 1, sizeof(*table->cells));
		if (!cells)
			out_of_memory();
		table->cells = cells;
	}
	table->cells[count] = strdup(text);
	if (!table->cells[count])
		out_of_memory();
	table->cells_count++;
}

static int width_of(const struct table *table, size_t column)
{
	size_t width = strlen(table->columns[column].title);

	for (size_t i = column; i < table->cells_count; i += table->columns_count) {
		size_t length = strlen(table->cells[i]);
		if (length > width)
			width = length;
	}
	return (int) width;
}

static void print_cell(const struct table *table, size_t column, int width, const char *text)
{
	const char *between = column ? "  " : "";

	if (table->columns[column].align == TABLE_RIGHT)
		printf("%s%*s", between, width, text);
	else if (column + 1 < table->columns_count)
		printf("%s%-*s", between, width, text);
	else
		printf("%s%s", between, text); /* no blanks at the end of a line */
}

void table_print(struct table *table, const char *indent)
{
	size_t columns = table->columns_count;
	int *widths = calloc(columns, sizeof(*widths));

	if (!widths)
		out_of_memory();
	fputs(indent, stdout);
	for (size_t i = 0; i < columns; i++) {
		widths[i] = width_of(table, i);
		print_cell(table, i, widths[i], table->columns[i].title);
	}
	putchar('\n');
	for (size_t i = 0; i < table->cells_count; i++) {
		if (i % columns == 0)
			fputs(indent, stdout);
		print_cell(table, i % columns, widths[i % columns], table->cells[i]);
		if (i % columns == columns - 1)
			putchar('\n');
		free(table->cells[i]);
	}
	free(table->cells);
	free(widths);
	output_check();
}
