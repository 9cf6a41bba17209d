/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the formats share behind source.h: the base object, the input, the channel table, options,
 * messages.
 *
 * A format embeds struct trace_source as its first member and gives its operations. Its open
 * function gets the detected input, owns it on success, and has filled the channel table when it
 * returns. trace_next() of source.c sees to it that time never runs backwards and that an error is
 * final. */
#pragma once
#include "input.h"
#include <axiom/errno.h>
#include <string.h>
#include <traces/source.h>

#define TRACE_CHANNEL_MAX 8192 /* more is a wrong file, not a robot */
#define TRACE_NAME_MAX    120

struct trace_format {
    const char *name;
    int (*next)(struct trace_source *source, struct trace_record *record,
                struct trace_error *error);
    int (*rewind)(struct trace_source *source, struct trace_error *error);
    uint32_t (*progress)(const struct trace_source *source);
    void (*close)(struct trace_source *source); /* frees what the format added, not the base */
};

struct trace_source {
    const struct trace_format *format;
    struct trace_input input;
    struct trace_channel *channel;
    uint32_t channel_count, channel_capacity;
    uint64_t end_ns;
    uint64_t unrepresentable;
    char warning[256];
    /* What trace_next() keeps. */
    uint64_t last_ns;
    int failed; /* the errno that ended it, 0 before */
    struct trace_error failure;
};

/* Fills `error` and returns `err`, so that a failing function can end with it. */
int trace_fail(struct trace_error *error, int err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Cuts what does not fit; always terminates. */
static inline void trace_text_copy(char *to, size_t size, const char *from)
{
    size_t length = strlen(from) < size ? strlen(from) : size - 1;
    memcpy(to, from, length);
    to[length] = '\0';
}

/* Appends a channel with copies of the strings; a name that is taken gets "#2", "#3", ... Returns
 * NULL when memory or TRACE_CHANNEL_MAX is reached. The pointer holds until the next channel is
 * added. */
struct trace_channel *trace_channel_add(struct trace_source *source, enum trace_kind kind,
                                        const char *name, const char *unit);
int trace_channel_note(struct trace_channel *channel, const char *note);
void trace_channels_free(struct trace_source *source);

/* Zeroed source of `size` bytes with the base set up and `input` moved into it; NULL without
 * memory. */
void *trace_source_create(size_t size, const struct trace_format *format,
                          struct trace_input *input);

/* The part behind "KEY" of the first option word that begins so ("rate=" -> "480"); NULL if there
 * is none. */
const char *trace_option(const struct trace_options *options, const char *key);

/* floor(k * 1e12 / rate_millihertz), i.e. floor(k * 1e9 / rate); UINT64_MAX when it does not fit.
 */
uint64_t trace_sample_ns(uint64_t k, uint64_t rate_millihertz);

/* "480", "7.5", "12M": hertz as the command line or a capture's metadata says it; 0 if it is no
 * positive rate. */
uint64_t trace_rate_parse(const char *text);

int trace_open_sr(struct trace_input *input, const struct trace_options *options,
                  struct trace_source **source, struct trace_error *error);
int trace_open_csv(struct trace_input *input, const struct trace_options *options,
                   struct trace_source **source, struct trace_error *error);
int trace_open_ulog(struct trace_input *input, const struct trace_options *options,
                    struct trace_source **source, struct trace_error *error);

int trace_open_mcap(struct trace_input *input, const struct trace_options *options,
                    struct trace_source **source, struct trace_error *error);

int trace_open_vcd(struct trace_input *input, const struct trace_options *options,
                   struct trace_source **source, struct trace_error *error);
int trace_open_candump(struct trace_input *input, const struct trace_options *options,
                       struct trace_source **source, struct trace_error *error);
int trace_open_blackbox(struct trace_input *input, const struct trace_options *options,
                        struct trace_source **source, struct trace_error *error);

/* Wraps *source, which then belongs to the wrapper: adds a channel with what a decoder makes of some
 * of its lines. `word` is the option, "uart:rx=0". On failure *source is as before. */
int trace_add_decoder(struct trace_source **source, const char *word, struct trace_error *error);
