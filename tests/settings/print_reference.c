/* Prints docs/settings.md. */
#include "daemon/settings/settings.h"

int main(void)
{
	settings_print_reference(stdout);
	return ferror(stdout) || fflush(stdout);
}
