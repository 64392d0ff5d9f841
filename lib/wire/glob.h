/* Globs, matched without allocating. */
#ifndef LIB_WIRE_GLOB_H
#define LIB_WIRE_GLOB_H

#include "rollcast/name.h"

/* Whether all of `text` matches; rollcast_glob_wrong has found nothing in `glob`. */
bool glob_matches(struct rollcast_text glob, struct rollcast_text text);

#endif
