#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/watch/access.h"

static char none[] = "";

static unsigned check(const struct access *access, struct access_request request)
{
	const char *why = NULL;
	unsigned status = access_check(access, &request, &why);

	assert_int_equal(status != 0, why != NULL);
	return status;
}

static void hosts_are_addresses_or_names_that_are_ours(void **state)
{
	char name[] = "stats.example", *items[] = {name};
	const struct access access = {{items, 1}, none, true};
	static const struct {
		const char *host;
		unsigned status;
	} rows[] = {
		{NULL, 0},
		{"127.0.0.1", 0},
		{"127.0.0.1:9477", 0},
		{"192.0.2.7:80", 0},
		{"[::1]:9477", 0},
		{"[::1]", 0},
		{"localhost", 0},
		{"LocalHost.:9477", 0},
		{"stats.example:1", 0},
		{"STATS.example", 0},
		{"rebound.example", 421},
		{"rebound.example:9477", 421},
		{"localhost.rebound.example", 421},
		{"127.0.0.1.rebound.example", 421},
		{"stats.example.org", 421},
		{"", 421},
		{":9477", 421},
		{"[::1", 421},
		{"[::1]x", 421},
		{"[rebound.example]:1", 421},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (check(&access, (struct access_request){.method = "GET",
							   .host = rows[i].host}) != rows[i].status)
			fail_msg("%s", rows[i].host);
}

static void this_machine_may_be_asked_by_its_name(void **state)
{
	const struct access access = {.token_file = none, .is_local = true};
	char name[300] = "";

	(void)state;
	assert_int_equal(gethostname(name, 256), 0);
	assert_int_equal(check(&access, (struct access_request){.method = "GET", .host = name}), 0);
	strcat(name, ":9477");
	assert_int_equal(check(&access, (struct access_request){.method = "GET", .host = name}), 0);
}

static void pages_of_other_origins_change_nothing(void **state)
{
	const struct access access = {.token_file = none, .is_local = true};
	static const struct {
		const char *method, *origin, *site;
		unsigned status;
	} rows[] = {
		{"POST", NULL, NULL, 0},
		{"POST", "http://localhost:9477", NULL, 0},
		{"POST", "http://localhost:9477", "same-origin", 0},
		{"POST", NULL, "none", 0},
		{"POST", "http://localhost:9478", NULL, 403},
		{"POST", "http://localhost", NULL, 403},
		{"POST", "https://localhost:9477", NULL, 403},
		{"POST", "http://evil.example", NULL, 403},
		{"POST", "null", NULL, 403},
		{"POST", "", NULL, 403},
		{"POST", NULL, "cross-site", 403},
		{"POST", NULL, "same-site", 403},
		{"DELETE", "http://evil.example", NULL, 403},
		{"GET", "http://evil.example", "cross-site", 0}, /* it cannot read the answer */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(
			check(&access, (struct access_request){rows[i].method, "localhost:9477",
							       rows[i].origin, rows[i].site, NULL}),
			rows[i].status);
}

static void what_changes_something_needs_the_token(void **state)
{
	char path[] = "/tmp/rollcast-token-XXXXXX";
	const struct access access = {.token_file = path, .is_local = true};
	const struct access wide = {.token_file = none};
	int fd = mkstemp(path);
	static const struct {
		const char *authorization;
		unsigned status;
	} rows[] = {
		{NULL, 401},
		{"", 401},
		{"Bearer ", 401},
		{"Bearer open sesam", 401},
		{"Bearer open sesame!", 401},
		{"Bearer Open sesame", 401},
		{"Basic open sesame", 401},
		{"open sesame", 401},
		{"Bearer open sesame", 0},
		{"bearer open sesame", 0},
	};

	(void)state;
	assert_int_equal(write(fd, "open sesame\n", 12), 12);
	close(fd);
	assert_int_equal(access_try_token(&access), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(
			check(&access,
			      (struct access_request){.method = "POST",
						      .authorization = rows[i].authorization}),
			rows[i].status);
	assert_int_equal(check(&access, (struct access_request){.method = "GET"}), 0);
	assert_int_equal(check(&access, (struct access_request){.method = "HEAD"}), 0);
	assert_int_equal(unlink(path), 0);
	assert_true(access_try_token(&access) < 0);
	assert_int_equal(check(&access, (struct access_request){.method = "POST",
								.authorization = "Bearer x"}),
			 500);
	assert_int_equal(check(&wide, (struct access_request){.method = "POST"}), 403);
	assert_int_equal(check(&wide, (struct access_request){.method = "GET"}), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_are_addresses_or_names_that_are_ours),
		cmocka_unit_test(this_machine_may_be_asked_by_its_name),
		cmocka_unit_test(pages_of_other_origins_change_nothing),
		cmocka_unit_test(what_changes_something_needs_the_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
