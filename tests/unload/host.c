/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * usage: host SEGMENT PLUGIN LIBRARY
 *
 * A program that knows the library by dlopen alone, and lets go of it: with a segment
 * attached, and without one.  What the library has registered with the process (the
 * destructor of its threads' data, its fork handlers) must find its code still there.
 *
 * Says in lines what it does; a crash, or a status other than 0, is a failure.
 */
#include <dlfcn.h>
#include <err.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef int plugin_call(const char *name);

static const char *segment, *plugin, *library;
static pthread_barrier_t barrier;

static int mapped(const char *path)
{
	char line[4096];
	int found = 0;

	FILE *maps = fopen("/proc/self/maps", "re");
	if (!maps)
		err(1, "maps");
	while (fgets(line, sizeof line, maps))
		found |= strstr(line, path) != NULL;
	(void) fclose(maps);
	return found;
}

static void *load(const char *path)
{
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!handle)
		errx(1, "%s", dlerror());
	return handle;
}

static void unload(void *handle)
{
	if (dlclose(handle) != 0)
		errx(1, "%s", dlerror());
}

static void call(void *handle, const char *what)
{
	plugin_call *function = (plugin_call *) dlsym(handle, what);
	if (!function)
		errx(1, "%s", dlerror());
	int line = function(segment);
	if (line != 0)
		errx(1, "%s: line %d of the plugin", what, line);
}

/* A thread that used the plugin, and ends when that is gone. */
static void *use_and_outlive(void *what)
{
	void *handle = load(plugin);
	call(handle, what);
	unload(handle);
	(void) pthread_barrier_wait(&barrier);
	(void) pthread_barrier_wait(&barrier);
	return NULL;
}

static void fork_and_wait(void)
{
	int status = -1;
	pid_t child = fork();
	if (child == 0)
		_exit(0);
	if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
		errx(1, "a forked child ends with 0x%x", (unsigned) status);
}

static void round_of(char *what)
{
	pthread_t thread;

	(void) pthread_barrier_init(&barrier, NULL, 2);
	if (pthread_create(&thread, NULL, use_and_outlive, what) != 0)
		errx(1, "no thread");
	(void) pthread_barrier_wait(&barrier);
	if (mapped(plugin))
		errx(1, "the plugin is still there, so nothing is shown");
	(void) printf("%s: the plugin is gone, the library is %s\n", what,
	              mapped(library) ? "kept" : "gone too");
	fork_and_wait();
	(void) pthread_barrier_wait(&barrier);
	if (pthread_join(thread, NULL) != 0)
		errx(1, "no join");
	fork_and_wait();
}

/* The library by itself. */
static void alone(void)
{
	void *handle = load(library);
	const char *(*version)(void) = (const char *(*) (void) ) dlsym(handle, "mpshm_version");
	if (!version)
		errx(1, "%s", dlerror());
	(void) printf("%s by itself\n", version());
	unload(handle);
	fork_and_wait();
}

int main(int argc, char **argv)
{
	static char attach[] = "plugin_attach", detach[] = "plugin_detach";

	if (argc != 4)
		errx(2, "usage: host SEGMENT PLUGIN LIBRARY");
	segment = argv[1];
	plugin = argv[2];
	library = argv[3];
	setvbuf(stdout, NULL, _IOLBF, 0);
	alone();
	for (int i = 0; i < 3; i++) {
		round_of(attach);
		round_of(detach);
	}
	round_of(attach); /* and ends with it attached */
	return 0;
}
