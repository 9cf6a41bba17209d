/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Between writer.c (chunks) and writer_summary.c (the file's end). */
#pragma once
#include <mcap/put.h>
#include <mcap/writer.h>

/* Hands bytes to the sink and counts them; a failure is remembered. */
int writer_emit(struct mcap_writer *w, const void *data, size_t size);

/* The most bytes that the file's end takes, given what it holds now. */
uint64_t writer_tail_size(const struct mcap_writer *w);

/* True, and the space reserved, if `size` bytes and the file's end fit. Otherwise 0 bytes were used
 * and the state is MCAP_FULL or MCAP_FAILED. */
bool writer_reserve(struct mcap_writer *w, uint64_t size);

/* No more messages: -ENOSPC is a full disk, anything else a failure. The chunk being filled is
 * dropped. */
void writer_stop(struct mcap_writer *w, int error);

/* What the state means as a return value. */
int writer_status(const struct mcap_writer *w);

/* Before a chunk is written: room in `index` for its ChunkIndex, by spilling if need be. After: the
 * record itself. */
int writer_index_prepare(struct mcap_writer *w);
void writer_index_commit(struct mcap_writer *w, uint64_t records_size);
