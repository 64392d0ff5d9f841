/*
 * GRU (Cho et al. 2014) in PyTorch's variant, f the activation:
 *
 *	r, z = sigmoid(...)
 *	n = f(what the inputs give + r * what the state gives)
 *	h = (1 - z) * n + z * h_before
 */
#include "lib/network/kernel/cells.h"

INLINE void forward_gates(vec *sums, int relu)
{
	(void)relu;
	sums[1] = vec_sigmoid(sums[1]);
	sums[2] = vec_sigmoid(sums[2]);
}

INLINE void forward_unit(const vec *gates, int relu, size_t at, size_t kept_at,
			 const struct forward_step *step)
{
	vec r = gates[1], z = gates[2], recur = gates[3];
	vec n = activate(relu, gates[0] + r * recur);
	vec before = step->state ? load(step->state + at) : (vec){0};

	store(step->next_state + at, n + z * (before - n));
	if (!step->kept)
		return;
	store(step->kept + kept_at, n);
	store(step->kept + kept_at + WIDTH, r);
	store(step->kept + kept_at + 2 * WIDTH, z);
	store(step->kept + kept_at + 3 * WIDTH, recur);
}

INLINE void backward_unit(vec dh, int relu, size_t at, size_t kept_at,
			  const struct backward_step *step)
{
	float *kept = step->kept + kept_at;
	vec n = load(kept), r = load(kept + WIDTH), z = load(kept + 2 * WIDTH);
	vec recur = load(kept + 3 * WIDTH);
	vec before = step->state ? load(step->state + at) : (vec){0};

	dh += load(step->carry + at);
	vec dn = activate_back(relu, n, dh - dh * z);
	store(kept, dn);
	store(kept + WIDTH, dn * recur * (r - r * r));
	store(kept + 2 * WIDTH, dh * (before - n) * (z - z * z));
	store(kept + 3 * WIDTH, dn * r);
	store(step->carry + at, dh * z);
}

DEFINE_CELL(gru, ROLLCAST_CELL_GRU)
