/*
 * LSTM (Hochreiter & Schmidhuber 1997; Gers et al. 2000), f the activation:
 *
 *	i, f, o = sigmoid(...)    g = f(...)
 *	c = f * c_before + i * g
 *	h = o * f(c)
 *
 * Gates, activations and cell are computed in the registers that hold the sums.
 */
#include "lib/network/kernel/cells.h"

INLINE void forward_gates(vec *sums, int relu)
{
	sums[0] = vec_sigmoid(sums[0]);
	sums[1] = vec_sigmoid(sums[1]);
	sums[2] = activate(relu, sums[2]);
	sums[3] = vec_sigmoid(sums[3]);
}

INLINE void forward_unit(const vec *gates, int relu, size_t at, size_t kept_at,
			 const struct forward_step *step)
{
	vec i = gates[0], f = gates[1], g = gates[2], o = gates[3];
	vec c = f * load(step->cell + at) + i * g;
	vec output = activate(relu, c);

	store(step->next_cell + at, c);
	store(step->next_state + at, o * output);
	if (!step->kept)
		return;
	store(step->kept + kept_at, i);
	store(step->kept + kept_at + WIDTH, f);
	store(step->kept + kept_at + 2 * WIDTH, g);
	store(step->kept + kept_at + 3 * WIDTH, o);
	store(step->cell_output + at, output);
}

INLINE void backward_unit(vec dh, int relu, size_t at, size_t kept_at,
			  const struct backward_step *step)
{
	float *kept = step->kept + kept_at;
	vec i = load(kept), f = load(kept + WIDTH);
	vec g = load(kept + 2 * WIDTH), o = load(kept + 3 * WIDTH);
	vec output = load(step->cell_output + at);
	vec dc = load(step->carry + at) + activate_back(relu, output, dh * o);

	store(kept, dc * g * (i - i * i));
	store(kept + WIDTH, dc * load(step->cell + at) * (f - f * f));
	store(kept + 2 * WIDTH, activate_back(relu, g, dc * i));
	store(kept + 3 * WIDTH, dh * output * (o - o * o));
	store(step->carry + at, dc * f);
}

DEFINE_CELL(lstm, ROLLCAST_CELL_LSTM)
