#include "daemon/base/certificate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "rollcast/cleanup.h"

enum {
	FILE_MAX = 1 << 20,
	SUFFIX_SIZE = sizeof(".key_secret"),
};

static const char z85[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			  ".-:+=^!/*?&<>()[]{}@%$#";

__attribute__((format(printf, 3, 4))) static int complain(char *why, int r, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why, CERTIFICATE_WHY_SIZE, format, arguments);
	va_end(arguments);
	return r;
}

bool certificate_key_is_valid(const char *text, uint8_t ret_bytes[CERTIFICATE_KEY_BYTES])
{
	uint8_t bytes[CERTIFICATE_KEY_BYTES];
	size_t length = strspn(text, z85);

	if (length != CERTIFICATE_KEY_SIZE - 1 || text[length] || !zmq_z85_decode(bytes, text))
		return false;
	if (ret_bytes)
		memcpy(ret_bytes, bytes, sizeof(bytes));
	explicit_bzero(bytes, sizeof(bytes));
	return true;
}

void certificate_forget(struct certificate *certificate)
{
	explicit_bzero(certificate, sizeof(*certificate));
}

/* ---- files into memory ---- */

/* systemd keeps its directory of credentials from others; in it, the group is a mask of an ACL. */
static bool is_credential(const char *path)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	size_t length = directory ? strlen(directory) : 0;

	return length && !strncmp(path, directory, length) && path[length] == '/' &&
	       !strstr(path + length, "/../");
}

static int check_is_private(int fd, const char *path, char *why)
{
	struct stat status;

	if (fstat(fd, &status))
		return complain(why, -errno, "%s: %s", path, strerror(errno));
	if (S_ISREG(status.st_mode) && (status.st_mode & 077) && !is_credential(path))
		return complain(why, -EPERM,
				"%s: others than its owner may use it (mode %04o): chmod 600 it",
				path, (unsigned)status.st_mode & 07777);
	return 0;
}

/* No core file from here on, whatever reads the core files of this system; no tracing either. */
static void guard_memory(void)
{
	prctl(PR_SET_DUMPABLE, 0);
}

struct content {
	char *bytes; /* ends with a zero */
	size_t used;
};

static void content_finish(struct content *content)
{
	if (content->bytes)
		explicit_bzero(content->bytes, content->used);
	free(content->bytes);
	*content = (struct content){0};
}

static int read_bytes(int fd, const char *path, struct content *content, char *why)
{
	ssize_t size;

	do {
		size = read(fd, content->bytes + content->used, FILE_MAX - content->used);
		if (size < 0 && errno != EINTR)
			return complain(why, -errno, "%s: %s", path, strerror(errno));
		content->used += size > 0 ? (size_t)size : 0;
	} while (size != 0 && content->used < FILE_MAX);
	if (content->used == FILE_MAX)
		return complain(why, -EFBIG, "%s: is larger than a file of keys would be", path);
	content->bytes[content->used] = '\0';
	return 0;
}

/* Finish it, even after a failure. */
static int content_read(const char *path, bool secret, struct content *content, char *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int r = 0;

	*content = (struct content){.bytes = calloc(1, FILE_MAX + 1)};
	if (fd < 0)
		return complain(why, -errno, "%s: %s", path, strerror(errno));
	if (!content->bytes)
		r = complain(why, -ENOMEM, "%s: %s", path, strerror(ENOMEM));
	if (r == 0 && secret) {
		r = check_is_private(fd, path, why);
		guard_memory();
	}
	if (r == 0)
		r = read_bytes(fd, path, content, why);
	close(fd);
	return r;
}

/* ---- the format ---- */

static const char blanks[] = " \t\r\n";

static char *trim(char *text)
{
	size_t length;

	text += strspn(text, blanks);
	length = strlen(text);
	while (length && strchr(blanks, text[length - 1]))
		text[--length] = '\0';
	return text;
}

/* name = "value", name = 'value' or name = value. Returns whether the line is of that kind. */
static bool split(char *line, char **ret_name, char **ret_value)
{
	char *equals = strchr(line, '=');
	size_t length;

	if (*line == '#' || !equals)
		return false;
	*equals = '\0';
	*ret_name = trim(line);
	*ret_value = trim(equals + 1);
	length = strlen(*ret_value);
	if (length >= 2 && (**ret_value == '"' || **ret_value == '\'') &&
	    (*ret_value)[length - 1] == **ret_value) {
		(*ret_value)[length - 1] = '\0';
		(*ret_value)++;
	}
	return true;
}

/* A name goes into log lines and files: what is not plain in it is not taken. */
static void copy_name(char name[CERTIFICATE_NAME_SIZE], const char *text)
{
	size_t length = 0;

	for (; *text && length < CERTIFICATE_NAME_SIZE - 1; text++)
		if (*text > ' ' && *text < 0x7f && *text != '"' && *text != '\\')
			name[length++] = *text;
	name[length] = '\0';
}

/*
 * Calls `take` for each line that has the key wanted, public or secret, with the name that stood before
 * it. Spoils the text.
 */
static int parse(const char *path, char *text, bool secret, certificate_take take, void *context,
		 char *why)
{
	const char *wanted = secret ? "secret-key" : "public-key";
	struct certificate certificate = {0};
	char *key = secret ? certificate.secret_key : certificate.public_key;
	char *rest = text, *line, *name, *value;
	size_t number = 0;
	int r = 0;

	while (r == 0 && (line = strsep(&rest, "\n"))) {
		line = trim(line);
		number++;
		if (!strcmp(line, "metadata"))
			certificate.name[0] = '\0';
		if (!split(line, &name, &value))
			continue;
		if (!strcmp(name, "name"))
			copy_name(certificate.name, value);
		if (strcmp(name, wanted) != 0)
			continue;
		if (!certificate_key_is_valid(value, NULL))
			return complain(why, -EINVAL,
					"%s:%zu: the %s is not 40 characters of Z85 in quotes",
					path, number, wanted);
		memcpy(key, value, CERTIFICATE_KEY_SIZE);
		r = take(context, &certificate);
		certificate_forget(&certificate);
	}
	return r;
}

enum { TAKEN = 1 };

static int take_first(void *context, const struct certificate *certificate)
{
	*(struct certificate *)context = *certificate;
	return TAKEN;
}

int certificate_read_public(const char *path, struct certificate *ret_certificate,
			    char why[CERTIFICATE_WHY_SIZE])
{
	struct certificate certificate;
	struct content content;
	int r = content_read(path, false, &content, why);

	if (r == 0)
		r = parse(path, content.bytes, false, take_first, &certificate, why);
	content_finish(&content);
	if (r == 0)
		return complain(why, -EINVAL, "%s: has no public-key", path);
	if (r == TAKEN)
		*ret_certificate = certificate;
	return r == TAKEN ? 0 : r;
}

int certificate_read_secret(const char *path, struct certificate *ret_certificate,
			    char why[CERTIFICATE_WHY_SIZE])
{
	struct certificate certificate;
	struct content content;
	int r = content_read(path, true, &content, why);

	if (r == 0)
		r = parse(path, content.bytes, true, take_first, &certificate, why);
	content_finish(&content);
	if (r == 0)
		return complain(why, -EINVAL,
				"%s: has no secret-key; such a file ends in .key_secret", path);
	if (r < 0)
		return r;
	r = zmq_curve_public(certificate.public_key, certificate.secret_key) ? -errno : 0;
	if (r < 0)
		complain(why, r, "%s: %s", path, zmq_strerror(-r));
	else
		*ret_certificate = certificate;
	certificate_forget(&certificate);
	return r;
}

int certificate_read_token(const char *path, char *ret_token, size_t size,
			   char why[CERTIFICATE_WHY_SIZE])
{
	struct content content;
	int r = content_read(path, true, &content, why);

	if (r == 0) {
		char *token = content.bytes;

		token[strcspn(token, "\n")] = '\0';
		token = trim(token);
		if (!*token || strlen(token) >= size)
			r = complain(why, -EINVAL, "%s: its first line is %s", path,
				     *token ? "too long for a token" : "empty");
		else
			strcpy(ret_token, token);
	}
	content_finish(&content);
	return r;
}

/* ---- many ---- */

static int each_of_file(const char *path, certificate_take take, void *context, char *why)
{
	struct content content;
	int r = content_read(path, false, &content, why);

	if (r == 0)
		r = parse(path, content.bytes, false, take, context, why);
	content_finish(&content);
	return r;
}

static int is_public(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return entry->d_name[0] != '.' && length > 4 && !strcmp(entry->d_name + length - 4, ".key");
}

int certificate_each(const char *path, certificate_take take, void *context,
		     char why[CERTIFICATE_WHY_SIZE])
{
	struct stat status;
	struct dirent **entries;
	int r = 0;

	if (stat(path, &status))
		return complain(why, -errno, "%s: %s", path, strerror(errno));
	if (!S_ISDIR(status.st_mode))
		return each_of_file(path, take, context, why);
	int count = scandir(path, &entries, is_public, alphasort);

	if (count < 0)
		return complain(why, -errno, "%s: %s", path, strerror(errno));
	for (int i = 0; i < count; i++) {
		char file[PATH_MAX];

		if (snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name) >=
		    (int)sizeof(file))
			r = r ? r : complain(why, -ENAMETOOLONG, "%s: too long", path);
		if (r == 0)
			r = each_of_file(file, take, context, why);
		free(entries[i]);
	}
	free(entries);
	return r;
}

/* ---- new ones ---- */

int certificate_create(const char *name, struct certificate *ret_certificate,
		       char why[CERTIFICATE_WHY_SIZE])
{
	guard_memory();
	*ret_certificate = (struct certificate){0};
	copy_name(ret_certificate->name, name);
	if (zmq_curve_keypair(ret_certificate->public_key, ret_certificate->secret_key))
		return complain(why, -errno, "cannot make keys: %s", zmq_strerror(errno));
	return 0;
}

/* A file that did not exist, and is whole on the disk. */
static int write_file(const char *path, mode_t mode, const char *text, char *why)
{
	size_t length = strlen(text);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	int r = 0;

	if (fd < 0)
		return complain(why, -errno, "%s: %s", path,
				errno == EEXIST ? "exists, and is not overwritten"
						: strerror(errno));
	errno = EIO; /* of a write that is short */
	if (write(fd, text, length) != (ssize_t)length || fsync(fd))
		r = complain(why, -errno, "%s: %s", path, strerror(errno));
	close(fd);
	if (r < 0)
		unlink(path);
	return r;
}

static void print(const struct certificate *certificate, bool secret, char *text, size_t size)
{
	snprintf(text, size,
		 "# ZeroMQ CURVE %s of \"%s\"\n"
		 "%s"
		 "metadata\n"
		 "    name = \"%s\"\n"
		 "curve\n"
		 "    public-key = \"%s\"\n"
		 "%s%s%s",
		 secret ? "secret certificate" : "public certificate", certificate->name,
		 secret ? "# Keep it from others: who has it is taken for you.\n"
			: "# Give it to those who shall know you.\n",
		 certificate->name, certificate->public_key, secret ? "    secret-key = \"" : "",
		 secret ? certificate->secret_key : "", secret ? "\"\n" : "");
}

int certificate_write(const struct certificate *certificate, const char *path,
		      char why[CERTIFICATE_WHY_SIZE])
{
	char public_path[PATH_MAX], secret_path[PATH_MAX], text[1024];
	int r;

	if (strlen(path) + SUFFIX_SIZE > sizeof(secret_path))
		return complain(why, -ENAMETOOLONG, "%s: %s", path, strerror(ENAMETOOLONG));
	snprintf(public_path, sizeof(public_path), "%s.key", path);
	snprintf(secret_path, sizeof(secret_path), "%s.key_secret", path);
	print(certificate, false, text, sizeof(text));
	r = write_file(public_path, 0644, text, why);
	if (r < 0)
		return r;
	print(certificate, true, text, sizeof(text));
	r = write_file(secret_path, 0600, text, why);
	explicit_bzero(text, sizeof(text));
	if (r < 0)
		unlink(public_path);
	return r;
}
