/*
 * Any bytes as what a shard is handed when the daemon starts: an envelope that is sealed here, because no
 * fuzzer finds a checksum, and a record or a journal in it. Then samples come, and it stops.
 */
#include "daemon/base/envelope.h"
#include "tests/fuzz/room.h"

static struct block *seal(const uint8_t *bytes, size_t size, enum envelope_kind kind)
{
	struct block *block = block_create(size);
	struct envelope *envelope;

	must(block);
	memcpy(block->bytes, bytes, size);
	block->used = size;
	must(envelope_check(block->bytes, size, kind));
	if (size < sizeof(*envelope))
		return block;
	envelope = (void *)block->bytes;
	envelope->kind = kind;
	envelope_seal(block->bytes, size, 0);
	return block;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	bool journal = size > 0 && *bytes % 2;
	enum envelope_kind kind = journal ? ENVELOPE_JOURNAL : ENVELOPE_RECORD;
	struct letter letter = {.kind = journal ? LETTER_JOURNAL : LETTER_RECORD};
	struct room room;

	if (size-- == 0)
		return 0;
	letter.kept = seal(bytes + 1, size, kind);
	const struct envelope *envelope = (const void *)letter.kept->bytes;

	/* As restore.c does. */
	if (envelope_check(letter.kept->bytes, size, kind) ||
	    (!journal && !envelope->name_length)) {
		free(letter.kept);
		return 0;
	}
	room_open(&room, true);
	must(!queue_push(&room.inbox, &letter));
	must(!queue_push(&room.inbox, &(struct letter){.kind = LETTER_RESTORED}));
	room_feed(&room, "x{a=\"b\"}", 1700000060, 6);
	room_close(&room);
	return 0;
}
