/*
 * gnuplot reads a script from a pipe and writes to a file that is opened here, so that no name of a
 * file has to be quoted and no shell is between.
 */
#include "cli/plot.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Okabe and Ito's palette: told apart with any eyes, on white. */
static const char *const colours[] = {"#0072B2", "#E69F00", "#009E73",
				      "#CC79A7", "#56B4E9", "#D55E00"};
enum { COLOURS = sizeof(colours) / sizeof(colours[0]) };

static bool ends_in(const char *path, const char *ending)
{
	size_t length = strlen(path), tail = strlen(ending);

	return length > tail && !strcasecmp(path + length - tail, ending);
}

bool plot_can_write(const char *path)
{
	return ends_in(path, ".svg") || ends_in(path, ".png");
}

/* In single quotes only the quote itself means something, and it is doubled. */
static void write_quoted(FILE *script, const char *text)
{
	fputc('\'', script);
	for (; *text; text++) {
		if (*text == '\'')
			fputc('\'', script);
		fputc((unsigned char)*text < ' ' ? ' ' : *text, script);
	}
	fputc('\'', script);
}

static void write_time(FILE *script, const struct plot *plot, size_t index)
{
	int64_t seconds = plot->times_us[index] / 1000000;
	char text[64];
	time_t time = (time_t)seconds;
	struct tm tm;

	if (!plot->has_times) {
		fprintf(script, "%lld", (long long)seconds);
		return;
	}
	gmtime_r(&time, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	fprintf(script, "%s.%06d", text, (int)(plot->times_us[index] % 1000000));
}

/* Dates as coarse as the span needs them. */
static const char *axis_format(const struct plot *plot)
{
	double days = (double)(plot->times_us[plot->count - 1] - plot->times_us[0]) / 86400e6;

	if (days > 6 * 365)
		return "%Y";
	if (days > 100)
		return "%b\\n%Y";
	if (days > 3)
		return "%d %b\\n%Y";
	return days * 86400 > 1200 ? "%H:%M\\n%d %b" : "%H:%M:%S\\n%d %b";
}

static void write_data(FILE *script, const struct plot *plot)
{
	fputs("$data << END\n", script);
	for (size_t i = 0; i < plot->count; i++) {
		write_time(script, plot, i);
		for (size_t j = 0; j < plot->line_count; j++) {
			double value = plot->lines[j].values[i];

			if (isfinite(value))
				fprintf(script, " %.9g", value);
			else
				fputs(" ?", script);
		}
		fputc('\n', script);
	}
	fputs("END\n", script);
}

static void write_style(FILE *script, enum plot_style style, int *models, int *baselines)
{
	if (style == PLOT_ACTUAL)
		fputs(" with linespoints linecolor '#000000' linewidth 2 pointtype 7 pointsize 0.4",
		      script);
	else if (style == PLOT_MODEL) {
		fprintf(script, " with lines linecolor '%s' linewidth 2.2 dashtype %d",
			colours[*models % COLOURS], *models / COLOURS + 1);
		++*models;
	} else {
		fprintf(script, " with lines linecolor '#8a8a8a' linewidth 1.4 dashtype %d",
			2 + *baselines);
		++*baselines;
	}
}

static void write_script(FILE *script, const struct plot *plot, bool svg)
{
	int models = 0, baselines = 0;

	fputs(svg ? "set terminal svg size 900,480 noenhanced font 'sans-serif,13' background "
		    "'#ffffff'\n"
		  : "set terminal pngcairo size 1350,720 noenhanced fontscale 1.5 background "
		    "'#ffffff'\n",
	      script);
	fputs("set encoding utf8\nset datafile missing '?'\nset border 3 linecolor '#444444'\n"
	      "set tics nomirror out textcolor '#222222'\n"
	      "set grid linecolor '#d0d0d0' linewidth 1 dashtype 1\n"
	      "set key outside below center horizontal reverse Left samplen 2.5 spacing 1.3\n"
	      "set autoscale xfix\nset offsets graph 0.01, graph 0.01, graph 0.05, graph 0.05\n",
	      script);
	if (plot->has_times)
		fprintf(script,
			"set xdata time\nset timefmt '%%Y-%%m-%%dT%%H:%%M:%%S'\n"
			"set format x \"%s\"\n",
			axis_format(plot));
	fputs("set title ", script);
	write_quoted(script, plot->title);
	fputs("\nset xlabel ", script);
	write_quoted(script, plot->x_label);
	fputs("\nset ylabel ", script);
	write_quoted(script, plot->y_label);
	fputc('\n', script);
	write_data(script, plot);
	fputs("plot", script);
	for (size_t i = 0; i < plot->line_count; i++) {
		const struct plot_line *line = &plot->lines[i];
		bool band = line->style == PLOT_BAND && i + 1 < plot->line_count;

		fprintf(script, "%s $data using 1:%zu", i ? "," : "", i + 2);
		if (band)
			fprintf(script, ":%zu", ++i + 2);
		fputs(" title ", script);
		write_quoted(script, line->title);
		if (band)
			fprintf(script,
				" with filledcurves fillcolor '%s' fillstyle transparent solid 0.2",
				colours[models % COLOURS]);
		else
			write_style(script, line->style, &models, &baselines);
	}
	fputc('\n', script);
}

/* gnuplot with `input` as its standard input and `output` as its standard output. */
static int spawn_gnuplot(int input, int output, pid_t *ret_pid)
{
	char name[] = "gnuplot";
	char *arguments[] = {name, NULL};
	posix_spawn_file_actions_t actions;
	int r;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	r = posix_spawnp(ret_pid, name, &actions, NULL, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

static int draw(const struct plot *plot, bool svg, int output)
{
	int ends[2], r;
	FILE *script;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	r = spawn_gnuplot(ends[0], output, &pid);
	close(ends[0]);
	script = fdopen(ends[1], "w");
	if (r || !script) {
		close(ends[1]);
		return r ? r : -ENOMEM;
	}
	write_script(script, plot, svg);
	fclose(script);
	return wait_for(pid);
}

int plot_write(const char *program, const char *path, const struct plot *plot)
{
	void (*before)(int) = signal(SIGPIPE, SIG_IGN);
	int output = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), r;

	if (output < 0) {
		r = -errno;
		fprintf(stderr, "%s: %s: %s\n", program, path, strerror(-r));
		return r;
	}
	r = draw(plot, ends_in(path, ".svg"), output);
	close(output);
	signal(SIGPIPE, before);
	if (r) {
		unlink(path);
		fprintf(stderr,
			r == -ENOENT ? "%s: plots need gnuplot: install gnuplot-nox\n"
				     : "%s: gnuplot could not draw the plot\n",
			program);
	}
	return r;
}
