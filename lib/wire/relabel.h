/* The labels of a sample, changed by rules before they name a stream. */
#ifndef LIB_WIRE_RELABEL_H
#define LIB_WIRE_RELABEL_H

#include "rollcast/wire.h"

struct relabel;

/* From a copy of `rules`; NULL if they change nothing. -ENOMEM; -EINVAL: not a glob. */
int relabel_create(const struct rollcast_label_rules *rules, struct relabel **ret_relabel);
void relabel_destroy(struct relabel *relabel);
DEFINE_CLEANUP(struct relabel *, relabel_destroy);

/*
 * Changes labels[ROLLCAST_LABELS_MAX] in place. What is new points into `relabel`. False: with those
 * added there would be more than ROLLCAST_LABELS_MAX.
 */
bool relabel_apply(const struct relabel *relabel, struct rollcast_label *labels, size_t *count);

#endif
