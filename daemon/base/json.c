/* JSON (RFC 8259) out. */
#include "daemon/base/json.h"

#include <math.h>

void json_string(FILE *file, const char *text)
{
	fputc('"', file);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fprintf(file, "\\%c", *text);
		else if ((unsigned char)*text < ' ')
			fprintf(file, "\\u%04x", (unsigned char)*text);
		else
			fputc(*text, file);
	}
	fputc('"', file);
}

void json_number(FILE *file, double number)
{
	if (isfinite(number))
		fprintf(file, "%.10g", number);
	else
		fputs("null", file);
}

void json_numbers(FILE *file, const double *numbers, size_t count)
{
	fputc('[', file);
	for (size_t i = 0; i < count; i++) {
		if (i)
			fputs(", ", file);
		json_number(file, numbers[i]);
	}
	fputc(']', file);
}
