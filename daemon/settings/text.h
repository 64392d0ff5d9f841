/* Text of settings: ${ENV} in, characters out. */
#ifndef DAEMON_SETTINGS_TEXT_H
#define DAEMON_SETTINGS_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/settings/pool.h"

/* The first character of UTF-8 text that a zero ends, and how many bytes it takes; 0: invalid. */
size_t text_decode(const char *text, uint32_t *ret_character);

/*
 * Replaces ${NAME} and ${NAME:-default} by the environment's values and $$ by a dollar. NULL: `why`
 * says what is wrong, or is empty if there is no memory.
 */
const char *text_expand(struct pool *pool, const char *text, char *why, size_t why_size);

#endif
