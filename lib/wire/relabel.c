/*
 * Labels changed on their way in, as with Prometheus' relabelling, but less of it.
 *
 *	keep, drop ──► rename ──► add
 *
 * Labels are references into the payload, so that to drop one or to give it another name moves a few
 * words and copies no text. It is done once for a map or line, whose fields share the labels.
 */
#include "lib/wire/relabel.h"

#include <errno.h>
#include <string.h>

#include "lib/wire/glob.h"

/* Most patterns are plain names. */
struct pattern {
	struct rollcast_text text;
	bool is_glob;
};

struct relabel {
	struct pattern *keep, *drop;
	struct rollcast_label *rename, *add; /* a rename's value is the new name */
	size_t keep_count, drop_count, rename_count, add_count;
};

static bool equals(struct rollcast_text a, struct rollcast_text b)
{
	return a.length == b.length && !memcmp(a.bytes, b.bytes, a.length);
}

static bool text_copy(const char *from, struct rollcast_text *ret_text)
{
	*ret_text = (struct rollcast_text){strdup(from), strlen(from)};
	return ret_text->bytes != NULL;
}

/* Counts what has a copy, for relabel_destroy. */
static int patterns_copy(char *const *from, size_t count, struct pattern **ret_patterns,
			 size_t *ret_count)
{
	size_t column;

	*ret_patterns = calloc(count + 1, sizeof **ret_patterns);
	if (!*ret_patterns)
		return -ENOMEM;
	for (; *ret_count < count; ++*ret_count) {
		struct pattern *pattern = &(*ret_patterns)[*ret_count];

		if (!text_copy(from[*ret_count], &pattern->text))
			return -ENOMEM;
		pattern->is_glob = strpbrk(from[*ret_count], "*?[") != NULL;
		if (rollcast_glob_wrong(pattern->text, &column)) {
			++*ret_count;
			return -EINVAL;
		}
	}
	return 0;
}

static int pairs_copy(const struct rollcast_label_pair *from, size_t count,
		      struct rollcast_label **ret_labels, size_t *ret_count)
{
	*ret_labels = calloc(count + 1, sizeof **ret_labels);
	if (!*ret_labels)
		return -ENOMEM;
	for (; *ret_count < count; ++*ret_count) {
		struct rollcast_label *label = &(*ret_labels)[*ret_count];

		if (!text_copy(from[*ret_count].name, &label->name))
			return -ENOMEM;
		if (!text_copy(from[*ret_count].value, &label->value)) {
			++*ret_count;
			return -ENOMEM;
		}
	}
	return 0;
}

int relabel_create(const struct rollcast_label_rules *rules, struct relabel **ret_relabel)
{
	CLEANUP(relabel_destroy) struct relabel *relabel = NULL;
	int r;

	if (rules->keep_count + rules->drop_count + rules->rename_count + rules->add_count) {
		relabel = calloc(1, sizeof *relabel);
		if (!relabel)
			return -ENOMEM;
		r = patterns_copy(rules->keep, rules->keep_count, &relabel->keep,
				  &relabel->keep_count);
		r = r
			    ?: patterns_copy(rules->drop, rules->drop_count, &relabel->drop,
					     &relabel->drop_count);
		r = r
			    ?: pairs_copy(rules->rename, rules->rename_count, &relabel->rename,
					  &relabel->rename_count);
		r = r
			    ?: pairs_copy(rules->add, rules->add_count, &relabel->add,
					  &relabel->add_count);
		if (r)
			return r;
	}
	*ret_relabel = STEAL(relabel);
	return 0;
}

static void patterns_free(struct pattern *patterns, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free((char *)patterns[i].text.bytes);
	free(patterns);
}

static void labels_free(struct rollcast_label *labels, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free((char *)labels[i].name.bytes);
		free((char *)labels[i].value.bytes);
	}
	free(labels);
}

void relabel_destroy(struct relabel *relabel)
{
	if (!relabel)
		return;
	patterns_free(relabel->keep, relabel->keep_count);
	patterns_free(relabel->drop, relabel->drop_count);
	labels_free(relabel->rename, relabel->rename_count);
	labels_free(relabel->add, relabel->add_count);
	free(relabel);
}

static bool matches_any(const struct pattern *patterns, size_t count, struct rollcast_text name)
{
	for (size_t i = 0; i < count; i++)
		if (patterns[i].is_glob ? glob_matches(patterns[i].text, name)
					: equals(patterns[i].text, name))
			return true;
	return false;
}

static bool stays(const struct relabel *relabel, struct rollcast_text name)
{
	if (relabel->keep_count && !matches_any(relabel->keep, relabel->keep_count, name))
		return false;
	return !matches_any(relabel->drop, relabel->drop_count, name);
}

static void keep_and_drop(const struct relabel *relabel, struct rollcast_label *labels,
			  size_t *count)
{
	size_t kept = 0;

	if (!relabel->keep_count && !relabel->drop_count)
		return;
	for (size_t i = 0; i < *count; i++)
		if (stays(relabel, labels[i].name))
			labels[kept++] = labels[i];
	*count = kept;
}

/* The label of that name; `count` if there is none. */
static size_t find(const struct rollcast_label *labels, size_t count, struct rollcast_text name)
{
	size_t i = 0;

	while (i < count && !equals(labels[i].name, name))
		i++;
	return i;
}

/*
 * All at once, so that a name may move on to another label. A label that loses its name to one with an
 * earlier rule is left without a value, which is to be none.
 */
static void rename_all(const struct relabel *relabel, struct rollcast_label *labels, size_t count)
{
	size_t rules[ROLLCAST_LABELS_MAX]; /* that renamed a label; rename_count: none */

	for (size_t i = 0; i < count; i++) {
		/* Without a value it is no label, and takes no other's name. */
		rules[i] = labels[i].value.length
				   ? find(relabel->rename, relabel->rename_count, labels[i].name)
				   : relabel->rename_count;
		if (rules[i] < relabel->rename_count)
			labels[i].name = relabel->rename[rules[i]].value;
	}
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < count && rules[i] < relabel->rename_count; j++)
			if (rules[i] < rules[j] && equals(labels[i].name, labels[j].name))
				labels[j].value.length = 0;
}

static bool add_all(const struct relabel *relabel, struct rollcast_label *labels, size_t *count)
{
	size_t kept = 0;

	for (size_t i = 0; i < *count; i++)
		if (labels[i].value.length &&
		    find(relabel->add, relabel->add_count, labels[i].name) == relabel->add_count)
			labels[kept++] = labels[i];
	if (kept + relabel->add_count > ROLLCAST_LABELS_MAX)
		return false;
	memcpy(labels + kept, relabel->add, relabel->add_count * sizeof *labels);
	*count = kept + relabel->add_count;
	return true;
}

bool relabel_apply(const struct relabel *relabel, struct rollcast_label *labels, size_t *count)
{
	keep_and_drop(relabel, labels, count);
	if (relabel->rename_count)
		rename_all(relabel, labels, *count);
	return !relabel->add_count || add_all(relabel, labels, count);
}
