/* The tutorial's settings, with a scaling that does not look ahead. */
#include "cli/training_options.h"

#include <stdio.h>

#include "cli/parallel.h"

struct training_options training_options_default(void)
{
	return (struct training_options){
		.csv.errors = stderr,
		.network = network_plan_default(),
		.scale = SCALING_MINMAX,
		.scale_on = SCALE_ON_TRAIN,
		.train = 0.8,
		.seed = 1,
		.threads = parallel_cores(),
	};
}
