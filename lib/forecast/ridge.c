/* Ridge regressions on a season of lags: see ridge.h. */
#include "lib/forecast/ridge.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "lib/forecast/solve.h"
#include "lib/forecast/vectors.h"

enum {
	ROWS_MAX = 4096, /* the latest */
	ROWS_LEAST = 40,
	LAMBDAS = 4,
};
static const double lambdas[LAMBDAS] = {1, 10, 100, 1000}; /* times the variance of the values */

#define SMALL 1e-3 /* of the mean: what a logarithm takes for zero */

/* ---- spaces ---- */

static void values_there(const double *values, size_t count, uint32_t which, double least,
			 double *ret_values)
{
	if (which == RIDGE_ROOT)
		vectors()->roots(values, count, ret_values);
	else
		vectors()->logs(values, count, least, ret_values);
}

static double back(double x, uint32_t which, double least)
{
	return which == RIDGE_ROOT ? fmax(x, 0) * fmax(x, 0) : fmax(exp(x) - least, 0);
}

static double mean_of(const double *values, size_t count)
{
	double sums[4] = {0};
	size_t i = 0;

	for (; i + 4 <= count; i += 4)
		for (int k = 0; k < 4; k++)
			sums[k] += values[i + k];
	for (; i < count; i++)
		sums[0] += values[i];
	return ((sums[0] + sums[1]) + (sums[2] + sums[3])) / (double)count;
}

/* The longest season that is not too long; 0 if there is none. */
static uint32_t lags_of(const struct feature_view *view)
{
	uint32_t lags = 0;

	for (uint32_t i = 0; i < view->season_count; i++)
		if (view->seasons[i] <= RIDGE_LAGS_MAX)
			lags = view->seasons[i];
	return lags;
}

/* ---- fitting ---- */

struct problem {
	uint32_t which, features, horizon; /* features: lags, then 1 */
	uint32_t rows;
	double *x;	/* [rows x features] */
	double *y;	/* [rows x horizon] */
	double *errors; /* [rows x horizon], scratch */
	double *series; /* the values in their space */
	double *gram, *factor, *cross, *coefficients;
	double variance; /* of the series */
};

static void problem_finish(struct problem *problem)
{
	free(problem->x);
	free(problem->y);
	free(problem->errors);
	free(problem->series);
	free(problem->gram);
	free(problem->factor);
	free(problem->cross);
	free(problem->coefficients);
}

static void problem_finish_at_scope_end(struct problem *problem)
{
	problem_finish(problem);
}

static int problem_init(struct problem *problem, uint32_t which, uint32_t lags, uint32_t horizon,
			uint32_t rows, size_t count)
{
	uint32_t features = lags + 1;
	size_t targets = (size_t)rows * horizon, square = (size_t)features * features;
	size_t all = (size_t)features * horizon;

	*problem = (struct problem){
		.which = which,
		.features = features,
		.horizon = horizon,
		.rows = rows,
		.x = malloc((size_t)rows * features * sizeof(double)),
		.y = malloc(targets * sizeof(double)),
		.errors = malloc(targets * sizeof(double)),
		.series = malloc(count * sizeof(double)),
		.gram = malloc(square * sizeof(double)),
		.factor = malloc(square * sizeof(double)),
		.cross = malloc(all * sizeof(double)),
		.coefficients = malloc(all * sizeof(double)),
	};
	return problem->x && problem->y && problem->errors && problem->series && problem->gram &&
			       problem->factor && problem->cross && problem->coefficients
		       ? 0
		       : -ENOMEM;
}

static void fill(struct problem *problem, const uint32_t *origins)
{
	uint32_t lags = problem->features - 1;

	for (uint32_t i = 0; i < problem->rows; i++) {
		const double *end = problem->series + origins[i] + 1;
		double *row = problem->x + (size_t)i * problem->features;
		double *targets = problem->y + (size_t)i * problem->horizon;
		double mean = mean_of(end - lags, lags);

		for (uint32_t k = 0; k < lags; k++)
			row[k] = end[(ptrdiff_t)k - (ptrdiff_t)lags] - mean;
		row[lags] = 1;
		for (uint32_t h = 0; h < problem->horizon; h++)
			targets[h] = end[h] - mean;
	}
}

/* The squares and products of the first `rows` rows. */
static void multiply(struct problem *problem, uint32_t rows)
{
	solve_gram(problem->x, rows, problem->features, problem->gram);
	solve_cross(problem->x, problem->y, rows, problem->features, problem->horizon,
		    problem->cross);
}

static bool solve(struct problem *problem, double lambda)
{
	return solve_ridge(problem->gram, problem->cross, problem->features, problem->horizon,
			   lambda * problem->variance, problem->factor, problem->coefficients);
}

static double holdout_error(struct problem *problem, uint32_t begin)
{
	uint32_t rows = problem->rows - begin;
	const double *y = problem->y + (size_t)begin * problem->horizon;
	double sum = 0;

	solve_predict(problem->x + (size_t)begin * problem->features, problem->coefficients, rows,
		      problem->features, problem->horizon, problem->errors);
	for (size_t i = 0; i < (size_t)rows * problem->horizon; i++)
		sum += fabs(problem->errors[i] - y[i]);
	return sum;
}

/* The lambda that forecasts the last quarter best from what had matured before. */
static double choose_lambda(struct problem *problem)
{
	uint32_t begin = problem->rows - problem->rows / 4;
	uint32_t train =
		begin > problem->horizon + ROWS_LEAST / 2 ? begin - problem->horizon : begin;
	double best = lambdas[LAMBDAS - 1], least = INFINITY;

	multiply(problem, train);
	for (int i = 0; i < LAMBDAS; i++) {
		double error =
			solve(problem, lambdas[i]) ? holdout_error(problem, begin) : INFINITY;

		if (error < least) {
			least = error;
			best = lambdas[i];
		}
	}
	return best;
}

/* Each step's coefficients in one piece: [horizon x features]. */
static int take_coefficients(const struct problem *problem, double least,
			     struct regression_fit *ret_fit)
{
	uint32_t features = problem->features, horizon = problem->horizon;
	double *coefficients = malloc((size_t)features * horizon * sizeof(*coefficients));

	if (!coefficients)
		return -ENOMEM;
	for (uint32_t h = 0; h < horizon; h++)
		for (uint32_t i = 0; i < features; i++)
			coefficients[(size_t)h * features + i] =
				problem->coefficients[(size_t)i * horizon + h];
	*ret_fit = (struct regression_fit){
		.coefficients = coefficients,
		.features = features,
		.scale = least,
	};
	return 0;
}

/* The values in their space. Returns what a logarithm takes for zero; 0 if they do not belong there. */
static double move(struct problem *problem, const double *values, size_t count)
{
	double least = SMALL * mean_of(values, count), mean, sum = 0;

	for (size_t i = 0; i < count; i++)
		if (values[i] < 0)
			return 0;
	if (!(least > 1e-290))
		return 0;
	values_there(values, count, problem->which, least, problem->series);
	mean = mean_of(problem->series, count);
	for (size_t i = 0; i < count; i++)
		sum += (problem->series[i] - mean) * (problem->series[i] - mean);
	problem->variance = sum / (double)count;
	return problem->variance > 0 ? least : 0;
}

int ridge_fit(const struct lesson *lesson, size_t count, uint32_t which,
	      struct regression_fit *ret_fit)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	uint32_t lags = lags_of(&lesson->view), first = 0, rows;
	double least;
	int r;

	*ret_fit = (struct regression_fit){0};
	while (first < lesson->origin_count && lesson->origins[first] + 1 < lags)
		first++;
	rows = lesson->origin_count - first;
	if (lags == 0 || rows < ROWS_LEAST)
		return 0;
	if (rows > ROWS_MAX) {
		first += rows - ROWS_MAX;
		rows = ROWS_MAX;
	}
	r = problem_init(&problem, which, lags, lesson->view.horizon, rows, count);
	if (r < 0)
		return r;
	least = move(&problem, lesson->view.values, count);
	if (least == 0)
		return 0;
	fill(&problem, lesson->origins + first);
	double lambda = choose_lambda(&problem);

	multiply(&problem, rows);
	return solve(&problem, lambda) ? take_coefficients(&problem, least, ret_fit) : 0;
}

bool ridge_fit_archive(struct archive *archive, const uint32_t *seasons, uint32_t season_count,
		       uint32_t horizon, struct regression_fit *fit)
{
	const struct feature_view view = {.seasons = seasons, .season_count = season_count};
	uint32_t lags = lags_of(&view);

	return regression_coefficients_archive(archive, lags ? lags + 1 : 0, horizon, fit);
}

/* ---- forecasts ---- */

bool ridge_expert_forecast(const struct expert_row *row, const struct expert_view *view,
			   const double *state, double *values)
{
	const struct regression_fit *fit = &view->fit->regressions[row->regression];
	double lags[RIDGE_LAGS_MAX], mean;
	size_t count = past_count(view->past);
	uint32_t width = fit->features - 1;

	(void)state;
	if (!fit->coefficients || count < width)
		return false;
	values_there(past_values(view->past) + count - width, width, row->regression, fit->scale,
		     lags);
	mean = mean_of(lags, width);
	for (uint32_t i = 0; i < width; i++)
		lags[i] -= mean;
	vectors()->products(fit->coefficients, fit->features, view->horizon, width, lags, values);
	for (uint32_t h = 0; h < view->horizon; h++)
		values[h] = back(values[h] + mean +
					 fit->coefficients[(size_t)h * fit->features + width],
				 row->regression, fit->scale);
	return true;
}
