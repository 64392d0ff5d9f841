/*
 * Stream names and selectors, as Prometheus writes them.
 *
 * A canonical name is `name` or `name{a="x",b="y"}`: labels sorted by name, in the values \\ \" and
 * newline written as \\ \" \n, no spaces between the parts. Equal streams have equal bytes. It is
 * UTF-8 without other control characters (up to U+001F, U+007F to U+009F). Braces and quotes stand
 * only in values, and = ! ~ and commas not in the names of labels.
 *
 * A selector is `glob` or `glob{label OP "pattern", ...}` with OP one of = != (globs) =~ !~ (POSIX
 * extended regular expressions, anchored, no back references). All of it must hold. A missing label
 * is the empty string, an empty glob before { is any name. In a glob * is any text, ? one character
 * and [a-z] [!a-z] one of a class; [*] is a star. Spaces around the parts do not matter.
 */
#ifndef ROLLCAST_NAME_H
#define ROLLCAST_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rollcast/cleanup.h"

enum { ROLLCAST_LABELS_MAX = 32 };

/* A piece of text that is not ended by a zero. */
struct rollcast_text {
	const char *bytes;
	size_t length;
};

struct rollcast_label {
	struct rollcast_text name, value;
};

/*
 * Writes the canonical name into `buffer`, ended by a zero, and returns its length; sorts `labels` in
 * place. A label with an empty value is dropped. Returns 0 if there is no such name: `name` or a
 * label's is empty or has a character that must not be there, a label comes twice, or the result
 * and its zero do not fit.
 */
size_t rollcast_name_write(struct rollcast_text name, struct rollcast_label *labels, size_t count,
			   char *buffer, size_t size);

/*
 * Reads a canonical name back: `ret_name` and up to ROLLCAST_LABELS_MAX labels point into `canonical`,
 * except values with escapes, which are unescaped into `scratch` (as large as the name). Returns the
 * number of labels, or -EINVAL.
 */
int rollcast_name_read(struct rollcast_text canonical, char *scratch,
		       struct rollcast_text *ret_name, struct rollcast_label *ret_labels);

/*
 * The stream that a setting means by `other` where it speaks of the stream `canonical`: the one of that
 * canonical name if it has labels, otherwise the one of that name and the same labels. Writes the
 * name, ended by a zero, and returns its length; 0: it does not fit.
 */
size_t rollcast_name_beside(const char *other, struct rollcast_text canonical, char *buffer,
			    size_t size);

/* A hash of a canonical name, well mixed in all 64 bits; the same in every run. */
uint64_t rollcast_name_hash(struct rollcast_text canonical);

/*
 * What is wrong with a glob, and where, in bytes from 0; NULL: nothing.
 */
const char *rollcast_glob_wrong(struct rollcast_text glob, size_t *ret_column);

struct rollcast_selector;

/*
 * A selector from its text. -EINVAL: `error`, the caller's buffer, says what is wrong and
 * `ret_column` where, in bytes from 0. -ENOMEM.
 */
int rollcast_selector_create(const char *text, struct rollcast_selector **ret_selector, char *error,
			     size_t error_size, size_t *ret_column);
void rollcast_selector_destroy(struct rollcast_selector *selector);
DEFINE_CLEANUP(struct rollcast_selector *, rollcast_selector_destroy);
/* Any number of threads. `canonical` is a canonical name. */
bool rollcast_selector_matches(const struct rollcast_selector *selector,
			       struct rollcast_text canonical);

#endif
