/* The ring of origins: see pending.h. */
#include "lib/forecast/pending.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

int pending_init(struct pending *pending, uint32_t experts, uint32_t quantiles, uint32_t horizon)
{
	uint32_t every = (horizon + PENDING_ORIGINS_MAX - 1) / PENDING_ORIGINS_MAX;
	uint32_t slots = (horizon + every - 1) / every;

	*pending = (struct pending){
		.experts = experts,
		.quantiles = quantiles,
		.horizon = horizon,
		.every = every,
		.slots = slots,
		.origins = malloc(slots * sizeof(uint64_t)),
		.rows = malloc((size_t)slots * horizon * (experts + quantiles) * sizeof(double)),
	};
	if (!pending->origins || !pending->rows) {
		pending_finish(pending);
		return -ENOMEM;
	}
	pending_clear(pending);
	return 0;
}

void pending_finish(struct pending *pending)
{
	free(pending->origins);
	free(pending->rows);
	*pending = (struct pending){0};
}

static double *row_at(const struct pending *pending, uint32_t slot, uint32_t step)
{
	size_t width = pending->experts + pending->quantiles;

	return pending->rows + ((size_t)slot * pending->horizon + step) * width;
}

void pending_put(struct pending *pending, uint64_t origin, const double *forecasts,
		 const double *quantiles)
{
	uint32_t slot = (origin / pending->every) % pending->slots;
	uint32_t horizon = pending->horizon;

	if (origin % pending->every)
		return;
	pending->origins[slot] = origin;
	for (uint32_t h = 0; h < horizon; h++) {
		double *row = row_at(pending, slot, h);

		for (uint32_t i = 0; i < pending->experts; i++)
			*row++ = forecasts[(size_t)i * horizon + h];
		for (uint32_t i = 0; i < pending->quantiles; i++)
			*row++ = quantiles[(size_t)i * horizon + h];
	}
}

const double *pending_row(const struct pending *pending, uint32_t slot, uint64_t index,
			  uint32_t *ret_step)
{
	uint64_t origin = pending->origins[slot];

	if (origin == PENDING_NONE || index - origin > pending->horizon)
		return NULL;
	*ret_step = (uint32_t)(index - origin - 1);
	return row_at(pending, slot, *ret_step);
}

void pending_forget(struct pending *pending, uint32_t expert)
{
	for (uint32_t slot = 0; slot < pending->slots; slot++)
		for (uint32_t h = 0; h < pending->horizon; h++)
			row_at(pending, slot, h)[expert] = NAN;
}

void pending_clear(struct pending *pending)
{
	for (uint32_t slot = 0; slot < pending->slots; slot++)
		pending->origins[slot] = PENDING_NONE;
}

static void slot_archive(struct archive *archive, const struct roll *roll, struct pending *pending,
			 uint32_t slot)
{
	for (uint32_t h = 0; h < pending->horizon; h++) {
		double *row = row_at(pending, slot, h);

		if (archive_is_loading(archive))
			for (uint32_t i = 0; i < pending->experts; i++)
				row[i] = NAN;
		roll_row_archive(archive, roll, pending->experts, row);
		archive_finite(archive, row + pending->experts, pending->quantiles);
	}
}

void pending_archive(struct archive *archive, const struct roll *roll, uint64_t index,
		     struct pending *pending)
{
	for (uint32_t slot = 0; slot < pending->slots && !archive->error; slot++) {
		uint64_t origin = pending->origins[slot];

		archive_value(archive, &origin);
		archive_check(archive, origin == PENDING_NONE || origin < index);
		if (archive->error || origin == PENDING_NONE)
			continue;
		slot_archive(archive, roll, pending, slot);
		pending->origins[slot] = origin;
	}
	if (archive->error)
		pending_clear(pending);
}
