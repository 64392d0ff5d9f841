/*
 * The files: an LMDB environment with four databases.
 *
 *	records   a stream's name → its record     what is there is replaced as a whole
 *	journal   a growing number → samples       what the records do not hold yet
 *	aside     a name or number → what could not be read, as it was
 *	groups    what a rule matches → what its streams have learned together
 *
 * LMDB never overwrites what a committed transaction holds, so that a crash at any moment leaves the
 * last commit. It trusts its file, though: what may be damaged is read through reader.h.
 */
#ifndef DAEMON_STATE_STORE_H
#define DAEMON_STATE_STORE_H

#include <lmdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rollcast/cleanup.h"

enum store_database {
	STORE_RECORDS,
	STORE_JOURNAL,
	STORE_ASIDE,
	STORE_GROUPS, /* not in files of older daemons */
	STORE_DATABASES
};

struct store {
	MDB_env *env;
	MDB_dbi databases[STORE_DATABASES];
	bool known[STORE_DATABASES]; /* false: read-only, and not there */
};

/*
 * The one daemon that may write in `directory`, which is made if it is missing. Returns a descriptor to
 * hold; -EBUSY: another one does, its process in *ret_process; or a negative errno.
 */
int store_lock(const char *directory, int *ret_process);
/* Whether a daemon holds it; its process in *ret_process. */
bool store_is_locked(const char *directory, int *ret_process);

/* For writing, `size` bytes at most. Negative errno; -EINVAL: the file is none of LMDB's. */
int store_open(const char *directory, uint64_t size, struct store **ret_store);
/* For reading beside a daemon, or, with `alone`, where nobody writes and nothing may be written. */
int store_open_reader(const char *directory, bool alone, struct store **ret_store);
void store_close(struct store *store);
DEFINE_CLEANUP(struct store *, store_close);

/* Whether the file ends before what it says it holds. */
bool store_is_truncated(const struct store *store, const char *directory);

/* Moves the data file out of the way; its new name goes to `ret_path`. Negative errno. */
int store_set_aside(const char *directory, char *ret_path, size_t size);

/* LMDB's results as negative errnos, and in words. */
int store_error(int result);
const char *store_words(int error);

#endif
