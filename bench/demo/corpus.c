/* SPDX-License-Identifier: BSD-2-Clause */
/* A real text, put together from what lies about on any machine. */
#include "text.h"

#include "common/crew.h"
#include "common/program.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const sources[] = {
	"/var/lib/apt/lists",  "/var/lib/dpkg/info", "/var/lib/pacman", "/usr/share/doc",
	"/usr/share/licenses", "/usr/include",       "/usr/share",      "/usr/lib",
	"/usr/local",
};

/* Larger ones are hardly texts. */
#define FILE_MAX (16 << 20)

/* nftw(3) hands nothing through to its function. */
static struct {
	int fd;
	uint64_t wanted, bytes;
	unsigned files;
	uint32_t max_line;
	int error;
	char *buffer; /* FILE_MAX + 1 */
} corpus;

static int append(const char *text, size_t bytes)
{
	while (bytes > 0) {
		ssize_t written = write(corpus.fd, text, bytes);

		if (written < 0)
			return -errno;
		text += written;
		bytes -= (size_t) written;
		corpus.bytes += (uint64_t) written;
	}
	return 0;
}

static ssize_t read_whole(int fd, size_t bytes)
{
	size_t have = 0;

	while (have < bytes) {
		ssize_t got = read(fd, corpus.buffer + have, bytes - have);

		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		have += (size_t) got;
	}
	return (ssize_t) have;
}

/* No zero byte, and no line that the queue would refuse. */
static bool is_text(const char *text, size_t bytes)
{
	const char *line = text, *end = text + bytes, *newline;

	if (memchr(text, '\0', bytes) != NULL)
		return false;
	for (; line < end; line = newline + 1) {
		newline = memchr(line, '\n', (size_t) (end - line));
		if (newline == NULL)
			newline = end;
		if ((size_t) (newline - line) > corpus.max_line)
			return false;
	}
	return true;
}

/* What can't be read, or is no text, is not worth a word. */
static int add_file(const char *path, const struct stat *status, int type, struct FTW *where)
{
	ssize_t bytes;
	int fd;

	(void) where;
	if (crew_asked_to_end())
		corpus.error = -EINTR;
	if (corpus.error < 0 || corpus.bytes >= corpus.wanted)
		return 1;
	if (type != FTW_F || !S_ISREG(status->st_mode) || status->st_size < 1 ||
	    status->st_size > FILE_MAX)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	if (fd < 0)
		return 0;
	bytes = read_whole(fd, (size_t) status->st_size);
	close(fd);
	if (bytes < 1 || !is_text(corpus.buffer, (size_t) bytes))
		return 0;
	if (corpus.buffer[bytes - 1] != '\n')
		corpus.buffer[bytes++] = '\n';
	corpus.files++;
	corpus.error = append(corpus.buffer, (size_t) bytes);
	return corpus.error < 0;
}

/* The machine has less text than is wanted: once more from the start, until it does. */
static unsigned repeat(uint64_t once)
{
	unsigned times = 1;

	while (corpus.error == 0 && corpus.bytes < corpus.wanted) {
		off_t at = 0;

		while (corpus.error == 0 && at < (off_t) once) {
			uint64_t rest = once - (uint64_t) at;
			ssize_t got = pread(corpus.fd, corpus.buffer,
			                    rest < FILE_MAX ? rest : FILE_MAX, at);

			if (got <= 0)
				corpus.error = got < 0 ? -errno : -EIO;
			else
				corpus.error = append(corpus.buffer, (size_t) got);
			at += got;
		}
		times++;
	}
	return times;
}

static int temporary_file(char path[4096])
{
	const char *folder = getenv("TMPDIR");
	int fd;

	snprintf(path, 4096, "%s/%s.XXXXXX", folder == NULL || *folder == '\0' ? "/tmp" : folder,
	         program_name);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	unlink(path); /* so that nothing is left, however this ends */
	return fd;
}

static void gather(void)
{
	size_t i;

	for (i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
		if (corpus.error == 0 && corpus.bytes < corpus.wanted)
			nftw(sources[i], add_file, 32, FTW_PHYS | FTW_MOUNT);
	if (corpus.error == 0 && corpus.bytes == 0)
		corpus.error = -ENOENT;
}

int corpus_make(const struct request *request, uint64_t bytes, struct text *text)
{
	char path[4096];
	uint64_t once;
	unsigned times;

	corpus.wanted = bytes;
	corpus.max_line = request->max_line;
	corpus.buffer = malloc(FILE_MAX + 1);
	corpus.fd = temporary_file(path);
	if (corpus.buffer == NULL || corpus.fd < 0) {
		fprintf(stderr, "%s: %s: %s; set TMPDIR, or give --file\n", program_name, path,
		        strerror(corpus.buffer == NULL ? ENOMEM : -corpus.fd));
		free(corpus.buffer);
		return -ENOMEM;
	}
	gather();
	once = corpus.bytes;
	times = repeat(once);
	free(corpus.buffer);
	if (corpus.error < 0) {
		if (corpus.error != -EINTR)
			fprintf(stderr,
			        "%s: putting a text together in %s: %s; set TMPDIR, or give --file\n",
			        program_name, path, strerror(-corpus.error));
		close(corpus.fd);
		return corpus.error;
	}
	if (times > 1)
		snprintf(text->name, sizeof(text->name),
		         "%.1f MB in %u files of this machine, which has no more text: %u times",
		         (double) once / 1e6, corpus.files, times);
	else
		snprintf(text->name, sizeof(text->name), "%u files of this machine", corpus.files);
	return corpus.fd;
}
