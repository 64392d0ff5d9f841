/* JSON out: what printf cannot do. */
#ifndef DAEMON_BASE_JSON_H
#define DAEMON_BASE_JSON_H

#include <stdio.h>

/* A string in quotes, escaped; bytes that are not ASCII pass as they are. */
void json_string(FILE *file, const char *text);
/* A number in ten digits; null if it is not finite. */
void json_number(FILE *file, double number);
/* An array of numbers. */
void json_numbers(FILE *file, const double *numbers, size_t count);

#endif
