#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/base/envelope.h"

enum { PAYLOAD = 100 };

struct letter {
	_Alignas(16) unsigned char bytes[200];
	size_t size;
};

static struct letter sealed(const char *name)
{
	struct letter letter = {.size = envelope_size(strlen(name)) + PAYLOAD};

	memset(letter.bytes, 7, sizeof(letter.bytes));
	envelope_begin(letter.bytes, ENVELOPE_RECORD, 42, name, strlen(name));
	envelope_seal(letter.bytes, letter.size, 1700000000000000);
	return letter;
}

static void what_was_sealed_is_sound_and_has_its_name(void **state)
{
	struct letter letter = sealed("cpu");
	const struct envelope *envelope = (const void *)letter.bytes;

	(void)state;
	assert_int_equal(envelope_check(letter.bytes, letter.size, ENVELOPE_RECORD), 0);
	assert_string_equal(envelope_name(envelope), "cpu");
	assert_int_equal(envelope->position, 42);
}

static void every_flipped_bit_and_every_other_length_is_refused(void **state)
{
	struct letter letter = sealed("cpu");

	(void)state;
	for (size_t bit = 0; bit < 8 * letter.size; bit++) {
		letter.bytes[bit / 8] ^= 1 << bit % 8;
		assert_true(envelope_check(letter.bytes, letter.size, ENVELOPE_RECORD) < 0);
		letter.bytes[bit / 8] ^= 1 << bit % 8;
	}
	for (size_t size = 0; size < letter.size; size++)
		assert_int_equal(envelope_check(letter.bytes, size, ENVELOPE_RECORD), -EINVAL);
}

static void another_format_is_told_from_damage(void **state)
{
	struct letter letter = sealed("cpu");

	(void)state;
	((struct envelope *)(void *)letter.bytes)->format++;
	assert_int_equal(envelope_check(letter.bytes, letter.size, ENVELOPE_RECORD), -ENOTSUP);
	assert_int_equal(envelope_check(letter.bytes, letter.size, ENVELOPE_JOURNAL), -EINVAL);
}

static void a_name_that_does_not_end_where_it_says_is_refused(void **state)
{
	struct letter letter = sealed("cpu");

	(void)state;
	letter.bytes[sizeof(struct envelope) + 1] = 0;
	envelope_seal(letter.bytes, letter.size, 1);
	assert_int_equal(envelope_check(letter.bytes, letter.size, ENVELOPE_RECORD), -EINVAL);
	((struct envelope *)(void *)letter.bytes)->name_length = UINT32_MAX;
	envelope_seal(letter.bytes, letter.size, 1);
	assert_int_equal(envelope_check(letter.bytes, letter.size, ENVELOPE_RECORD), -EINVAL);
}

static void long_names_have_keys_of_their_own_that_fit(void **state)
{
	char name[1024], first[ENVELOPE_KEY_MAX + 1], second[ENVELOPE_KEY_MAX + 1];

	(void)state;
	memset(name, 'a', sizeof(name));
	assert_int_equal(envelope_key(name, 480, 1, first), 480);
	assert_int_equal(envelope_key(name, 481, 1, first), 497);
	assert_int_equal(envelope_key(name, sizeof(name), 2, second), 497);
	assert_string_not_equal(first, second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_sealed_is_sound_and_has_its_name),
		cmocka_unit_test(every_flipped_bit_and_every_other_length_is_refused),
		cmocka_unit_test(another_format_is_told_from_damage),
		cmocka_unit_test(a_name_that_does_not_end_where_it_says_is_refused),
		cmocka_unit_test(long_names_have_keys_of_their_own_that_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
