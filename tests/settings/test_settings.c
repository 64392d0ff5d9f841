#include "tests/settings/support.h"

#include <dirent.h>
#include <sys/stat.h>

#define BAD "tests/settings/bad/"

static int set_environment(void **state)
{
	(void)state;
	setenv("ROLLCAST_TEST_PORT", "5556", 1);
	setenv("ROLLCAST_TEST_BYTES", "a\xff", 1);
	unsetenv("ROLLCAST_TEST_UNSET");
	return 0;
}

static void two_sockets_are_enough(void **state)
{
	CLEANUP(settings_destroy) struct settings *settings = load(SOCKETS);

	(void)state;
	assert_int_equal(settings->input_count, 1);
	assert_string_equal(settings->inputs[0].name, "a");
	assert_int_equal(settings->inputs[0].type, INPUT_SUB);
	assert_int_equal(settings->inputs[0].topics.count, 1);
	assert_string_equal(settings->inputs[0].topics.items[0], "");
	assert_int_equal(settings->output_count, 1);
	assert_int_equal(settings->outputs[0].type, OUTPUT_XPUB);
	assert_int_equal(settings->model_count, 1);
	assert_string_equal(settings->models[0].name, "default");
	assert_int_equal(settings->stream_count, 1);
	assert_string_equal(settings->streams[0].match, "*");
	assert_string_equal(settings->streams[0].model, "default");
	assert_int_equal(settings->streams[0].stream.model.lookback, 48);
	assert_true(settings->streams[0].stream.season_auto);
	assert_int_equal(settings->streams[0].stream.season_count, 0);
	assert_int_equal(settings->threads.shards, 0);
	assert_true(settings->threads.train == TRAIN_AUTO);
}

static void without_sockets_only_the_rest_counts(void **state)
{
	static const char text[] = "streams: [{match: 'a*', horizon: 3}]\n";
	char path[] = "/tmp/rollcast-settings-XXXXXX";
	const char *paths[] = {path};
	CLEANUP(settings_destroy) struct settings *settings = NULL;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	assert_int_equal(settings_load_offline(paths, 1, stderr, &settings), 0);
	unlink(path);
	assert_int_equal(settings->input_count, 0);
	assert_int_equal(settings->output_count, 0);
	assert_int_equal(settings->stream_count, 1);
	assert_int_equal(settings->streams[0].stream.horizon, 3);
}

static void the_server_can_be_turned_off(void **state)
{
	CLEANUP(settings_destroy) struct settings *settings = load(SOCKETS);
	CLEANUP(settings_destroy) struct settings *off = load(SOCKETS "http: {listen: none}\n");

	(void)state;
	assert_string_equal(settings->http.listen, "127.0.0.1:9477");
	assert_null(settings->http.forecasts);
	assert_null(off->http.listen);
}

static const char every_key[] =
	"inputs:\n"
	"  - name: in-1\n"
	"    type: pull\n"
	"    bind: [tcp://10.0.0.1:1, ipc://a]\n"
	"    connect: [tcp://host:2]\n"
	"    insecure: true\n"
	"    format: msgpack\n"
	"    time_unit: ns\n"
	"    high_water_mark: 7\n"
	"    message_max: 3kB\n"
	"    labels: {drop: [pid, 'a*'], rename: {i: host}, add: {dc: eu, b: \"1\"}}\n"
	"  - {name: in-2, connect: ipc://b, topics: [cpu, mem]}\n"
	"models:\n"
	"  small:\n"
	"    cell: gru\n"
	"    hidden: 2\n"
	"    layers: 3\n"
	"    activation: relu\n"
	"    lookback: 4\n"
	"    loss: huber\n"
	"    huber_delta: 0.5\n"
	"    optimizer: {kind: sgd, rate: 0.25, momentum: 0.75, weight_decay: 0.125}\n"
	"    clip_norm: 6\n"
	"    batch: 7\n"
	"    steps: {first: 8, refit: 9}\n"
	"    seed: 10\n"
	"streams:\n"
	"  - match: 'cpu{host=\"a\"}'\n"
	"    step: 10s\n"
	"    aggregate: max\n"
	"    lateness: 5s\n"
	"    gap: {fill: none, longest: 11}\n"
	"    window: 7d\n"
	"    horizon: 12\n"
	"    season: [1d, 13]\n"
	"    model: small\n"
	"    inputs_from: [requests, 'b{x=\"1\"}']\n"
	"    retrain: {every: 10m}\n"
	"    intervals: [0.5, 0.75, 0.99]\n"
	"  - {gap: last, window: 100, season: 1h, retrain: {every: 14}, intervals: 0.9}\n"
	"outputs:\n"
	"  - name: out-1\n"
	"    type: push\n"
	"    bind: [tcp://*:3]\n"
	"    connect: [tcp://host:4, tcp://host:5]\n"
	"    insecure: true\n"
	"    prefix: f.\n"
	"    match: mem*\n"
	"    format: msgpack\n"
	"    high_water_mark: 15\n"
	"threads: {shards: 3, train: 0}\n"
	"http: {listen: '[::]:80', insecure: true, forecasts: cpu}\n"
	"limits: {streams: 16}\n";

static void check_sockets(const struct settings *settings)
{
	const struct input_settings *input = &settings->inputs[0];
	const struct output_settings *output = &settings->outputs[0];

	assert_string_equal(input->name, "in-1");
	assert_int_equal(input->type, INPUT_PULL);
	assert_int_equal(input->bind.count, 2);
	assert_string_equal(input->bind.items[1], "ipc://a");
	assert_int_equal(input->connect.count, 1);
	assert_string_equal(input->connect.items[0], "tcp://host:2");
	assert_true(input->insecure);
	assert_int_equal(input->format, ROLLCAST_FORMAT_MSGPACK);
	assert_int_equal(input->time_unit, TIME_UNIT_NS);
	assert_int_equal(input->high_water_mark, 7);
	assert_int_equal(input->message_max_bytes, 3000);
	assert_int_equal(input->labels.drop.count, 2);
	assert_string_equal(input->labels.drop.items[1], "a*");
	assert_int_equal(input->labels.keep.count, 0);
	assert_string_equal(input->labels.rename.items[0].value, "host");
	assert_int_equal(input->labels.add.count, 2);
	assert_string_equal(input->labels.add.items[1].name, "b");
	assert_string_equal(input->labels.add.items[1].value, "1");
	assert_int_equal(settings->inputs[1].topics.count, 2);
	assert_string_equal(settings->inputs[1].topics.items[1], "mem");
	assert_string_equal(output->name, "out-1");
	assert_int_equal(output->type, OUTPUT_PUSH);
	assert_string_equal(output->bind.items[0], "tcp://*:3");
	assert_string_equal(output->connect.items[1], "tcp://host:5");
	assert_true(output->insecure);
	assert_string_equal(output->prefix, "f.");
	assert_string_equal(output->match, "mem*");
	assert_true(
		rollcast_selector_matches(output->selector, (struct rollcast_text){"mem_a", 5}));
	assert_false(rollcast_selector_matches(output->selector, (struct rollcast_text){"cpu", 3}));
	assert_int_equal(output->high_water_mark, 15);
}

static void check_model(const struct rollcast_model_settings *model)
{
	assert_int_equal(model->cell, ROLLCAST_CELL_GRU);
	assert_int_equal(model->hidden, 2);
	assert_int_equal(model->layers, 3);
	assert_int_equal(model->activation, ROLLCAST_ACTIVATION_RELU);
	assert_int_equal(model->lookback, 4);
	assert_int_equal(model->loss, ROLLCAST_LOSS_HUBER);
	assert_true(model->huber_delta == 0.5);
	assert_int_equal(model->optimizer, ROLLCAST_OPTIMIZER_SGD);
	assert_true(model->rate == 0.25);
	assert_true(model->momentum == 0.75);
	assert_true(model->weight_decay == 0.125);
	assert_true(model->clip_norm == 6);
	assert_int_equal(model->batch, 7);
	assert_int_equal(model->steps_first, 8);
	assert_int_equal(model->steps_refit, 9);
	assert_int_equal(model->seed, 10);
}

static void check_streams(const struct settings *settings)
{
	const struct rollcast_stream_settings *first = &settings->streams[0].stream;
	const struct rollcast_stream_settings *second = &settings->streams[1].stream;

	assert_string_equal(settings->streams[0].match, "cpu{host=\"a\"}");
	assert_non_null(settings->streams[0].selector);
	assert_string_equal(settings->streams[0].model, "small");
	assert_int_equal(first->channel_count, 2);
	assert_string_equal(first->channels[1], "b{x=\"1\"}");
	assert_int_equal(settings->streams[1].stream.channel_count, 0);
	assert_int_equal(first->grid.step_us, 10000000);
	assert_int_equal(first->grid.aggregate, ROLLCAST_AGGREGATE_MAX);
	assert_int_equal(first->grid.lateness_us, 5000000);
	assert_int_equal(first->grid.gap, ROLLCAST_GAP_NONE);
	assert_int_equal(first->grid.gap_longest, 11);
	assert_int_equal(first->window.us, 7 * 86400000000);
	assert_int_equal(first->window.steps, 0);
	assert_int_equal(first->horizon, 12);
	assert_int_equal(first->season_count, 2);
	assert_false(first->season_auto);
	assert_int_equal(first->seasons[0].us, 86400000000);
	assert_int_equal(first->seasons[1].steps, 13);
	assert_int_equal(first->retrain_every.us, 600000000);
	assert_int_equal(first->level_count, 3);
	assert_true(first->levels[2] == 0.99);
	check_model(&first->model);
	assert_int_equal(second->grid.gap, ROLLCAST_GAP_LAST);
	assert_int_equal(second->grid.gap_longest, 12);
	assert_int_equal(second->window.steps, 100);
	assert_int_equal(second->window.us, 0);
	assert_int_equal(second->season_count, 1);
	assert_int_equal(second->retrain_every.steps, 14);
	assert_int_equal(second->level_count, 1);
	assert_int_equal(second->model.cell, ROLLCAST_CELL_LSTM);
}

static void every_key_lands_in_its_field(void **state)
{
	CLEANUP(settings_destroy) struct settings *settings = load(every_key);

	(void)state;
	check_sockets(settings);
	check_streams(settings);
	assert_int_equal(settings->model_count, 2);
	assert_int_equal(settings->threads.shards, 3);
	assert_int_equal(settings->threads.train, 0);
	assert_string_equal(settings->http.listen, "[::]:80");
	assert_true(settings->http.insecure);
	assert_string_equal(settings->http.forecasts, "cpu");
	assert_non_null(settings->http.forecasts_selector);
	assert_int_equal(settings->streams_max, 16);
}

static void aliases_and_merge_keys_save_writing(void **state)
{
	CLEANUP(settings_destroy)
	struct settings *settings =
		load(SOCKETS "models:\n"
			     "  a: &a {hidden: 3, optimizer: &o {rate: 0.5}}\n"
			     "  b: {<<: *a, layers: 2}\n"
			     "  c: {hidden: 5, <<: [{hidden: 6, batch: 6}, {batch: 7, seed: 7}]}\n"
			     "  d: {optimizer: *o}\n"
			     "  e: *a\n"
			     "  f: {<<: {<<: *a, hidden: 9}}\n");
	const struct model_settings *models = settings->models;

	(void)state;
	assert_int_equal(models[1].model.hidden, 3);
	assert_int_equal(models[1].model.layers, 2);
	assert_true(models[1].model.rate == 0.5);
	assert_int_equal(models[2].model.hidden, 5);
	assert_int_equal(models[2].model.batch, 6);
	assert_int_equal(models[2].model.seed, 7);
	assert_true(models[3].model.rate == 0.5);
	assert_int_equal(models[4].model.hidden, 3);
	assert_int_equal(models[5].model.hidden, 9);
	assert_true(models[5].model.rate == 0.5);
	assert_string_equal(models[6].name, "default");
}

static void the_environment_stands_in_values(void **state)
{
	CLEANUP(settings_destroy)
	struct settings *settings =
		load("inputs: [{name: a, connect: 'tcp://h:${ROLLCAST_TEST_PORT}'}]\n"
		     "outputs: [{name: z, bind: ipc://z, prefix: \"$${x}$$\"}]\n"
		     "limits: {streams: \"${ROLLCAST_TEST_UNSET:-12}\"}\n");

	(void)state;
	assert_string_equal(settings->inputs[0].connect.items[0], "tcp://h:5556");
	assert_string_equal(settings->outputs[0].prefix, "${x}$");
	assert_int_equal(settings->streams_max, 12);
}

static void marks_and_line_ends_of_other_systems_do_not_matter(void **state)
{
	CLEANUP(settings_destroy)
	struct settings *settings = load("\xef\xbb\xbf"
					 "inputs:\r\n  - name: a\r\n    connect: ipc://a\r\n"
					 "outputs:\r\n  - name: z\r\n    bind: ipc://z\r\n");

	(void)state;
	assert_string_equal(settings->inputs[0].name, "a");
	assert_string_equal(settings->outputs[0].bind.items[0], "ipc://z");
}

static void write_file(const char *directory, const char *name, const char *text)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void remove_file(const char *directory, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	unlink(path);
}

static void files_of_a_directory_are_merged_in_order(void **state)
{
	static const char *const names[] = {"20.yaml", "10.yaml", ".hidden.yaml", "x.yml",
					    "x.yaml~"};
	char directory[] = "/tmp/rollcast-settings-XXXXXX";
	const char *paths[] = {directory};
	CLEANUP(settings_destroy) struct settings *settings = NULL;
	char *errors;

	(void)state;
	assert_non_null(mkdtemp(directory));
	write_file(directory, names[0],
		   "inputs: [{name: b, connect: ipc://b}]\n"
		   "models: {m: {layers: 2}, n: {}}\nthreads: {train: 1}\n");
	write_file(directory, names[1], SOCKETS "models: {m: {hidden: 8}}\nthreads: {shards: 1}\n");
	for (size_t i = 2; i < 5; i++)
		write_file(directory, names[i], "nonsense");
	assert_int_equal(load_paths(paths, 1, &settings, &errors), 0);
	for (size_t i = 0; i < 5; i++)
		remove_file(directory, names[i]);
	rmdir(directory);
	free(errors);
	assert_int_equal(settings->input_count, 2);
	assert_string_equal(settings->inputs[0].name, "a");
	assert_string_equal(settings->inputs[1].name, "b");
	assert_int_equal(settings->model_count, 3);
	assert_int_equal(settings->models[0].model.hidden, 8);
	assert_int_equal(settings->models[0].model.layers, 2);
	assert_int_equal(settings->threads.shards, 1);
	assert_int_equal(settings->threads.train, 1);
}

static void expect_problem(const char *const *paths, size_t count, const char *expected)
{
	struct settings *settings = NULL;
	char *errors;

	assert_int_equal(load_paths(paths, count, &settings, &errors), 1);
	assert_string_equal(errors, expected);
	assert_null(settings);
	free(errors);
}

static void files_that_cannot_be_read_are_named(void **state)
{
	expect_problem(NULL, 0, "no settings: name a file or a directory with --config\n");
	expect_problem((const char *const[]){"/nonexistent/a.yaml"}, 1,
		       "/nonexistent/a.yaml: cannot be read: No such file or directory\n");
	expect_problem((const char *const[]){""}, 1,
		       ": cannot be read: No such file or directory\n");
	expect_problem((const char *const[]){"config/minimal.yaml", "/nonexistent"}, 2,
		       "/nonexistent: cannot be read: No such file or directory\n");
	(void)state;
}

static void huge_files_and_deep_nesting_are_refused(void **state)
{
	enum { SIZE = 5 << 20 };
	char *text = malloc(SIZE);
	struct settings *settings = NULL;
	char *errors;

	(void)state;
	memset(text, '\n', SIZE);
	assert_int_equal(load_bytes(text, SIZE, &settings, &errors), 1);
	assert_non_null(strstr(errors, "File too large"));
	free(errors);
	memset(text, '[', SIZE);
	assert_int_equal(load_bytes(text, 20000, &settings, &errors), 1);
	assert_non_null(strstr(errors, "not YAML"));
	free(errors);
	memset(text + 500, ']', 500);
	assert_int_equal(load_bytes(text, 1000, &settings, &errors), 2);
	assert_non_null(strstr(errors, "nested too deep"));
	free(errors);
	free(text);
}

/* Cut anywhere, or with a byte changed, a file gives settings or problems, never anything worse. */
static void damaged_files_never_crash(void **state)
{
	static const char bytes[] = {'\0', '\t', '{', '[', '&',	   '*',
				     '"',  '$',	 ':', '-', '\xff', '9'};
	char *text = strdup(every_key);
	struct settings *settings;
	char *errors;

	(void)state;
	for (size_t i = 0; text[i]; i++) {
		char kept = text[i];

		for (size_t j = 0; j < 2; j++) {
			int problems;

			settings = NULL;
			text[i] = bytes[(i + 7 * j) % sizeof(bytes)];
			problems = load_bytes(text, j ? i : strlen(every_key), &settings, &errors);
			assert_true(problems >= 0);
			assert_int_equal(problems == 0, settings != NULL);
			assert_int_equal(problems == 0, *errors == '\0');
			settings_destroy(settings);
			free(errors);
		}
		text[i] = kept;
	}
	free(text);
}

/* "name.expected" holds what is said of name.yaml, or of the directory `name`. */
static void check_bad(const char *expected_name)
{
	char path[512], subject[512];
	const char *paths[] = {subject};
	struct settings *settings = NULL;
	int length = (int)(strlen(expected_name) - strlen(".expected"));
	char *errors, *expected;
	struct stat status;

	snprintf(path, sizeof(path), BAD "%s", expected_name);
	snprintf(subject, sizeof(subject), BAD "%.*s", length, expected_name);
	if (stat(subject, &status))
		snprintf(subject, sizeof(subject), BAD "%.*s.yaml", length, expected_name);
	expected = read_file(path);
	assert_true(load_paths(paths, 1, &settings, &errors) > 0);
	assert_null(settings);
	assert_string_equal(errors, expected);
	free(errors);
	free(expected);
}

static int is_expected(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && !strcmp(dot, ".expected");
}

static void every_mistake_is_named_with_its_place(void **state)
{
	struct dirent **names = NULL;
	int count = scandir(BAD, &names, is_expected, alphasort);

	(void)state;
	if (count < 25)
		fail_msg(BAD ": %d snapshots; tests run in the project's root", count);
	for (int i = 0; i < count; i++) {
		check_bad(names[i]->d_name);
		free(names[i]);
	}
	free(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_sockets_are_enough),
		cmocka_unit_test(without_sockets_only_the_rest_counts),
		cmocka_unit_test(the_server_can_be_turned_off),
		cmocka_unit_test(every_key_lands_in_its_field),
		cmocka_unit_test(aliases_and_merge_keys_save_writing),
		cmocka_unit_test(the_environment_stands_in_values),
		cmocka_unit_test(marks_and_line_ends_of_other_systems_do_not_matter),
		cmocka_unit_test(files_of_a_directory_are_merged_in_order),
		cmocka_unit_test(files_that_cannot_be_read_are_named),
		cmocka_unit_test(huge_files_and_deep_nesting_are_refused),
		cmocka_unit_test(damaged_files_never_crash),
		cmocka_unit_test(every_mistake_is_named_with_its_place),
	};

	return cmocka_run_group_tests(tests, set_environment, NULL);
}
