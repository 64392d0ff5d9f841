#include "daemon/state/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* What stands before each entry in the pipe. */
struct head {
	uint32_t what, key_size;
	uint64_t value_size;
};
enum { HEAD_ENTRY = 0x454e5452, HEAD_END = 0x454e4421, HEAD_MEMORY = 0x4d454d21 };

/* ---- the child ---- */

static bool write_all(int pipe, const void *bytes, size_t size)
{
	const char *from = bytes;

	while (size) {
		ssize_t written = write(pipe, from, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		from += written;
		size -= (size_t)written;
	}
	return true;
}

static bool write_entry(int pipe, const MDB_val *key, const MDB_val *value)
{
	const struct head head = {HEAD_ENTRY, (uint32_t)key->mv_size, value->mv_size};

	return write_all(pipe, &head, sizeof(head)) &&
	       write_all(pipe, key->mv_data, key->mv_size) &&
	       write_all(pipe, value->mv_data, value->mv_size);
}

/* Walks one database; no further than it says it is long, so that a ring in its tree ends, too. */
static bool walk(MDB_txn *txn, MDB_dbi database, int pipe)
{
	MDB_cursor *cursor;
	MDB_stat stat;
	MDB_val key, value;
	size_t left;
	int r;

	if (mdb_stat(txn, database, &stat) || mdb_cursor_open(txn, database, &cursor))
		return false;
	left = stat.ms_entries;
	while ((r = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0 && left--)
		if (pipe >= 0 && !write_entry(pipe, &key, &value))
			return false;
	return r == MDB_NOTFOUND && left == 0;
}

enum { FREE_PAGES = 0 }; /* LMDB's own database of pages to be used again */

/* The daemon makes all databases at once: where some are, the others were; but for that of groups. */
static bool are_all_there(const struct store *store, MDB_txn *txn)
{
	MDB_dbi names;
	MDB_stat stat;
	size_t known = 0;

	if (mdb_dbi_open(txn, NULL, 0, &names) || mdb_stat(txn, names, &stat))
		return false;
	for (int i = 0; i < STORE_DATABASES; i++)
		known += store->known[i];
	return stat.ms_entries == known && (known == 0 || known == STORE_DATABASES ||
					    (known == STORE_GROUPS && !store->known[STORE_GROUPS]));
}

static bool read_database(const char *directory, enum store_database database, bool alone, int pipe)
{
	const struct head end = {HEAD_END, 0, 0}, memory = {HEAD_MEMORY, 0, 0};
	struct store *store;
	MDB_txn *txn;
	int r = store_open_reader(directory, alone, &store);

	if (r == 0)
		r = store_error(mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn));
	if (r == -ENOMEM) /* it says nothing about the file */
		write_all(pipe, &memory, sizeof(memory));
	if (r < 0)
		return false;
	if (store->known[database] && !walk(txn, store->databases[database], pipe))
		return false;
	return walk(txn, FREE_PAGES, -1) && are_all_there(store, txn) &&
	       !store_is_truncated(store, directory) && write_all(pipe, &end, sizeof(end));
}

static _Noreturn void run_child(const char *directory, enum store_database database, bool alone,
				int pipe)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGSEGV, SIGBUS, SIGABRT, SIGPIPE};
	const struct rlimit no_core = {0, 0};
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_CORE, &no_core);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		signal(signals[i], SIG_DFL);
	if (nowhere >= 0)
		dup2(nowhere, STDERR_FILENO); /* LMDB's last words; ours is the parent's to say */
	_exit(read_database(directory, database, alone, pipe) ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* ---- who asked ---- */

int reader_start(struct reader *reader, const char *directory, enum store_database database,
		 bool alone, int unwanted)
{
	char path[4096];
	struct stat file;
	int ends[2];

	snprintf(path, sizeof(path), "%s/data.mdb", directory);
	if (stat(path, &file))
		return -errno;
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	*reader = (struct reader){.pipe = ends[0], .size_max = (uint64_t)file.st_size};
	reader->child = fork();
	if (reader->child == 0) {
		close(ends[0]);
		if (unwanted >= 0)
			close(unwanted);
		run_child(directory, database, alone, ends[1]);
	}
	close(ends[1]);
	if (reader->child > 0)
		return 0;
	close(ends[0]);
	return -errno;
}

static bool read_all(int pipe, void *bytes, size_t size)
{
	char *to = bytes;

	while (size) {
		ssize_t got = read(pipe, to, size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		to += got;
		size -= (size_t)got;
	}
	return true;
}

int reader_next(struct reader *reader, char key[ENVELOPE_KEY_MAX + 1], size_t *ret_key_size,
		struct block **ret_value)
{
	struct head head;

	if (!read_all(reader->pipe, &head, sizeof(head)))
		return READER_BROKEN;
	if (head.what == HEAD_END)
		return READER_END;
	if (head.what == HEAD_MEMORY)
		return -ENOMEM;
	if (head.what != HEAD_ENTRY || head.key_size > ENVELOPE_KEY_MAX ||
	    head.value_size > reader->size_max)
		return READER_BROKEN;
	struct block *block = block_create(head.value_size);

	if (!block)
		return -ENOMEM;
	if (!read_all(reader->pipe, key, head.key_size) ||
	    !read_all(reader->pipe, block->bytes, head.value_size)) {
		free(block);
		return READER_BROKEN;
	}
	key[head.key_size] = 0;
	block->used = head.value_size;
	*ret_key_size = head.key_size;
	*ret_value = block;
	return 0;
}

void reader_finish(struct reader *reader)
{
	int status;

	close(reader->pipe);
	while (waitpid(reader->child, &status, 0) < 0 && errno == EINTR)
		continue;
}
