/*
 * A trained network in a file: weights, and what is needed to use them on another file of the same
 * kind.
 *
 * The format is safetensors with PyTorch's tensors (rollcast/safetensors.h), so that other programs can
 * read it; the scaling and the step of the series stand in its metadata.
 */
#ifndef CLI_MODEL_H
#define CLI_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/history.h"
#include "cli/scaling.h"
#include "rollcast/cleanup.h"
#include "rollcast/network.h"

struct model {
	struct rollcast_weights *weights; /* owned; its shape has lookback and horizon */
	struct scaling scaling;
	char *title; /* owned: the series it was trained on */
	bool has_times;
	int64_t step_us;
	uint32_t months;
};

/* Writes the file anew, whole or not at all. 0, or a negative errno after a line on stderr. */
int model_save(const char *program, const char *path, const struct model *model);

/* 0, or a negative errno after a line on stderr. The caller finishes the model in any case. */
int model_load(const char *program, const char *path, struct model *ret_model);
void model_finish(struct model *model);

#endif
