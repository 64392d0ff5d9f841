/*
 * Certificates: a CURVE key pair as a file, in CZMQ's format, which CZMQ and pyzmq read and write too.
 *
 *	metadata
 *	    name = "collector"
 *	curve
 *	    public-key = "40 characters of Z85"
 *	    secret-key = "40 more"                 only in the file that nobody else may read
 *
 * Who has read a secret cannot be dumped: there is no core file of it, and no process of the same user
 * may look into it.
 */
#ifndef DAEMON_BASE_CERTIFICATE_H
#define DAEMON_BASE_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CERTIFICATE_KEY_BYTES = 32,
	CERTIFICATE_KEY_SIZE = 41, /* as Z85 text, its end included */
	CERTIFICATE_NAME_SIZE = 65,
	CERTIFICATE_WHY_SIZE = 512, /* enough for what functions here say is wrong */
};

struct certificate {
	char name[CERTIFICATE_NAME_SIZE]; /* "" if it has none */
	char public_key[CERTIFICATE_KEY_SIZE];
	char secret_key[CERTIFICATE_KEY_SIZE]; /* "" for one that is public */
};

/* Whether text is a key: 40 characters of Z85. Writes its bytes, if they are wanted. */
bool certificate_key_is_valid(const char *text, uint8_t ret_bytes[CERTIFICATE_KEY_BYTES]);

/* What functions below fail with is a negative errno, and in words for people in `why`. */

/* A new key pair. */
int certificate_create(const char *name, struct certificate *ret_certificate,
		       char why[CERTIFICATE_WHY_SIZE]);
/*
 * Writes PATH.key, and PATH.key_secret with mode 0600. Neither may exist: nothing is overwritten, and
 * of the two either both are there afterwards or none.
 */
int certificate_write(const struct certificate *certificate, const char *path,
		      char why[CERTIFICATE_WHY_SIZE]);
/* The first certificate of a file; its secret is not looked at. */
int certificate_read_public(const char *path, struct certificate *ret_certificate,
			    char why[CERTIFICATE_WHY_SIZE]);
/*
 * A secret certificate; forget it soon. Refuses a file that others may read, unless systemd keeps it
 * ($CREDENTIALS_DIRECTORY). The public key is worked out from the secret one.
 */
int certificate_read_secret(const char *path, struct certificate *ret_certificate,
			    char why[CERTIFICATE_WHY_SIZE]);
void certificate_forget(struct certificate *certificate);

/* Of every certificate in a file, or of the `*.key` of a directory. May end with a negative errno. */
typedef int (*certificate_take)(void *context, const struct certificate *certificate);
int certificate_each(const char *path, certificate_take take, void *context,
		     char why[CERTIFICATE_WHY_SIZE]);

/*
 * A short secret in a file by itself, such as a token: its first line, without the blanks around it.
 * Refuses files as certificate_read_secret does, and what is longer than size - 1.
 */
int certificate_read_token(const char *path, char *ret_token, size_t size,
			   char why[CERTIFICATE_WHY_SIZE]);

#endif
