/* Forecasts: the forward pass alone, in memory that the caller lends. */
#include "lib/network/pass.h"
#include "lib/network/weights.h"

static uint32_t group_of(uint32_t count)
{
	return count < PASS_WINDOWS ? count : PASS_WINDOWS;
}

size_t rollcast_network_scratch(const struct rollcast_shape *shape, uint32_t count)
{
	struct tensor_table table;
	struct pass pass;

	if (tensor_table_init(&table, shape))
		return 0;
	return pass_init(&pass, shape, &table, group_of(count), PASS_FORECAST, NULL);
}

void rollcast_network_forecast(const struct rollcast_weights *weights, const float *inputs,
			       const float *extras, uint32_t count, float *scratch, float *outputs)
{
	const struct rollcast_shape *shape = &weights->shape;
	struct pass pass;

	pass_init(&pass, shape, &weights->table, group_of(count), PASS_FORECAST, scratch);
	for (uint32_t first = 0; first < count; first += PASS_WINDOWS)
		pass_forward(&pass, weights->block,
			     inputs + (size_t)first * shape->lookback * shape->channels,
			     extras ? extras + (size_t)first * shape->extras : NULL,
			     group_of(count - first), 0, NULL,
			     outputs + (size_t)first * shape->outputs);
}
