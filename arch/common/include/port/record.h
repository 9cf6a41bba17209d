/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What an image records, into a part of RAM that whoever started it reads afterwards (QEMU's RAM can be
 * a file): an MCAP file as `axiom run --record` writes it, for the desk. */
#pragma once
#include <axiom/event.h>
#include <axiom/types.h>

struct record_file {
    const char *name; /* of the attachment */
    const char *media_type;
    const void *data;
    size_t size;
};

struct record_config {
    const char *board; /* "" if not known */
    const char *clock; /* NULL: the machine's; "board": its own */
    uint64_t seed;
    uint32_t cpu_count;
    const struct record_file *file;
    uint32_t file_count;
};

/* `size` bytes at `at` are the recorder's from now on. The caller adds *sink to the registry. 0, or a
 * negative errno. */
int record_begin(const struct record_config *config, struct phys_addr at, uint64_t size,
                 struct event_sink **sink);
/* The sink has been removed. `reason`: "complete", or why the run ended. Says on the console where the
 * file lies ("who: recorded N bytes at 0xADDRESS"). -ENOBUFS: not all events are in it. */
int record_end(const char *who, uint64_t stop_ns, const char *reason);
/* After that: the file on the console, in base64 (RFC 4648) between two lines with dashes, for a board whose RAM nobody
 * can read. */
void record_print(void);
