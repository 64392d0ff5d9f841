/*
 * Weights as safetensors, the format of the Hugging Face library of that name: a header of JSON, then
 * the tensors. Bytes in memory; files are the caller's.
 *
 * Tensors have PyTorch's names, shapes and order of gates (LSTM: input, forget, candidate, output;
 * GRU: reset, update, candidate), dtype F32, so that the cell's load into a torch.nn.LSTM, GRU or RNN
 * as they are:
 *
 *	weight_ih_l<n>  [gates*hidden, inputs]      head.weight    [outputs, hidden]
 *	weight_hh_l<n>  [gates*hidden, hidden]      head.bias      [outputs]
 *	bias_ih_l<n>    [gates*hidden]              skip.weight    [outputs, lookback*channels]
 *	bias_hh_l<n>    [gates*hidden]              extras.weight  [outputs, extras]
 *
 * The shape stands in __metadata__, as strings: cell (lstm, gru, rnn), activation (tanh, relu),
 * layers, hidden, channels, lookback, extras, outputs, skip (true, false). Callers may add their own.
 */
#ifndef ROLLCAST_SAFETENSORS_H
#define ROLLCAST_SAFETENSORS_H

#include "rollcast/network.h"

/* A pair of __metadata__, UTF-8. */
struct rollcast_metadata {
	const char *key, *value;
};

/*
 * The weights and `count` further pairs of metadata as `ret_size` bytes, to be freed by the caller.
 * -ENOMEM.
 */
int rollcast_safetensors_write(const struct rollcast_weights *weights,
			       const struct rollcast_metadata *metadata, size_t count,
			       void **ret_bytes, size_t *ret_size);

/*
 * Weights from bytes that need not be trusted; the caller owns one reference. -EBADMSG if they are not
 * safetensors, or lack a tensor or a word of the shape, or have a tensor or bytes too many;
 * -EINVAL if the shape is impossible or a weight is not finite; -ENOMEM.
 */
int rollcast_safetensors_read(const void *bytes, size_t size,
			      struct rollcast_weights **ret_weights);

/*
 * One value of __metadata__, with a terminating zero, to `ret_value` of `room` bytes. -ENOENT if there is
 * no such key, -ENOBUFS if it does not fit or is not text, -EBADMSG if the bytes are not safetensors.
 */
int rollcast_safetensors_metadata(const void *bytes, size_t size, const char *key, char *ret_value,
				  size_t room);

#endif
