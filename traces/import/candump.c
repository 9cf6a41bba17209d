/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The log format of can-utils, as candump -L, -l and asc2log write it; one line a frame:
 *
 *   (1436509052.249713) can0 044#2A366C2BBA      11 bit identifier, up to 8 bytes
 *   (1436509052.449847) can0 1F334455#R8         29 bit, remote, DLC 8
 *   (1436509052.649847) can0 12A##511223344      FD: a digit of flags (1 BRS, 2 ESI, 4 always), up to 64 bytes
 *   (1436509052.749847) can0 123#0011223344556677_C  a DLC above 8
 *   (1436509052.849847) can0 20000004#0004000000000000 T  an error frame; direction by candump -x
 *
 * (can-utils' lib.h.) Each interface is a channel. Opening passes over the whole file, so that interfaces
 * are known and a bad line is told before anything runs. Stamps of different interfaces may cross by
 * some microseconds: a frame whose stamp goes back by less than a second stands where it was written. */
#include "can_frame.h"
#include "text_reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define UNIX_TIME_NS UINT64_C(1000000000000000000) /* September 2001 */
#define BACK_MAX_NS  UINT64_C(1000000000)
#define ERROR_FLAG   UINT32_C(0x20000000)

struct candump_source {
    struct trace_source base;
    struct text_reader reader;
    uint64_t origin_ns;
    uint64_t now_ns;
    uint64_t back; /* frames whose stamps go back */
};

struct frame {
    uint64_t stamp_ns;
    char interface[16]; /* IFNAMSIZ */
    struct trace_can can;
};

/* --- one line --- */

struct cursor {
    const char *at, *end;
};

static bool skip(struct cursor *c, char wanted)
{
    if (c->at == c->end || *c->at != wanted)
        return false;
    c->at++;
    return true;
}

static void skip_blanks(struct cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t'))
        c->at++;
}

static int hex_digit(const struct cursor *c)
{
    char digit = c->at < c->end ? *c->at : 'x';
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* "(seconds.fraction)", up to nine digits of fraction. */
static bool take_stamp(struct cursor *c, uint64_t *ns)
{
    uint64_t seconds = 0, fraction = 0, scale = 1000000000;
    if (!skip(c, '('))
        return false;
    const char *begin = c->at;
    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9' && seconds < 10000000000; c->at++)
        seconds = seconds * 10 + (uint64_t)(*c->at - '0');
    if (c->at == begin || seconds > INT64_MAX / 1000000000 - 1 || !skip(c, '.'))
        return false;
    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9' && scale > 1; c->at++) {
        scale /= 10;
        fraction += (uint64_t)(*c->at - '0') * scale;
    }
    *ns = seconds * 1000000000 + fraction;
    return skip(c, ')');
}

static bool take_interface(struct cursor *c, char *name, size_t size)
{
    size_t length = 0;
    skip_blanks(c);
    for (; c->at<c->end && * c->at> ' ' && *c->at < 0x7f && length + 1 < size; c->at++)
        name[length++] = *c->at;
    name[length] = '\0';
    return length > 0 && c->at < c->end && (*c->at == ' ' || *c->at == '\t');
}

static const char *take_identifier(struct cursor *c, struct trace_can *can)
{
    uint32_t id = 0;
    int digits = 0, digit;
    for (; (digit = hex_digit(c)) >= 0 && digits < 9; c->at++, digits++)
        id = id << 4 | (uint32_t)digit;
    if ((digits != 3 && digits != 8) || !skip(c, '#'))
        return "an identifier is 3 or 8 hexadecimal digits and a #";
    can->extended = digits == 8;
    if (can->extended && (id & ERROR_FLAG) != 0) {
        can->error = true;
        can->extended = false;
        id &= ~ERROR_FLAG;
    }
    if (id > (digits == 8 ? 0x1fffffffu : 0x7ffu))
        return "the identifier has more than 29 bits (or 11, written with 3 digits)";
    can->id = id;
    return NULL;
}

static const char *take_bytes(struct cursor *c, struct trace_can *can, uint8_t most)
{
    int high;
    while ((high = hex_digit(c)) >= 0) {
        c->at++;
        int low = hex_digit(c);
        if (low < 0)
            return "half a byte";
        c->at++;
        if (can->size == most)
            return "more bytes than a frame has";
        can->data[can->size++] = (uint8_t)(high << 4 | low);
        skip(c, '.');
    }
    return NULL;
}

static const char *take_payload(struct cursor *c, struct trace_can *can)
{
    if (skip(c, '#')) {
        int flags = hex_digit(c);
        if (flags < 0)
            return "an FD frame wants a digit of flags behind ##";
        c->at++;
        can->fd = true;
        can->bit_rate_switch = flags & 1;
        can->error_state = (flags & 2) != 0;
        can->fd_marker = (flags & 4) != 0;
        return take_bytes(c, can, TRACE_CAN_DATA_MAX);
    }
    if (skip(c, 'R')) {
        can->remote = true;
        int dlc = hex_digit(c);
        if (dlc > 8)
            return "a remote frame asks for up to 8 bytes";
        can->dlc = dlc < 0 ? 0 : (uint8_t)dlc;
        c->at += dlc >= 0;
        return NULL;
    }
    return take_bytes(c, can, 8);
}

/* NULL, or what is wrong with the line. */
static const char *parse(const struct text_span *line, struct frame *frame)
{
    struct cursor c = { line->at, line->at + line->size };
    struct trace_can *can = &frame->can;
    *frame = (struct frame){ 0 };
    if (!take_stamp(&c, &frame->stamp_ns))
        return "it begins with no (seconds.microseconds)";
    if (!take_interface(&c, frame->interface, sizeof frame->interface))
        return "no interface of up to 15 characters, then a blank";
    skip_blanks(&c);
    const char *wrong = take_identifier(&c, can);
    if (wrong == NULL)
        wrong = take_payload(&c, can);
    if (wrong != NULL)
        return wrong;
    if (!can->remote)
        can->dlc = can_size_dlc(can->size);
    if (skip(&c, '_')) {
        int dlc = hex_digit(&c);
        if (dlc < 9 || can->fd || (!can->remote && can->size != 8))
            return "a DLC of 9 to F belongs behind 8 bytes of a classic frame";
        can->dlc = (uint8_t)dlc;
        c.at++;
    }
    skip_blanks(&c);
    if (c.at < c.end && (*c.at == 'T' || *c.at == 'R')) {
        can->transmitted = *c.at == 'T';
        c.at++;
    }
    skip_blanks(&c);
    return c.at == c.end ? NULL : "something is left behind the frame";
}

/* --- the file --- */

static bool is_blank(const struct text_span *line)
{
    struct cursor c = { line->at, line->at + line->size };
    skip_blanks(&c);
    return c.at == c.end || *c.at == '#';
}

/* 1: *frame; 0: the end; else the error. */
static int next_frame(struct candump_source *log, struct frame *frame, struct trace_error *error)
{
    struct text_span line;
    int got;
    while ((got = text_line(&log->reader, &line, error)) == 1) {
        if (is_blank(&line))
            continue;
        const char *wrong = parse(&line, frame);
        if (wrong == NULL)
            return 1;
        if (!line.last)
            return text_fail(&log->reader, error,
                             "\"%s\": %s; can-utils writes "
                             "\"(1436509052.249713) can0 123#1122\"",
                             text_quote(&line).text, wrong);
        snprintf(log->base.warning, sizeof log->base.warning,
                 "line %" PRIu64 ", the last, is cut and left out", log->reader.line);
        return 0;
    }
    return got;
}

static int place(struct candump_source *log, const struct frame *frame, struct trace_error *error)
{
    uint64_t time_ns = frame->stamp_ns >= log->origin_ns ? frame->stamp_ns - log->origin_ns : 0;
    if (time_ns >= log->now_ns) {
        log->now_ns = time_ns;
        return 0;
    }
    if (log->now_ns - time_ns > BACK_MAX_NS)
        return text_fail(&log->reader, error,
                         "time runs backwards by %" PRIu64 " ms; sort the file: sort -s -k1,1",
                         (log->now_ns - time_ns) / 1000000);
    log->back++;
    return 0;
}

static int candump_next(struct trace_source *source, struct trace_record *record,
                        struct trace_error *error)
{
    struct candump_source *log = (struct candump_source *)source;
    struct frame frame;
    int got = next_frame(log, &frame, error);
    if (got == 1) {
        int err = place(log, &frame, error);
        if (err != 0)
            return err;
    }
    if (got == 0 && log->back > 0 && source->warning[0] == '\0')
        snprintf(source->warning, sizeof source->warning,
                 "%" PRIu64 " frames stand behind later ones, and keep their place", log->back);
    if (got != 1)
        return got;
    *record = (struct trace_record){ .time_ns = log->now_ns,
                                     .source_ns = frame.stamp_ns,
                                     .type = TRACE_RECORD_VALUE,
                                     .can = frame.can };
    record->channel = (uint32_t)trace_channel_find(source, frame.interface);
    record->can.start_ns = log->now_ns;
    return 1;
}

static void restart(struct candump_source *log)
{
    log->reader.offset = log->reader.line = 0;
    log->now_ns = 0;
    log->back = 0;
    log->base.warning[0] = '\0';
}

static int candump_rewind(struct trace_source *source, struct trace_error *error)
{
    (void)error;
    restart((struct candump_source *)source);
    return 0;
}

static uint32_t candump_progress(const struct trace_source *source)
{
    const struct candump_source *log = (const struct candump_source *)source;
    return (uint32_t)((unsigned __int128)log->reader.offset * 1000 / source->input.size);
}

static void candump_close(struct trace_source *source)
{
    (void)source;
}

static const struct trace_format candump_format = {
    .name = "candump log",
    .next = candump_next,
    .rewind = candump_rewind,
    .progress = candump_progress,
    .close = candump_close,
};

/* Interfaces, counts and times. */
static int survey(struct candump_source *log, const char *origin, struct trace_error *error)
{
    struct frame frame;
    uint64_t first_ns = 0, frames = 0;
    int got;
    while ((got = next_frame(log, &frame, error)) == 1) {
        if (frames++ == 0) {
            first_ns = frame.stamp_ns;
            bool first = origin != NULL ? strcmp(origin, "first") == 0 : first_ns >= UNIX_TIME_NS;
            log->origin_ns = first ? first_ns : 0;
        }
        int64_t channel = trace_channel_find(&log->base, frame.interface);
        if (channel < 0) {
            struct trace_channel *added =
                trace_channel_add(&log->base, TRACE_CAN, frame.interface, "");
            if (added == NULL || log->base.channel_count > 256)
                return text_fail(&log->reader, error, "more than 256 interfaces, or out of memory");
            added->count = 0;
            channel = log->base.channel_count - 1;
        }
        log->base.channel[channel].count++;
        int err = place(log, &frame, error);
        if (err != 0)
            return err;
    }
    if (got == 0 && frames == 0)
        return trace_fail(error, -EBADMSG, "%s: it holds no whole frame", log->base.input.name);
    return got;
}

int trace_open_candump(struct trace_input *input, const struct trace_options *options,
                       struct trace_source **source, struct trace_error *error)
{
    struct candump_source *log = trace_source_create(sizeof *log, &candump_format, input);
    if (log == NULL)
        return trace_fail(error, -ENOMEM, "%s: out of memory", input->name);
    log->reader.input = &log->base.input;
    int err = survey(log, trace_option(options, "origin="), error);
    if (err != 0) {
        trace_close(&log->base);
        return err;
    }
    restart(log);
    *source = &log->base;
    return 0;
}
