/*
 * Between the block of parameters, as the world sees it, and the padded, blocked layout that the
 * kernels read: see kernels.h. Padding is zero and stays zero.
 */
#ifndef NETWORK_PACKING_H
#define NETWORK_PACKING_H

#include "lib/network/kernels.h"
#include "lib/network/memory.h"
#include "lib/network/params.h"

/* `hidden` rounded up to the kernels' vectors. */
size_t packing_padded(uint32_t hidden, const struct kernels *kernels);

/* Takes the memory of all layers' weights; `backward`: with the transposes that training needs. */
void packing_lay_out_weights(const struct params *params, const struct kernels *kernels,
			     bool backward, struct memory *memory, struct kernel_weights *layers);
/* Copies a block into weights whose memory was zeroed, or filled before. */
void packing_fill_weights(const struct params *params, const struct kernels *kernels,
			  const float *block, struct kernel_weights *layers);

void packing_lay_out_gradient(const struct params *params, const struct kernels *kernels,
			      struct memory *memory, struct kernel_gradient *layers);
/* The layers' gradients to their places in a block; the head's are left alone. */
void packing_read_gradient(const struct params *params, const struct kernels *kernels,
			   const struct kernel_gradient *layers, float *block);

#endif
