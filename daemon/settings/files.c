/*
 * Files and directories in, one tree out.
 *
 *	a.yaml  inputs: [A]  models: {m: {hidden: 8}}
 *	b.yaml  inputs: [B]  models: {m: {layers: 2}}
 *	        ────────────────────────────────────
 *	        inputs: [A, B]  models: {m: {hidden: 8, layers: 2}}
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/settings/node.h"

enum { FILE_SIZE_MAX = 4 << 20 };

struct reading {
	struct pool *pool;
	struct problems *problems;
	struct node *root;
	size_t files;
	bool incomplete; /* a file is missing from the tree */
};

/* 0, or what errno said. */
static int read_all(struct pool *pool, const char *path, char **ret_bytes, size_t *ret_size)
{
	char *bytes = pool_alloc(pool, FILE_SIZE_MAX + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t size = 0;
	ssize_t got = 0;
	int failure = 0;

	if (fd < 0)
		return -errno;
	while (bytes && size <= FILE_SIZE_MAX) {
		got = read(fd, bytes + size, FILE_SIZE_MAX + 1 - size);
		if (got <= 0)
			break;
		size += (size_t)got;
	}
	if (got < 0)
		failure = -errno;
	else if (!bytes)
		failure = -ENOMEM;
	else if (size > FILE_SIZE_MAX)
		failure = -EFBIG;
	close(fd);
	if (failure)
		return failure;
	*ret_bytes = bytes;
	*ret_size = size;
	return 0;
}

static void merge(struct reading *reading, struct node *into, const struct node *from);

static void merge_entry(struct reading *reading, struct node *into, const struct entry *entry)
{
	struct entry *first = NULL;

	if (into->kind == NODE_MAP)
		first = node_entry(into, entry->name, strlen(entry->name));
	if (first)
		merge(reading, first->node, entry->node);
	else if (!node_add(reading->pool, into, entry))
		reading->problems->out_of_memory = true;
}

static void merge(struct reading *reading, struct node *into, const struct node *from)
{
	const struct place *first = &into->place;

	if (into->kind != from->kind || into->kind == NODE_SCALAR || into->kind == NODE_EMPTY) {
		problems_add(reading->problems, &from->place, from->key,
			     "set twice; the first is at %s:%zu:%zu", first->source->path,
			     first->line, first->column);
		return;
	}
	for (size_t i = 0; i < from->count; i++)
		merge_entry(reading, into, &from->entries[i]);
}

static void add_file(struct reading *reading, const char *path)
{
	struct source *source = pool_alloc(reading->pool, sizeof(*source));
	struct place place = {.source = source};
	struct node *root;
	char *bytes = NULL;
	size_t size = 0;
	int r;

	if (!source) {
		reading->problems->out_of_memory = true;
		return;
	}
	*source = (struct source){path, ++reading->files};
	r = read_all(reading->pool, path, &bytes, &size);
	reading->problems->out_of_memory |= r == -ENOMEM;
	if (r) {
		problems_add(reading->problems, &place, NULL, "cannot be read: %s", strerror(-r));
		reading->incomplete = true;
		return;
	}
	root = node_parse(reading->pool, reading->problems, source, bytes, size);
	if (root && root->kind != NODE_MAP)
		node_problem(reading->problems, root, "%s, but settings are a mapping of sections",
			     node_kind_word(root));
	if (!root || root->kind != NODE_MAP)
		reading->incomplete = true;
	else if (reading->root->place.source)
		merge(reading, reading->root, root);
	else
		*reading->root = *root;
}

static int is_settings_file(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return entry->d_name[0] != '.' && dot && !strcmp(dot, ".yaml");
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void add_directory(struct reading *reading, const char *path)
{
	const char *slash = path[strlen(path) - 1] == '/' ? "" : "/";
	struct source source = {path, reading->files};
	struct source *kept = pool_alloc(reading->pool, sizeof(*kept));
	struct place place = {.source = kept};
	struct dirent **names = NULL;
	int count = scandir(path, &names, is_settings_file, compare_names);

	if (!kept)
		reading->problems->out_of_memory = true;
	else
		*kept = source;
	if (kept && count < 0)
		problems_add(reading->problems, &place, NULL, "cannot be read: %s",
			     strerror(errno));
	if (kept && count == 0)
		problems_add(reading->problems, &place, NULL, "no *.yaml in this directory");
	for (int i = 0; i < count; i++) {
		const char *file =
			pool_printf(reading->pool, "%s%s%s", path, slash, names[i]->d_name);

		if (file)
			add_file(reading, file);
		else
			reading->problems->out_of_memory = true;
		free(names[i]);
	}
	free(names);
}

int node_read(struct pool *pool, struct problems *problems, const char *const *paths, size_t count,
	      struct node **ret_root)
{
	struct node *root = pool_alloc(pool, sizeof(*root));
	struct reading reading = {.pool = pool, .problems = problems, .root = root};
	static const struct place nowhere;
	struct stat status;

	if (!root)
		return -ENOMEM;
	root->kind = NODE_MAP;
	root->key = "";
	if (count == 0)
		problems_add(problems, &nowhere, NULL,
			     "no settings: name a file or a directory with --config");
	for (size_t i = 0; i < count; i++) {
		if (*paths[i] && !stat(paths[i], &status) && S_ISDIR(status.st_mode))
			add_directory(&reading, paths[i]);
		else
			add_file(&reading, paths[i]);
	}
	if (problems->out_of_memory)
		return -ENOMEM;
	root->bad |= reading.incomplete;
	*ret_root = root;
	return 0;
}
