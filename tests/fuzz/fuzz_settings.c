/* Any bytes as a file of settings. Those that are taken can be printed, and read back the same. */
#include "daemon/settings/settings.h"

#include "tests/fuzz/fuzz.h"

static int load(const uint8_t *bytes, size_t size, struct settings **ret_settings)
{
	const char *path = file_of(bytes, size);
	CLEANUP(free) char *errors = NULL;
	size_t errors_size;
	FILE *out = open_memstream(&errors, &errors_size);
	int problems;

	must(out);
	problems = settings_load(&path, 1, out, ret_settings);
	must(!fclose(out));
	must(problems >= 0);
	must((problems == 0) == (errors_size == 0));
	return problems;
}

static char *print(const struct settings *settings)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	must(out);
	settings_print(settings, out);
	must(!fclose(out));
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	CLEANUP(settings_destroy) struct settings *settings = NULL, *again = NULL;

	if (load(bytes, size, &settings))
		return 0;
	CLEANUP(free) char *text = print(settings);

	must(!load((const uint8_t *)text, strlen(text), &again));
	CLEANUP(free) char *same = print(again);

	must(!strcmp(text, same));
	return 0;
}
