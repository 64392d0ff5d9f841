/* Which kernels there are, and the choice between them. */
#include "lib/network/kernels.h"

#include <errno.h>
#include <string.h>

extern const struct kernels kernels_generic;
#if defined(__x86_64__)
extern const struct kernels kernels_avx2, kernels_avx512;
#endif

static const struct kernels *selected;

#if defined(__x86_64__)
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

const struct kernels *kernels_for(uint32_t hidden)
{
	if (selected)
		return selected;
#if defined(__x86_64__)
	/* Eight units fill half of a vector of AVX-512. */
	if (has_avx512() && hidden > kernels_avx2.width)
		return &kernels_avx512;
	if (has_avx2())
		return &kernels_avx2;
#endif
	(void)hidden;
	return &kernels_generic;
}

int kernels_select(const char *name)
{
	if (!name)
		selected = NULL;
	else if (strcmp(name, kernels_generic.name) == 0)
		selected = &kernels_generic;
#if defined(__x86_64__)
	else if (strcmp(name, kernels_avx2.name) == 0 && has_avx2())
		selected = &kernels_avx2;
	else if (strcmp(name, kernels_avx512.name) == 0 && has_avx512())
		selected = &kernels_avx512;
#endif
	else
		return -ENOTSUP;
	return 0;
}
