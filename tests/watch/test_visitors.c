#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/socket.h>
#include <unistd.h>

#include "daemon/watch/visitors.h"

#define S INT64_C(1000000)

/* A connection with both its ends. */
struct connection {
	int ends[2];
	struct visitor *visitor;
};

static struct connection come(struct visitors *visitors, int64_t now_us)
{
	struct connection connection;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, connection.ends), 0);
	connection.visitor = visitors_hello(visitors, connection.ends[0], now_us);
	return connection;
}

static bool is_shut(const struct connection *connection)
{
	char byte;

	return recv(connection->ends[1], &byte, 1, MSG_DONTWAIT) == 0;
}

static void leave(struct visitors *visitors, struct connection *connection)
{
	visitors_bye(visitors, connection->visitor);
	close(connection->ends[0]);
	close(connection->ends[1]);
}

static void who_takes_too_long_goes_when_somebody_comes(void **state)
{
	struct visitors visitors = {0};
	struct connection silent = come(&visitors, 0), slow = come(&visitors, 0),
			  quick = come(&visitors, 0);

	(void)state;
	visitors_asked(slow.visitor, 0);
	visitors_asked(quick.visitor, 0);
	visitors_answered(quick.visitor, 20 * S);
	struct connection other = come(&visitors, 29 * S);

	assert_false(is_shut(&silent) || is_shut(&slow) || is_shut(&quick));
	struct connection last = come(&visitors, 31 * S);

	assert_true(is_shut(&silent));
	assert_true(is_shut(&slow));
	assert_false(is_shut(&quick) || is_shut(&other) || is_shut(&last));
	assert_int_equal(visitors.count, 3);
	leave(&visitors, &silent);
	leave(&visitors, &slow);
	assert_int_equal(visitors.count, 3);
	leave(&visitors, &quick);
	leave(&visitors, &other);
	leave(&visitors, &last);
	assert_int_equal(visitors.count, 0);
}

static void in_a_crowd_the_longest_silent_goes_but_nobody_who_has_asked(void **state)
{
	struct visitors visitors = {0};
	struct connection all[VISITORS_CROWD + 2];

	(void)state;
	for (int i = 0; i < VISITORS_CROWD; i++)
		all[i] = come(&visitors, i);
	visitors_asked(all[0].visitor, 0);
	all[VISITORS_CROWD] = come(&visitors, 1000);
	all[VISITORS_CROWD + 1] = come(&visitors, 1001);
	assert_false(is_shut(&all[0]));
	assert_true(is_shut(&all[1]));
	assert_true(is_shut(&all[2]));
	for (int i = 3; i < VISITORS_CROWD + 2; i++)
		assert_false(is_shut(&all[i]));
	assert_int_equal(visitors.count, VISITORS_CROWD);
	for (int i = 0; i < VISITORS_CROWD + 2; i++)
		leave(&visitors, &all[i]);
	assert_int_equal(visitors.count, 0);
}

static void more_than_there_are_places_are_not_noted(void **state)
{
	struct visitors visitors = {0};
	struct connection all[VISITORS_MAX];

	(void)state;
	for (int i = 0; i < VISITORS_MAX; i++) {
		all[i] = come(&visitors, i);
		assert_non_null(all[i].visitor);
		visitors_asked(all[i].visitor, i);
	}
	assert_null(visitors_hello(&visitors, -1, 1000));
	visitors_asked(NULL, 1000);
	visitors_answered(NULL, 1000);
	visitors_bye(&visitors, NULL);
	for (int i = 0; i < VISITORS_MAX; i++)
		leave(&visitors, &all[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_takes_too_long_goes_when_somebody_comes),
		cmocka_unit_test(in_a_crowd_the_longest_silent_goes_but_nobody_who_has_asked),
		cmocka_unit_test(more_than_there_are_places_are_not_noted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
