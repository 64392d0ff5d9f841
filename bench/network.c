/*
 * How fast networks train and forecast: one thread, in seconds of CPU, beside the processor's measured
 * peak of fused multiply-adds and, if python3-torch is installed, beside PyTorch on the same work.
 *
 *	bench/network [--quick] [--kernels generic|avx2|avx512]
 *
 * Ours and PyTorch's runs alternate, and the best of several counts, so that whatever else the machine
 * does hits both. GFLOP/s count the products that real units need, forward and backward.
 */
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/network/kernels.h"
#include "lib/network/random.h"
#include "rollcast/network.h"

static const char torch_script[] = "bench/network_torch.py";
static const char *const cell_names[] = {"lstm", "gru", "rnn"};
static const uint32_t cell_gates[] = {4, 3, 1};

struct work {
	enum rollcast_cell cell;
	enum rollcast_activation activation;
	uint32_t hidden, lookback, batch, outputs;
};

/* PyTorch in a process of its own; without it `ask` is NULL. */
struct torch {
	FILE *ask, *answer;
	pid_t process;
};

static bool quick;
static double peak; /* GFLOP/s */

static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void fail(const char *what)
{
	fprintf(stderr, "bench/network: %s\n", what);
	exit(EXIT_FAILURE);
}

/* ---- the peak ---- */

enum { CHAINS = 12, ROUNDS = 200000 };

/* Independent chains of multiply-adds on vectors of `width` floats; returns seconds. */
#define DEFINE_PEAK(name, width, targets)                                                   \
	__attribute__((target(targets))) static double name(void)                           \
	{                                                                                   \
		typedef float vec __attribute__((vector_size(4 * (width))));                \
		vec sums[CHAINS], factor = 1.0F - (vec){0}, term = 1e-9F - (vec){0};        \
		for (int i = 0; i < CHAINS; i++)                                            \
			sums[i] = (float)i - (vec){0};                                      \
		double start = cpu_seconds();                                               \
		for (int round = 0; round < ROUNDS; round++) {                              \
			_Pragma("GCC unroll 12") for (int i = 0; i < CHAINS; i++) sums[i] = \
				sums[i] * factor + term;                                    \
			__asm__ volatile("" : "+x"(factor), "+x"(term));                    \
		}                                                                           \
		double seconds = cpu_seconds() - start;                                     \
		for (int i = 0; i < CHAINS; i++)                                            \
			__asm__ volatile("" ::"x"(sums[i]));                                \
		return seconds;                                                             \
	}

#if defined(__x86_64__)
DEFINE_PEAK(peak_sse2, 4, "sse2")
DEFINE_PEAK(peak_avx2, 8, "avx2,fma")
DEFINE_PEAK(peak_avx512, 16, "avx512f,avx512vl,fma,prefer-vector-width=512")
#endif

static double measure_peak(void)
{
	double best = 0;
#if defined(__x86_64__)
	uint32_t width = kernels_for(1024)->width;

	for (int i = 0; i < 20; i++) {
		double seconds = width == 16  ? peak_avx512()
				 : width == 8 ? peak_avx2()
					      : peak_sse2();
		double rate = 2e-9 * CHAINS * ROUNDS * width / seconds;

		best = rate > best ? rate : best;
	}
#endif
	return best;
}

/* ---- PyTorch ---- */

static void run_torch(int in, int out)
{
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	closefrom(STDERR_FILENO + 1);
	execl("/usr/bin/python3", "python3", torch_script, NULL);
	_exit(EXIT_FAILURE);
}

static struct torch torch_start(void)
{
	struct torch torch = {0};
	int to[2], from[2];
	char version[64];

	if (pipe(to) || pipe(from))
		fail("pipe");
	torch.process = fork();
	if (torch.process == 0)
		run_torch(to[0], from[1]);
	close(to[0]);
	close(from[1]);
	torch.ask = fdopen(to[1], "w");
	torch.answer = fdopen(from[0], "r");
	if (fgets(version, sizeof(version), torch.answer)) {
		version[strcspn(version, "\n")] = '\0';
		printf("beside PyTorch %s, one thread\n", version);
		return torch;
	}
	printf("without PyTorch\n");
	fclose(torch.ask);
	torch.ask = NULL;
	return torch;
}

static void torch_stop(struct torch *torch)
{
	if (torch->ask)
		fclose(torch->ask);
	fclose(torch->answer);
	waitpid(torch->process, NULL, 0);
}

/* ---- our side ---- */

static float *random_values(size_t count)
{
	struct random random;
	float *values = malloc(count * sizeof(*values));

	random_init(&random, 1);
	for (size_t i = 0; i < count; i++)
		values[i] = (float)random_normal(&random);
	return values;
}

static struct rollcast_weights *weights_of(const struct work *work)
{
	struct rollcast_weights *weights = NULL;
	struct rollcast_shape shape = {.cell = work->cell,
				       .activation = work->activation,
				       .layers = 1,
				       .hidden = work->hidden,
				       .channels = 1,
				       .lookback = work->lookback,
				       .outputs = work->outputs};

	if (rollcast_weights_create(&shape, 1, &weights) < 0)
		fail("no memory");
	return weights;
}

static struct rollcast_trainer *trainer_of(const struct work *work)
{
	struct rollcast_weights *weights = weights_of(work);
	struct rollcast_training training = {.loss = ROLLCAST_LOSS_MSE};
	struct rollcast_trainer *trainer = NULL;

	if (rollcast_trainer_create(weights, &training, &trainer) < 0)
		fail("no memory");
	rollcast_weights_unref(weights);
	return trainer;
}

static void step(struct rollcast_trainer *trainer, const struct rollcast_batch *batch)
{
	float loss;

	if (rollcast_trainer_step(trainer, batch, 1e-3F, &loss))
		fail("diverged");
}

/* Repeats `run` on `context` for a while; the best seconds of one run. */
static double best_seconds(void (*run)(void *context), void *context, double budget)
{
	double best = 1e9, start = cpu_seconds(), before = start, now;

	do {
		run(context);
		now = cpu_seconds();
		best = now - before < best ? now - before : best;
		before = now;
	} while (now - start < budget);
	return best;
}

/* PyTorch's seconds for one run of a work whose line is `line` without the number of runs. */
static double torch_seconds(const struct torch *torch, const char *line, int runs)
{
	double seconds;

	if (!torch->ask)
		return 0;
	fprintf(torch->ask, "%s %d\n", line, runs);
	fflush(torch->ask);
	if (fscanf(torch->answer, "%lf", &seconds) != 1)
		fail("PyTorch failed");
	return seconds / runs;
}

/* Ours and PyTorch's best, in turns. */
static void compare(void (*run)(void *context), void *context, const struct torch *torch,
		    const char *line, int torch_runs, double *ret_ours, double *ret_torch)
{
	*ret_ours = *ret_torch = 1e9;
	run(context);
	for (int turn = 0; turn < (quick ? 1 : 3); turn++) {
		double ours = best_seconds(run, context, quick ? 0.02 : 0.05);
		double other = torch_seconds(torch, line, torch_runs);

		*ret_ours = ours < *ret_ours ? ours : *ret_ours;
		*ret_torch = other < *ret_torch ? other : *ret_torch;
	}
}

static void print_ratio(double ours, double torch)
{
	if (torch > 0)
		printf(" %7.1fx\n", torch / ours);
	else
		printf("\n");
}

/* ---- training ---- */

struct training_run {
	struct rollcast_trainer *trainer;
	struct rollcast_batch batch;
};

static void training_run(void *context)
{
	struct training_run *run = context;

	step(run->trainer, &run->batch);
}

/* Multiplications and additions that a window's training needs. */
static double training_flops(const struct work *work)
{
	double gates = cell_gates[work->cell], hidden = work->hidden;

	return work->lookback * (4 * gates * hidden * (1 + hidden) + 2 * gates * hidden * hidden) +
	       6 * hidden * work->outputs;
}

static void bench_training(const struct work *work, const struct torch *torch)
{
	float *inputs = random_values((size_t)work->batch * work->lookback);
	float *targets = random_values((size_t)work->batch * work->outputs);
	struct training_run run = {trainer_of(work), {inputs, NULL, targets, work->batch}};
	double ours, other;
	char line[128];

	snprintf(line, sizeof(line), "train %s %u %u %u %u", cell_names[work->cell], work->hidden,
		 work->lookback, work->batch, work->outputs);
	compare(training_run, &run, torch, line, work->hidden < 64 ? 5 : 2, &ours, &other);
	double rate = work->batch / ours, speed = 1e-9 * rate * training_flops(work);

	printf("%-4s %6u %8u %5u %10.0f %8.1f", cell_names[work->cell], work->hidden,
	       work->lookback, work->batch, rate, speed);
	if (peak > 0)
		printf(" %5.0f %%", 100 * speed / peak);
	print_ratio(ours, other);
	fflush(stdout);
	rollcast_trainer_destroy(run.trainer);
	free(inputs);
	free(targets);
}

static void bench_trainings(const struct torch *torch)
{
	static const uint32_t hidden[] = {8, 16, 32, 64, 128}, lookback[] = {10, 48, 96};
	static const uint32_t batch[] = {32, 256};

	printf("\ntraining, 12 outputs, Adam\n"
	       "cell hidden lookback batch  windows/s  GFLOP/s  of peak  PyTorch\n");
	for (int cell = 0; cell < 3; cell++)
		for (int h = 0; h < 5; h++)
			for (int l = 0; l < 3; l++)
				for (int b = 0; b < 2; b++) {
					struct work work = {cell,	 0,	   hidden[h],
							    lookback[l], batch[b], 12};

					if (!quick || (l == 1 + (h == 4) && h >= 1))
						bench_training(&work, torch);
				}
}

/* ---- the tutorial's job: one step ahead, all windows in batches of 32, 100 epochs ---- */

enum { JOB_WINDOWS = 107, JOB_LOOKBACK = 10, JOB_HIDDEN = 50, JOB_BATCH = 32, JOB_EPOCHS = 100 };

struct job_run {
	struct work work;
	float *series;
};

static void job_run(void *context)
{
	const struct job_run *run = context;
	struct rollcast_trainer *trainer = trainer_of(&run->work);
	float inputs[JOB_BATCH * JOB_LOOKBACK], targets[JOB_BATCH];
	struct random random;
	uint32_t order[JOB_WINDOWS];

	random_init(&random, 1);
	for (uint32_t i = 0; i < JOB_WINDOWS; i++)
		order[i] = i;
	for (int epoch = 0; epoch < JOB_EPOCHS; epoch++) {
		for (uint32_t i = JOB_WINDOWS - 1; i > 0; i--) {
			uint32_t other = random_next(&random) % (i + 1), kept = order[i];

			order[i] = order[other];
			order[other] = kept;
		}
		for (uint32_t begin = 0; begin < JOB_WINDOWS; begin += JOB_BATCH) {
			struct rollcast_batch batch = {inputs, NULL, targets, 0};

			for (uint32_t i = begin; i < JOB_WINDOWS && i < begin + JOB_BATCH; i++) {
				memcpy(inputs + batch.count * JOB_LOOKBACK, run->series + order[i],
				       JOB_LOOKBACK * sizeof(float));
				targets[batch.count++] = run->series[order[i] + JOB_LOOKBACK];
			}
			step(trainer, &batch);
		}
	}
	rollcast_trainer_destroy(trainer);
}

static void bench_jobs(const struct torch *torch)
{
	float *series = random_values(JOB_WINDOWS + JOB_LOOKBACK);

	printf("\nthe tutorial's job: 107 windows of 10, hidden 50, batch 32, 100 epochs "
	       "(PyTorch's "
	       "LSTM and GRU have tanh only)\ncell activation    seconds  PyTorch\n");
	for (int cell = 0; cell < 3; cell++)
		for (int activation = 0; activation < 2; activation++) {
			struct job_run run = {
				{cell, activation, JOB_HIDDEN, JOB_LOOKBACK, JOB_BATCH, 1}, series};
			double ours, other;
			char line[64];

			snprintf(line, sizeof(line), "job %s %d %d %d %d", cell_names[cell],
				 JOB_HIDDEN, JOB_LOOKBACK, JOB_WINDOWS, JOB_BATCH);
			compare(job_run, &run, torch, line, JOB_EPOCHS, &ours, &other);
			printf("%-4s %-10s %10.4f", cell_names[cell], activation ? "relu" : "tanh",
			       ours);
			print_ratio(ours, other * JOB_EPOCHS);
		}
	free(series);
}

/* ---- forecasts ---- */

struct forecast_run {
	struct rollcast_weights *weights;
	float *inputs, *scratch, *outputs;
	uint32_t count;
};

static void forecast_run(void *context)
{
	const struct forecast_run *run = context;

	for (int i = 0; i < 100; i++)
		rollcast_network_forecast(run->weights, run->inputs, NULL, run->count, run->scratch,
					  run->outputs);
}

static void bench_forecast(const struct work *work, const struct torch *torch)
{
	struct forecast_run run = {.weights = weights_of(work), .count = work->batch};
	double ours, other;
	char line[128];

	run.inputs = random_values((size_t)work->batch * work->lookback);
	run.outputs = random_values((size_t)work->batch * work->outputs);
	run.scratch =
		malloc(sizeof(float) *
		       rollcast_network_scratch(rollcast_weights_shape(run.weights), work->batch));
	snprintf(line, sizeof(line), "forecast %s %u %u %u %u", cell_names[work->cell],
		 work->hidden, work->lookback, work->batch, work->outputs);
	compare(forecast_run, &run, torch, line, 10, &ours, &other);
	printf("%-4s %6u %8u %5u %10.2f %11.0f", cell_names[work->cell], work->hidden,
	       work->lookback, work->batch, ours * 1e4, work->batch / ours * 100);
	print_ratio(ours / 100, other);
	fflush(stdout);
	rollcast_weights_unref(run.weights);
	free(run.inputs);
	free(run.outputs);
	free(run.scratch);
}

static void bench_forecasts(const struct torch *torch)
{
	static const uint32_t hidden[] = {16, 32, 64}, count[] = {1, 256};

	printf("\nforecasts of windows that share weights, 12 outputs\n"
	       "cell hidden lookback count    us/call   windows/s  PyTorch\n");
	for (int cell = 0; cell < 3; cell++)
		for (int h = 0; h < 3; h++)
			for (int c = 0; c < 2; c++) {
				struct work work = {cell, 0, hidden[h], 48, count[c], 12};

				bench_forecast(&work, torch);
			}
}

static void read_arguments(int count, char **words)
{
	for (int i = 1; i < count; i++) {
		if (strcmp(words[i], "--quick") == 0)
			quick = true;
		else if (strcmp(words[i], "--kernels") != 0 || ++i == count)
			fail("usage: bench/network [--quick] [--kernels generic|avx2|avx512]");
		else if (kernels_select(words[i]) < 0)
			fail("this processor has no such kernels");
	}
}

int main(int count, char **words)
{
	read_arguments(count, words);
	/* They would make OpenBLAS, ours and PyTorch's, use kernels of an older processor. */
	unsetenv("OPENBLAS_CORETYPE");
	unsetenv("OPENBLAS_L2_SIZE");
	openblas_set_num_threads(1);
	peak = measure_peak();
	printf("kernels %s, peak %.0f GFLOP/s, OpenBLAS %s\n", kernels_for(1024)->name, peak,
	       openblas_get_corename());
	fflush(stdout);
	struct torch torch = torch_start();

	bench_trainings(&torch);
	bench_jobs(&torch);
	bench_forecasts(&torch);
	torch_stop(&torch);
	return EXIT_SUCCESS;
}
