#include "daemon/train/train.h"

#include <cblas.h>
#include <string.h>

#include "daemon/base/log.h"

/* OPENBLAS_CORETYPE in the environment, or an old library, can pick kernels of an older processor. */
static bool core_is_below_processor(const char *core)
{
#if defined(__x86_64__)
	static const char *const without_avx512[] = {"Haswell",	    "Zen",     "Excavator",
						     "Sandybridge", "Nehalem", "Prescott",
						     "Core2",	    "Generic"};

	if (!__builtin_cpu_supports("avx512f"))
		return false;
	for (size_t i = 0; i < sizeof(without_avx512) / sizeof(*without_avx512); i++)
		if (strcasecmp(core, without_avx512[i]) == 0)
			return true;
#else
	(void)core;
#endif
	return false;
}

void train_prepare_blas(void)
{
	const char *core = openblas_get_corename();

	openblas_set_num_threads(1);
	if (openblas_get_num_threads() != 1)
		log_line(LOG_WARNING, "OpenBLAS keeps %d threads per caller; trainers will contend",
			 openblas_get_num_threads());
	if (core_is_below_processor(core))
		log_line(LOG_WARNING,
			 "OpenBLAS uses its %s kernels, below what this processor can do; is "
			 "OPENBLAS_CORETYPE set?",
			 core);
	else
		log_line(LOG_INFO, "OpenBLAS uses its %s kernels", core);
}
