/* Any bytes as a file of certificates, a secret one, or a token. What is taken is a key, and can be told. */
#include "daemon/base/certificate.h"

#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"

static int take(void *context, const struct certificate *certificate)
{
	uint8_t bytes[CERTIFICATE_KEY_BYTES];

	must(certificate_key_is_valid(certificate->public_key, bytes));
	must(!*certificate->secret_key);
	for (const char *c = certificate->name; *c; c++)
		must(*c > ' ' && *c < 0x7f && *c != '"');
	++*(size_t *)context;
	return 0;
}

static void read_all(const char *path)
{
	char why[CERTIFICATE_WHY_SIZE] = "";
	struct certificate first;
	size_t count = 0;
	int each = certificate_each(path, take, &count, why);
	int one = certificate_read_public(path, &first, why);

	must(each == 0 || *why);
	must((count > 0) == (one == 0));
}

static void read_secret(const char *path)
{
	char why[CERTIFICATE_WHY_SIZE] = "";
	struct certificate secret;

	if (certificate_read_secret(path, &secret, why) < 0) {
		must(*why);
		return;
	}
	must(certificate_key_is_valid(secret.secret_key, NULL));
	must(certificate_key_is_valid(secret.public_key, NULL));
}

static void read_token(const char *path)
{
	char token[32], why[CERTIFICATE_WHY_SIZE] = "";

	if (certificate_read_token(path, token, sizeof(token), why) == 0)
		must(*token && strlen(token) < sizeof(token) && !strchr(token, '\n'));
	else
		must(*why);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const char *path = file_of(bytes, size);

	must(!chmod(path, 0600));
	read_all(path);
	read_secret(path);
	read_token(path);
	return 0;
}
