/* What the files of this directory define, in one instruction set's names: see KERNEL in vec.h. */
#ifndef NETWORK_KERNEL_TABLE_H
#define NETWORK_KERNEL_TABLE_H

#include "lib/network/kernel/vec.h"
#include "lib/network/kernels.h"

#define DECLARE_CELL(cell)                                                                    \
	void KERNEL(cell##_forward_tanh)(const struct kernel_weights *weights,                \
					 const struct forward_step *step);                    \
	void KERNEL(cell##_forward_relu)(const struct kernel_weights *weights,                \
					 const struct forward_step *step);                    \
	void KERNEL(cell##_backward_tanh)(const struct kernel_weights *weights,               \
					  const struct backward_step *step);                  \
	void KERNEL(cell##_backward_relu)(const struct kernel_weights *weights,               \
					  const struct backward_step *step);                  \
	void KERNEL(cell##_gradient)(const struct kernel_weights *weights,                    \
				     const struct forward_step *step,                         \
				     struct kernel_gradient *gradient);                       \
	void KERNEL(cell##_input_gradient)(const struct kernel_weights *weights, size_t rows, \
					   const float *deltas, float *ret_gradient)

DECLARE_CELL(lstm);
DECLARE_CELL(gru);
DECLARE_CELL(rnn);

void KERNEL(adam)(const struct update *update);
void KERNEL(adamw)(const struct update *update);
void KERNEL(rmsprop)(const struct update *update);
void KERNEL(sgd)(const struct update *update);
float KERNEL(squares)(const float *values, size_t count);
bool KERNEL(all_finite)(const float *values, size_t count);

extern const struct kernels KERNEL(kernels);

#endif
