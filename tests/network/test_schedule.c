#include "tests/network/support.h"

struct row {
	struct rollcast_schedule schedule;
	uint32_t step;
	double rate;
};

static void rates_are_those_of_the_table(void **state)
{
	const struct rollcast_schedule constant = {ROLLCAST_SCHEDULE_CONSTANT, 0.1F, 10, 0.5F,
						   0.01F};
	const struct rollcast_schedule step = {ROLLCAST_SCHEDULE_STEP, 0.1F, 10, 0.5F, 0};
	const struct rollcast_schedule cosine = {ROLLCAST_SCHEDULE_COSINE, 0.1F, 10, 0, 0.02F};
	const struct rollcast_schedule endless = {ROLLCAST_SCHEDULE_COSINE, 0.1F, 0, 0, 0};
	const struct row rows[] = {
		{constant, 0, 0.1}, {constant, 1000, 0.1},	{step, 0, 0.1},
		{step, 9, 0.1},	    {step, 10, 0.05},		{step, 35, 0.0125},
		{cosine, 0, 0.1},   {cosine, 5, 0.06},		{cosine, 2, 0.0923606798},
		{cosine, 10, 0.02}, {cosine, 4000000000, 0.02}, {endless, 3, 0.1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		double rate = (double)rollcast_schedule_rate(&rows[i].schedule, rows[i].step);

		if (fabs(rate - rows[i].rate) > 1e-8)
			fail_msg("row %zu: %g, expected %g", i, rate, rows[i].rate);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_are_those_of_the_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
