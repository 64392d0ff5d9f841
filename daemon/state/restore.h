/* What was kept, handed to the shards on start. */
#ifndef DAEMON_STATE_RESTORE_H
#define DAEMON_STATE_RESTORE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/envelope.h"
#include "daemon/state/state.h"
#include "daemon/state/store.h"

/* An entry that could not be read, to be set aside once the files are open. */
struct unread {
	struct unread *next;
	enum store_database database;
	size_t key_size;
	char key[ENVELOPE_KEY_MAX + 1];
};

struct restored {
	struct unread *unread; /* owned by the caller: restored_finish */
	bool damaged;	       /* the file itself */
	bool found;	       /* there was one */
	int error;	       /* why it could not even be looked at; 0 */
};

/* Reads everything and waits until the shards have it. `lock` is not for children. 0 or -ENOMEM. */
int restore(const struct state_plan *plan, const char *directory, int lock,
	    struct restored *ret_restored);
void restored_finish(struct restored *restored);

#endif
