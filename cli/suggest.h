/* "Did you mean": the known word that a mistyped one was meant to be. */
#ifndef CLI_SUGGEST_H
#define CLI_SUGGEST_H

#include <stddef.h>

/*
 * The one of `count` words that is nearest to `typed`, or NULL if none is near: at most a third of the
 * letters wrong, missing, too many or swapped with their neighbour, or a beginning that fits one word
 * alone. The result is one of `words`.
 */
const char *suggest(const char *typed, const char *const *words, size_t count);

#endif
