/* The page that people look at, embedded when the daemon is built. */
#ifndef DAEMON_WATCH_PAGE_H
#define DAEMON_WATCH_PAGE_H

#include <stddef.h>
#include <stdio.h>

/* Each writes one file. */
void page_write_html(FILE *out);
void page_write_css(FILE *out);
void page_write_js(FILE *out);
/* The charting library of the distribution, or a comment that it is not installed. */
void page_write_dygraph(FILE *out);

#endif
