/*
 * Small recurrent networks: LSTM, GRU and simple RNN, trained by backpropagation through time.
 *
 *	lookback ──► layer 1 ──► ... ──► layer n ──► last hidden state ──┐
 *	   │                                                             ├─► dense head ─► outputs
 *	   └────────────── skip (linear, optional) ──────────────────────┤
 *	extras (seasonal lags, time of day) ─────────────────────────────┘
 *
 * All parameters of a network are ONE block of floats with one table of tensors, so that the
 * optimiser, a copy, saving and the gradient test are one loop each.
 *
 * Three objects: a *shape* (plain data: what determines the block), *weights* (one block,
 * immutable once published, counted by reference, so that many streams share one network) and a
 * *trainer* (working memory, a private block and the optimiser's moments; one thread at a time).
 */
#ifndef ROLLCAST_NETWORK_H
#define ROLLCAST_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rollcast/cleanup.h"

enum rollcast_cell { ROLLCAST_CELL_LSTM, ROLLCAST_CELL_GRU, ROLLCAST_CELL_RNN };
enum rollcast_activation { ROLLCAST_ACTIVATION_TANH, ROLLCAST_ACTIVATION_RELU };
enum rollcast_loss {
	ROLLCAST_LOSS_MAE,
	ROLLCAST_LOSS_MSE,
	ROLLCAST_LOSS_HUBER,
	ROLLCAST_LOSS_QUANTILE
};
enum rollcast_optimizer {
	ROLLCAST_OPTIMIZER_ADAM,
	ROLLCAST_OPTIMIZER_ADAMW,
	ROLLCAST_OPTIMIZER_RMSPROP,
	ROLLCAST_OPTIMIZER_SGD,
};

/* What determines the parameter block of a network, and nothing else. */
struct rollcast_shape {
	enum rollcast_cell cell;
	enum rollcast_activation activation; /* of candidate and output; gates are sigmoid */
	uint32_t layers;		     /* 1.. */
	uint32_t hidden;		     /* units per layer */
	uint32_t channels;		     /* input values per step of the lookback */
	uint32_t lookback;		     /* steps read */
	uint32_t extras;		     /* further inputs of the head, linear; 0 for none */
	uint32_t outputs;		     /* values forecast at once: horizon x quantiles */
	bool skip; /* linear skip from the whole lookback to the outputs */
};

/* How a network is trained. */
struct rollcast_training {
	enum rollcast_loss loss;
	float huber_delta;	 /* where Huber turns from square to linear; model units */
	const float *quantiles;	 /* levels of the quantile loss, [quantile_count]; copied */
	uint32_t quantile_count; /* outputs = horizon x quantile_count, quantile fastest */
	enum rollcast_optimizer optimizer;
	float momentum;	    /* SGD and RMSprop: momentum; 0 for none */
	float weight_decay; /* L2 (Adam, SGD, RMSprop) or decoupled (AdamW) */
	float clip_norm;    /* gradients are clipped to this global norm; 0: not at all */
	float dropout;	    /* between layers, share of units; 0: none */
	uint64_t seed;	    /* initial weights, dropout: the same seed, the same bits */
};

/* A batch of windows in model units; row-major, borrowed for the call. */
struct rollcast_batch {
	const float *inputs;  /* [count x lookback x channels] */
	const float *extras;  /* [count x extras], or NULL when the shape has none */
	const float *targets; /* [count x horizon]: outputs, with quantile loss / quantile_count */
	uint32_t count;
};

enum {
	ROLLCAST_NETWORK_DIVERGED = 1, /* something was not finite; the weights are unchanged */
};

/* Floats in the parameter block of `shape`; 0 if the shape is not one this library can hold. */
size_t rollcast_shape_parameters(const struct rollcast_shape *shape);

struct rollcast_weights;

/*
 * The block, row-major, one tensor after the other; a row is what one input gives to each result, so
 * these are PyTorch's matrices transposed, with its two biases and its order of gates (LSTM: input,
 * forget, candidate, output; GRU: reset, update, candidate):
 *
 *	for each layer n   weight_ih_l<n>  [inputs x gates*hidden]   inputs: channels, then hidden
 *	                   weight_hh_l<n>  [hidden x gates*hidden]
 *	                   bias_ih_l<n>    [gates*hidden]
 *	                   bias_hh_l<n>    [gates*hidden]
 *	the head           head.weight     [hidden x outputs]
 *	                   head.bias       [outputs]
 *	with a skip        skip.weight     [lookback*channels x outputs]
 *	with extras        extras.weight   [extras x outputs]
 *
 * New weights: Glorot uniform for input and head, orthogonal for recurrent matrices, forget bias 1,
 * the head at a tenth of Glorot when there is a skip, the skip zero (Glorot & Bengio 2010; Saxe et
 * al. 2014; Jozefowicz et al. 2015). The caller owns one reference. -ENOMEM, -EINVAL.
 */
int rollcast_weights_create(const struct rollcast_shape *shape, uint64_t seed,
			    struct rollcast_weights **ret_weights);
/* Weights from a block of rollcast_shape_parameters(shape) floats, copied. -EINVAL if not finite. */
int rollcast_weights_load(const struct rollcast_shape *shape, const float *block,
			  struct rollcast_weights **ret_weights);
struct rollcast_weights *rollcast_weights_ref(struct rollcast_weights *weights);
/* Drops one reference; the last one frees. Any thread. NULL is accepted. */
void rollcast_weights_unref(struct rollcast_weights *weights);
/* Bytes of memory that the allocator gave to the weights. */
size_t rollcast_weights_bytes(const struct rollcast_weights *weights);
const struct rollcast_shape *rollcast_weights_shape(const struct rollcast_weights *weights);
/* The block, borrowed as long as the reference is held. */
const float *rollcast_weights_block(const struct rollcast_weights *weights);
DEFINE_CLEANUP(struct rollcast_weights *, rollcast_weights_unref);

/*
 * Floats of scratch that rollcast_network_forecast needs for up to `count` windows. The caller
 * keeps it, so that a forecast allocates nothing. 0 for a shape that is none.
 */
size_t rollcast_network_scratch(const struct rollcast_shape *shape, uint32_t count);

/*
 * Outputs of `count` windows: inputs [count x lookback x channels], extras [count x extras] or NULL,
 * outputs [count x outputs]. Any number of threads may use the same weights, each with its own
 * scratch. Never fails; what is not finite shows in the outputs.
 */
void rollcast_network_forecast(const struct rollcast_weights *weights, const float *inputs,
			       const float *extras, uint32_t count, float *scratch, float *outputs);

struct rollcast_trainer;

/* A trainer for batches of any size. Starts from `weights` (copied). -ENOMEM, -EINVAL. */
int rollcast_trainer_create(const struct rollcast_weights *weights,
			    const struct rollcast_training *training,
			    struct rollcast_trainer **ret_trainer);
void rollcast_trainer_destroy(struct rollcast_trainer *trainer);
DEFINE_CLEANUP(struct rollcast_trainer *, rollcast_trainer_destroy);

/*
 * One optimiser step at learning rate `rate` on one batch: forward, loss, backpropagation through
 * time, clipping, update. 0 and the batch's mean loss before the step, or ROLLCAST_NETWORK_DIVERGED;
 * -EINVAL for an empty batch, missing extras or a rate that is negative or not finite. Allocates nothing.
 */
int rollcast_trainer_step(struct rollcast_trainer *trainer, const struct rollcast_batch *batch,
			  float rate, float *ret_loss);

/* The mean loss of a batch with the trainer's weights, without dropout; returns as a step does. */
int rollcast_trainer_loss(struct rollcast_trainer *trainer, const struct rollcast_batch *batch,
			  float *ret_loss);

/* The trainer's weights as a new immutable block; the caller owns one reference. -ENOMEM. */
int rollcast_trainer_weights(const struct rollcast_trainer *trainer,
			     struct rollcast_weights **ret_weights);

/* How the learning rate goes over a training; the rate itself is given to each step. */
enum rollcast_schedule_kind {
	ROLLCAST_SCHEDULE_CONSTANT,
	ROLLCAST_SCHEDULE_STEP,	  /* times `factor` after every `period` steps */
	ROLLCAST_SCHEDULE_COSINE, /* half a cosine from `rate` down to `floor` over `period` steps */
};

struct rollcast_schedule {
	enum rollcast_schedule_kind kind;
	float rate;	 /* of the first step */
	uint32_t period; /* steps; 0: the rate stays */
	float factor;	 /* STEP */
	float floor;	 /* COSINE; stays there afterwards */
};

/* The rate of step `step`, counted from 0 (Loshchilov & Hutter 2017 for the cosine). */
float rollcast_schedule_rate(const struct rollcast_schedule *schedule, uint32_t step);

/*
 * The optimiser's memory (moments and step count) as floats, for warm starts and checkpoints:
 * rollcast_trainer_moments_size floats, copied out or in. Loading refuses what is not finite: -EINVAL.
 */
size_t rollcast_trainer_moments_size(const struct rollcast_shape *shape,
				     const struct rollcast_training *training);
void rollcast_trainer_moments_save(const struct rollcast_trainer *trainer, float *moments);
int rollcast_trainer_moments_load(struct rollcast_trainer *trainer, const float *moments);

#endif
