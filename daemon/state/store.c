#include "daemon/state/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PATH_SIZE = 4096, READERS = 64 };

static const char *const names[STORE_DATABASES] = {"records", "journal", "aside", "groups"};

int store_error(int result)
{
	switch (result) {
	case MDB_SUCCESS:
		return 0;
	case MDB_NOTFOUND:
		return -ENOENT;
	case MDB_MAP_FULL:
		return -EDQUOT;
	case MDB_INVALID:
	case MDB_VERSION_MISMATCH:
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_PANIC:
	case MDB_INCOMPATIBLE:
		return -EINVAL;
	default:
		return result > 0 ? -result : -EIO;
	}
}

const char *store_words(int error)
{
	switch (-error) {
	case EDQUOT:
		return "state.size is used up";
	case EINVAL:
		return "the file is damaged, or none of ours";
	default:
		return strerror(-error);
	}
}

/* ---- who may write ---- */

static int lock_path(const char *directory, char path[PATH_SIZE])
{
	return snprintf(path, PATH_SIZE, "%s/daemon.lock", directory) < PATH_SIZE ? 0
										  : -ENAMETOOLONG;
}

static int read_process(int lock)
{
	char text[16] = "";

	return pread(lock, text, sizeof(text) - 1, 0) > 0 ? atoi(text) : 0;
}

int store_lock(const char *directory, int *ret_process)
{
	char path[PATH_SIZE], process[16];
	int r = lock_path(directory, path);

	if (r < 0)
		return r;
	if (mkdir(directory, 0700) && errno != EEXIST)
		return -errno;
	int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (lock < 0)
		return -errno;
	if (flock(lock, LOCK_EX | LOCK_NB)) {
		r = errno == EWOULDBLOCK ? -EBUSY : -errno;
		*ret_process = read_process(lock);
		close(lock);
		return r;
	}
	snprintf(process, sizeof(process), "%d\n", (int)getpid());
	/* Only for people: a full disk is no reason not to hold the lock. */
	if (ftruncate(lock, 0) || pwrite(lock, process, strlen(process), 0) < 0)
		return lock;
	return lock;
}

bool store_is_locked(const char *directory, int *ret_process)
{
	char path[PATH_SIZE];
	int lock = lock_path(directory, path) < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	bool locked;

	if (lock < 0)
		return false;
	locked = flock(lock, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
	*ret_process = read_process(lock);
	close(lock);
	return locked;
}

/* ---- the environment ---- */

static int open_databases(struct store *store, bool write)
{
	MDB_txn *txn;
	int r = mdb_txn_begin(store->env, NULL, write ? 0 : MDB_RDONLY, &txn);

	if (r)
		return r;
	for (int i = 0; i < STORE_DATABASES; i++) {
		r = mdb_dbi_open(txn, names[i], write ? MDB_CREATE : 0, &store->databases[i]);
		store->known[i] = r == 0;
		if (r && (write || r != MDB_NOTFOUND)) {
			mdb_txn_abort(txn);
			return r;
		}
	}
	return mdb_txn_commit(txn);
}

static int open_env(const char *directory, uint64_t size, unsigned flags, struct store *store)
{
	bool write = !(flags & MDB_RDONLY);
	int r = mdb_env_create(&store->env);

	if (r == 0)
		r = mdb_env_set_maxdbs(store->env, STORE_DATABASES);
	if (r == 0)
		r = mdb_env_set_maxreaders(store->env, READERS);
	if (r == 0 && size)
		r = mdb_env_set_mapsize(store->env, size / 4096 * 4096);
	if (r == 0)
		r = mdb_env_open(store->env, directory, flags, 0600);
	if (r == 0)
		r = open_databases(store, write);
	return store_error(r);
}

static int open_store(const char *directory, uint64_t size, unsigned flags,
		      struct store **ret_store)
{
	CLEANUP(store_close) struct store *store = calloc(1, sizeof(*store));

	if (!store)
		return -ENOMEM;
	int r = open_env(directory, size, flags, store);

	if (r < 0)
		return r;
	*ret_store = STEAL(store);
	return 0;
}

int store_open(const char *directory, uint64_t size, struct store **ret_store)
{
	/* No thread of a reader that died keeps a place; what is read is not read ahead. */
	int r = open_store(directory, size, MDB_NOTLS | MDB_NORDAHEAD, ret_store);
	int dead;

	if (r == 0)
		mdb_reader_check((*ret_store)->env, &dead);
	return r;
}

int store_open_reader(const char *directory, bool alone, struct store **ret_store)
{
	return open_store(directory, 0, MDB_RDONLY | MDB_NOTLS | (alone ? MDB_NOLOCK : 0),
			  ret_store);
}

void store_close(struct store *store)
{
	if (!store)
		return;
	if (store->env)
		mdb_env_close(store->env);
	free(store);
}

/* ---- the file ---- */

static int data_path(const char *directory, char path[PATH_SIZE])
{
	return snprintf(path, PATH_SIZE, "%s/data.mdb", directory) < PATH_SIZE ? 0 : -ENAMETOOLONG;
}

bool store_is_truncated(const struct store *store, const char *directory)
{
	char path[PATH_SIZE];
	MDB_envinfo info;
	MDB_stat pages;
	struct stat file;

	if (data_path(directory, path) < 0 || stat(path, &file) ||
	    mdb_env_info(store->env, &info) || mdb_env_stat(store->env, &pages))
		return false;
	return (uint64_t)file.st_size / pages.ms_psize < info.me_last_pgno + 1;
}

int store_set_aside(const char *directory, char *ret_path, size_t size)
{
	char from[PATH_SIZE], lock[PATH_SIZE + 16];
	int r = data_path(directory, from);

	if (r < 0)
		return r;
	if ((size_t)snprintf(ret_path, size, "%s.aside.%lld", from, (long long)time(NULL)) >= size)
		return -ENAMETOOLONG;
	if (rename(from, ret_path))
		return -errno;
	/* LMDB's table of readers belongs to the old file. */
	snprintf(lock, sizeof(lock), "%s/lock.mdb", directory);
	unlink(lock);
	return 0;
}
