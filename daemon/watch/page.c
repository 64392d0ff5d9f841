/*
 * The assembler puts the files into the program, each ended by a zero; make knows that this file depends on
 * them. The charting library is read where the distribution put it: it is updated there, too.
 */
#include "daemon/watch/page.h"

#define EMBED(name, file)                         \
	__asm__(".section .rodata\n"              \
		".global " #name "\n" #name ":\n" \
		".incbin \"" file "\"\n"          \
		".byte 0\n"                       \
		".text\n")

EMBED(page_html, "daemon/watch/page.html");
EMBED(page_css, "daemon/watch/page.css");
EMBED(page_js, "daemon/watch/page.js");

extern const char page_html[], page_css[], page_js[];

static const char dygraph_path[] = "/usr/share/javascript/dygraphs/dygraph.min.js";

void page_write_html(FILE *out)
{
	fputs(page_html, out);
}

void page_write_css(FILE *out)
{
	fputs(page_css, out);
}

void page_write_js(FILE *out)
{
	fputs(page_js, out);
}

void page_write_dygraph(FILE *out)
{
	FILE *file = fopen(dygraph_path, "r");
	char bytes[4096];
	size_t size;

	if (!file) {
		fputs("/* libjs-dygraphs is not installed: the page draws plainer charts. */\n",
		      out);
		return;
	}
	while ((size = fread(bytes, 1, sizeof(bytes), file)) > 0)
		fwrite(bytes, 1, size, out);
	fclose(file);
}
