/*
 * The table of keys. Everything that depends on what keys there are walks it: reading, defaults,
 * printing, the reference, freeing.
 */
#ifndef DAEMON_SETTINGS_TABLE_H
#define DAEMON_SETTINGS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/settings/settings.h"

/* What a value is, and where it goes. */
enum key_kind {
	KEY_NAME,     /* char *: letters, digits, _ and - */
	KEY_TEXT,     /* char * */
	KEY_TEXTS,    /* struct strings: a list, or one */
	KEY_GLOBS,    /* the same, of globs */
	KEY_PAIRS,    /* struct pairs: a mapping of names of labels to their like, or to texts */
	KEY_BIND,     /* struct strings of endpoints */
	KEY_CONNECT,  /* the same */
	KEY_LISTEN,   /* char *: ADDRESS:PORT; NULL for the special word */
	KEY_SELECTOR, /* char *, and the struct rollcast_selector * at `also`; or NULL as above */
	KEY_SWITCH,   /* bool */
	KEY_WORD,     /* an enum, one of `words` */
	KEY_WHOLE,    /* uint32_t or uint64_t */
	KEY_NUMBER,   /* double */
	KEY_DURATION, /* int64_t, microseconds */
	KEY_SIZE,     /* uint64_t, bytes */
	KEY_SPAN,     /* struct rollcast_span; min and max are steps */
	KEY_SPANS, /* `none`, or up to ROLLCAST_SEASONS_MAX; uint32_t count at `also`, bool at `flag` */
	KEY_MODE,   /* uint32_t: the permissions of a file, as 0660 */
	KEY_LEVELS, /* up to ROLLCAST_LEVELS_MAX ascending doubles, and the count at `also` */
};

struct key {
	const char *path; /* inputs[].name, models.*.optimizer.kind, threads.shards */
	enum key_kind kind;
	size_t place, size, also, flag; /* offsets and size in the section's element */
	double min, max;		/* in the unit of the place */
	const char *fallback;		/* the default as YAML; NULL: the key is required */
	const char *unit;
	const char *const *words; /* in the enum's order, ended by NULL */
	const char *special; /* a word that stands for special_value or NULL, or sets the flag */
	uint64_t special_value;
	bool are_labels; /* the values of KEY_PAIRS are names of labels too */
	bool brief; /* may be written for its whole group: `gap: linear` for `gap: {fill: linear}` */
	const char *help;
};

enum { WINDOW_STEPS_MAX = 1000000 };

enum section_kind { SECTION_LIST, SECTION_MAP, SECTION_ONE };

struct section {
	const char *name;
	const char *element; /* how the paths of its keys begin: "inputs[]" */
	enum section_kind kind;
	size_t place, count, element_size; /* an array in struct settings; unused for SECTION_ONE */
	const char *help;
};

extern const struct key table_keys[];
extern const size_t table_key_count;
extern const struct section table_sections[];
extern const size_t table_section_count;

/* The keys of a section follow each other: the first, and how many. */
const struct key *table_section_keys(const struct section *section, size_t *ret_count);
/* The path below the section's element: "gap.fill". */
const char *table_key_name(const struct section *section, const struct key *key);
/* Elements of a section: 1 for SECTION_ONE. */
size_t table_element_count(const struct section *section, const struct settings *settings);
void *table_element(const struct section *section, const struct settings *settings, size_t index);

#endif
