/* The options of the verbs that train on a file: rows for their tables. */
#ifndef CLI_TRAINING_OPTIONS_H
#define CLI_TRAINING_OPTIONS_H

#include "cli/csv_options.h"
#include "cli/options.h"
#include "cli/training.h"

enum scale_on { SCALE_ON_TRAIN, SCALE_ON_ALL };

/* What is learned from, and how. */
struct training_options {
	struct csv_options csv;
	bool no_header;
	const char *stream;
	struct network_plan network;
	uint32_t scale, scale_on; /* enum scaling_kind, enum scale_on */
	double train;		  /* share of the windows */
	uint64_t season;	  /* steps; 0: by the calendar */
	uint64_t seed, threads;
};

/* `training` is a struct training_options in `type`. */
#define DATA_OPTION_ROWS(type, training)                                                \
	{.help = "The data:"}, CSV_OPTION_ROWS(type, training.csv, training.no_header), \
		OPTION(TEXT, "stream", "NAME", type, training.stream,                   \
		       "the one of several to take"),                                   \
		OPTION(WORD, "scale", "KIND", type, training.scale,                     \
		       "minmax (default), standard or none", .words = scaling_words)

#define SEASON_OPTION_ROW(type, training)                       \
	OPTION(COUNT, "season", "STEPS", type, training.season, \
	       "1: none (default: by the calendar; 12 for months)", .low = 1, .high = 1 << 20)

#define SPLIT_OPTION_ROWS(type, training)                                                  \
	OPTION(NUMBER, "train", "SHARE", type, training.train,                             \
	       "of the windows, the first ones (default 0.8)", .low = 0.05, .high = 0.99), \
		SEASON_OPTION_ROW(type, training)

#define NETWORK_OPTION_ROWS(type, training)                                                \
	OPTION(COUNT, "lookback", "N", type, training.network.lookback,                    \
	       "values that the network reads (default 10)", .low = 1, .high = 4096),      \
		OPTION(COUNT, "hidden", "N", type, training.network.hidden,                \
		       "units per layer (default 50)", .low = 1, .high = 1024),            \
		OPTION(WORD, "activation", "NAME", type, training.network.activation,      \
		       "relu (default) or tanh", .words = activation_words),               \
		OPTION(WORD, "optimizer", "NAME", type, training.network.optimizer,        \
		       "adam (default), adamw, rmsprop or sgd", .words = optimizer_words), \
		OPTION(NUMBER, "rate", "R", type, training.network.rate,                   \
		       "learning rate (default 0.001)", .low = 1e-9, .high = 100)

#define LEARNING_OPTION_ROWS(type, training)                                                      \
	OPTION(COUNT, "layers", "N", type, training.network.layers, "default 1", .low = 1,        \
	       .high = 8),                                                                        \
		OPTION(COUNT, "epochs", "N", type, training.network.epochs, "default 100",        \
		       .low = 1, .high = 1000000),                                                \
		OPTION(COUNT, "batch", "N", type, training.network.batch, "default 32", .low = 1, \
		       .high = 65536),                                                            \
		OPTION(WORD, "loss", "NAME", type, training.network.loss,                         \
		       "mse (default), mae or huber", .words = loss_words),                       \
		OPTION(WORD, "schedule", "NAME", type, training.network.schedule,                 \
		       "of the rate: constant (default), step or cosine",                         \
		       .words = schedule_words),                                                  \
		OPTION(COUNT, "patience", "N", type, training.network.patience,                   \
		       "stop after N epochs without a gain on the last tenth of the "             \
		       "training windows, which is held back (default: never)",                   \
		       .low = 1, .high = 1000000),                                                \
		OPTION(NUMBER, "weight-decay", "R", type, training.network.weight_decay,          \
		       "default 0", .low = 0, .high = 1),                                         \
		OPTION(NUMBER, "dropout", "SHARE", type, training.network.dropout,                \
		       "between layers (default 0)", .low = 0, .high = 0.95),                     \
		OPTION(NUMBER, "clip", "NORM", type, training.network.clip_norm,                  \
		       "clip gradients to this norm (default: not)", .low = 0, .high = 1e6),      \
		OPTION(FLAG, "skip", NULL, type, training.network.skip,                           \
		       "add a linear path from the values read to the forecast"),                 \
		OPTION(COUNT, "seed", "N", type, training.seed, "the first seed (default 1)",     \
		       .low = 0, .high = 1e15),                                                   \
		OPTION(COUNT, "threads", "N", type, training.threads,                             \
		       "default: all cores; results do not depend on it", .low = 1, .high = 256)

/* The defaults of all rows above. */
struct training_options training_options_default(void);

#endif
