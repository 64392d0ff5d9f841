/* Settings when there is no memory. */
#include "tests/memory/failing.h"

#include "daemon/settings/settings.h"

static int load(void *context)
{
	CLEANUP(settings_destroy) struct settings *settings = NULL;
	const char *const *paths = context;
	FILE *errors = fopen("/dev/null", "w");
	int r = settings_load(paths, paths[1] ? 2 : 1, errors, &settings);

	fclose(errors);
	return r;
}

static void settings_are_loaded_whole_or_not_at_all(void **state)
{
	static const char *const demo[] = {"config/demo.yaml", NULL, NULL};
	static const char *const whole[] = {"config/rollcast.yaml", NULL, NULL};

	(void)state;
	fail_each("demo.yaml", load, demo, false, 1);
	fail_each("rollcast.yaml", load, whole, false, 1);
}

struct bad {
	const char *paths[2];
	int problems; /* that there are, when there is memory */
};

/* -ENOMEM, or all problems; a suggestion of what was meant may be missing. */
static int load_bad(void *context)
{
	struct bad *bad = context;
	int r = load(bad->paths);

	if (!bad->problems)
		bad->problems = r;
	return r == bad->problems ? 0 : r >= 0 ? -EINVAL : r;
}

static void problems_are_all_found_or_none(void **state)
{
	static const char *const paths[] = {
		"tests/settings/bad/unknown_key.yaml",	   "tests/settings/bad/selector.yaml",
		"tests/settings/bad/environment.yaml",	   "tests/settings/bad/thresholds.yaml",
		"tests/settings/bad/directory_sets_twice",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		struct bad bad = {.paths = {paths[i], NULL}};

		fail_each(paths[i], load_bad, &bad, true, 1);
		assert_true(bad.problems > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_are_loaded_whole_or_not_at_all),
		cmocka_unit_test(problems_are_all_found_or_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
