#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "daemon/watch/forecasts.h"

static void names_become_labels_that_prometheus_takes(void **state)
{
	static const struct {
		const char *name, *labels;
	} cases[] = {
		{"cpu", "stream=\"cpu\""},
		{"cpu.user{host=\"a\"}", "stream=\"cpu.user\",host=\"a\""},
		{"m{a.b=\"1\",a_b=\"2\"}", "stream=\"m\",a_b=\"1\",exported_a_b=\"2\""},
		{"m{a-b=\"1\",a.b=\"2\",a_b=\"3\"}",
		 "stream=\"m\",a_b=\"1\",exported_a_b=\"2\",exported_a_b_=\"3\""},
		{"m{horizon=\"1\",quantile=\"2\",stream=\"3\"}",
		 "stream=\"m\",exported_horizon=\"1\",exported_quantile=\"2\",exported_stream="
		 "\"3\""},
		{"m{9=\"1\",__name__=\"2\"}", "stream=\"m\",x9=\"1\",x__name__=\"2\""},
		{"m{a=\"x\\\\y\\\"z\\n\"}", "stream=\"m\",a=\"x\\\\y\\\"z\\n\""},
		{"m{ä=\"ü\"}", "stream=\"m\",__=\"ü\""},
		{"m{", ""},
	};
	char text[FORECASTS_LABELS_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(forecasts_labels(cases[i].name, text), cases[i].labels);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_become_labels_that_prometheus_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
