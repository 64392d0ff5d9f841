/*
 * How values become what a network is good at, and back; and which of them it may see.
 */
#ifndef CLI_SCALING_H
#define CLI_SCALING_H

#include <stddef.h>
#include <stdint.h>

enum scaling_kind { SCALING_MINMAX, SCALING_STANDARD, SCALING_NONE };
/* The words of the command line, in the order above; ended by NULL. */
extern const char *const scaling_words[];

/* scaled = (value - shift) / scale. */
struct scaling {
	double shift, scale;
};

/* From `count` values; a constant series is only shifted. */
struct scaling scaling_fit(enum scaling_kind kind, const double *values, size_t count);
double scaling_apply(const struct scaling *scaling, double value);
double scaling_undo(const struct scaling *scaling, double scaled);

/*
 * Windows of a series: `lookback` values and the `horizon` that follow. A window is called by the
 * index of its first target, lookback..last. The first `train_share` of them are for training, the
 * others for the test; values from `test_from` on are targets of the test alone.
 */
struct split {
	size_t first;	  /* first target of all: the lookback */
	size_t test_from; /* first target of the test */
	size_t end;	  /* behind the last target that a window can begin with */
};

/* An empty training or test part shows as first == test_from or test_from == end. */
struct split split_make(size_t count, uint32_t lookback, uint32_t horizon, double train_share);

#endif
