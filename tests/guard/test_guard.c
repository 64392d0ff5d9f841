/* The guard with real sockets: who is let in, and what a list that changes does to those who are in. */
#include "tests/settings/support.h"

#include <sys/stat.h>
#include <zmq.h>

#include "daemon/base/clock.h"
#include "daemon/base/socket.h"
#include "daemon/guard/guard.h"

enum { WAIT_MS = 20000, SILENCE_MS = 700 };

static char directory[] = "/tmp/rollcast-guard-XXXXXX";

static int make_directory(void **state)
{
	(void)state;
	return mkdtemp(directory) && chdir(directory) == 0 && mkdir("clients", 0700) == 0 ? 0 : -1;
}

static int remove_directory(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command);
}

static struct certificate make(const char *path)
{
	struct certificate certificate;
	char why[CERTIFICATE_WHY_SIZE] = "";

	if (certificate_create(path, &certificate, why) ||
	    certificate_write(&certificate, path, why))
		fail_msg("%s", why);
	return certificate;
}

/* A daemon's socket with its guard, and settings that name both. */
struct world {
	struct certificate server, alice, bob;
	struct settings *settings;
	struct ports inputs, outputs;
	struct guard_plan plan;
	struct guard *guard;
	void *context, *socket;
	char endpoint[128];
};

static const char settings_text[] =
	"inputs: [{name: a, type: pull, bind: tcp://127.0.0.1:1, curve: {secret_key_file: "
	"server.key_secret, clients: clients}}]\n"
	"outputs: [{name: z, bind: ipc://z}]\n";

static void open_socket(struct world *world)
{
	size_t size = sizeof(world->endpoint);
	char any_port[] = "tcp://127.0.0.1:*", *bind[] = {any_port};
	const struct socket_plan plan = {
		.owner = "inputs.a",
		.type = ZMQ_PULL,
		.bind = bind,
		.bind_count = 1,
		.message_max_bytes = 1000,
		.curve = {.secret_key_file = "server.key_secret", .domain = "inputs.a"},
	};

	assert_int_equal(socket_open(world->context, &plan, 0, &world->socket), 0);
	assert_int_equal(zmq_getsockopt(world->socket, ZMQ_LAST_ENDPOINT, world->endpoint, &size),
			 0);
}

static void open_world(struct world *world)
{
	unlink("server.key"), unlink("server.key_secret");
	unlink("clients/alice.key"), unlink("clients/alice.key_secret");
	unlink("clients/bob.key"), unlink("clients/bob.key_secret");
	*world = (struct world){.server = make("server"),
				.alice = make("clients/alice"),
				.bob = make("clients/bob"),
				.settings = load(settings_text),
				.context = zmq_ctx_new()};
	world->plan = (struct guard_plan){world->context, world->settings, &world->inputs,
					  &world->outputs};
	assert_int_equal(guard_create(&world->plan, &world->guard), 0);
	open_socket(world);
}

static void close_world(struct world *world)
{
	zmq_close(world->socket);
	guard_destroy(world->guard);
	ports_finish(&world->inputs);
	ports_finish(&world->outputs);
	zmq_ctx_term(world->context);
	settings_destroy(world->settings);
}

static void *come(struct world *world, const struct certificate *who)
{
	void *socket = zmq_socket(world->context, ZMQ_PUSH);
	int linger = 0;

	assert_non_null(socket);
	zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof(linger));
	zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, who->public_key, CERTIFICATE_KEY_SIZE);
	zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, who->secret_key, CERTIFICATE_KEY_SIZE);
	zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, world->server.public_key, CERTIFICATE_KEY_SIZE);
	assert_int_equal(zmq_connect(socket, world->endpoint), 0);
	return socket;
}

static bool arrives(struct world *world, void *socket, int wait_ms)
{
	char byte = 'x';

	zmq_setsockopt(world->socket, ZMQ_RCVTIMEO, &wait_ms, sizeof(wait_ms));
	zmq_send(socket, &byte, 1, ZMQ_DONTWAIT);
	return zmq_recv(world->socket, &byte, 1, 0) == 1;
}

static uint64_t refused(struct world *world)
{
	return count_get(&ports_use(&world->inputs, "a")->counters, COUNT_INPUT_REFUSED);
}

/* As plaintext, or because it left before that was clear. */
static uint64_t refused_plainly(struct world *world)
{
	return count_get(&ports_use(&world->inputs, "a")->counters, COUNT_INPUT_REFUSED + 1) +
	       count_get(&ports_use(&world->inputs, "a")->counters, COUNT_INPUT_REFUSED + 2);
}

static void wait_until_refused(struct world *world, uint64_t count)
{
	for (int i = 0; i < WAIT_MS && refused(world) < count; i++)
		usleep(1000);
	assert_true(refused(world) >= count);
}

static void who_is_struck_off_the_list_is_cut_off_and_others_come_back(void **state)
{
	struct world world;

	(void)state;
	open_world(&world);
	void *alice = come(&world, &world.alice), *bob = come(&world, &world.bob);

	assert_true(arrives(&world, alice, WAIT_MS));
	assert_true(arrives(&world, bob, WAIT_MS));
	assert_int_equal(unlink("clients/bob.key"), 0);
	assert_true(arrives(&world, bob, WAIT_MS)); /* not before it is asked for */
	assert_int_equal(guard_set(world.guard, &world.plan), 0);
	wait_until_refused(&world, 1);
	assert_false(arrives(&world, bob, SILENCE_MS));
	/* What was on its way when the line was cut may be lost; then alice is there again. */
	bool back = false;

	for (int i = 0; i < 40 && !back; i++)
		back = arrives(&world, alice, SILENCE_MS);
	assert_true(back);
	zmq_close(alice);
	zmq_close(bob);
	close_world(&world);
}

static void who_is_added_is_let_in(void **state)
{
	struct world world;

	(void)state;
	open_world(&world);
	struct certificate carol = make("carol");
	void *early = come(&world, &carol);

	wait_until_refused(&world, 1);
	zmq_close(early);
	assert_int_equal(rename("carol.key", "clients/carol.key"), 0);
	assert_int_equal(guard_set(world.guard, &world.plan), 0);
	void *late = come(&world, &carol), *alice = come(&world, &world.alice);

	assert_true(arrives(&world, late, WAIT_MS));
	assert_true(arrives(&world, alice, WAIT_MS));
	zmq_close(late);
	zmq_close(alice);
	close_world(&world);
}

static void a_list_that_cannot_be_read_changes_nothing(void **state)
{
	struct world world;

	(void)state;
	open_world(&world);
	void *alice = come(&world, &world.alice);
	FILE *file = fopen("clients/bad.key", "w");

	assert_non_null(file);
	fputs("public-key = \"half of\n", file);
	fclose(file);
	assert_int_equal(unlink("clients/alice.key"), 0);
	assert_true(guard_set(world.guard, &world.plan) < 0);
	assert_true(arrives(&world, alice, WAIT_MS));
	assert_int_equal(unlink("clients/bad.key"), 0);
	zmq_close(alice);
	close_world(&world);
}

static void a_socket_that_is_no_more_in_the_settings_lets_nobody_in(void **state)
{
	struct world world;
	CLEANUP(settings_destroy) struct settings *without = load(SOCKETS);

	(void)state;
	open_world(&world);
	struct guard_plan plan = {world.context, without, &world.inputs, &world.outputs};
	void *alice;

	assert_int_equal(guard_set(world.guard, &plan), 0);
	alice = come(&world, &world.alice);
	wait_until_refused(&world, 1);
	assert_false(arrives(&world, alice, SILENCE_MS));
	assert_int_equal(guard_set(world.guard, &world.plan), 0);
	zmq_close(alice);
	alice = come(&world, &world.alice);
	assert_true(arrives(&world, alice, WAIT_MS));
	zmq_close(alice);
	close_world(&world);
}

static void a_socket_that_takes_the_place_of_another_is_watched_too(void **state)
{
	struct world world;

	(void)state;
	open_world(&world);
	for (int i = 0; i < 4; i++) {
		void *before = world.socket, *stranger;
		uint64_t count = refused_plainly(&world);

		open_socket(&world);
		zmq_close(before);
		stranger = zmq_socket(world.context, ZMQ_PUSH);
		assert_int_equal(zmq_connect(stranger, world.endpoint), 0);
		for (int j = 0; j < WAIT_MS && refused_plainly(&world) == count; j++)
			usleep(1000);
		assert_true(refused_plainly(&world) > count);
		int none = 0;

		zmq_setsockopt(stranger, ZMQ_LINGER, &none, sizeof(none));
		zmq_close(stranger);
	}
	close_world(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_struck_off_the_list_is_cut_off_and_others_come_back),
		cmocka_unit_test(who_is_added_is_let_in),
		cmocka_unit_test(a_list_that_cannot_be_read_changes_nothing),
		cmocka_unit_test(a_socket_that_takes_the_place_of_another_is_watched_too),
		cmocka_unit_test(a_socket_that_is_no_more_in_the_settings_lets_nobody_in),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
