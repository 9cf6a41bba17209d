/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a bus decoder is to the source that feeds it (line_filter.c).
 *
 * A decoder sees the levels of its lines and the time: change() once for each time at which a line
 * changed, with all levels after that time; between changes advance() as far as nothing has happened.
 * Bit i of a set of levels is the decoder's line i; a line that was not given reads as its idle level.
 * What is complete comes out of advance(), one record a call, in time order and not before the time up
 * to which it was advanced last. */
#pragma once
#include "source_internal.h"

#define LINE_DECODER_LINES 4
#define LINE_BYTES_MAX     65535u /* of one transaction, in each direction */

struct line_decoder; /* a decoder's own struct */

/* "key=value,..." of the option word; values are cut out of a copy. */
struct line_arguments {
    char text[256];
    const char *key[16], *value[16];
    uint32_t count;
    bool used[16];
};

struct line_decoder_type {
    const char *word; /* "i2c:" */
    const char *name; /* of its channel, unless told */
    const char *usage;
    enum trace_kind kind;
    const char *line[LINE_DECODER_LINES]; /* the options that give its lines */
    uint8_t required;                     /* bit mask */
    uint8_t idle;                         /* levels of lines whose level is not known */

    /* Takes its options out of `arguments`; `given`: which lines there are. NULL with *reason set
     * ("" is no memory). */
    struct line_decoder *(*create)(struct line_arguments *arguments, uint8_t given,
                                   const char **reason);
    void (*restart)(struct line_decoder *decoder, uint8_t levels);
    void (*change)(struct line_decoder *decoder, uint64_t time_ns, uint8_t levels);
    /* True: *record has its time and its payload. What lies at until_ns itself may wait. */
    bool (*advance)(struct line_decoder *decoder, uint64_t until_ns, struct trace_record *record);
    /* After the last change and the last advance(): what was left open, once. */
    bool (*finish)(struct line_decoder *decoder, uint64_t end_ns, struct trace_record *record);
    void (*destroy)(struct line_decoder *decoder);
};

extern const struct line_decoder_type line_i2c, line_spi, line_uart, line_can;

/* The decoder whose word the option begins with; NULL. */
const struct line_decoder_type *line_decoder_named(const char *word);

/* The value of an option, marked as used; NULL. */
const char *line_argument(struct line_arguments *arguments, const char *key);
/* The same as a number within the bounds; `otherwise` where it is not given; false if it is none. */
bool line_number(struct line_arguments *arguments, const char *key, uint64_t least, uint64_t most,
                 uint64_t otherwise, uint64_t *out);
