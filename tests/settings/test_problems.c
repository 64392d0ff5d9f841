#include "tests/settings/support.h"

#include "daemon/settings/problems.h"

static void problems_come_in_the_order_of_file_and_line(void **state)
{
	static const struct source first = {"b.yaml", 1}, second = {"a.yaml", 2};
	struct pool memory = {0};
	CLEANUP(pool_finish) struct pool *pool = &memory;
	struct problems problems = {.pool = pool};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	problems_add(&problems, &(struct place){&second, 1, 1}, "k", "six");
	problems_add(&problems, &(struct place){&first, 10, 2}, "k", "four");
	problems_add(&problems, &(struct place){&first, 9, 3}, NULL, "three");
	problems_add(&problems, &(struct place){&first, 9, 2}, "k", "one");
	problems_add(&problems, &(struct place){&first, 9, 2}, "k", "two\n\x1b[31m");
	problems_add(&problems, &(struct place){&first, 0, 0}, NULL, "zero");
	problems_print(&problems, out);
	fclose(out);
	assert_string_equal(text, "b.yaml: zero\n"
				  "b.yaml:9:2: k: one\n"
				  "b.yaml:9:2: k: two??[31m\n"
				  "b.yaml:9:3: three\n"
				  "b.yaml:10:2: k: four\n"
				  "a.yaml:1:1: k: six\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(problems_come_in_the_order_of_file_and_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
