/*
 * Reading a file that may be damaged: a child process does it and hands over what it finds.
 *
 *	child: LMDB ──[head][key][value]──► pipe ──► who asked
 *
 * LMDB maps its file and believes it; a flipped bit in a page of its tree, or an end that is missing,
 * may lead anywhere, also to a signal. If so the child dies of it, what came before is kept, and the
 * daemon sets the file aside. Checksums tell whether what came is what was saved.
 */
#ifndef DAEMON_STATE_READER_H
#define DAEMON_STATE_READER_H

#include <stdint.h>
#include <sys/types.h>

#include "daemon/base/block.h"
#include "daemon/base/envelope.h"
#include "daemon/state/store.h"

struct reader {
	int pipe;
	pid_t child;
	uint64_t size_max; /* of a value: the file's */
};

enum {
	READER_END = 1,	   /* everything was read */
	READER_BROKEN = 2, /* the child could not go on: the file is damaged */
};

/*
 * Starts reading a database, `alone` if nobody writes; closes `unwanted` in the child. -ENOENT: there is
 * no file.
 */
int reader_start(struct reader *reader, const char *directory, enum store_database database,
		 bool alone, int unwanted);
/*
 * The next entry: its key, and its value in a block that the caller frees. 0, READER_END,
 * READER_BROKEN or -ENOMEM.
 */
int reader_next(struct reader *reader, char key[ENVELOPE_KEY_MAX + 1], size_t *ret_key_size,
		struct block **ret_value);
void reader_finish(struct reader *reader);

#endif
