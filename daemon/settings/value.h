/*
 * Values as text: numbers, durations, sizes, endpoints. A parser returns NULL, or what is wrong as
 * the end of a sentence that begins with the text: "is no whole number".
 */
#ifndef DAEMON_SETTINGS_VALUE_H
#define DAEMON_SETTINGS_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

const char *value_whole(const char *text, uint64_t *ret_number);
/* Permissions of a file: 660 or 0660. */
const char *value_mode(const char *text, uint32_t *ret_mode);
const char *value_number(const char *text, double *ret_number);
/*
 * 1.5s, 10m; us ms s m h d w. Plain 0 needs no unit. Below a hundred years. value_no_duration: the
 * text does not even look like one.
 */
extern const char value_no_duration[];
const char *value_duration(const char *text, int64_t *ret_us);
/* 16MiB; B, KiB MiB GiB (1024), kB MB GB (1000). Plain 0 needs no unit. */
const char *value_size(const char *text, uint64_t *ret_bytes);
/* Letters, digits, _ and -, at most 64. */
const char *value_name(const char *text);
/* What ZeroMQ can bind or connect to: tcp://host:port or ipc://path. */
const char *value_endpoint(const char *text, bool bind);
/* What a server can listen at: ADDRESS:PORT, or [ADDRESS]:PORT for IPv6; no names. */
const char *value_listen(const char *text);
bool value_listen_is_local(const char *text);
/* Whether a valid endpoint to bind is out of reach of other machines. */
bool value_endpoint_is_local(const char *text);

enum { VALUE_SIZE = 40 };
/* The shortest text that the parser reads back as the same value. */
void value_format_number(double number, char text[VALUE_SIZE]);
void value_format_duration(int64_t us, char text[VALUE_SIZE]);
void value_format_size(uint64_t bytes, char text[VALUE_SIZE]);

#endif
