/*
 * The assembler puts the files into the program, byte for byte; make knows that this file depends on
 * them. The charting library is read where the distribution put it: it is updated there, too.
 */
#include "daemon/watch/page.h"

#define EMBED(name, file)                                                    \
	__asm__(".section .rodata\n"                                         \
		".global " #name "_begin, " #name "_end\n" #name "_begin:\n" \
		".incbin \"" file "\"\n" #name "_end:\n"                     \
		".byte 0\n"                                                  \
		".text\n");                                                  \
	extern const char name##_begin[], name##_end[]

EMBED(page_html, "daemon/watch/page.html");
EMBED(page_css, "daemon/watch/page.css");
EMBED(page_js, "daemon/watch/page.js");

static const char dygraph_path[] = "/usr/share/javascript/dygraphs/dygraph.min.js";

void page_write_html(FILE *out)
{
	fwrite(page_html_begin, 1, (size_t)(page_html_end - page_html_begin), out);
}

void page_write_css(FILE *out)
{
	fwrite(page_css_begin, 1, (size_t)(page_css_end - page_css_begin), out);
}

void page_write_js(FILE *out)
{
	fwrite(page_js_begin, 1, (size_t)(page_js_end - page_js_begin), out);
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
