/* The token bucket: its rate, its burst, its debt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "daemon/in/bucket.h"

#define S INT64_C(1000000)

static void a_rate_of_zero_is_no_limit(void **state)
{
	(void)state;
	struct bucket bucket;

	bucket_init(&bucket, 0, 0);
	assert_int_equal(bucket_take(&bucket, SIZE_MAX), SIZE_MAX);
	bucket_owe(&bucket, SIZE_MAX);
	assert_int_equal(bucket_wait_us(&bucket), 0);
}

static void a_second_of_samples_may_come_at_once_and_then_its_rate(void **state)
{
	(void)state;
	struct bucket bucket;

	bucket_init(&bucket, 100, 5 * S);
	assert_int_equal(bucket_take(&bucket, 60), 60);
	assert_int_equal(bucket_take(&bucket, 60), 40);
	assert_int_equal(bucket_take(&bucket, 60), 0);
	bucket_fill(&bucket, 5 * S + S / 10);
	assert_int_equal(bucket_take(&bucket, 60), 10);
	bucket_fill(&bucket, 60 * S);
	assert_int_equal(bucket_take(&bucket, 1000), 100);
}

static void small_intervals_add_up(void **state)
{
	(void)state;
	struct bucket bucket;
	size_t taken = 0;

	bucket_init(&bucket, 10, 0);
	for (int i = 1; i <= 5000; i++) {
		bucket_fill(&bucket, i * S / 1000);
		taken += bucket_take(&bucket, 1);
	}
	assert_in_range(taken, 59, 60); /* ten at once, and ten a second */
}

static void a_debt_is_waited_off(void **state)
{
	(void)state;
	struct bucket bucket;

	bucket_init(&bucket, 100, 0);
	bucket_owe(&bucket, 150);
	int64_t wait_us = bucket_wait_us(&bucket);

	assert_in_range(wait_us, S * 51 / 100, S * 51 / 100 + 2);
	bucket_fill(&bucket, wait_us - 1000);
	assert_true(bucket_wait_us(&bucket) > 0);
	bucket_fill(&bucket, wait_us);
	assert_int_equal(bucket_wait_us(&bucket), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rate_of_zero_is_no_limit),
		cmocka_unit_test(a_second_of_samples_may_come_at_once_and_then_its_rate),
		cmocka_unit_test(small_intervals_add_up),
		cmocka_unit_test(a_debt_is_waited_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
