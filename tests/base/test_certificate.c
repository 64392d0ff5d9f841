#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/base/certificate.h"

#define KEY_A	 "m#.$&a]wz7YPCVu!&2V*FhRl8]7<>h3QNBp5hQ?w"
#define KEY_B	 "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
#define SECRET_B "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"

static char directory[] = "/tmp/rollcast-certificate-XXXXXX";

static int make_directory(void **state)
{
	(void)state;
	return mkdtemp(directory) && chdir(directory) == 0 ? 0 : -1;
}

static int remove_directory(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	return system(command);
}

static void write_file(const char *path, mode_t mode, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void a_key_is_forty_characters_of_z85(void **state)
{
	static const struct {
		const char *text;
		bool valid;
	} rows[] = {
		{KEY_A, true},
		{"0000000000000000000000000000000000000000", true},
		{"", false},
		{"m#.$&a]wz7YPCVu!&2V*FhRl8]7<>h3QNBp5hQ?", false},
		{KEY_A "0", false},
		{"m#.$&a]wz7YPCVu!&2V*FhRl8]7<>h3QNBp5hQ?\"", false},
		{"m#.$&a]wz7YPCVu!&2V*FhRl8]7<>h3QNBp5hQ? ", false},
		{"########################################", false}, /* more than 32 bits in five */
	};
	uint8_t bytes[CERTIFICATE_KEY_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (certificate_key_is_valid(rows[i].text, bytes) != rows[i].valid)
			fail_msg("\"%s\"", rows[i].text);
}

static void what_is_written_is_read_back(void **state)
{
	struct certificate made, read;
	char why[CERTIFICATE_WHY_SIZE];
	struct stat status;

	(void)state;
	assert_int_equal(certificate_create("a \"name\"\n\x01", &made, why), 0);
	assert_string_equal(made.name, "aname");
	assert_int_equal(certificate_write(&made, "pair", why), 0);
	assert_int_equal(stat("pair.key_secret", &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(certificate_read_public("pair.key", &read, why), 0);
	assert_string_equal(read.public_key, made.public_key);
	assert_string_equal(read.name, "aname");
	assert_string_equal(read.secret_key, "");
	assert_int_equal(certificate_read_public("pair.key_secret", &read, why), 0);
	assert_string_equal(read.secret_key, "");
	assert_int_equal(certificate_read_secret("pair.key_secret", &read, why), 0);
	assert_string_equal(read.secret_key, made.secret_key);
	assert_string_equal(read.public_key, made.public_key);
	certificate_forget(&read);
	assert_string_equal(read.secret_key, "");
}

static void nothing_is_overwritten_and_nothing_half_is_left(void **state)
{
	struct certificate made;
	char why[CERTIFICATE_WHY_SIZE];

	(void)state;
	assert_int_equal(certificate_create("x", &made, why), 0);
	write_file("taken.key_secret", 0600, "mine");
	assert_int_equal(certificate_write(&made, "taken", why), -EEXIST);
	assert_string_equal(why, "taken.key_secret: exists, and is not overwritten");
	assert_int_equal(access("taken.key", F_OK), -1);
	assert_int_equal(certificate_write(&made, "nowhere/x", why), -ENOENT);
}

static void the_public_key_is_worked_out_from_the_secret_one(void **state)
{
	struct certificate read;
	char why[CERTIFICATE_WHY_SIZE];

	(void)state;
	write_file("b", 0600, "curve\n\tsecret-key = '" SECRET_B "'\n");
	assert_int_equal(certificate_read_secret("b", &read, why), 0);
	assert_string_equal(read.public_key, KEY_B);
}

static void files_that_hold_no_key_are_refused_with_the_reason(void **state)
{
	static const struct {
		const char *text;
		mode_t mode;
		int secret, public;
		const char *why; /* of the last of the two that fails */
	} rows[] = {
		{"", 0600, -EINVAL, -EINVAL, "f: has no public-key"},
		{"# public-key = \"" KEY_A "\"\n", 0600, -EINVAL, -EINVAL, "f: has no public-key"},
		{"public-key = \"" KEY_A "\"", 0600, -EINVAL, 0,
		 "f: has no secret-key; such a file ends in .key_secret"},
		{"public-key = " KEY_A "\r\n", 0600, -EINVAL, 0,
		 "f: has no secret-key; such a file ends in .key_secret"},
		{"\n\npublic-key = \"short\"\n", 0600, -EINVAL, -EINVAL,
		 "f:3: the public-key is not 40 characters of Z85 in quotes"},
		{"secret-key = \"" SECRET_B "\"\npublic-key=\"" KEY_B "\"\n", 0644, -EPERM, 0,
		 "f: others than its owner may use it (mode 0644): chmod 600 it"},
		{"secret-key = \"" SECRET_B "\"\npublic-key=\"" KEY_B "\"\n", 0620, -EPERM, 0,
		 "f: others than its owner may use it (mode 0620): chmod 600 it"},
	};
	struct certificate read;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char why[CERTIFICATE_WHY_SIZE];

		write_file("f", rows[i].mode, rows[i].text);
		assert_int_equal(certificate_read_secret("f", &read, why), rows[i].secret);
		assert_int_equal(certificate_read_public("f", &read, why), rows[i].public);
		assert_string_equal(why, rows[i].why);
	}
}

struct taken {
	char text[1024];
};

static int take(void *context, const struct certificate *certificate)
{
	struct taken *taken = context;
	size_t used = strlen(taken->text);

	assert_string_equal(certificate->secret_key, "");
	snprintf(taken->text + used, sizeof(taken->text) - used, "%s=%.3s ", certificate->name,
		 certificate->public_key);
	return 0;
}

static void all_certificates_of_a_file_or_a_directory_are_taken(void **state)
{
	struct taken taken = {""};
	char why[CERTIFICATE_WHY_SIZE];

	(void)state;
	assert_int_equal(mkdir("all", 0755), 0);
	write_file("all/2.key", 0644,
		   "metadata\n name = \"a\"\ncurve\n public-key = \"" KEY_A "\"\n"
		   "metadata\ncurve\n public-key = \"" KEY_B "\"\n");
	write_file("all/1.key", 0644, "metadata\n name = b\ncurve\n public-key = \"" KEY_B "\"\n");
	write_file("all/1.key_secret", 0600, "not a certificate");
	write_file("all/.3.key", 0600, "public-key = nor this");
	assert_int_equal(certificate_each("all", take, &taken, why), 0);
	assert_string_equal(taken.text, "b=Yne a=m#. =Yne ");
	taken.text[0] = '\0';
	assert_int_equal(certificate_each("all/1.key", take, &taken, why), 0);
	assert_string_equal(taken.text, "b=Yne ");
	assert_int_equal(certificate_each("none", take, &taken, why), -ENOENT);
	write_file("all/3.key", 0644, "public-key = x");
	assert_int_equal(certificate_each("all", take, &taken, why), -EINVAL);
	assert_string_equal(why,
			    "all/3.key:1: the public-key is not 40 characters of Z85 in quotes");
}

static void a_token_is_the_first_line(void **state)
{
	char token[16], why[CERTIFICATE_WHY_SIZE];

	(void)state;
	write_file("token", 0600, "  open sesame \r\nmore\n");
	assert_int_equal(certificate_read_token("token", token, sizeof(token), why), 0);
	assert_string_equal(token, "open sesame");
	write_file("token", 0600, "\n");
	assert_int_equal(certificate_read_token("token", token, sizeof(token), why), -EINVAL);
	write_file("token", 0600, "0123456789abcdef");
	assert_int_equal(certificate_read_token("token", token, sizeof(token), why), -EINVAL);
	write_file("token", 0604, "x");
	assert_int_equal(certificate_read_token("token", token, sizeof(token), why), -EPERM);
}

static void files_in_the_directory_of_credentials_may_show_a_mask(void **state)
{
	struct certificate read;
	char why[CERTIFICATE_WHY_SIZE], path[64];

	(void)state;
	snprintf(path, sizeof(path), "%s/credential", directory);
	write_file(path, 0440, "secret-key = \"" SECRET_B "\"");
	assert_int_equal(certificate_read_secret(path, &read, why), -EPERM);
	setenv("CREDENTIALS_DIRECTORY", directory, 1);
	assert_int_equal(certificate_read_secret(path, &read, why), 0);
	setenv("CREDENTIALS_DIRECTORY", "/tmp/rollcast-cert", 1);
	assert_int_equal(certificate_read_secret(path, &read, why), -EPERM);
	unsetenv("CREDENTIALS_DIRECTORY");
}

static void who_has_read_a_secret_cannot_be_dumped(void **state)
{
	struct certificate read;
	char why[CERTIFICATE_WHY_SIZE];

	(void)state;
	write_file("b", 0600, "secret-key = \"" SECRET_B "\"");
	prctl(PR_SET_DUMPABLE, 1);
	assert_int_equal(certificate_read_secret("b", &read, why), 0);
	assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_is_forty_characters_of_z85),
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(nothing_is_overwritten_and_nothing_half_is_left),
		cmocka_unit_test(the_public_key_is_worked_out_from_the_secret_one),
		cmocka_unit_test(files_that_hold_no_key_are_refused_with_the_reason),
		cmocka_unit_test(all_certificates_of_a_file_or_a_directory_are_taken),
		cmocka_unit_test(a_token_is_the_first_line),
		cmocka_unit_test(files_in_the_directory_of_credentials_may_show_a_mask),
		cmocka_unit_test(who_has_read_a_secret_cannot_be_dumped),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
