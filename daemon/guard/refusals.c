#include "daemon/guard/refusals.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define QUIET_US (60 * INT64_C(1000000))

/* The source's place, or the one that has been free for longest. */
static struct refusal_source *find(struct refusals *refusals, const char *source)
{
	struct refusal_source *oldest = &refusals->sources[0];

	for (int i = 0; i < REFUSALS_SOURCES; i++) {
		struct refusal_source *one = &refusals->sources[i];

		if (!strncmp(one->source, source, REFUSALS_SOURCE_SIZE - 1))
			return one;
		if (one->quiet_until_us < oldest->quiet_until_us)
			oldest = one;
	}
	return oldest;
}

bool refusals_say(struct refusals *refusals, const char *source, int64_t now_us,
		  uint64_t *ret_unsaid)
{
	struct refusal_source *one = find(refusals, source);
	bool known = !strncmp(one->source, source, REFUSALS_SOURCE_SIZE - 1);

	if (now_us < one->quiet_until_us) {
		one->unsaid += known;
		return false;
	}
	*ret_unsaid = known ? one->unsaid : 0;
	*one = (struct refusal_source){.quiet_until_us = now_us + QUIET_US};
	snprintf(one->source, sizeof(one->source), "%s", source);
	return true;
}
