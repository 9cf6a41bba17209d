/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The file "metadata" in a sigrok session: which file holds the samples, how fast they were taken,
 * what lines they are. https://sigrok.org/wiki/File_format:Sigrok/v2 */
#pragma once
#include <traces/source.h>

#define SR_PROBE_MAX    64
#define SR_METADATA_MAX (64u << 10)

struct sr_probe {
    bool named; /* only named probes are enabled */
    char name[64];
};

struct sr_metadata {
    char capturefile[64]; /* "logic-1"; "" in a session without logic lines */
    uint64_t rate_millihertz;
    uint32_t unit_size; /* bytes of a sample */
    uint32_t analog_count;
    uint32_t probe_count; /* highest named probe + 1 */
    struct sr_probe probe[SR_PROBE_MAX];
};

/* Parses `text` (terminated, changed on the way). `file` is for messages. */
int sr_metadata_parse(const char *file, char *text, struct sr_metadata *metadata,
                      struct trace_error *error);
