/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A struct mcap_writer whose sink is a file, with all its buffers.
 *
 * Disk space is allocated ahead of each chunk (fallocate), so a full disk or a file size limit is
 * met while there is still room for the file's end: what was recorded up to then is a valid file. A
 * crash leaves complete chunks only. The chunk index spills to an unlinked file beside it: memory
 * does not grow with the recording. */
#pragma once
#include <mcap/writer.h>
#include <traces/host/reader.h>

struct mcap_file_options {
    size_t chunk_size;         /* 0: 256 KiB */
    uint16_t channel_capacity; /* 0: 1024 */
    size_t summary_size;       /* 0: enough for that many channels of ours */
    uint64_t limit_bytes;      /* 0: none */
    uint32_t tail_reserve;     /* 0: 512 */
    const char *profile, *library;
};

struct mcap_file_writer;

/* Makes or empties the file. Caller owns *out; options may be NULL. */
int mcap_file_create(const char *path, const struct mcap_file_options *options,
                     struct mcap_file_writer **out, struct mcap_error *error);
/* Into memory, growing: for tests and measurements. */
int mcap_memory_create(const struct mcap_file_options *options, struct mcap_file_writer **out,
                       struct mcap_error *error);

/* The writer itself; mcap_writer_finish() may be called on it, or is left to mcap_file_close(). */
struct mcap_writer *mcap_file_writer(struct mcap_file_writer *file);

/* The bytes so far of a writer into memory; valid until the next call that writes. */
struct mcap_bytes mcap_memory_bytes(const struct mcap_file_writer *file);

/* Finishes if that was not done, closes and frees. 0; -ENOSPC: the file is valid, `error` says how
 * many messages it had no room for; another errno: `error` says what is in the file. */
int mcap_file_close(struct mcap_file_writer *file, struct mcap_error *error);
