/* Learning rates over a training. */
#include <math.h>

#include "rollcast/network.h"

static float cosine_rate(const struct rollcast_schedule *schedule, uint32_t step)
{
	double share = step < schedule->period ? (double)step / schedule->period : 1;
	double floor = (double)schedule->floor, rate = (double)schedule->rate;

	return (float)(floor + (rate - floor) * (1 + cos(M_PI * share)) / 2);
}

float rollcast_schedule_rate(const struct rollcast_schedule *schedule, uint32_t step)
{
	if (schedule->period == 0)
		return schedule->rate;
	switch (schedule->kind) {
	case ROLLCAST_SCHEDULE_CONSTANT:
		break;
	case ROLLCAST_SCHEDULE_STEP:
		return (float)((double)schedule->rate *
			       pow((double)schedule->factor, step / schedule->period));
	case ROLLCAST_SCHEDULE_COSINE:
		return cosine_rate(schedule, step);
	}
	return schedule->rate;
}
