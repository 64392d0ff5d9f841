/* Windows in, weights and forecasts out: see network_expert.h. */
#include "lib/forecast/network_expert.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/forecast/channels.h"
#include "lib/forecast/random.h"
#include "lib/forecast/shared.h"
#include "lib/forecast/transform.h"
#include "lib/forecast/vectors.h"

enum { PHASES = 4 }; /* sine and cosine of the first season and of half of it */

/* ---- inputs ---- */

static uint32_t extras_of(uint32_t which, uint32_t horizon, uint32_t season_count)
{
	return which == NETWORK_SEASONAL ? horizon * (season_count + 1) + PHASES : 0;
}

static struct rollcast_shape shape_of(uint32_t which, const struct rollcast_model_settings *model,
				      uint32_t horizon, uint32_t channel_count,
				      uint32_t season_count)
{
	return (struct rollcast_shape){
		.cell = model->cell,
		.activation = model->activation,
		.layers = model->layers,
		.hidden = model->hidden,
		.channels = model->patch * (1 + channel_count),
		.lookback = model->lookback / model->patch,
		.extras = extras_of(which, horizon, season_count),
		.outputs = horizon,
		.skip = true,
	};
}

static size_t inputs_of(const struct rollcast_shape *shape)
{
	return (size_t)shape->lookback * shape->channels;
}

/* [extras] of the scratch are gathered as doubles first. */
static void encode_extras(const struct feature_view *view, size_t origin, double anchor,
			  double scale, double *scratch, float *extras)
{
	uint32_t count = 0;
	double phase = feature_phase(view, origin);

	for (uint32_t i = 0; i < view->season_count; i++) {
		for (uint32_t ahead = 1; ahead <= view->horizon; ahead++) {
			double value = feature_season_ago(view, origin, ahead, view->seasons[i], 1);

			scratch[count++] = isnan(value) ? view->values[origin] : value;
		}
	}
	for (uint32_t ahead = 1; ahead <= view->horizon; ahead++)
		scratch[count++] = feature_season_mean(view, origin, ahead);
	vectors()->there(scratch, count, anchor, scale, scratch + count);
	for (uint32_t i = 0; i < count; i++)
		*extras++ = (float)scratch[count + i];
	for (int i = 1; i <= PHASES / 2; i++) {
		*extras++ = (float)sin(i * phase);
		*extras++ = (float)cos(i * phase);
	}
}

/* Doubles of scratch for encode. */
static size_t encode_scratch(uint32_t lookback, uint32_t extras)
{
	return lookback > 2 * (size_t)extras ? lookback : 2 * (size_t)extras;
}

/* What the network reads, in which scale, and where it goes. */
struct encoding {
	uint32_t which, patch;
	double scale;
	const double *channel_scales;
	struct feature_memory *memory; /* of what others have encoded; NULL: nobody has */
	double *scratch;	       /* [encode_scratch] */
	float *inputs, *extras;
};

/* The stream's own lookback in model units; its anchor in *ret_anchor. */
static const double *encode_lags(const struct encoding *to, const struct feature_view *view,
				 size_t origin, double *ret_anchor)
{
	enum feature_anchor kind =
		to->which == NETWORK_SEASONAL ? FEATURE_ANCHOR_LAST : FEATURE_ANCHOR_MEDIAN;

	if (to->memory)
		return feature_lags(to->memory, view, kind, origin, to->scale, ret_anchor);
	*ret_anchor = feature_anchor(view, kind, origin);
	vectors()->there(view->values + origin + 1 - view->lookback, view->lookback, *ret_anchor,
			 to->scale, to->scratch);
	return to->scratch;
}

/*
 * [lookback / patch][own values of a patch, those of the first channel, ...]. Returns the anchor. There
 * must be a lookback up to `origin`.
 */
static double encode(const struct encoding *to, const struct feature_view *view, size_t origin)
{
	uint32_t lookback = view->lookback, patch = to->patch;
	uint32_t stride = patch * (1 + view->channel_count);
	double anchor;
	const double *lags = encode_lags(to, view, origin, &anchor);

	for (uint32_t i = 0; i < lookback; i++)
		to->inputs[i / patch * stride + i % patch] = (float)lags[i];
	for (uint32_t c = 0; c < view->channel_count; c++)
		channel_encode(view->channels[c] + origin + 1 - lookback, lookback,
			       (uint32_t)view->behind[c][origin], to->channel_scales[c], patch,
			       stride, to->inputs + (size_t)patch * (1 + c));
	if (to->which == NETWORK_SEASONAL)
		encode_extras(view, origin, anchor, to->scale, to->scratch, to->extras);
	return anchor;
}

/* ---- training ---- */

struct batch_memory {
	float *inputs, *extras, *targets;
	double *scratch;
};

static void batch_memory_finish(struct batch_memory *memory)
{
	free(memory->inputs);
	free(memory->extras);
	free(memory->targets);
	free(memory->scratch);
}

static void batch_memory_finish_at_scope_end(struct batch_memory *memory)
{
	batch_memory_finish(memory);
}

static int batch_memory_init(struct batch_memory *memory, const struct rollcast_shape *shape,
			     uint32_t batch)
{
	memory->inputs = malloc((size_t)batch * inputs_of(shape) * sizeof(float));
	memory->extras = malloc(((size_t)batch * shape->extras + 1) * sizeof(float));
	memory->targets = malloc((size_t)batch * shape->outputs * sizeof(float));
	memory->scratch = malloc(
		(encode_scratch((uint32_t)inputs_of(shape), shape->extras) + shape->outputs) *
		sizeof(double));
	return memory->inputs && memory->extras && memory->targets && memory->scratch ? 0 : -ENOMEM;
}

/* Window `drawn` of all those that the lessons have. */
static const struct lesson *find_window(const struct network_job *job, uint64_t drawn,
					size_t *ret_origin)
{
	const struct lesson *lesson = job->lessons;

	for (; drawn >= lesson->origin_count; lesson++)
		drawn -= lesson->origin_count;
	*ret_origin = lesson->origins[drawn];
	return lesson;
}

static uint32_t count_windows(const struct network_job *job)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i < job->lesson_count; i++)
		count += job->lessons[i].origin_count;
	return count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
}

static void fill_batch(const struct network_job *job, uint32_t which, struct random *random,
		       const struct rollcast_shape *shape, const struct batch_memory *memory,
		       uint32_t batch)
{
	uint32_t windows = count_windows(job);

	for (uint32_t i = 0; i < batch; i++) {
		size_t origin;
		const struct lesson *lesson =
			find_window(job, random_below(random, windows), &origin);
		const double *targets = lesson->view.values + origin + 1;
		const struct encoding to = {
			.which = which,
			.patch = job->model->patch,
			.scale = lesson->scale,
			.channel_scales = lesson->channel_scales,
			.scratch = memory->scratch,
			.inputs = memory->inputs + (size_t)i * inputs_of(shape),
			.extras = memory->extras + (size_t)i * shape->extras,
		};
		double anchor = encode(&to, &lesson->view, origin);

		vectors()->there(targets, shape->outputs, anchor, lesson->scale, memory->scratch);
		for (uint32_t h = 0; h < shape->outputs; h++)
			memory->targets[(size_t)i * shape->outputs + h] = (float)memory->scratch[h];
	}
}

static int train(struct rollcast_trainer *trainer, const struct network_job *job, uint32_t which,
		 const struct rollcast_shape *shape, uint32_t steps, uint32_t *done)
{
	CLEANUP(batch_memory_finish) struct batch_memory memory = {0};
	const struct rollcast_model_settings *model = job->model;
	struct random random = {job->seed};
	struct rollcast_batch batch = {.count = model->batch};
	float loss;
	int r = batch_memory_init(&memory, shape, model->batch);

	if (r < 0)
		return r;
	batch.inputs = memory.inputs;
	batch.extras = shape->extras ? memory.extras : NULL;
	batch.targets = memory.targets;
	for (uint32_t i = 0; i < steps; i++) {
		/* Cosine decay within each training (Loshchilov & Hutter 2017). */
		double decay = 0.05 + 0.95 * 0.5 * (1 + cos(M_PI * i / steps));

		if (job->stop.asked && job->stop.asked(job->stop.context))
			return -ECANCELED;
		fill_batch(job, which, &random, shape, &memory, model->batch);
		r = rollcast_trainer_step(trainer, &batch, (float)(model->rate * decay), &loss);
		(*done)++;
		if (r)
			return r;
	}
	return 0;
}

static struct rollcast_training training_of(const struct rollcast_model_settings *model,
					    uint64_t seed)
{
	static const float median = 0.5f;

	return (struct rollcast_training){
		.loss = model->loss,
		.huber_delta = (float)model->huber_delta,
		.quantiles = model->loss == ROLLCAST_LOSS_QUANTILE ? &median : NULL,
		.quantile_count = model->loss == ROLLCAST_LOSS_QUANTILE ? 1 : 0,
		.optimizer = model->optimizer,
		.momentum = (float)model->momentum,
		.weight_decay = (float)model->weight_decay,
		.clip_norm = (float)model->clip_norm,
		.seed = seed,
	};
}

static bool same_shape(const struct rollcast_shape *a, const struct rollcast_shape *b)
{
	return a->cell == b->cell && a->activation == b->activation && a->layers == b->layers &&
	       a->hidden == b->hidden && a->channels == b->channels && a->lookback == b->lookback &&
	       a->extras == b->extras && a->outputs == b->outputs && a->skip == b->skip;
}

/* A trainer that goes on where `before` stopped, or begins. */
static int begin(const struct network_job *job, const struct rollcast_shape *shape,
		 const struct network_fit *before, struct rollcast_trainer **ret_trainer)
{
	CLEANUP(rollcast_weights_unref) struct rollcast_weights *weights = NULL;
	CLEANUP(rollcast_trainer_destroy) struct rollcast_trainer *trainer = NULL;
	struct rollcast_training training = training_of(job->model, job->seed);
	int r = 0;

	if (before)
		weights = rollcast_weights_ref(before->weights);
	else
		r = rollcast_weights_create(shape, job->seed, &weights);
	if (r == 0)
		r = rollcast_trainer_create(weights, &training, &trainer);
	/* Moments that came out of a record may be refused: then the optimiser begins anew. */
	if (r == 0 && before && before->moments_count)
		rollcast_trainer_moments_load(trainer, before->moments);
	if (r == 0)
		*ret_trainer = STEAL(trainer);
	return r;
}

static int finish(const struct rollcast_trainer *trainer, const struct network_job *job,
		  const struct rollcast_shape *shape, struct network_fit *ret_fit)
{
	struct rollcast_training training = training_of(job->model, job->seed);
	struct network_fit fit = {.scale = job->lessons->scale};
	int r;

	fit.moments_count = rollcast_trainer_moments_size(shape, &training);
	fit.moments = malloc((fit.moments_count + 1) * sizeof(float));
	if (!fit.moments)
		return -ENOMEM;
	rollcast_trainer_moments_save(trainer, fit.moments);
	r = rollcast_trainer_weights(trainer, &fit.weights);
	if (r < 0) {
		network_fit_finish(&fit);
		return r;
	}
	*ret_fit = fit;
	return 0;
}

int network_train(const struct network_job *job, uint32_t which, const struct network_fit *before,
		  struct network_fit *ret_fit, uint32_t *steps)
{
	CLEANUP(rollcast_trainer_destroy) struct rollcast_trainer *trainer = NULL;
	const struct rollcast_model_settings *model = job->model;
	const struct feature_view *view = &job->lessons->view;
	struct rollcast_shape shape =
		shape_of(which, model, view->horizon, view->channel_count, view->season_count);
	int r;

	if (before && (!before->weights || before->afresh ||
		       !same_shape(rollcast_weights_shape(before->weights), &shape)))
		before = NULL;
	r = begin(job, &shape, before, &trainer);
	if (r == 0)
		r = train(trainer, job, which, &shape,
			  before ? model->steps_refit : model->steps_first, steps);
	return r ? r : finish(trainer, job, &shape, ret_fit);
}

void network_fit_finish(struct network_fit *fit)
{
	rollcast_weights_unref(fit->weights);
	free(fit->moments);
	*fit = (struct network_fit){0};
}

int network_fit_copy(const struct network_fit *fit, struct network_fit *ret_copy)
{
	struct network_fit copy = *fit;

	if (fit->moments_count) {
		copy.moments = malloc(fit->moments_count * sizeof(float));
		if (!copy.moments)
			return -ENOMEM;
		memcpy(copy.moments, fit->moments, fit->moments_count * sizeof(float));
	} else {
		copy.moments = NULL;
	}
	copy.weights = fit->weights ? rollcast_weights_ref(fit->weights) : NULL;
	*ret_copy = copy;
	return 0;
}

/* ---- saving and loading ---- */

static bool shape_archive(struct archive *archive, const struct rollcast_shape *shape)
{
	uint32_t numbers[] = {shape->cell,   shape->activation, shape->layers,
			      shape->hidden, shape->channels,	shape->lookback,
			      shape->extras, shape->outputs,	shape->skip};
	uint32_t as_saved[sizeof(numbers) / sizeof(*numbers)];

	memcpy(as_saved, numbers, sizeof(numbers));
	archive_value(archive, &as_saved);
	return !memcmp(as_saved, numbers, sizeof(numbers));
}

static void load_weights(struct archive *archive, const struct rollcast_shape *shape, size_t count,
			 struct network_fit *fit)
{
	CLEANUP(free) float *block = malloc(count * sizeof(*block));

	if (!block)
		archive->error = -ENOMEM;
	archive_bytes(archive, block, count * sizeof(*block));
	if (!archive->error)
		archive->error = rollcast_weights_load(shape, block, &fit->weights);
}

/* The optimiser's memory; that of another optimiser is passed over. */
static void moments_archive(struct archive *archive, size_t wanted, struct network_fit *fit)
{
	size_t count = archive_count(archive, fit->moments_count, sizeof(float));

	if (archive_is_loading(archive)) {
		if (archive->error || count != wanted || count == 0)
			return;
		fit->moments = malloc(count * sizeof(float));
		if (!fit->moments) {
			archive->error = -ENOMEM;
			return;
		}
	}
	archive_bytes(archive, fit->moments, count * sizeof(float));
	if (!archive->error)
		fit->moments_count = count;
}

bool network_fit_archive(struct archive *archive, uint32_t which,
			 const struct rollcast_stream_settings *settings, uint32_t season_count,
			 struct network_fit *fit)
{
	const struct rollcast_model_settings *model = &settings->model;
	struct rollcast_shape shape =
		shape_of(which, model, settings->horizon, settings->channel_count, season_count);
	struct rollcast_training training = training_of(model, 0);
	size_t parameters = rollcast_shape_parameters(&shape);
	bool trained = fit->weights;

	archive_flag(archive, &trained);
	archive_flag(archive, &fit->afresh);
	if (!trained || archive->error)
		return true;
	if (!shape_archive(archive, &shape))
		return false;
	archive_finite(archive, &fit->scale, 1);
	archive_check(archive, fit->scale > 0);
	parameters = archive_count(archive, parameters, sizeof(float));
	archive_check(archive, parameters && parameters == rollcast_shape_parameters(&shape));
	if (archive->error)
		return true;
	if (archive_is_loading(archive))
		load_weights(archive, &shape, parameters, fit);
	else
		archive_bytes(archive, (float *)rollcast_weights_block(fit->weights),
			      parameters * sizeof(float));
	moments_archive(archive, rollcast_trainer_moments_size(&shape, &training), fit);
	return true;
}

/* ---- forecasts ---- */

size_t network_scratch(const struct rollcast_stream_settings *settings, size_t *ret_extras)
{
	const struct rollcast_model_settings *model = &settings->model;
	uint32_t horizon = settings->horizon, channels = settings->channel_count;
	struct rollcast_shape local = shape_of(NETWORK_LOCAL, model, horizon, channels, 0);
	struct rollcast_shape seasonal =
		shape_of(NETWORK_SEASONAL, model, horizon, channels, ROLLCAST_SEASONS_MAX);
	size_t a = rollcast_network_scratch(&local, 1), b = rollcast_network_scratch(&seasonal, 1);

	*ret_extras = seasonal.extras;
	return a > b ? a : b;
}

static const struct rollcast_weights *weights_of(const struct expert_row *row,
						 const struct expert_view *view)
{
	bool seasonal = row->network == NETWORK_SEASONAL;

	if (view->model->scope == ROLLCAST_SCOPE_STREAM)
		return view->fit->networks[row->network].weights;
	if (!view->shared || (seasonal && !view->fit->season_count))
		return NULL;
	return view->shared->networks[seasonal ? view->fit->season_count : 0];
}

/* Before a stream's first training, that of a group's network is found from what there is. */
static double scale_of(const struct expert_row *row, const struct expert_view *view)
{
	if (view->model->scope == ROLLCAST_SCOPE_STREAM)
		return view->fit->networks[row->network].scale;
	if (view->fit->scale > 0)
		return view->fit->scale;
	return transform_scale(past_values(view->past), past_count(view->past), view->horizon);
}

/* The channels beside the window, and in which scale. */
static void view_channels(const struct expert_view *view, struct feature_view *window,
			  double *scales)
{
	const struct channels *channels = view->channels;

	window->channel_count = channels->count;
	for (uint32_t i = 0; i < channels->count; i++) {
		window->channels[i] = window_values(&channels->values[i]);
		window->behind[i] = window_values(&channels->behind[i]);
		scales[i] =
			view->fit->scale > 0 || view->model->scope == ROLLCAST_SCOPE_STREAM
				? view->fit->channel_scales[i]
				: channel_scale(window->channels[i],
						window_count(&channels->values[i]), view->horizon);
	}
}

bool network_expert_forecast(const struct expert_row *row, const struct expert_view *view,
			     const double *state, double *values)
{
	const struct rollcast_weights *weights = weights_of(row, view);
	const struct fit_scratch *scratch = view->scratch;
	size_t count = past_count(view->past);
	struct feature_view window = {
		.lookback = view->model->lookback,
		.horizon = view->horizon,
		.seasons = view->fit->seasons,
		.season_count = view->fit->season_count,
		.values = past_values(view->past),
		.first_step = view->past->time_us / view->step_us - (int64_t)count + 1,
	};
	double channel_scales[ROLLCAST_CHANNELS_MAX];
	struct encoding to = {
		.which = row->network,
		.patch = view->model->patch,
		.channel_scales = channel_scales,
		.memory = &view->scratch->memory,
		.scratch = scratch->features,
		.inputs = scratch->inputs,
		.extras = scratch->extras,
	};
	double anchor;

	(void)state;
	if (!weights || count < view->model->lookback)
		return false;
	to.scale = scale_of(row, view);
	view_channels(view, &window, channel_scales);
	anchor = encode(&to, &window, count - 1);
	rollcast_network_forecast(weights, scratch->inputs,
				  row->network == NETWORK_SEASONAL ? scratch->extras : NULL, 1,
				  scratch->network, scratch->outputs);
	for (uint32_t h = 0; h < view->horizon; h++)
		values[h] = scratch->outputs[h];
	/* What is not finite becomes NaN: as if the expert had nothing to say. */
	for (uint32_t h = 0; h < view->horizon; h++)
		values[h] = isfinite(values[h]) ? values[h] : NAN;
	vectors()->back(values, view->horizon, anchor, to.scale, values);
	return true;
}
