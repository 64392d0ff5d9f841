/* Direct linear autoregressions: see regression.h. */
#include "lib/forecast/regression.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/forecast/medians.h"
#include "lib/forecast/solve.h"
#include "lib/forecast/transform.h"
#include "lib/forecast/vectors.h"

enum {
	PER_SEASON = 4, /* the same phase a season ago, its two neighbours, two seasons ago */
	ROWS_MAX = 8192,
	ROWS_LEAST = 40,
	REWEIGHTINGS = 4,
	BLOCKS_MAX = 12, /* of steps that share their weights */
	LAMBDAS = 6,
	LATEST = 4,
	LEVELS = MEDIANS,
	LEVELS_MOST = LATEST + LEVELS + 2 * ROLLCAST_SEASONS_MAX,
	SEASON_WIDTH = 6,
};
static const double lambdas[LAMBDAS] = {0.01, 0.1, 1, 10, 100, 1000};

/* ---- features ---- */

static const struct {
	enum feature_anchor anchor;
	bool levels; /* else lags */
	bool seasonal;
} kinds[FIT_REGRESSIONS] = {
	[REGRESSION_LAGS] = {FEATURE_ANCHOR_LAST, false, false},
	[REGRESSION_SEASONAL] = {FEATURE_ANCHOR_LAST, false, true},
	[REGRESSION_MEDIAN] = {FEATURE_ANCHOR_MEDIAN, false, false},
	[REGRESSION_LEVELS] = {FEATURE_ANCHOR_MEDIAN, true, false},
	[REGRESSION_LEVELS_SEASONAL] = {FEATURE_ANCHOR_MEDIAN, true, true},
};

static uint32_t past_features(const struct feature_view *view, uint32_t which)
{
	if (!kinds[which].levels)
		return view->lookback;
	return LATEST + LEVELS + (kinds[which].seasonal ? 2 * view->season_count : 0);
}

static uint32_t feature_count(const struct feature_view *view, uint32_t which)
{
	return past_features(view, which) + 1 +
	       (kinds[which].seasonal ? view->season_count * PER_SEASON + FEATURE_WAVES : 0);
}

/*
 * Levels over ever longer times (heterogeneous autoregression, Corsi 2009), and a season ago. `medians`:
 * those of the origin, if they are known.
 */
static uint32_t gather_levels(const struct feature_view *view, bool seasonal, size_t origin,
			      const double *medians, double *raw)
{
	const double *end = view->values + origin + 1;
	uint32_t count = 0;

	for (uint32_t i = 0; i < LATEST; i++)
		raw[count++] = origin >= i ? end[-1 - (ptrdiff_t)i] : *view->values;
	for (uint32_t i = 0; i < LEVELS; i++)
		raw[count++] =
			medians ? medians[i] : transform_median(end, origin + 1, medians_widths[i]);
	for (uint32_t i = 0; seasonal && i < view->season_count; i++) {
		size_t then = origin >= view->seasons[i] ? origin - view->seasons[i] : origin;

		raw[count++] = view->values[then];
		raw[count++] = transform_median(view->values + then + 1, then + 1, SEASON_WIDTH);
	}
	return count;
}

static void encode_past(const struct feature_view *view, uint32_t which, size_t origin,
			double anchor, double scale, double *features)
{
	const double *raw = view->values + origin + 1 - view->lookback;
	double levels[LEVELS_MOST];
	uint32_t count = view->lookback;

	if (kinds[which].levels) {
		count = gather_levels(view, kinds[which].seasonal, origin, NULL, levels);
		raw = levels;
	}
	vectors()->there(raw, count, anchor, scale, features);
}

/* A neighbour of the same phase, in the past even if the phase itself is hardly. */
static double neighbour(const struct feature_view *view, size_t origin, uint32_t ahead,
			uint32_t season, int offset)
{
	size_t back = (size_t)((ahead + season - 1) / season) * season;
	ptrdiff_t index = (ptrdiff_t)(origin + ahead) - (ptrdiff_t)back + offset;

	if (index > (ptrdiff_t)origin)
		index -= season;
	return view->values[index >= 0 ? (size_t)index : origin];
}

/* What was there seasons before step `ahead`; returns the end. */
static double *gather_seasons(const struct feature_view *view, size_t origin, uint32_t ahead,
			      double *raw)
{
	for (uint32_t i = 0; i < view->season_count; i++) {
		double before = feature_season_ago(view, origin, ahead, view->seasons[i], 2);

		for (int offset = -1; offset <= 1; offset++)
			*raw++ = neighbour(view, origin, ahead, view->seasons[i], offset);
		*raw = isnan(before) ? raw[-2] : before;
		raw++;
	}
	return raw;
}

/* The features of step `ahead` beyond the past. */
static void encode_seasons(const struct feature_view *view, size_t origin, uint32_t ahead,
			   double anchor, double scale, double *features)
{
	double raw[ROLLCAST_SEASONS_MAX * PER_SEASON];
	uint32_t count = (uint32_t)(gather_seasons(view, origin, ahead, raw) - raw);
	double phase = feature_phase(view, origin + ahead);

	vectors()->there(raw, count, anchor, scale, features);
	features += count;
	for (int i = 1; i <= FEATURE_WAVES / 2; i++) {
		*features++ = sin(i * phase);
		*features++ = cos(i * phase);
	}
}

/* ---- fitting ---- */

struct problem {
	const struct lesson *lesson;
	uint32_t which, features, horizon;
	uint32_t rows;
	const uint32_t *origins;	       /* [rows] */
	double *x;			       /* [rows x features] */
	double *y;			       /* [rows x horizon] */
	double *anchors;		       /* [rows] */
	double *weighted_x, *block_y, *errors; /* scratch: as x, y, y */
	double *gram, *factor, *cross, *block; /* [features x (features or horizon)] */
};

static void problem_finish(struct problem *problem)
{
	free(problem->x);
	free(problem->y);
	free(problem->anchors);
	free(problem->weighted_x);
	free(problem->block_y);
	free(problem->errors);
	free(problem->gram);
	free(problem->factor);
	free(problem->cross);
	free(problem->block);
}

static void problem_finish_at_scope_end(struct problem *problem)
{
	problem_finish(problem);
}

static int problem_init(struct problem *problem, const struct lesson *lesson, uint32_t which)
{
	uint32_t features = feature_count(&lesson->view, which), horizon = lesson->view.horizon;
	uint32_t rows = lesson->origin_count < ROWS_MAX ? lesson->origin_count : ROWS_MAX;
	uint32_t wide = features > horizon ? features : horizon;
	size_t cells = (size_t)rows * features, targets = (size_t)rows * horizon;
	size_t square = (size_t)features * features;

	*problem = (struct problem){
		.lesson = lesson,
		.which = which,
		.features = features,
		.horizon = horizon,
		.rows = rows,
		.origins = lesson->origins + (lesson->origin_count - rows),
		.x = malloc(cells * sizeof(double)),
		.y = malloc(targets * sizeof(double)),
		.anchors = malloc(rows * sizeof(double)),
		.weighted_x = malloc(cells * sizeof(double)),
		.block_y = malloc(targets * sizeof(double)),
		.errors = malloc(targets * sizeof(double)),
		.gram = malloc(square * sizeof(double)),
		.factor = malloc(square * sizeof(double)),
		.cross = malloc((size_t)features * wide * sizeof(double)),
		.block = malloc((size_t)features * wide * sizeof(double)),
	};
	if (problem->x && problem->y && problem->anchors && problem->weighted_x &&
	    problem->block_y && problem->errors && problem->gram && problem->factor &&
	    problem->cross && problem->block)
		return 0;
	return -ENOMEM;
}

/* Everything that does not depend on the step: lags, targets, the constant. */
static void fill(struct problem *problem)
{
	const struct feature_view *view = &problem->lesson->view;
	double scale = problem->lesson->scale;

	for (uint32_t i = 0; i < problem->rows; i++) {
		size_t origin = problem->origins[i];
		double *row = problem->x + (size_t)i * problem->features;
		double *targets = problem->y + (size_t)i * problem->horizon;
		double anchor = feature_anchor(view, kinds[problem->which].anchor, origin);

		problem->anchors[i] = anchor;
		encode_past(view, problem->which, origin, anchor, scale, row);
		row[problem->features - 1] = 1;
		for (uint32_t h = 0; h < problem->horizon; h++)
			targets[h] = transform_there(view->values[origin + 1 + h], anchor, scale);
	}
}

/* Features of one step of the horizon, where they differ from step to step. */
static void fill_step(struct problem *problem, uint32_t step)
{
	const struct feature_view *view = &problem->lesson->view;

	if (!kinds[problem->which].seasonal)
		return;
	for (uint32_t i = 0; i < problem->rows; i++)
		encode_seasons(view, problem->origins[i], step + 1, problem->anchors[i],
			       problem->lesson->scale,
			       problem->x + (size_t)i * problem->features +
				       past_features(view, problem->which));
}

/* Columns first..first + count of y, gathered. */
static void gather(const struct problem *problem, uint32_t first, uint32_t count, double *y)
{
	for (uint32_t i = 0; i < problem->rows; i++)
		memcpy(y + (size_t)i * count, problem->y + (size_t)i * problem->horizon + first,
		       count * sizeof(*y));
}

/* Mean absolute error on the last rows, in units of the scale. */
static double holdout_error(struct problem *problem, uint32_t begin, const double *y)
{
	uint32_t rows = problem->rows - begin;
	double sum = 0;

	solve_predict(problem->x + (size_t)begin * problem->features, problem->block, rows,
		      problem->features, 1, problem->errors);
	for (uint32_t i = 0; i < rows; i++)
		sum += fabs(transform_back(problem->errors[i], 0, 1) -
			    transform_back(y[begin + i], 0, 1));
	return sum / rows;
}

/* The lambda that forecasts the last quarter best from the rest, over three steps of the horizon. */
static double choose_lambda(struct problem *problem)
{
	uint32_t steps[3] = {0, problem->horizon / 2, problem->horizon - 1};
	uint32_t test = problem->rows / 4 > 20 ? problem->rows / 4 : 20;
	uint32_t begin = problem->rows - test;
	/* Targets of the last training rows must not reach into the test. */
	uint32_t train = begin > problem->horizon + 20 ? begin - problem->horizon : begin;
	double errors[LAMBDAS] = {0};
	int best = 0;

	for (int k = 0; k < 3; k++) {
		double *y = problem->block_y;

		if (k > 0 && steps[k] == steps[k - 1])
			continue;
		fill_step(problem, steps[k]);
		gather(problem, steps[k], 1, y);
		solve_gram(problem->x, train, problem->features, problem->gram);
		solve_cross(problem->x, y, train, problem->features, 1, problem->cross);
		for (int i = 0; i < LAMBDAS; i++)
			errors[i] += solve_ridge(problem->gram, problem->cross, problem->features,
						 1, lambdas[i], problem->factor, problem->block)
					     ? holdout_error(problem, begin, y)
					     : INFINITY;
	}
	for (int i = 1; i < LAMBDAS; i++)
		if (errors[i] < errors[best])
			best = i;
	return lambdas[best];
}

/* Rows of x and y, times the root of the row's weight: one over its mean absolute error. */
static void reweight(struct problem *problem, uint32_t count, const double *y)
{
	uint32_t features = problem->features;
	double usual = 0, least;

	for (uint32_t i = 0; i < problem->rows; i++) {
		double *error = problem->errors + (size_t)i * count;
		double sum = 0;

		for (uint32_t h = 0; h < count; h++)
			sum += fabs(error[h] - y[(size_t)i * count + h]);
		error[0] = sum / count;
		usual += error[0] / problem->rows;
	}
	least = 0.05 * usual + 1e-12;
	for (uint32_t i = 0; i < problem->rows; i++) {
		double error = problem->errors[(size_t)i * count];
		double root = sqrt(usual / (error > least ? error : least));

		for (uint32_t j = 0; j < features; j++)
			problem->weighted_x[(size_t)i * features + j] =
				root * problem->x[(size_t)i * features + j];
		for (uint32_t h = 0; h < count; h++)
			problem->errors[(size_t)i * count + h] = root * y[(size_t)i * count + h];
	}
}

/* Coefficients of a block of steps into problem->block [features x count]. */
static bool fit_block(struct problem *problem, uint32_t first, uint32_t count, double lambda)
{
	uint32_t features = problem->features;
	double *y = problem->block_y;

	gather(problem, first, count, y);
	solve_gram(problem->x, problem->rows, features, problem->gram);
	solve_cross(problem->x, y, problem->rows, features, count, problem->cross);
	if (!solve_ridge(problem->gram, problem->cross, features, count, lambda, problem->factor,
			 problem->block))
		return false;
	for (int i = 0; i < REWEIGHTINGS; i++) {
		solve_predict(problem->x, problem->block, problem->rows, features, count,
			      problem->errors);
		reweight(problem, count, y);
		solve_gram(problem->weighted_x, problem->rows, features, problem->gram);
		solve_cross(problem->weighted_x, problem->errors, problem->rows, features, count,
			    problem->cross);
		if (!solve_ridge(problem->gram, problem->cross, features, count, lambda,
				 problem->factor, problem->block))
			return false;
	}
	return true;
}

/* Each step's coefficients in one piece: [horizon x features]. */
static bool fit_all(struct problem *problem, double lambda, double *coefficients)
{
	uint32_t horizon = problem->horizon, features = problem->features;
	uint32_t size = (horizon + BLOCKS_MAX - 1) / BLOCKS_MAX;

	if (kinds[problem->which].seasonal)
		size = 1;
	for (uint32_t first = 0; first < horizon; first += size) {
		uint32_t count = horizon - first < size ? horizon - first : size;

		fill_step(problem, first);
		if (!fit_block(problem, first, count, lambda))
			return false;
		for (uint32_t h = 0; h < count; h++)
			for (uint32_t i = 0; i < features; i++)
				coefficients[(size_t)(first + h) * features + i] =
					problem->block[(size_t)i * count + h];
	}
	return true;
}

int regression_fit(const struct lesson *lesson, uint32_t which, struct regression_fit *ret_fit)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(free) double *coefficients = NULL;
	int r;

	*ret_fit = (struct regression_fit){0};
	if (lesson->origin_count < ROWS_LEAST ||
	    (kinds[which].seasonal && lesson->view.season_count == 0))
		return 0;
	r = problem_init(&problem, lesson, which);
	if (r < 0)
		return r;
	coefficients = malloc((size_t)problem.horizon * problem.features * sizeof(double));
	if (!coefficients)
		return -ENOMEM;
	fill(&problem);
	if (fit_all(&problem, choose_lambda(&problem), coefficients))
		*ret_fit = (struct regression_fit){
			.coefficients = STEAL(coefficients),
			.features = problem.features,
			.scale = lesson->scale,
		};
	return 0;
}

void regression_fit_finish(struct regression_fit *fit)
{
	free(fit->coefficients);
	*fit = (struct regression_fit){0};
}

/* ---- saving and loading ---- */

bool regression_coefficients_archive(struct archive *archive, uint32_t features, uint32_t horizon,
				     struct regression_fit *fit)
{
	uint32_t as_saved = fit->features;
	bool fitted = fit->coefficients;
	size_t count;

	archive_flag(archive, &fitted);
	if (!fitted || archive->error)
		return true;
	archive_value(archive, &as_saved);
	archive_finite(archive, &fit->scale, 1);
	count = archive_count(archive, (size_t)horizon * features, sizeof(double));
	if (as_saved != features || count != (size_t)horizon * features)
		return false;
	archive_check(archive, fit->scale > 0);
	if (archive_is_loading(archive) && !archive->error) {
		fit->features = features;
		fit->coefficients = malloc(count * sizeof(double));
		if (!fit->coefficients)
			archive->error = -ENOMEM;
	}
	archive_finite(archive, fit->coefficients, count);
	return true;
}

bool regression_fit_archive(struct archive *archive, uint32_t which, uint32_t lookback,
			    uint32_t horizon, uint32_t season_count, struct regression_fit *fit)
{
	const struct feature_view view = {.lookback = lookback, .season_count = season_count};

	return regression_coefficients_archive(archive, feature_count(&view, which), horizon, fit);
}

/* ---- forecasts ---- */

size_t regression_scratch(uint32_t horizon)
{
	return 2 * (size_t)horizon * ROLLCAST_SEASONS_MAX * PER_SEASON;
}

/* The past's share of each step ahead, in model units; the anchor in *ret_anchor. */
static void add_past(const struct expert_view *view, const struct feature_view *window,
		     uint32_t which, const struct regression_fit *fit, double *ret_anchor,
		     double *values)
{
	size_t origin = past_count(view->past) - 1;
	double levels[LEVELS_MOST], medians[LEVELS], encoded[LEVELS_MOST];
	const double *features;
	uint32_t count;

	features = feature_lags(&view->scratch->memory, window, kinds[which].anchor, origin,
				fit->scale, ret_anchor);
	if (kinds[which].levels) {
		for (uint32_t i = 0; i < LEVELS; i++)
			medians[i] = past_median(view->past, i);
		count = gather_levels(window, kinds[which].seasonal, origin, medians, levels);
		vectors()->there(levels, count, *ret_anchor, fit->scale, encoded);
		features = encoded;
	}
	vectors()->products(fit->coefficients, fit->features, view->horizon,
			    past_features(window, which), features, values);
	for (uint32_t h = 0; h < view->horizon; h++)
		values[h] += fit->coefficients[(size_t)(h + 1) * fit->features - 1];
}

/* The share of what was there seasons ago, and of the phase. */
static void add_seasons(const struct expert_view *view, const struct feature_view *window,
			uint32_t which, const struct regression_fit *fit, double anchor,
			double *values)
{
	size_t origin = past_count(view->past) - 1;
	uint32_t width = window->season_count * PER_SEASON;
	const double *waves = feature_waves(&view->scratch->memory, window, origin);
	double *raw = view->scratch->features, *end = raw;
	double *encoded = raw + (size_t)view->horizon * ROLLCAST_SEASONS_MAX * PER_SEASON;

	for (uint32_t h = 0; h < view->horizon; h++)
		end = gather_seasons(window, origin, h + 1, end);
	vectors()->there(raw, (size_t)(end - raw), anchor, fit->scale, encoded);
	for (uint32_t h = 0; h < view->horizon; h++) {
		const double *coefficients = fit->coefficients + (size_t)h * fit->features +
					     past_features(window, which);
		double sum = 0;

		for (uint32_t i = 0; i < width; i++)
			sum += coefficients[i] * encoded[(size_t)h * width + i];
		for (uint32_t i = 0; i < FEATURE_WAVES; i++)
			sum += coefficients[width + i] * waves[(size_t)h * FEATURE_WAVES + i];
		values[h] += sum;
	}
}

bool regression_expert_forecast(const struct expert_row *row, const struct expert_view *view,
				const double *state, double *values)
{
	const struct regression_fit *fit = &view->fit->regressions[row->regression];
	size_t count = past_count(view->past);
	struct feature_view window = {
		.lookback = view->model->lookback,
		.horizon = view->horizon,
		.seasons = view->fit->seasons,
		.season_count = view->fit->season_count,
		.values = past_values(view->past),
		.first_step = view->past->time_us / view->step_us - (int64_t)count + 1,
	};
	double anchor;

	(void)state;
	if (!fit->coefficients || count < window.lookback)
		return false;
	add_past(view, &window, row->regression, fit, &anchor, values);
	if (kinds[row->regression].seasonal)
		add_seasons(view, &window, row->regression, fit, anchor, values);
	vectors()->back(values, view->horizon, anchor, fit->scale, values);
	return true;
}
