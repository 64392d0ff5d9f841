/* The same work many times over, on all cores. */
#ifndef CLI_PARALLEL_H
#define CLI_PARALLEL_H

#include <stddef.h>
#include <stdint.h>

/* Does item `index`; returns 0 or a negative errno, which ends the rest. Any thread. */
typedef int parallel_work(void *context, size_t index);
/* Called every tenth of a second by the thread that waits. */
typedef void parallel_look(void *context);

/* Cores that this process may use. */
uint32_t parallel_cores(void);

/*
 * Does items 0..count on `threads` threads, each taking the next one that is left. Returns when all
 * are done: 0, or the first negative errno. `look` may be NULL.
 */
int parallel_run(size_t count, uint32_t threads, parallel_work *work, parallel_look *look,
		 void *context);

#endif
