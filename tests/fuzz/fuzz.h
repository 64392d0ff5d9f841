/*
 * What fuzzers share. A fuzzer gives any bytes to a parser, and aborts when what the parser promises
 * does not hold; the sanitizers see the rest.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rollcast/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define must(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

/* The bytes as a file, for what reads files: its path, until the next call. */
static inline const char *file_of(const uint8_t *bytes, size_t size)
{
	static char path[32];
	static int file = -1;

	if (file < 0) {
		file = memfd_create("fuzz", MFD_CLOEXEC);
		must(file >= 0);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	}
	must(!ftruncate(file, 0));
	must(pwrite(file, bytes, size, 0) == (ssize_t)size);
	return path;
}

/* The bytes as text ended by a zero; the caller frees it. A zero in them ends it early. */
static inline char *text_of(const uint8_t *bytes, size_t size)
{
	char *text = malloc(size + 1);

	must(text);
	if (size)
		memcpy(text, bytes, size);
	text[size] = '\0';
	return text;
}

#endif
