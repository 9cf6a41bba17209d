/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A source around a source: the inner one's records pass through, and some of its lines are decoded
 * into one more channel. A transaction comes behind all records of its end's time and before the first
 * later one; so one record is held back until the next is seen. */
#include "line_decoder.h"
#include "number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct line_source {
    struct trace_source base;
    struct trace_source *inner;
    const struct line_decoder_type *type;
    struct line_decoder *decoder;
    int64_t line[LINE_DECODER_LINES]; /* the inner source's channel; -1: not given */
    uint32_t channel;                 /* ours */
    uint8_t levels;
    bool dirty; /* a line changed at changed_ns and the decoder has not seen it */
    uint64_t changed_ns;
    bool held_valid, inner_ended, finished;
    struct trace_record held;
};

static int hold_next(struct line_source *lines, struct trace_error *error)
{
    if (lines->held_valid || lines->inner_ended)
        return 0;
    int got = trace_next(lines->inner, &lines->held, error);
    lines->base.unrepresentable = lines->inner->unrepresentable;
    memcpy(lines->base.warning, lines->inner->warning, sizeof lines->base.warning);
    if (got < 0)
        return got;
    lines->held_valid = got == 1;
    lines->inner_ended = got == 0;
    if (got == 0)
        lines->base.end_ns = lines->inner->end_ns;
    return 0;
}

/* What the decoder has ready before the record that is held. */
static bool next_decoded(struct line_source *lines, struct trace_record *record)
{
    uint64_t last_ns = lines->inner->last_ns, end_ns = lines->inner->end_ns;
    uint64_t until_ns = lines->held_valid  ? lines->held.time_ns
                        : end_ns > last_ns ? end_ns
                                           : last_ns;
    bool got = false;
    if (lines->dirty && (lines->inner_ended || lines->held.time_ns > lines->changed_ns)) {
        lines->dirty = false;
        lines->type->change(lines->decoder, lines->changed_ns, lines->levels);
    }
    if (!lines->dirty)
        got = lines->type->advance(lines->decoder, until_ns, record);
    if (!got && lines->inner_ended && !lines->finished) {
        lines->finished = true;
        got = lines->type->finish(lines->decoder, until_ns, record);
    }
    record->channel = lines->channel;
    record->type = TRACE_RECORD_VALUE;
    record->source_ns = record->time_ns;
    return got;
}

static void take_level(struct line_source *lines, const struct trace_record *record)
{
    for (uint32_t i = 0; i < LINE_DECODER_LINES; i++) {
        if (lines->line[i] != (int64_t)record->channel || record->type != TRACE_RECORD_VALUE)
            continue;
        uint8_t bit = (uint8_t)(1u << i);
        lines->levels = (uint8_t)(record->level ? lines->levels | bit : lines->levels & ~bit);
        lines->dirty = true;
        lines->changed_ns = record->time_ns;
    }
}

static int line_next(struct trace_source *source, struct trace_record *record,
                     struct trace_error *error)
{
    struct line_source *lines = (struct line_source *)source;
    int err = hold_next(lines, error);
    if (err != 0)
        return err;
    if (next_decoded(lines, record))
        return 1;
    if (lines->inner_ended)
        return 0;
    lines->held_valid = false;
    *record = lines->held;
    take_level(lines, record);
    return 1;
}

static void start(struct line_source *lines)
{
    lines->levels = lines->type->idle;
    for (uint32_t i = 0; i < LINE_DECODER_LINES; i++) {
        int8_t level =
            lines->line[i] < 0 ? -1 : lines->inner->channel[lines->line[i]].initial_level;
        uint8_t bit = (uint8_t)(1u << i);
        if (level >= 0)
            lines->levels = (uint8_t)(level ? lines->levels | bit : lines->levels & ~bit);
    }
    lines->dirty = lines->held_valid = lines->inner_ended = lines->finished = false;
    lines->changed_ns = 0;
    lines->type->restart(lines->decoder, lines->levels);
}

static int line_rewind(struct trace_source *source, struct trace_error *error)
{
    struct line_source *lines = (struct line_source *)source;
    start(lines);
    return trace_rewind(lines->inner, error);
}

static uint32_t line_progress(const struct trace_source *source)
{
    return trace_progress(((const struct line_source *)source)->inner);
}

static void line_close(struct trace_source *source)
{
    struct line_source *lines = (struct line_source *)source;
    trace_close(lines->inner);
    lines->type->destroy(lines->decoder);
}

/* --- opening --- */

const struct line_decoder_type *line_decoder_named(const char *word)
{
    static const struct line_decoder_type *const types[] = { &line_i2c, &line_spi, &line_uart,
                                                             &line_can };
    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        if (strncmp(word, types[i]->word, strlen(types[i]->word)) == 0)
            return types[i];
    return NULL;
}

const char *line_argument(struct line_arguments *arguments, const char *key)
{
    for (uint32_t i = 0; i < arguments->count; i++) {
        if (strcmp(arguments->key[i], key) != 0)
            continue;
        arguments->used[i] = true;
        return arguments->value[i];
    }
    return NULL;
}

bool line_number(struct line_arguments *arguments, const char *key, uint64_t least, uint64_t most,
                 uint64_t otherwise, uint64_t *out)
{
    const char *text = line_argument(arguments, key);
    *out = otherwise;
    if (text == NULL)
        return true;
    *out = trace_rate_parse(text) / 1000; /* "1M" is as good as 1000000 */
    return (strcmp(text, "0") == 0 || *out > 0) && *out >= least && *out <= most;
}

static bool parse_arguments(const char *text, struct line_arguments *arguments)
{
    memset(arguments, 0, sizeof *arguments);
    if (strlen(text) >= sizeof arguments->text)
        return false;
    memcpy(arguments->text, text, strlen(text) + 1);
    for (char *at = arguments->text; *at != '\0';) {
        char *end = at + strcspn(at, ",");
        char *equals = memchr(at, '=', (size_t)(end - at));
        if (equals == NULL || equals + 1 == end || arguments->count == ARRAY_SIZE(arguments->key))
            return false;
        arguments->key[arguments->count] = at;
        arguments->value[arguments->count++] = equals + 1;
        *equals = '\0';
        at = *end == '\0' ? end : end + 1;
        *end = '\0';
    }
    return true;
}

static int find_lines(struct line_source *lines, struct line_arguments *arguments, uint8_t *given,
                      struct trace_error *error)
{
    const struct line_decoder_type *type = lines->type;
    const char *file = lines->inner->input.name;
    *given = 0;
    for (uint32_t i = 0; i < LINE_DECODER_LINES; i++) {
        const char *name = type->line[i] != NULL ? line_argument(arguments, type->line[i]) : NULL;
        lines->line[i] = name != NULL ? trace_channel_find(lines->inner, name) : -1;
        if (name == NULL)
            continue;
        if (lines->line[i] < 0 || lines->inner->channel[lines->line[i]].kind != TRACE_LEVEL)
            return trace_fail(
                error, -ENOENT,
                "%s: %s it has no line \"%.60s\"; `axiom trace info` lists its channels", file,
                type->word, name);
        for (uint32_t k = 0; k < i; k++)
            if (lines->line[k] == lines->line[i])
                return trace_fail(error, -EINVAL, "%s: %s %s and %s are the same line", file,
                                  type->word, type->line[k], type->line[i]);
        *given |= (uint8_t)(1u << i);
    }
    if ((*given & type->required) != type->required)
        return trace_fail(error, -EINVAL, "%s: write %s", type->word, type->usage);
    return 0;
}

static int copy_channels(struct line_source *lines, const char *name)
{
    const struct trace_source *inner = lines->inner;
    for (uint32_t i = 0; i < inner->channel_count; i++) {
        const struct trace_channel *from = &inner->channel[i];
        struct trace_channel *to =
            trace_channel_add(&lines->base, from->kind, from->name, from->unit);
        if (to == NULL || trace_channel_note(to, from->note) != 0)
            return -ENOMEM;
        const char *own_name = to->name, *unit = to->unit, *note = to->note;
        *to = *from;
        to->name = own_name;
        to->unit = unit;
        to->note = note;
    }
    lines->channel = lines->base.channel_count;
    return trace_channel_add(&lines->base, lines->type->kind, name, "") == NULL ? -ENOMEM : 0;
}

static const struct trace_format line_format = {
    .name = "capture with a decoded bus",
    .next = line_next,
    .rewind = line_rewind,
    .progress = line_progress,
    .close = line_close,
};

static int make_decoder(struct line_source *lines, struct line_arguments *arguments, uint8_t given,
                        struct trace_error *error)
{
    const char *reason = "";
    lines->decoder = lines->type->create(arguments, given, &reason);
    if (lines->decoder == NULL && reason[0] != '\0')
        return trace_fail(error, -EINVAL, "%s: %s; write %s", lines->type->word, reason,
                          lines->type->usage);
    if (lines->decoder == NULL)
        return trace_fail(error, -ENOMEM, "%s: out of memory", lines->inner->input.name);
    for (uint32_t i = 0; i < arguments->count; i++)
        if (!arguments->used[i])
            return trace_fail(error, -EINVAL, "%s: unknown option \"%.40s\"; write %s",
                              lines->type->word, arguments->key[i], lines->type->usage);
    return 0;
}

int trace_add_decoder(struct trace_source **source, const char *word, struct trace_error *error)
{
    struct line_arguments arguments;
    struct trace_source *inner = *source;
    const struct line_decoder_type *type = line_decoder_named(word);
    uint8_t given = 0;
    struct trace_input name = { .fd = -1, .name = strdup(inner->input.name) };
    struct line_source *lines =
        name.name != NULL ? trace_source_create(sizeof *lines, &line_format, &name) : NULL;
    if (lines == NULL) {
        input_close(&name);
        return trace_fail(error, -ENOMEM, "%s: out of memory", inner->input.name);
    }
    lines->inner = inner;
    lines->type = type;
    int err = 0;
    if (!parse_arguments(word + strlen(type->word), &arguments))
        err = trace_fail(error, -EINVAL, "%.80s: write %s", word, type->usage);
    if (err == 0)
        err = find_lines(lines, &arguments, &given, error);
    const char *bus = err == 0 ? line_argument(&arguments, "name") : NULL;
    if (err == 0)
        err = make_decoder(lines, &arguments, given, error);
    if (err == 0 && copy_channels(lines, bus != NULL ? bus : type->name) != 0)
        err = trace_fail(error, -ENOMEM, "%s: out of memory", inner->input.name);
    if (err != 0) {
        if (lines->decoder != NULL)
            type->destroy(lines->decoder);
        trace_channels_free(&lines->base);
        input_close(&lines->base.input);
        free(lines);
        return err;
    }
    lines->base.end_ns = inner->end_ns;
    memcpy(lines->base.warning, inner->warning, sizeof lines->base.warning);
    start(lines);
    *source = &lines->base;
    return 0;
}
