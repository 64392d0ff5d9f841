/*
 * What holds for any payload in any format, for the fuzzers.
 */
#ifndef TESTS_FUZZ_DECODE_H
#define TESTS_FUZZ_DECODE_H

#include <math.h>

#include "rollcast/wire.h"
#include "tests/fuzz/fuzz.h"

/* A canonical name is one: taken apart and written again it is the same. */
static inline void must_be_canonical(struct rollcast_text name)
{
	struct rollcast_label labels[ROLLCAST_LABELS_MAX];
	char scratch[ROLLCAST_NAME_MAX], again[ROLLCAST_NAME_MAX];
	struct rollcast_text plain;
	int count;

	must(name.length > 0 && name.length < ROLLCAST_NAME_MAX);
	count = rollcast_name_read(name, scratch, &plain, labels);
	must(count >= 0);
	must(rollcast_name_write(plain, labels, (size_t)count, again, sizeof again) == name.length);
	must(!memcmp(again, name.bytes, name.length));
}

struct totals {
	uint64_t samples;
	double sum;
};

static inline void check_samples(void *context, const struct rollcast_samples *samples)
{
	struct totals *totals = context;

	must_be_canonical(samples->name);
	must(samples->count > 0);
	for (size_t i = 0; i < samples->count; i++) {
		must(isfinite(samples->values[i]));
		must(samples->times_us[i] <= ROLLCAST_TIME_MAX_US &&
		     samples->times_us[i] >= -ROLLCAST_TIME_MAX_US);
	}
	totals->samples += samples->count;
}

static inline void decode_anything(enum rollcast_format format, const uint8_t *bytes, size_t size)
{
	static const double units[] = {1e6, 1e3, 1, 1e-3};
	static struct rollcast_decoder *decoders[4];
	unsigned unit = size % 4;
	uint64_t counts[ROLLCAST_DECODE_RESULTS] = {0};
	struct totals totals = {0};

	if (!decoders[unit])
		must(!rollcast_decoder_create(format, units[unit], &decoders[unit]));
	rollcast_decode(decoders[unit], bytes, size, 0, check_samples, &totals, counts);
	must(counts[ROLLCAST_DECODE_OK] == totals.samples);
	must(!counts[ROLLCAST_DECODE_MEMORY]);
}

/* A forecast that can be read can be written, and reads back as what it was. */
static inline void read_anything(enum rollcast_format format, const uint8_t *bytes, size_t size)
{
	static struct rollcast_forecast_reader *reader, *again;
	static struct rollcast_encoder *encoder;
	const struct rollcast_forecast *first, *second;
	const void *message;
	size_t message_size;

	if (!reader) {
		must(!rollcast_forecast_reader_create(format, &reader));
		must(!rollcast_forecast_reader_create(format, &again));
		must(!rollcast_encoder_create(format, &encoder));
	}
	if (rollcast_forecast_read(reader, bytes, size, &first))
		return;
	must_be_canonical((struct rollcast_text){first->name, strlen(first->name)});
	must(first->horizon >= 1 && first->horizon <= ROLLCAST_HORIZON_MAX);
	must(!rollcast_encode_forecast(encoder, first, &message, &message_size));
	/* Levels closer than what is written of them fall together: then it is no forecast. */
	if (rollcast_forecast_read(again, message, message_size, &second))
		return;
	must(!strcmp(first->name, second->name) && first->horizon == second->horizon &&
	     first->quantile_count == second->quantile_count &&
	     first->weight_count == second->weight_count && first->snapshot == second->snapshot);
}

#endif
