/* Values as the YAML that reads back as they are. */
#ifndef DAEMON_SETTINGS_PRINT_H
#define DAEMON_SETTINGS_PRINT_H

#include <stdio.h>

#include "daemon/settings/table.h"

/* A key's value in its element. */
void print_value(const struct key *key, const void *element, FILE *out);

#endif
