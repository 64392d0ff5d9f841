/*
 * What a shard answers when it is asked about its streams: the first of those that match, in the order
 * wanted, copied into a block of the answer's own.
 */
#ifndef DAEMON_STREAM_ANSWER_H
#define DAEMON_STREAM_ANSWER_H

#include "daemon/message.h"
#include "daemon/stream/shard.h"

/* Answers, and gives the shard's hold of the question up. */
void answer_question(const struct shard *shard, struct question *question);

#endif
