/* Blocks: appending within bounds, and a pool that gives back what it was given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "daemon/base/block.h"

static void records_are_aligned_and_follow_each_other(void **state)
{
	(void)state;
	struct block_pool pool;

	assert_int_equal(block_pool_init(&pool, 1, 64), 0);
	struct block *block = block_pool_take(&pool);
	unsigned char *first = block_append(block, 5), *second = block_append(block, 17);

	assert_ptr_equal(first, block->bytes);
	assert_ptr_equal(second, block->bytes + 16);
	assert_int_equal((uintptr_t)second % BLOCK_ALIGNMENT, 0);
	assert_int_equal(block->used, 48);
	block_pool_give(&pool, block);
	block_pool_finish(&pool);
}

static void a_record_that_does_not_fit_is_refused(void **state)
{
	(void)state;
	struct block_pool pool;

	assert_int_equal(block_pool_init(&pool, 1, 64), 0);
	struct block *block = block_pool_take(&pool);

	assert_null(block_append(block, 65));
	assert_null(block_append(block, SIZE_MAX));
	assert_non_null(block_append(block, 64));
	assert_null(block_append(block, 1));
	block_pool_give(&pool, block);
	block_pool_finish(&pool);
}

static void an_exhausted_pool_has_no_block_until_one_comes_back(void **state)
{
	(void)state;
	struct block_pool pool;

	assert_int_equal(block_pool_init(&pool, 2, 64), 0);
	struct block *one = block_pool_take(&pool), *two = block_pool_try_take(&pool);

	assert_non_null(two);
	assert_null(block_pool_try_take(&pool));
	block_append(one, 32);
	block_pool_give(&pool, one);
	assert_ptr_equal(block_pool_take(&pool), one);
	assert_int_equal(one->used, 0);
	block_pool_give(&pool, one);
	block_pool_give(&pool, two);
	block_pool_finish(&pool);
}

static void blocks_that_have_become_too_small_are_replaced_when_taken(void **state)
{
	struct block_pool pool;
	struct block *first, *second;

	(void)state;
	assert_int_equal(block_pool_init(&pool, 2, 100), 0);
	first = block_pool_try_take(&pool);
	block_pool_enlarge(&pool, 1000);
	block_pool_enlarge(&pool, 500); /* less than that changes nothing */
	second = block_pool_try_take(&pool);
	assert_null(block_append(first, 200));
	assert_non_null(block_append(second, 960));
	block_pool_give(&pool, first);
	first = block_pool_try_take(&pool);
	assert_non_null(block_append(first, 960));
	block_pool_give(&pool, first);
	block_pool_give(&pool, second);
	assert_int_equal(block_pool_free_count(&pool), 2);
	block_pool_finish(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_aligned_and_follow_each_other),
		cmocka_unit_test(a_record_that_does_not_fit_is_refused),
		cmocka_unit_test(an_exhausted_pool_has_no_block_until_one_comes_back),
		cmocka_unit_test(blocks_that_have_become_too_small_are_replaced_when_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
