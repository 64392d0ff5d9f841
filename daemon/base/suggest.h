/* "Did you mean": the known word that a mistyped one was meant to be. */
#ifndef DAEMON_BASE_SUGGEST_H
#define DAEMON_BASE_SUGGEST_H

#include <stddef.h>

/*
 * The one of `count` words that is nearest to `typed`, or NULL if none is near: a third of the letters,
 * or one, wrong, missing, too many or swapped with their neighbour, or a beginning that fits one word
 * alone. Capitals count as small letters. The result is one of `words`.
 */
const char *suggest(const char *typed, const char *const *words, size_t count);

#endif
