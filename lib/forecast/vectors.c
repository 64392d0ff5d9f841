/* Which there are, and the choice between them: see vectors.h. */
#include "lib/forecast/vectors.h"

#include <stdbool.h>
#include <string.h>

extern const struct vectors vectors_generic;
#if defined(__x86_64__)
extern const struct vectors vectors_avx2, vectors_avx512;

static bool has_avx2(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool has_avx512(void)
{
	return has_avx2() && __builtin_cpu_supports("avx512f") &&
	       __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
	       __builtin_cpu_supports("avx512bw");
}
#endif

const struct vectors *vectors(void)
{
#if defined(__x86_64__)
	if (has_avx512())
		return &vectors_avx512;
	if (has_avx2())
		return &vectors_avx2;
#endif
	return &vectors_generic;
}

const struct vectors *vectors_named(const char *name)
{
	if (!strcmp(name, vectors_generic.name))
		return &vectors_generic;
#if defined(__x86_64__)
	if (!strcmp(name, vectors_avx2.name) && has_avx2())
		return &vectors_avx2;
	if (!strcmp(name, vectors_avx512.name) && has_avx512())
		return &vectors_avx512;
#endif
	return NULL;
}
