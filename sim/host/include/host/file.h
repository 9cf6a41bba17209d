/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* An output file for the recorder: buffered, and honest about a full disk.
 *
 * Space for what must be written at the end (a trace's footer) can be reserved. When the disk or
 * the limit is full, writes are refused as a whole and the error stays (host_file_error()); the
 * writer drops its last chunk, calls host_file_release_reserve(), and closes with what it has. */
#pragma once
#include <axiom/types.h>

#define HOST_FILE_BUFFER (1u << 20)

struct host_file; /* opaque */

/* Creates or replaces the file. limit: bytes after which the disk counts as full; 0: none. Negative
 * errno. */
int host_file_create(const char *path, uint64_t limit, struct host_file **out);
/* All of it, or nothing and a negative errno (-ENOSPC). */
int host_file_write(struct host_file *file, const void *data, size_t size);
uint64_t host_file_size(const struct host_file *file);
/* Keeps `size` bytes back from write(). -ENOSPC: they are not there now. */
int host_file_reserve(struct host_file *file, uint64_t size);
void host_file_release_reserve(struct host_file *file);
/* The first error, 0: none. */
int host_file_error(const struct host_file *file);
/* Cuts the file to `size`, which lies behind what is written already. */
int host_file_truncate(struct host_file *file, uint64_t size);
/* Writes the rest and closes; the first error of all. */
int host_file_close(struct host_file *file);
