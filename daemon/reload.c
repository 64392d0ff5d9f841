/*
 * Other settings while everything runs.
 *
 *	asked ─► read, checked whole ─► sockets of out and in ─► rules to every shard ─► all settled ─► said
 *	               │ wrong                │ cannot be had
 *	               ▼                      ▼
 *	            refused: nothing changes  failed: as before
 *
 * A thread of sockets stands still while its sockets change; nothing else ever does. Streams pass over
 * one by one, and while they do both settings stay. Then what is on its way out, which points into the
 * settings before, is sent, and these are freed.
 */
#include "daemon/daemon.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/stream/rules.h"

enum { ANSWER_S = 60 }; /* who waits longer than this for a reload is told so */

/* ---- who asks ---- */

void reload_init(struct reload *reload)
{
	pthread_condattr_t attributes;

	pthread_mutex_init(&reload->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&reload->answered, &attributes);
	pthread_condattr_destroy(&attributes);
}

void reload_finish(struct reload *reload)
{
	if (reload->out)
		fclose(reload->out);
	free(reload->bytes);
	free(reload->text);
	settings_destroy(reload->before);
	pthread_cond_destroy(&reload->answered);
	pthread_mutex_destroy(&reload->lock);
}

void reload_close(struct reload *reload)
{
	pthread_mutex_lock(&reload->lock);
	reload->closed = true;
	pthread_cond_broadcast(&reload->answered);
	pthread_mutex_unlock(&reload->lock);
}

/* Under lock. */
static void wait_for_answer(struct reload *reload, uint64_t number)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ANSWER_S;
	while (reload->given < number && !reload->closed)
		if (pthread_cond_timedwait(&reload->answered, &reload->lock, &until))
			return;
}

enum http_reload reload_ask(void *context, FILE *answer)
{
	struct daemon *daemon = context;
	struct reload *reload = &daemon->reload;
	enum http_reload result = HTTP_RELOAD_FAILED;
	unsigned char wake = SIGHUP;

	pthread_mutex_lock(&reload->lock);
	uint64_t number = ++reload->asked;

	if (write(daemon->wake, &wake, 1) < 0 && errno != EAGAIN) {
		fprintf(answer, "cannot be asked for: %s\n", strerror(errno));
	} else {
		wait_for_answer(reload, number);
		if (reload->given >= number) {
			result = reload->result;
			fputs(reload->text ? reload->text : "", answer);
		} else {
			fputs(reload->closed ? "the daemon stops\n"
					     : "it takes longer than a minute, and goes on\n",
			      answer);
		}
	}
	pthread_mutex_unlock(&reload->lock);
	return result;
}

static void give_answer(struct reload *reload, enum http_reload result)
{
	if (reload->out)
		fclose(STEAL(reload->out));
	pthread_mutex_lock(&reload->lock);
	free(reload->text);
	reload->text = STEAL(reload->bytes);
	reload->result = result;
	reload->given = reload->taken;
	pthread_cond_broadcast(&reload->answered);
	pthread_mutex_unlock(&reload->lock);
}

/* ---- what only a restart changes ---- */

static void say_kept(const char *key, bool differs)
{
	if (differs)
		log_line(LOG_WARNING, "reload: %s: needs a restart; it stays as it was", key);
}

static bool differ(const char *a, const char *b)
{
	return !a != !b || (a && strcmp(a, b) != 0);
}

static void say_what_is_kept(const struct daemon *daemon, const struct settings *next)
{
	const struct settings *now = daemon->settings;

	say_kept("threads.shards", shard_count(now) != shard_count(next));
	say_kept("threads.train", trainer_count(now) != trainer_count(next));
	say_kept("state.path", differ(now->state.path, next->state.path));
	say_kept("state.size", now->state.size_bytes != next->state.size_bytes);
	say_kept("http.listen", differ(now->http.listen, next->http.listen));
}

/* ---- the change itself ---- */

static int read_settings_again(const struct daemon *daemon, struct settings **ret_settings)
{
	CLEANUP(free) char *problems = NULL;
	size_t size;
	FILE *errors = open_memstream(&problems, &size);
	char *rest = NULL;
	int count;

	if (!errors)
		return -ENOMEM;
	count = settings_load(daemon->configs, daemon->config_count, errors, ret_settings);
	if (fclose(errors) != 0)
		return -ENOMEM;
	for (char *line = strtok_r(problems, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		log_line(LOG_ERR, "%s", line);
	if (count > 0)
		log_line(LOG_ERR, "reload: %d problem%s in the settings; nothing has changed",
			 count, count == 1 ? "" : "s");
	return count;
}

static int change_outputs(struct daemon *daemon, const struct settings *settings, bool *ret_changed)
{
	out_pause(daemon->out);
	int r = out_change(daemon->out, settings);

	*ret_changed = r == 0;
	r = out_start(daemon->out);
	return r;
}

static int change_inputs(struct daemon *daemon, const struct settings *settings, bool *ret_changed)
{
	in_pause(daemon->in);
	int r = in_change(daemon->in, settings);

	*ret_changed = r == 0;
	return in_start(daemon->in);
}

static bool has_input(const struct settings *settings, const char *name)
{
	for (size_t i = 0; i < settings->input_count; i++)
		if (strcmp(settings->inputs[i].name, name) == 0)
			return true;
	return false;
}

static bool has_output(const struct settings *settings, const char *name)
{
	for (size_t i = 0; i < settings->output_count; i++)
		if (strcmp(settings->outputs[i].name, name) == 0)
			return true;
	return false;
}

static void show_ports(struct daemon *daemon, const struct settings *settings)
{
	struct port_counters *port;

	for (port = daemon->counters.inputs.first; port; port = port->next)
		port->in_use = has_input(settings, port->name);
	for (port = daemon->counters.outputs.first; port; port = port->next)
		port->in_use = has_output(settings, port->name);
}

/* Who may speak to us. */
static bool change_guard(struct daemon *daemon, const struct settings *settings)
{
	const struct guard_plan plan = rooms_guard_plan(daemon, settings);

	return http_set_access(daemon->http, &settings->http) == 0 &&
	       guard_set(daemon->guard, &plan) == 0;
}

/* All or none. Negative errno: a thread could not be started again. */
static int change_sockets(struct daemon *daemon, const struct settings *next, bool *ret_changed)
{
	bool back, out = false;
	int r = 0;

	*ret_changed = change_guard(daemon, next);
	if (*ret_changed)
		r = change_outputs(daemon, next, ret_changed);
	out = *ret_changed;
	if (r == 0 && *ret_changed)
		r = change_inputs(daemon, next, ret_changed);
	if (r == 0 && !*ret_changed) {
		change_guard(daemon, daemon->settings);
		if (out)
			r = change_outputs(daemon, daemon->settings, &back);
	}
	show_ports(daemon, *ret_changed ? next : daemon->settings);
	return r;
}

/* What the shards get, made before anything changes. */
struct next {
	struct settings *settings;
	struct groups *groups;
	struct rules **rules; /* [shards] */
};

static int make_next(const struct daemon *daemon, struct next *next)
{
	int r = groups_create(next->settings, (struct counters *)&daemon->counters.daemon,
			      daemon->groups, &next->groups);

	next->rules = calloc(daemon->shard_count, sizeof(*next->rules));
	if (r == 0 && !next->rules)
		r = -ENOMEM;
	for (uint32_t i = 0; r == 0 && i < daemon->shard_count; i++)
		r = rules_create(next->settings, next->groups, &next->rules[i]);
	return r;
}

static void next_finish(struct next *next, uint32_t shards)
{
	for (uint32_t i = 0; next->rules && i < shards; i++)
		rules_destroy(next->rules[i]);
	free(next->rules);
	groups_destroy(next->groups);
	settings_destroy(next->settings);
}

/* From here on there is no way back, and none is needed. */
static void take_into_use(struct daemon *daemon, struct next *next)
{
	say_what_is_kept(daemon, next->settings);
	block_pool_enlarge(&daemon->forecasts, shard_forecast_block_size(next->settings));
	for (uint32_t i = 0; i < daemon->shard_count; i++) {
		struct letter letter = {.kind = LETTER_RULES};

		letter.rules = STEAL(next->rules[i]);
		queue_push(&daemon->inboxes[i], &letter);
	}
	groups_destroy(daemon->groups);
	daemon->groups = STEAL(next->groups);
	daemon->reload.before = daemon->settings;
	daemon->reload.settled = 0;
	daemon->settings = STEAL(next->settings);
	http_set_forecasts(daemon->http, daemon->settings->http.forecasts);
	state_set_journal(daemon->state, daemon->settings->state.journal_us);
}

/* ---- from beginning to end ---- */

/* Negative errno: a thread could not be started again. *ret_result: how far it came. */
static int change(struct daemon *daemon, enum http_reload *ret_result)
{
	struct next next = {0};
	bool changed = false;
	int r = read_settings_again(daemon, &next.settings), fatal = 0;

	*ret_result = r > 0 ? HTTP_RELOAD_REFUSED : HTTP_RELOAD_FAILED;
	if (r == 0)
		r = make_next(daemon, &next);
	if (r < 0)
		log_line(LOG_ERR, "reload: %s; nothing has changed", strerror(-r));
	if (r == 0)
		fatal = change_sockets(daemon, next.settings, &changed);
	if (r == 0 && !changed)
		log_line(LOG_ERR, "reload: what it needs cannot be had; nothing has changed");
	if (changed && fatal == 0) {
		take_into_use(daemon, &next);
		*ret_result = HTTP_RELOAD_DONE;
	}
	next_finish(&next, daemon->shard_count);
	return fatal;
}

static struct reload_counts counts_now(const struct counters *counters)
{
	return (struct reload_counts){
		.whole = count_get(counters, COUNT_STREAMS_CHANGED),
		.partly = count_get(counters, COUNT_STREAMS_CHANGED_PARTLY),
		.let_go = count_get(counters, COUNT_STREAMS_FORGOTTEN_RULE),
	};
}

static void end(struct daemon *daemon, enum http_reload result)
{
	struct counters *counters = &daemon->counters.daemon;

	count_add(counters, COUNT_RELOADS + (int)result, 1);
	if (result == HTTP_RELOAD_DONE)
		count_set(counters, COUNT_RELOADED, (uint64_t)clock_wall_us());
	log_copy_to(NULL);
	give_answer(&daemon->reload, result);
	systemd_ready();
}

static void say_done(const struct daemon *daemon)
{
	const struct reload_counts *then = &daemon->reload.then;
	struct reload_counts now = counts_now(&daemon->counters.daemon);

	log_line(LOG_NOTICE,
		 "reload: done; %" PRIu64 " streams have other settings, %" PRIu64
		 " of them learn something anew; %" PRIu64 " are let go",
		 now.whole + now.partly - then->whole - then->partly, now.partly - then->partly,
		 now.let_go - then->let_go);
}

int reload_begin(struct daemon *daemon)
{
	struct reload *reload = &daemon->reload;
	enum http_reload result;

	reload->again = reload->before != NULL;
	if (reload->again)
		return 0;
	pthread_mutex_lock(&reload->lock);
	reload->taken = reload->asked;
	pthread_mutex_unlock(&reload->lock);
	reload->then = counts_now(&daemon->counters.daemon);
	reload->out = open_memstream(&reload->bytes, &reload->size);
	systemd_reloading();
	log_line(LOG_NOTICE, "reload: reading the settings again");
	log_copy_to(reload->out);
	int r = change(daemon, &result);

	if (r < 0)
		log_line(LOG_CRIT, "reload: a thread cannot be started again: %s", strerror(-r));
	else if (result != HTTP_RELOAD_DONE)
		end(daemon, result);
	return r;
}

int reload_go_on(struct daemon *daemon)
{
	struct reload *reload = &daemon->reload;
	uint32_t shard;
	int r;

	while (queue_pop(&daemon->settled, 0, &shard) == 0)
		reload->settled++;
	if (!reload->before || reload->settled < daemon->shard_count)
		return 0;
	out_pause(daemon->out);
	r = out_start(daemon->out);
	if (r < 0)
		return r;
	settings_destroy(STEAL(reload->before));
	say_done(daemon);
	end(daemon, HTTP_RELOAD_DONE);
	return reload->again ? reload_begin(daemon) : 0;
}
