/*
 * One stream in full, on a canvas: what is known of it, its fan, the experts' weights, the intervals'
 * coverage, and how near its thresholds are. As much as there is room for, the fan first.
 */
#ifndef CLI_DETAIL_H
#define CLI_DETAIL_H

#include "cli/canvas.h"
#include "cli/fan.h"

/* Draws into the rows from `top` to the end of the canvas. */
void detail_draw(struct canvas *canvas, size_t top, const struct fan *fan);

#endif
