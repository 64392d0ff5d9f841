#include "lib/network/json.h"

#include <string.h>

static void skip_space(struct json *json)
{
	while (json->at < json->end && strchr(" \t\r\n", *json->at) && *json->at)
		json->at++;
}

bool json_take(struct json *json, char sign)
{
	skip_space(json);
	if (json->at == json->end || *json->at != sign)
		return false;
	json->at++;
	return true;
}

bool json_take_string(struct json *json, struct json_text *ret_text)
{
	if (!json_take(json, '"'))
		return false;
	const char *begin = json->at;

	for (; json->at < json->end && *json->at != '"'; json->at++) {
		if ((unsigned char)*json->at < ' ')
			return false;
		if (*json->at == '\\' && ++json->at == json->end)
			return false;
	}
	if (json->at >= json->end)
		return false;
	*ret_text = (struct json_text){begin, (size_t)(json->at - begin)};
	json->at++;
	return true;
}

bool json_take_count(struct json *json, uint64_t *ret_count)
{
	uint64_t count = 0;

	skip_space(json);
	const char *begin = json->at;

	for (; json->at < json->end && *json->at >= '0' && *json->at <= '9'; json->at++) {
		if (count > (UINT64_MAX - 9) / 10)
			return false;
		count = count * 10 + (uint64_t)(*json->at - '0');
	}
	*ret_count = count;
	return json->at > begin && (*begin != '0' || json->at == begin + 1);
}

bool json_at_end(struct json *json)
{
	skip_space(json);
	return json->at == json->end;
}

bool json_member(struct json *json, bool first, struct json_text *ret_key, bool *ret_closed)
{
	*ret_closed = json_take(json, '}');
	if (*ret_closed || (!first && !json_take(json, ',')))
		return false;
	return json_take_string(json, ret_key) && json_take(json, ':');
}

bool json_is(struct json_text text, const char *word)
{
	return text.size == strlen(word) && memcmp(text.bytes, word, text.size) == 0;
}

static int hex_digit(char sign)
{
	if (sign >= '0' && sign <= '9')
		return sign - '0';
	if (sign >= 'a' && sign <= 'f')
		return sign - 'a' + 10;
	if (sign >= 'A' && sign <= 'F')
		return sign - 'A' + 10;
	return -1;
}

/* The four digits after \u. */
static bool read_unit(const char **at, const char *end, uint32_t *ret_unit)
{
	uint32_t unit = 0;

	if (end - *at < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit((*at)[i]);

		if (digit < 0)
			return false;
		unit = unit << 4 | (uint32_t)digit;
	}
	*at += 4;
	*ret_unit = unit;
	return true;
}

/* A character after \u, of one unit or a pair of surrogates. */
static bool read_code(const char **at, const char *end, uint32_t *ret_code)
{
	uint32_t code, low;

	if (!read_unit(at, end, &code))
		return false;
	if (code >= 0xDC00 && code <= 0xDFFF)
		return false;
	if (code >= 0xD800 && code < 0xDC00) {
		if (end - *at < 2 || (*at)[0] != '\\' || (*at)[1] != 'u')
			return false;
		*at += 2;
		if (!read_unit(at, end, &low) || low < 0xDC00 || low > 0xDFFF)
			return false;
		code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
	}
	*ret_code = code;
	return code != 0;
}

/* At most four bytes of UTF-8. */
static size_t encode(uint32_t code, char *bytes)
{
	if (code < 0x80) {
		bytes[0] = (char)code;
		return 1;
	}
	size_t size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	for (size_t i = size; i-- > 1; code >>= 6)
		bytes[i] = (char)(0x80 | (code & 0x3F));
	bytes[0] = (char)(0xF00 >> size | code);
	return size;
}

static bool read_escape(const char **at, const char *end, char *bytes, size_t *ret_size)
{
	static const char signs[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	char sign = *(*at)++;
	uint32_t code;

	if (sign == 'u') {
		if (!read_code(at, end, &code))
			return false;
		*ret_size = encode(code, bytes);
		return true;
	}
	const char *found = sign ? strchr(signs, sign) : NULL;

	if (!found)
		return false;
	bytes[0] = meanings[found - signs];
	*ret_size = 1;
	return true;
}

bool json_decode(struct json_text text, char *ret_word, size_t room)
{
	const char *at = text.bytes, *end = at + text.size;
	size_t used = 0;

	while (at < end) {
		char bytes[4] = {*at++};
		size_t size = 1;

		if (bytes[0] == '\0' || (bytes[0] == '\\' && !read_escape(&at, end, bytes, &size)))
			return false;
		if (room - used <= size || used >= room)
			return false;
		memcpy(ret_word + used, bytes, size);
		used += size;
	}
	if (used >= room)
		return false;
	ret_word[used] = '\0';
	return true;
}
