/*
 * VECTORISED marks a function of plain loops that the compiler turns into vector code: once for
 * each level of the processor, chosen when the program starts. No relaxed arithmetic: NaN is seen.
 */
#ifndef NETWORK_VECTORISED_H
#define NETWORK_VECTORISED_H

/* Sanitizers are not up yet when the choice is made; clang vectorises by itself. */
#if defined(__x86_64__) && __GNUC__ >= 12 && !defined(__clang__) && \
	!defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define VECTORISED                                                                   \
	__attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"), \
		       optimize("O3")))
#else
#define VECTORISED
#endif

#define INLINED static inline __attribute__((always_inline))

#endif
