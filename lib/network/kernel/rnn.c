/* Simple RNN (Elman 1990): h = f(what the inputs give + what the state gives). */
#include "lib/network/kernel/cells.h"

INLINE void forward_gates(vec *sums, int relu)
{
	sums[0] = activate(relu, sums[0]);
}

INLINE void forward_unit(const vec *gates, int relu, size_t at, size_t kept_at,
			 const struct forward_step *step)
{
	(void)relu;
	(void)kept_at;
	store(step->next_state + at, gates[0]);
}

INLINE void backward_unit(vec dh, int relu, size_t at, size_t kept_at,
			  const struct backward_step *step)
{
	store(step->kept + kept_at, activate_back(relu, load(step->next_state + at), dh));
}

DEFINE_CELL(rnn, ROLLCAST_CELL_RNN)
