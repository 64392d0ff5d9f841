#include "daemon/watch/ask.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/base/clock.h"

enum { PATIENCE_US = 2000000 };

struct question *question_create(const struct askable *askable, enum question_kind kind)
{
	CLEANUP(question_release) struct question *question = calloc(1, sizeof(*question));

	if (!question)
		return NULL;
	atomic_init(&question->holders, 1);
	question->kind = kind;
	if (queue_init(&question->answers, askable->shards, sizeof(struct answer), NULL, false) < 0)
		return NULL;
	return STEAL(question);
}

void findings_finish(struct findings *findings)
{
	for (uint32_t i = 0; i < findings->block_count; i++)
		free(findings->blocks[i]);
	free(findings->blocks);
	free(findings->records);
	*findings = (struct findings){0};
}

static int put(const struct askable *askable, struct question *question)
{
	struct letter wake = {.kind = LETTER_QUESTION};

	for (uint32_t i = 0; i < askable->shards; i++) {
		atomic_fetch_add(&question->holders, 1);
		if (queue_try_push(&askable->questions[i], &question) != 0) {
			atomic_fetch_sub(&question->holders, 1);
			return -EBUSY;
		}
		/* A full inbox needs no letter: the shard is awake. */
		queue_try_push(&askable->inboxes[i], &wake);
	}
	return 0;
}

static int gather(const struct askable *askable, struct question *question,
		  struct findings *findings)
{
	int64_t end_us = clock_monotonic_us() + PATIENCE_US;
	struct answer answer;

	findings->blocks = calloc(askable->shards, sizeof(*findings->blocks));
	if (!findings->blocks)
		return -ENOMEM;
	for (uint32_t i = 0; i < askable->shards; i++) {
		int64_t left_us = end_us - clock_monotonic_us();

		if (queue_pop(&question->answers, left_us > 0 ? left_us : 0, &answer) != 0)
			return -ETIMEDOUT;
		if (!answer.records)
			return -ENOMEM;
		findings->blocks[findings->block_count++] = answer.records;
		findings->matched += answer.matched;
	}
	return 0;
}

static size_t size_at(enum question_kind kind, const void *record)
{
	const struct training_record *training = record;

	if (kind == QUESTION_TRAININGS)
		return sizeof(*training) + strlen(training->name) + 1;
	return stream_record_size(record);
}

static uint32_t list(enum question_kind kind, const struct block *block, const void **records)
{
	uint32_t count = 0;

	for (size_t place = 0; place < block->used; count++) {
		const void *record = block->bytes + place;

		if (records)
			records[count] = record;
		place += block_rounded(size_at(kind, record));
	}
	return count;
}

static int compare_streams(const void *left, const void *right)
{
	const struct stream_record *a = *(const void *const *)left;
	const struct stream_record *b = *(const void *const *)right;

	return stream_order_compare(a->key, stream_record_forecast(a)->name, b->key,
				    stream_record_forecast(b)->name);
}

static int newest_first(const void *left, const void *right)
{
	const struct training_record *a = *(const void *const *)left;
	const struct training_record *b = *(const void *const *)right;

	return a->at_us > b->at_us ? -1 : a->at_us < b->at_us;
}

static int sort(enum question_kind kind, struct findings *findings)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < findings->block_count; i++)
		count += list(kind, findings->blocks[i], NULL);
	findings->records = calloc(count + 1, sizeof(*findings->records));
	if (!findings->records)
		return -ENOMEM;
	for (uint32_t i = 0; i < findings->block_count; i++)
		findings->count +=
			list(kind, findings->blocks[i], findings->records + findings->count);
	qsort(findings->records, count, sizeof(*findings->records),
	      kind == QUESTION_TRAININGS ? newest_first : compare_streams);
	return 0;
}

int ask(const struct askable *askable, struct question *given, struct findings *ret_findings)
{
	CLEANUP(question_release) struct question *question = given;
	struct findings findings = {0};
	int r = put(askable, question);

	if (r == 0)
		r = gather(askable, question, &findings);
	if (r == 0)
		r = sort(question->kind, &findings);
	if (r == 0)
		*ret_findings = findings;
	else
		findings_finish(&findings);
	return r;
}
