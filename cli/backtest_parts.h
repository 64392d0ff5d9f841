/*
 * Which series of a backtest have to do with each other, because they learn together or read each other:
 * those are played side by side.
 */
#ifndef CLI_BACKTEST_PARTS_H
#define CLI_BACKTEST_PARTS_H

#include <stddef.h>

#include "cli/backtest_run.h"
#include "daemon/settings/settings.h"

struct backtest_parts {
	struct backtest_task *tasks; /* of all series, by parts */
	size_t *begins;		     /* [count + 1]: where in tasks each part begins */
	size_t count;
};

/* The rule for a stream; NULL: none. */
const struct rollcast_stream_settings *backtest_rule(const struct settings *settings,
						     const char *name);

/*
 * Tasks for `count` series with their settings and results, which are borrowed. `settings` may be NULL.
 * -ENOMEM; call backtest_parts_finish in any case.
 */
int backtest_parts_make(const struct settings *settings, const struct backtest_series *series,
			const struct rollcast_stream_settings *chosen,
			struct backtest_result *results, size_t count,
			struct backtest_parts *ret_parts);
void backtest_parts_finish(struct backtest_parts *parts);

#endif
