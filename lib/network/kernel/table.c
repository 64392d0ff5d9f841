/* The table of this instruction set's kernels. */
#include "lib/network/kernel/table.h"

#define TEXT_OF(word) #word
#define TEXT(word)    TEXT_OF(word)

#define PAIR(cell, way)                                                  \
	{                                                                \
		KERNEL(cell##_##way##_tanh), KERNEL(cell##_##way##_relu) \
	}

const struct kernels KERNEL(kernels) = {
	.name = TEXT(KERNEL_SUFFIX),
	.width = WIDTH,
	.forward = {PAIR(lstm, forward), PAIR(gru, forward), PAIR(rnn, forward)},
	.backward = {PAIR(lstm, backward), PAIR(gru, backward), PAIR(rnn, backward)},
	.gradient = {KERNEL(lstm_gradient), KERNEL(gru_gradient), KERNEL(rnn_gradient)},
	.input_gradient = {KERNEL(lstm_input_gradient), KERNEL(gru_input_gradient),
			   KERNEL(rnn_input_gradient)},
	.adam = KERNEL(adam),
	.adamw = KERNEL(adamw),
	.rmsprop = KERNEL(rmsprop),
	.sgd = KERNEL(sgd),
	.squares = KERNEL(squares),
	.all_finite = KERNEL(all_finite),
};
