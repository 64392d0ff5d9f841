/*
 * Allocations that fail: a scenario runs with the first allocation failing, then the second, and so on until it runs
 * through with all of them. The linker puts what is here between our code and the allocator (see the Makefile);
 * libraries' own allocations do not fail.
 *
 * What a run allocated must be freed after it, with or without a sanitizer.
 */
#ifndef TESTS_MEMORY_FAILING_H
#define TESTS_MEMORY_FAILING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { LIVE_MAX = 1 << 16 };

static struct {
	pthread_mutex_t lock;
	bool armed;
	void *live[LIVE_MAX]; /* allocated while armed and not freed: a hash table */
	size_t live_count;
	uint64_t injected; /* over all runs */
} failing = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* The run, shared with child processes. */
static struct failing_run {
	_Atomic int64_t left; /* allocations until the one that fails; below 0: it has */
} * failing_run;

static size_t failing_slot(const void *memory)
{
	size_t slot = ((uintptr_t)memory >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 48;

	while (failing.live[slot] && failing.live[slot] != memory)
		slot = (slot + 1) % LIVE_MAX;
	return slot;
}

/* Whether this allocation may go on. */
static bool failing_allows(void)
{
	if (!failing.armed || failing_run->left-- != 0)
		return true;
	errno = ENOMEM;
	return false;
}

static void *failing_note(void *memory)
{
	pthread_mutex_lock(&failing.lock);
	if (failing.armed && memory) {
		assert_true(failing.live_count < LIVE_MAX / 2);
		failing.live[failing_slot(memory)] = memory;
		failing.live_count++;
	}
	pthread_mutex_unlock(&failing.lock);
	return memory;
}

static void failing_forget(const void *memory)
{
	size_t slot;

	pthread_mutex_lock(&failing.lock);
	slot = failing_slot(memory);
	if (memory && failing.live[slot]) {
		failing.live_count--;
		failing.live[slot] = NULL;
		/* Those that had to give way to it move up. */
		for (slot = (slot + 1) % LIVE_MAX; failing.live[slot];
		     slot = (slot + 1) % LIVE_MAX) {
			void *moved = failing.live[slot];

			failing.live[slot] = NULL;
			failing.live[failing_slot(moved)] = moved;
		}
	}
	pthread_mutex_unlock(&failing.lock);
}

/* ---- between our code and the allocator ---- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_reallocarray(void *memory, size_t count, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t size);
FILE *__real_open_memstream(char **bytes, size_t *size);
void __real_free(void *memory);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t size);
FILE *__wrap_open_memstream(char **bytes, size_t *size);
void __wrap_free(void *memory);

void *__wrap_malloc(size_t size)
{
	return failing_allows() ? failing_note(__real_malloc(size)) : NULL;
}

void *__wrap_calloc(size_t count, size_t size)
{
	return failing_allows() ? failing_note(__real_calloc(count, size)) : NULL;
}

void *__wrap_realloc(void *memory, size_t size)
{
	if (!failing_allows())
		return NULL;
	failing_forget(memory);
	return failing_note(__real_realloc(memory, size));
}

void *__wrap_reallocarray(void *memory, size_t count, size_t size)
{
	if (!failing_allows())
		return NULL;
	failing_forget(memory);
	return failing_note(__real_reallocarray(memory, count, size));
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	return failing_allows() ? failing_note(__real_aligned_alloc(alignment, size)) : NULL;
}

char *__wrap_strdup(const char *text)
{
	return failing_allows() ? failing_note(__real_strdup(text)) : NULL;
}

char *__wrap_strndup(const char *text, size_t size)
{
	return failing_allows() ? failing_note(__real_strndup(text, size)) : NULL;
}

FILE *__wrap_open_memstream(char **bytes, size_t *size)
{
	return failing_allows() ? __real_open_memstream(bytes, size) : NULL;
}

void __wrap_free(void *memory)
{
	failing_forget(memory);
	__real_free(memory);
}

/* ---- scenarios ---- */

static void failing_arm(uint64_t nth)
{
	if (!failing_run)
		failing_run = mmap(NULL, sizeof(*failing_run), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(failing_run != MAP_FAILED);
	failing_run->left = (int64_t)nth;
	failing.armed = true;
}

/* Returns whether an allocation failed since failing_arm. */
static bool failing_disarm(void)
{
	bool failed = failing_run->left < 0;

	failing.armed = false;
	failing.injected += failed;
	return failed;
}

/* A scenario frees all it made, and returns 0 or a negative errno. */
typedef int scenario(void *context);

/*
 * Runs the scenario until it runs through, every `stride`-th allocation failing in turn. `lenient`: it may also
 * do without what there was no memory for.
 */
static inline void fail_each(const char *name, scenario *run, const void *given, bool lenient,
			     unsigned stride)
{
	uint64_t nth = 0, before = failing.injected;
	void *context = (void *)given;

	run(context); /* what is made once and kept */
	for (;; nth += stride) {
		failing_arm(nth);
		int r = run(context);
		bool failed = failing_disarm();

		if (failing.live_count)
			fail_msg("%s: %zu allocations are not freed after number %llu failed (%d)",
				 name, failing.live_count, (unsigned long long)nth, r);
		if (!failed) {
			assert_int_equal(r, 0);
			break;
		}
		if (r != -ENOMEM && !(lenient && r == 0))
			fail_msg("%s: %d after allocation %llu failed", name, r,
				 (unsigned long long)nth);
	}
	assert_true(failing.injected > before);
	print_message("%s: %llu failures of memory\n", name,
		      (unsigned long long)(failing.injected - before));
}

#endif
