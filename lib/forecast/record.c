/*
 * A stream as bytes: [magic][format][size], then sections. Read stream_archive first.
 *
 * Each section is archived by the structure that it holds, beside its own code; here is what belongs
 * together and which settings it depends on. To keep a new field, give it a line in that function, and
 * its section the next version here: records of before then miss that section only.
 */
#include "rollcast/stream.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/forecast/network_expert.h"
#include "lib/forecast/random.h"
#include "lib/forecast/regression.h"
#include "lib/forecast/ridge.h"
#include "lib/forecast/roll.h"
#include "lib/forecast/state.h"
#include "lib/series/archive.h"

enum {
	MAGIC = 0x74737252, /* "Rrst" */
	FORMAT = 1, /* how records are made of sections; sections have versions of their own */
};

struct head {
	uint32_t magic, format;
	uint64_t size; /* of the record, this head included */
};

/* What is known of the stream before anything else. */
struct about {
	char name[ROLLCAST_NAME_MAX + 1];
	uint64_t samples;
	uint32_t horizon, level_count;
	double levels[ROLLCAST_LEVELS_MAX];
	bool ready; /* the stream had taken a step, so that there is more than a grid */
};

/* ---- sections ---- */

static void about_archive(struct archive *archive, struct about *about)
{
	size_t length = archive_count(archive, strlen(about->name), 1);

	archive_check(archive, length <= ROLLCAST_NAME_MAX);
	if (!archive->error)
		archive_bytes(archive, about->name, length);
	archive_value(archive, &about->samples);
	archive_value(archive, &about->horizon);
	archive_value(archive, &about->level_count);
	archive_value(archive, &about->levels);
	archive_flag(archive, &about->ready);
	archive_check(archive,
		      about->level_count <= ROLLCAST_LEVELS_MAX && strlen(about->name) == length);
}

static void fit_archive(struct archive *archive, struct fit *fit)
{
	uint32_t least = 2;

	archive_value(archive, &fit->season_count);
	archive_value(archive, &fit->seasons);
	archive_value(archive, &fit->low);
	archive_value(archive, &fit->high);
	archive_time(archive, &fit->trained_us);
	archive_check(archive, fit->season_count <= ROLLCAST_SEASONS_MAX && !isnan(fit->low) &&
				       !isnan(fit->high));
	for (uint32_t i = 0; i < fit->season_count && !archive->error; i++) {
		archive_check(archive,
			      fit->seasons[i] >= least && fit->seasons[i] <= STREAM_WINDOW_MAX);
		least = fit->seasons[i] + 1;
	}
}

static void training_archive(struct archive *archive, struct rollcast_stream *stream)
{
	archive_value(archive, &stream->due);
	archive_value(archive, &stream->job_begun);
	archive_value(archive, &stream->trainings);
}

/* Opens a section, or says what begins anew without it. */
static bool begin(struct archive *record, const char *tag, uint32_t version, uint32_t anew,
		  struct archive *ret_section, uint32_t *ret_anew)
{
	if (archive_open(record, tag, version, ret_section))
		return true;
	*ret_anew |= anew;
	return false;
}

/* ---- what depends on settings ---- */

/*
 * Seasons that the settings give stay; those of the record are kept if it is to find them. Returns
 * whether the seasons are those of the record.
 */
static bool take_seasons(struct rollcast_stream *stream, const struct fit *as_set)
{
	struct fit *fit = &stream->fit;

	if (stream->settings->season_auto ||
	    (fit->season_count == as_set->season_count &&
	     !memcmp(fit->seasons, as_set->seasons, fit->season_count * sizeof(*fit->seasons))))
		return true;
	fit->season_count = as_set->season_count;
	memcpy(fit->seasons, as_set->seasons, sizeof(fit->seasons));
	return false;
}

static uint64_t hash_of_channels(const struct rollcast_stream_settings *settings)
{
	uint64_t hash = settings->channel_count;

	for (uint32_t i = 0; i < settings->channel_count; i++) {
		for (const char *c = settings->channels[i]; *c; c++)
			hash = random_mix(hash, (unsigned char)*c);
		hash = random_mix(hash, 0); /* ends a name */
	}
	return hash;
}

/* Returns whether the channels are those of the record; otherwise nothing is known of them. */
static bool channels_match(struct archive *record, struct rollcast_stream *stream)
{
	uint64_t wanted = hash_of_channels(stream->settings), hash = wanted;
	struct archive section;
	bool same;

	if (!stream->settings->channel_count)
		return true;
	same = archive_open(record, "channels", 1, &section);
	if (same) {
		archive_value(&section, &hash);
		same = hash == wanted;
		if (same) {
			archive_finite(&section, stream->fit.channel_scales, ROLLCAST_CHANNELS_MAX);
			channels_archive(&section, &stream->channels);
		}
		archive_close(record, &section);
	}
	if (!same)
		channels_blank(&stream->channels, past_count(&stream->past));
	for (uint32_t i = 0; i < stream->channels.count && !record->error; i++)
		archive_check(record, window_count(&stream->channels.values[i]) ==
						      past_count(&stream->past) &&
					      window_count(&stream->channels.behind[i]) ==
						      past_count(&stream->past));
	return same;
}

static bool fitted_archive(struct archive *archive, const struct expert_row *row,
			   struct rollcast_stream *stream)
{
	const struct rollcast_stream_settings *settings = stream->settings;
	struct fit *fit = &stream->fit;

	if (row->forecast == network_expert_forecast)
		return network_fit_archive(archive, row->network, settings, fit->season_count,
					   &fit->networks[row->network]);
	if (row->forecast == ridge_expert_forecast)
		return ridge_fit_archive(archive, fit->seasons, fit->season_count,
					 settings->horizon, &fit->regressions[row->regression]);
	return regression_fit_archive(archive, row->regression, settings->model.lookback,
				      settings->horizon, fit->season_count,
				      &fit->regressions[row->regression]);
}

/* What the training found for each fitted expert; one that does not fit any more is forgotten. */
static void fits_archive(struct archive *record, struct rollcast_stream *stream, bool same_seasons,
			 bool same_channels, uint32_t *anew)
{
	for (uint32_t i = 0; i < expert_count; i++) {
		const struct expert_row *row = &expert_rows[i];
		bool network = row->forecast == network_expert_forecast;
		uint32_t what = network ? ROLLCAST_ANEW_NETWORKS : ROLLCAST_ANEW_REGRESSIONS;
		bool kept = (same_seasons || !row->seasonal) && (same_channels || !network);
		struct archive section;

		if (network || row->forecast == regression_expert_forecast ||
		    row->forecast == ridge_expert_forecast) {
			if (kept && (kept = begin(record, row->name, 1, what, &section, anew))) {
				kept = fitted_archive(&section, row, stream);
				archive_close(record, &section);
			}
			*anew |= kept ? 0 : what;
		}
		if (!kept)
			stream_forget_expert(stream, i);
	}
}

/* What was learned about errors and is forgotten with the horizon or the levels. */
static void errors_archive(struct archive *record, struct rollcast_stream *stream,
			   const struct about *about, const struct roll *roll, uint32_t *anew)
{
	const struct rollcast_stream_settings *settings = stream->settings;
	bool same_horizon = about->horizon == settings->horizon;
	bool same_levels = about->level_count == settings->level_count &&
			   !memcmp(about->levels, settings->levels,
				   settings->level_count * sizeof(*settings->levels));
	struct archive section;

	if (!same_horizon)
		*anew |= ROLLCAST_ANEW_ERRORS;
	else if (begin(record, "blend", 1, ROLLCAST_ANEW_ERRORS, &section, anew)) {
		blend_archive(&section, roll, &stream->blend);
		archive_close(record, &section);
	}
	if (same_horizon && begin(record, "intervals", 1, ROLLCAST_ANEW_ERRORS, &section, anew)) {
		intervals_archive(&section, &stream->intervals);
		archive_close(record, &section);
	}
	if (!same_horizon || !same_levels) {
		*anew |= ROLLCAST_ANEW_SCORES;
		return;
	}
	if (begin(record, "tails", 1, ROLLCAST_ANEW_SCORES, &section, anew)) {
		intervals_tails_archive(&section, &stream->intervals);
		archive_close(record, &section);
	}
	if (begin(record, "pending", 1, ROLLCAST_ANEW_SCORES, &section, anew)) {
		pending_archive(&section, roll, stream->past.steps, &stream->pending);
		archive_close(record, &section);
	}
	if (begin(record, "score", 1, ROLLCAST_ANEW_SCORES, &section, anew)) {
		score_archive(&section, &stream->score);
		drift_archive(&section, &stream->drift);
		archive_close(record, &section);
	}
	/* Without it, it fills again: no reason to say that something is lost. */
	if (archive_open(record, "thirds", 1, &section)) {
		score_thirds_archive(&section, &stream->score);
		archive_close(record, &section);
	}
}

/* Training is due at once if something has to be learned anew, and not beyond what is usual. */
static void limit_due(struct rollcast_stream *stream, uint32_t anew)
{
	uint64_t steps = stream->past.steps, least = job_least_count(stream->settings);
	uint64_t usual = steps + stream_retrain_after(stream, steps);

	if (anew & (ROLLCAST_ANEW_NETWORKS | ROLLCAST_ANEW_REGRESSIONS))
		usual = steps;
	least = least < stream->past.values.capacity ? least : stream->past.values.capacity;
	usual = usual > least ? usual : least;
	stream->due = stream->due < usual ? stream->due : usual;
}

/* ---- the whole ---- */

/* What is there once the step is known. */
static void ready_archive(struct archive *record, struct rollcast_stream *stream,
			  const struct about *about, uint32_t *anew)
{
	const struct fit as_set = stream->fit;
	struct roll roll = {0};
	struct archive section;
	bool same_seasons = true, same_channels;

	if (begin(record, "past", 1, ROLLCAST_ANEW_ALL, &section, anew)) {
		past_archive(&section, &stream->past);
		archive_close(record, &section);
	}
	if (*anew & ROLLCAST_ANEW_ALL)
		return;
	if (begin(record, "experts", 1, ROLLCAST_ANEW_ERRORS, &section, anew)) {
		roll_archive(&section, &roll);
		roll_finite_archive(&section, &roll, expert_count, *stream->states, EXPERT_STATES);
		archive_close(record, &section);
	}
	errors_archive(record, stream, about, &roll, anew);
	same_channels = channels_match(record, stream);
	if (begin(record, "fit", 1, ROLLCAST_ANEW_NETWORKS | ROLLCAST_ANEW_REGRESSIONS, &section,
		  anew)) {
		fit_archive(&section, &stream->fit);
		archive_close(record, &section);
		if (archive_is_loading(record) && !record->error)
			same_seasons = take_seasons(stream, &as_set);
		*anew |= same_seasons ? 0 : ROLLCAST_ANEW_SEASONS;
		fits_archive(record, stream, same_seasons, same_channels, anew);
	}
	if (archive_open(record, "training", 1, &section)) {
		training_archive(&section, stream);
		archive_close(record, &section);
	}
}

static void stream_archive(struct archive *record, struct rollcast_stream *stream,
			   const struct about *about, uint32_t *anew)
{
	struct archive section;
	int r;

	if (!begin(record, "grid", 1, ROLLCAST_ANEW_ALL, &section, anew))
		return;
	if (!grid_archive(&section, &stream->grid))
		*anew |= ROLLCAST_ANEW_ALL;
	archive_close(record, &section);
	if (!stream->settings->grid.step_us && grid_step_us(&stream->grid) &&
	    archive_open(record, "spacing", 1, &section)) {
		grid_spacing_archive(&section, &stream->grid);
		archive_close(record, &section);
	}
	if (archive_is_loading(record) && !record->error && about->ready &&
	    !(*anew & ROLLCAST_ANEW_ALL)) {
		r = grid_step_us(&stream->grid) ? stream_make_ready(stream) : -EINVAL;
		if (r < 0)
			record->error = r;
	}
	if (stream->ready && !record->error)
		ready_archive(record, stream, about, anew);
}

size_t rollcast_stream_save(const struct rollcast_stream *stream, void *bytes, size_t size)
{
	const struct rollcast_stream_settings *settings = stream->settings;
	struct about about = {
		.samples = stream->samples,
		.horizon = settings->horizon,
		.level_count = settings->level_count,
		.ready = stream->ready,
	};
	struct archive record = archive_save(bytes, size), section;
	struct head head = {MAGIC, FORMAT, 0};
	uint32_t anew = 0;

	strncpy(about.name, stream->name, ROLLCAST_NAME_MAX);
	memcpy(about.levels, settings->levels, settings->level_count * sizeof(*settings->levels));
	archive_value(&record, &head);
	if (archive_open(&record, "stream", 1, &section)) {
		about_archive(&section, &about);
		archive_close(&record, &section);
	}
	/* Saving changes nothing: the same functions load. */
	stream_archive(&record, (struct rollcast_stream *)stream, &about, &anew);
	head.size = record.place;
	if (record.place <= size)
		memcpy(bytes, &head, sizeof(head));
	return record.place;
}

static int read_about(struct archive *record, struct about *about)
{
	struct head head = {0};
	struct archive section;

	archive_value(record, &head);
	if (record->error || head.magic != MAGIC)
		return -EINVAL;
	if (head.format != FORMAT)
		return -ENOTSUP;
	if (head.size != record->size)
		return -EINVAL;
	if (!archive_open(record, "stream", 1, &section))
		return record->error ? record->error : -ENOTSUP;
	about_archive(&section, about);
	archive_close(record, &section);
	return record->error;
}

int rollcast_stream_load(const struct rollcast_stream_settings *settings, const void *bytes,
			 size_t size, struct rollcast_stream **ret_stream)
{
	CLEANUP(rollcast_stream_destroy) struct rollcast_stream *stream = NULL;
	struct archive record = archive_load(bytes, size);
	struct about about = {0};
	uint32_t anew = 0;
	int r = read_about(&record, &about);

	if (r == 0)
		r = rollcast_stream_create(about.name, settings, &stream);
	if (r || !stream)
		return r;
	stream->samples = about.samples;
	stream_archive(&record, stream, &about, &anew);
	if (record.error)
		return record.error;
	if (stream->ready)
		limit_due(stream, anew);
	*ret_stream = STEAL(stream);
	return (int)anew;
}

/* Settings by their bytes: if those between members differ, that costs a detour with the same end. */
static bool are_same_bytes(const void *a, const void *b, size_t size)
{
	return memcmp(a, b, size) == 0;
}

static bool are_equal(const struct rollcast_stream_settings *a,
		      const struct rollcast_stream_settings *b)
{
	struct rollcast_stream_settings like_a = *b;

	like_a.channels = a->channels;
	return are_same_bytes(a, &like_a, sizeof(*a)) && hash_of_channels(a) == hash_of_channels(b);
}

int rollcast_stream_change(struct rollcast_stream **stream,
			   const struct rollcast_stream_settings *settings)
{
	CLEANUP(free) void *bytes = NULL;
	struct rollcast_stream *other;
	size_t size;
	int r;

	if (are_equal((*stream)->settings, settings)) {
		(*stream)->settings = settings;
		return 0;
	}
	size = rollcast_stream_save(*stream, NULL, 0);
	bytes = malloc(size);
	if (!bytes)
		return -ENOMEM;
	rollcast_stream_save(*stream, bytes, size);
	r = rollcast_stream_load(settings, bytes, size, &other);
	if (r < 0)
		return r;
	rollcast_stream_read_channels(other, (*stream)->read, (*stream)->read_context);
	rollcast_stream_destroy(*stream);
	*stream = other;
	return r;
}

/* ---- without settings ---- */

static int copy_window(const struct past *past, struct rollcast_record *record)
{
	CLEANUP(free) uint8_t *marks = malloc(past_count(past) + 1);

	record->values = malloc((past_count(past) + 1) * sizeof(double));
	if (!marks || !record->values)
		return -ENOMEM;
	past_marks(past, marks);
	record->count = past_count(past);
	record->time_us = past->time_us;
	for (size_t i = 0; i < record->count; i++)
		record->values[i] = marks[i] == PAST_MEASURED ? past_values(past)[i] : NAN;
	return 0;
}

/* How many steps the window of a record has, without believing it: for the memory. */
static size_t count_steps(const struct archive *section)
{
	struct archive look = *section;

	return archive_count(&look, 0, sizeof(double) + 1);
}

static int read_window(struct archive *bytes, struct rollcast_record *record)
{
	struct archive section;
	struct past past = {0};
	int r;

	if (!archive_open(bytes, "past", 1, &section))
		return bytes->error;
	r = past_init(&past, count_steps(&section) + 1);
	if (r < 0)
		return r;
	past_archive(&section, &past);
	archive_close(bytes, &section);
	r = bytes->error ? bytes->error : copy_window(&past, record);
	past_finish(&past);
	return r;
}

static int read_rest(struct archive *bytes, struct rollcast_record *record)
{
	struct archive section;
	struct fit fit = {0};

	if (archive_open(bytes, "grid", 1, &section)) {
		record->step_us = grid_saved_step_us(&section);
		archive_close(bytes, &section);
	}
	if (archive_open(bytes, "fit", 1, &section)) {
		fit_archive(&section, &fit);
		archive_close(bytes, &section);
		record->trained_us = fit.trained_us;
		record->season_count = fit.season_count;
		memcpy(record->seasons, fit.seasons, sizeof(fit.seasons));
	}
	return bytes->error ? bytes->error : read_window(bytes, record);
}

int rollcast_record_read(const void *bytes, size_t size, struct rollcast_record *ret_record)
{
	struct archive archive = archive_load(bytes, size);
	struct rollcast_record record = {0};
	struct about about = {0};
	int r = read_about(&archive, &about);

	if (r < 0)
		return r;
	record.name = strdup(about.name);
	record.samples = about.samples;
	record.horizon = about.horizon;
	r = record.name ? read_rest(&archive, &record) : -ENOMEM;
	if (r < 0) {
		rollcast_record_finish(&record);
		return r;
	}
	*ret_record = record;
	return 0;
}

void rollcast_record_finish(struct rollcast_record *record)
{
	free(record->name);
	free(record->values);
	*record = (struct rollcast_record){0};
}
