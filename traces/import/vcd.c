/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The VCD source: value changes as records. See vcd.h for what becomes of a variable.
 *
 * The level at time 0 is a line's first value if that stands at time 0 (in $dumpvars, usually). x and z
 * are no levels: before the first level they mean that it is unknown, later they are counted and the
 * line stays as it was. The comment with which our own export tells of lost data is a gap again. */
#include "vcd.h"
#include "number.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct vcd_source {
    struct trace_source base;
    struct vcd_header header;
    struct text_reader reader, body; /* where reading is; where the first value change stands */
    bool from_first, has_first;      /* origin=first */
    uint64_t first, now;             /* units of the time scale */
    uint64_t now_ns;
    uint64_t left_out; /* values of variables that are */
    uint64_t unknown;  /* x and z */
    /* The vector in work: its bits from bit `next_bit` on are still to be told. */
    struct vcd_variable *vector;
    uint32_t next_bit, bit_count;
    char bits[VCD_VECTOR_MAX];
};

/* --- values --- */

/* 0, 1, or -1 for x and z; l and h are GHDL's weak levels. */
static int level_of(char c)
{
    switch (c) {
    case '0':
    case 'l':
    case 'L':
        return 0;
    case '1':
    case 'h':
    case 'H':
        return 1;
    default:
        return -1;
    }
}

static bool is_value(char c)
{
    return c != '\0' && strchr("01xXzZuUwWlLhH-", c) != NULL;
}

static void put(const struct vcd_source *vcd, uint32_t channel, struct trace_record *record)
{
    record->time_ns = vcd->now_ns;
    record->source_ns = vcd->now_ns;
    record->channel = channel;
    record->type = TRACE_RECORD_VALUE;
}

/* True: the line has another level now. */
static bool take_bit(struct vcd_source *vcd, struct vcd_variable *variable, uint32_t bit,
                     char value, struct trace_record *record)
{
    int level = level_of(value);
    if (level < 0) {
        vcd->unknown += variable->level[bit] >= 0;
        return false;
    }
    if (level == variable->level[bit])
        return false;
    variable->level[bit] = (int8_t)level;
    put(vcd, variable->channel + bit, record);
    record->level = (uint8_t)level;
    return true;
}

static bool next_bit(struct vcd_source *vcd, struct trace_record *record)
{
    while (vcd->vector != NULL) {
        struct vcd_variable *variable = vcd->vector;
        uint32_t bit = vcd->next_bit++;
        if (vcd->next_bit == variable->size)
            vcd->vector = NULL;
        /* Left of what is written: 0, or x or z if that stands there (section 18.2.2). */
        char value = bit < vcd->bit_count ? vcd->bits[vcd->bit_count - 1 - bit]
                     : vcd->bit_count > 0 && level_of(vcd->bits[0]) < 0 ? 'x'
                                                                        : '0';
        if (take_bit(vcd, variable, bit, value, record))
            return true;
    }
    return false;
}

static int begin_vector(struct vcd_source *vcd, struct vcd_variable *variable,
                        const struct text_span *value, struct trace_error *error)
{
    if (value->size - 1 > variable->size)
        return text_fail(&vcd->reader, error, "%zu bits for the %u of %.60s", value->size - 1,
                         variable->size, vcd->base.channel[variable->channel].name);
    vcd->bit_count = (uint32_t)value->size - 1;
    memcpy(vcd->bits, value->at + 1, vcd->bit_count);
    vcd->vector = variable;
    vcd->next_bit = 0;
    return 0;
}

/* "r1.5" or "b101" of a number. 1: a record. */
static int take_number(struct vcd_source *vcd, const struct vcd_variable *variable,
                       const char *value, size_t size, struct trace_record *record,
                       struct trace_error *error)
{
    uint64_t integer = 0;
    enum number_result result = NUMBER_OK;
    if (value[0] == 'r' || value[0] == 'R') {
        result = number_to_nano(value + 1, size - 1, &unit_plain, &record->nano);
    } else {
        for (size_t i = 1; i < size && result == NUMBER_OK; i++) {
            if (level_of(value[i]) < 0 || integer >> 63)
                result = NUMBER_UNREPRESENTABLE;
            integer = integer << 1 | (value[i] == '1');
        }
        /* An integer is signed (Verilog), and written with 32 bits. */
        int64_t number =
            variable->size == 32 && integer <= UINT32_MAX ? (int32_t)integer : (int64_t)integer;
        if (result == NUMBER_OK)
            result = number_from_integer(number, &record->nano);
    }
    if (result == NUMBER_BAD) {
        struct text_span span = { value, size, false };
        return text_fail(&vcd->reader, error, "\"%s\" is no number", text_quote(&span).text);
    }
    vcd->base.unrepresentable += result == NUMBER_UNREPRESENTABLE;
    put(vcd, variable->channel, record);
    return result == NUMBER_OK;
}

/* --- words --- */

static int take_time(struct vcd_source *vcd, const struct text_span *word,
                     struct trace_error *error)
{
    uint64_t time;
    if (!text_number(word->at + 1, word->size - 1, &time))
        return text_fail(&vcd->reader, error, "\"%s\" is no time", text_quote(word).text);
    if (!vcd->has_first)
        vcd->first = vcd->from_first ? time : 0;
    vcd->has_first = true;
    if (time < vcd->now || time < vcd->first)
        return text_fail(&vcd->reader, error, "time runs backwards, from %" PRIu64 " to %" PRIu64,
                         vcd->now, time);
    unsigned __int128 ns =
        (unsigned __int128)(time - vcd->first) * vcd->header.numerator / vcd->header.denominator;
    if (ns > INT64_MAX)
        return text_fail(&vcd->reader, error, "a time beyond 292 years");
    vcd->now = time;
    vcd->now_ns = (uint64_t)ns;
    return 0;
}

/* The words of a comment; 1: it was our own export's for a gap. */
static int take_comment(struct vcd_source *vcd, struct trace_record *record,
                        struct trace_error *error)
{
    char text[64] = "";
    struct text_span word;
    unsigned long long gap_ns;
    int got;
    while ((got = text_word(&vcd->reader, &word, error)) == 1 && !text_is(&word, "$end")) {
        size_t length = strlen(text);
        if (length + word.size + 2 < sizeof text)
            snprintf(text + length, sizeof text - length, " %.*s", (int)word.size, word.at);
    }
    if (got <= 0 || sscanf(text, " the recorder lost %llu ns", &gap_ns) != 1)
        return got < 0 ? got : 0;
    put(vcd, 0, record);
    record->type = TRACE_RECORD_GAP;
    record->gap_ns = gap_ns;
    return 1;
}

static int unknown_code(const struct vcd_source *vcd, const char *id, size_t size,
                        struct trace_error *error)
{
    struct text_span span = { id, size, false };
    return text_fail(&vcd->reader, error, "no variable has the code \"%s\"",
                     text_quote(&span).text);
}

/* A value that is followed by its variable's code as a word of its own: b101 !, r1.5 !, sTEXT !. 1: a
 * record. */
static int take_worded(struct vcd_source *vcd, const struct text_span *word,
                       struct trace_record *record, struct trace_error *error)
{
    char value[VCD_VECTOR_MAX + 64], code[VCD_ID_MAX];
    size_t size = word->size;
    bool fits = size < sizeof value;
    struct text_span id;
    memcpy(value, word->at, fits ? size : 1);
    int got = text_word(&vcd->reader, &id, error);
    if (got < 0)
        return got;
    if (got == 0) {
        snprintf(vcd->base.warning, sizeof vcd->base.warning,
                 "the file ends within the value in line %" PRIu64 ", which is left out",
                 vcd->reader.line);
        return 0;
    }
    struct vcd_variable *variable = vcd_find(&vcd->header, id.at, id.size);
    if (variable == NULL)
        return unknown_code(vcd, id.at, id.size, error);
    snprintf(code, sizeof code, "%s", variable->id);
    if (variable->type == VCD_LEFT_OUT) {
        vcd->left_out++;
        return 0;
    }
    if (!fits)
        return text_fail(&vcd->reader, error, "a value of %zu characters for %s", size, code);
    struct text_span span = { value, size, false };
    if (variable->type == VCD_NUMBER)
        return take_number(vcd, variable, value, size, record, error);
    if (value[0] != 'b' && value[0] != 'B')
        return text_fail(&vcd->reader, error, "\"%s\" for a line", text_quote(&span).text);
    for (size_t i = 1; i < size; i++)
        if (!is_value(value[i]))
            return text_fail(&vcd->reader, error, "\"%s\" is no vector", text_quote(&span).text);
    int err = begin_vector(vcd, variable, &span, error);
    return err != 0 ? err : next_bit(vcd, record);
}

static int take_scalar(struct vcd_source *vcd, const struct text_span *word,
                       struct trace_record *record, struct trace_error *error)
{
    struct vcd_variable *variable = vcd_find(&vcd->header, word->at + 1, word->size - 1);
    if (variable == NULL)
        return unknown_code(vcd, word->at + 1, word->size - 1, error);
    if (variable->type == VCD_LEFT_OUT) {
        vcd->left_out++;
        return 0;
    }
    char value[2] = { 'b', word->at[0] };
    if (variable->type == VCD_NUMBER)
        return take_number(vcd, variable, value, 2, record, error);
    struct text_span span = { value, 2, false };
    int err = begin_vector(vcd, variable, &span, error);
    return err != 0 ? err : next_bit(vcd, record);
}

/* 1: a record; 0: nothing yet; else the error. */
static int take_word(struct vcd_source *vcd, const struct text_span *word,
                     struct trace_record *record, struct trace_error *error)
{
    char first = word->at[0];
    if (first == '#')
        return take_time(vcd, word, error);
    if (first == '$') {
        if (text_is(word, "$comment"))
            return take_comment(vcd, record, error);
        return 0; /* $dumpvars, $dumpall, $dumpon, $dumpoff, $end: what is between counts */
    }
    if (first == 'b' || first == 'B' || first == 'r' || first == 'R' || first == 's' ||
        first == 'S')
        return take_worded(vcd, word, record, error);
    if (is_value(first))
        return take_scalar(vcd, word, record, error);
    return text_fail(&vcd->reader, error, "\"%s\" is neither a time nor a value",
                     text_quote(word).text);
}

static void tell_losses(struct vcd_source *vcd)
{
    if (vcd->base.warning[0] != '\0' || vcd->unknown + vcd->left_out == 0)
        return;
    snprintf(vcd->base.warning, sizeof vcd->base.warning,
             "%" PRIu64 " changes to x or z are no levels and are left out, and %" PRIu64
             " values of strings, events and vectors beyond %u bits",
             vcd->unknown, vcd->left_out, VCD_VECTOR_MAX);
}

static int vcd_next(struct trace_source *source, struct trace_record *record,
                    struct trace_error *error)
{
    struct vcd_source *vcd = (struct vcd_source *)source;
    struct text_span word;
    int got;
    if (next_bit(vcd, record))
        return 1;
    while ((got = text_word(&vcd->reader, &word, error)) == 1) {
        struct trace_error of_word;
        bool last = word.last;
        got = take_word(vcd, &word, record, &of_word);
        if (got < 0 && !last)
            *error = of_word;
        if (got < 0 && last) { /* a word that the file's end cuts, as far as anyone can tell */
            snprintf(vcd->base.warning, sizeof vcd->base.warning,
                     "the file is cut in line %" PRIu64 "; its last word is left out",
                     vcd->reader.line);
            got = 0;
            break;
        }
        if (got != 0)
            return got;
    }
    if (got == 0) {
        source->end_ns = vcd->now_ns;
        tell_losses(vcd);
    }
    return got;
}

/* --- opening --- */

static void restart(struct vcd_source *vcd)
{
    vcd->reader = vcd->body;
    vcd->has_first = false;
    vcd->first = vcd->now = vcd->now_ns = 0;
    vcd->vector = NULL;
    vcd->unknown = vcd->left_out = 0;
    vcd->base.unrepresentable = 0;
    vcd->base.warning[0] = '\0';
    for (uint32_t i = 0; i < vcd->header.count; i++) {
        struct vcd_variable *variable = &vcd->header.variable[i];
        for (uint32_t bit = 0; variable->type == VCD_LINES && bit < variable->size; bit++)
            variable->level[bit] = vcd->base.channel[variable->channel + bit].initial_level;
    }
}

static int vcd_rewind(struct trace_source *source, struct trace_error *error)
{
    (void)error;
    restart((struct vcd_source *)source);
    return 0;
}

static uint32_t vcd_progress(const struct trace_source *source)
{
    const struct vcd_source *vcd = (const struct vcd_source *)source;
    return (uint32_t)((unsigned __int128)vcd->reader.offset * 1000 / vcd->base.input.size);
}

static void vcd_close(struct trace_source *source)
{
    vcd_header_free(&((struct vcd_source *)source)->header);
}

static const struct trace_format vcd_format = {
    .name = "VCD",
    .next = vcd_next,
    .rewind = vcd_rewind,
    .progress = vcd_progress,
    .close = vcd_close,
};

static int add_channel(struct vcd_source *vcd, const struct vcd_variable *variable, uint32_t bit)
{
    char name[TRACE_NAME_MAX + 32], note[TRACE_NAME_MAX + 32] = "";
    enum trace_kind kind = variable->type == VCD_LINES ? TRACE_LEVEL : TRACE_SCALAR;
    long long index =
        variable->descends ? variable->lsb - (long long)bit : variable->lsb + (long long)bit;
    trace_text_copy(name, TRACE_NAME_MAX, variable->name);
    if (variable->ranged || variable->size > 1) {
        size_t length = strlen(name);
        if (kind == TRACE_LEVEL)
            snprintf(name + length, sizeof name - length, "[%lld]", index);
    }
    struct trace_channel *channel = trace_channel_add(&vcd->base, kind, name, "");
    if (variable->alias != NULL)
        snprintf(note, sizeof note, "also %.100s", variable->alias);
    return channel == NULL || trace_channel_note(channel, note) != 0 ? -ENOMEM : 0;
}

static int add_channels(struct vcd_source *vcd, struct trace_error *error)
{
    for (uint32_t i = 0; i < vcd->header.count; i++) {
        struct vcd_variable *variable = &vcd->header.variable[i];
        uint32_t count = variable->type == VCD_LINES ? variable->size : 1;
        if (variable->type == VCD_LEFT_OUT)
            continue;
        variable->channel = vcd->base.channel_count;
        for (uint32_t bit = 0; bit < count; bit++)
            if (add_channel(vcd, variable, bit) != 0)
                return trace_fail(error, -E2BIG, "%s: more than %d lines, or out of memory",
                                  vcd->base.input.name, TRACE_CHANNEL_MAX);
    }
    if (vcd->base.channel_count == 0)
        return trace_fail(error, -EBADMSG, "%s: it declares no line and no number",
                          vcd->base.input.name);
    return 0;
}

/* The first values at time 0 are the levels before the first record. */
static int read_initial(struct vcd_source *vcd, struct trace_error *error)
{
    struct trace_record record;
    int got;
    restart(vcd);
    while ((got = vcd_next(&vcd->base, &record, error)) == 1 && record.time_ns == 0) {
        struct trace_channel *channel = &vcd->base.channel[record.channel];
        if (record.type == TRACE_RECORD_VALUE && channel->kind == TRACE_LEVEL &&
            channel->initial_level < 0)
            channel->initial_level = (int8_t)record.level;
    }
    vcd->base.end_ns = 0;
    restart(vcd);
    return got < 0 ? got : 0;
}

int trace_open_vcd(struct trace_input *input, const struct trace_options *options,
                   struct trace_source **source, struct trace_error *error)
{
    struct vcd_source *vcd = trace_source_create(sizeof *vcd, &vcd_format, input);
    if (vcd == NULL)
        return trace_fail(error, -ENOMEM, "%s: out of memory", input->name);
    const char *origin = trace_option(options, "origin=");
    vcd->from_first = origin != NULL && strcmp(origin, "first") == 0;
    vcd->reader.input = &vcd->base.input;
    int err = vcd_header_read(&vcd->reader, &vcd->header, error);
    vcd->body = vcd->reader;
    if (err == 0)
        err = add_channels(vcd, error);
    if (err == 0)
        err = read_initial(vcd, error);
    if (err != 0) {
        trace_close(&vcd->base);
        return err;
    }
    *source = &vcd->base;
    return 0;
}
