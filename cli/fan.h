/*
 * A forecast as a chart of braille characters: the past, the median, the intervals as a shade around
 * it, thresholds as broken lines, and axes.
 *
 *	 100 ┤⠒⠒ ⠒⠒ ⠒⠒ ⠒⠒│⠒⠒ ⠒⠒ ⠒⠒   disk_full 100
 *	  80 ┤        ⢀⡠│⠤⠔⣒⣶⣾⣿
 *	  60 ┤⠤⠤⣀⡠⠔⠒⠊⠁   │
 *	     └──┬────────┴────┬──
 *	     14:00          15:00
 */
#ifndef CLI_FAN_H
#define CLI_FAN_H

#include <stddef.h>

#include "cli/canvas.h"
#include "rollcast/stream.h"

struct fan {
	const struct rollcast_forecast *forecast;
	const double *past; /* [count], a value per step up to the origin; NaN: not known */
	size_t count;
};

struct fan_box {
	size_t row, column, height, width;
};

/* The least that a box can be; in a smaller one nothing is drawn. */
enum { FAN_HEIGHT_MIN = 5, FAN_WIDTH_MIN = 24 };

void fan_draw(struct canvas *canvas, struct fan_box box, const struct fan *fan);

#endif
