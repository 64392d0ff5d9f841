/* Lays out the block: layer by layer, then the head. */
#include "lib/network/table.h"

#include <errno.h>

/* Bounds far beyond what is useful, small enough that no size overflows. */
enum { MAX_HIDDEN = 1024, MAX_OUTPUTS = 1 << 16, MAX_INPUTS = 1 << 20, MAX_PARAMETERS = 1 << 28 };

static bool shape_is_sound(const struct rollcast_shape *shape)
{
	return shape->cell <= ROLLCAST_CELL_RNN && shape->activation <= ROLLCAST_ACTIVATION_RELU &&
	       shape->layers >= 1 && shape->layers <= MAX_LAYERS && shape->hidden >= 1 &&
	       shape->hidden <= MAX_HIDDEN && shape->channels >= 1 && shape->lookback >= 1 &&
	       (uint64_t)shape->channels * shape->lookback <= MAX_INPUTS &&
	       shape->extras <= MAX_INPUTS && shape->outputs >= 1 && shape->outputs <= MAX_OUTPUTS;
}

static void place(struct tensor_table *table, struct tensor *tensor, uint32_t rows,
		  uint32_t columns)
{
	*tensor = (struct tensor){.offset = table->parameters, .rows = rows, .columns = columns};
	table->parameters += (size_t)rows * columns;
}

uint32_t cell_gates(enum rollcast_cell cell)
{
	switch (cell) {
	case ROLLCAST_CELL_LSTM:
		return 4;
	case ROLLCAST_CELL_GRU:
		return 3;
	case ROLLCAST_CELL_RNN:
		break;
	}
	return 1;
}

int tensor_table_init(struct tensor_table *table, const struct rollcast_shape *shape)
{
	if (!shape_is_sound(shape))
		return -EINVAL;

	uint32_t hidden = shape->hidden, columns = cell_gates(shape->cell) * hidden;

	*table = (struct tensor_table){0};
	for (uint32_t l = 0; l < shape->layers; l++) {
		struct tensor *layer = table->layers[l];

		place(table, &layer[TENSOR_INPUT], l ? hidden : shape->channels, columns);
		place(table, &layer[TENSOR_RECURRENT], hidden, columns);
		place(table, &layer[TENSOR_BIAS], 1, columns);
		place(table, &layer[TENSOR_CANDIDATE_BIAS], shape->cell == ROLLCAST_CELL_GRU,
		      hidden);
	}
	place(table, &table->head[TENSOR_HEAD], hidden, shape->outputs);
	place(table, &table->head[TENSOR_EXTRAS], shape->extras, shape->outputs);
	place(table, &table->head[TENSOR_SKIP], shape->skip ? shape->lookback * shape->channels : 0,
	      shape->outputs);
	place(table, &table->head[TENSOR_HEAD_BIAS], 1, shape->outputs);
	return table->parameters <= MAX_PARAMETERS ? 0 : -EINVAL;
}

size_t rollcast_shape_parameters(const struct rollcast_shape *shape)
{
	struct tensor_table table;

	return tensor_table_init(&table, shape) ? 0 : table.parameters;
}
