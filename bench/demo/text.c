/* SPDX-License-Identifier: BSD-2-Clause */
/* The text: opened, mapped, and parted at line boundaries. */
#include "text.h"

#include "common/program.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MEGABYTE (UINT64_C(1) << 20)

static int refuse(const char *what, int error)
{
	fprintf(stderr, "%s: %s: %s\n", program_name, what, strerror(-error));
	return error;
}

static int file_open(const char *path, struct text *text)
{
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return refuse(path, -errno);
	if (fstat(fd, &status) == 0 && !S_ISREG(status.st_mode)) {
		fprintf(stderr, "%s: %s: not a regular file, which --file wants\n", program_name,
		        path);
		close(fd);
		return -EINVAL;
	}
	snprintf(text->name, sizeof(text->name), "%s", path);
	return fd;
}

int text_open(struct text *text, const struct request *request)
{
	struct stat status;
	void *start = NULL;
	int error = 0;
	int fd = request->file != NULL ? file_open(request->file, text)
	                               : corpus_make(request, request->megabytes * MEGABYTE, text);

	if (fd < 0)
		return fd;
	if (fstat(fd, &status) < 0)
		error = -errno;
	else if (status.st_size > 0)
		start = mmap(NULL, (size_t) status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (start == MAP_FAILED)
		error = -errno;
	close(fd);
	if (error < 0)
		return refuse(text->name, error);
	text->start = start;
	text->bytes = (size_t) status.st_size;
	return 0;
}

void text_close(struct text *text)
{
	if (text->start != NULL)
		munmap((void *) text->start, text->bytes);
	text->start = NULL;
}

/* The start of the first line that starts at `at` or behind it. */
static size_t line_start(const struct text *text, size_t at)
{
	const char *newline;

	if (at == 0 || at >= text->bytes)
		return at;
	newline = memchr(text->start + at - 1, '\n', text->bytes - at + 1);
	return newline == NULL ? text->bytes : (size_t) (newline - text->start) + 1;
}

void text_part(const struct text *text, unsigned index, unsigned parts, size_t *ret_from,
               size_t *ret_to)
{
	size_t share = text->bytes / parts;

	*ret_from = line_start(text, share * index);
	*ret_to = index + 1 == parts ? text->bytes : line_start(text, share * (index + 1));
}
