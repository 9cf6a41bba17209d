/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Opening a trace of whatever kind, and the rules that hold for all kinds: a known option word or
 * an error, time that never runs backwards, an error that stays. */
#include "line_decoder.h"
#include "number.h"
#include "source_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int trace_fail(struct trace_error *error, int err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return err;
}

void *trace_source_create(size_t size, const struct trace_format *format, struct trace_input *input)
{
    struct trace_source *source = calloc(1, size);
    if (source == NULL)
        return NULL;
    source->format = format;
    source->input = *input;
    *input = (struct trace_input){ .fd = -1 };
    return source;
}

const char *trace_option(const struct trace_options *options, const char *key)
{
    size_t length = strlen(key);
    for (size_t i = 0; options != NULL && i < options->count; i++)
        if (strncmp(options->word[i], key, length) == 0)
            return options->word[i] + length;
    return NULL;
}

uint64_t trace_sample_ns(uint64_t k, uint64_t rate_millihertz)
{
    unsigned __int128 ns = (unsigned __int128)k * 1000000000000u / rate_millihertz;
    return ns > UINT64_MAX ? UINT64_MAX : (uint64_t)ns;
}

uint64_t trace_rate_parse(const char *text)
{
    size_t length = strlen(text);
    if (length >= 2 && strcmp(text + length - 2, "Hz") == 0)
        length -= 2;
    struct unit millihertz = { "", UNIT_NONE, 1000, 1 };
    if (length > 0 && strchr("kKMG", text[length - 1]) != NULL) {
        char prefix = text[--length];
        millihertz.numerator *= prefix == 'G' ? 1000000000u : prefix == 'M' ? 1000000u : 1000u;
    }
    while (length > 0 && text[length - 1] == ' ')
        length--;
    int64_t rate = 0;
    if (number_to_ns(text, length, &millihertz, &rate) != NUMBER_OK || rate < 0)
        return 0;
    return (uint64_t)rate;
}

/* --- detection --- */

enum content {
    CONTENT_SR,
    CONTENT_CSV,
    CONTENT_ULOG,
    CONTENT_MCAP,
    CONTENT_VCD,
    CONTENT_CANDUMP,
    CONTENT_BLACKBOX,
    CONTENT_UNKNOWN
};

struct signature {
    const char *bytes;
    size_t size;
    enum content content;
    const char *foreign; /* what we know by sight and do not read, with the way out */
};

#define BYTES(text) text, sizeof text - 1

static const struct signature signatures[] = {
    { BYTES("PK\x03\x04"), CONTENT_SR, NULL },
    { BYTES("PK\x05\x06"), CONTENT_SR, NULL },
    { BYTES("ULog\x01\x12\x35"), CONTENT_ULOG, NULL },
    { BYTES("\x89MCAP0\r\n"), CONTENT_MCAP, NULL },
    { BYTES("$date"), CONTENT_VCD, NULL },
    { BYTES("$version"), CONTENT_VCD, NULL },
    { BYTES("$timescale"), CONTENT_VCD, NULL },
    { BYTES("$comment"), CONTENT_VCD, NULL },
    { BYTES("$scope"), CONTENT_VCD, NULL },
    { BYTES("H Product:Blackbox"), CONTENT_BLACKBOX, NULL },
    { BYTES("#ROSBAG V2.0"), CONTENT_UNKNOWN, "a ROS 1 bag; convert it to MCAP or CSV" },
    { BYTES("SQLite format 3"), CONTENT_UNKNOWN,
      "a database (a rosbag2 .db3?); convert it: ros2 bag convert to mcap" },
    { BYTES("\x7f"
            "ELF"),
      CONTENT_UNKNOWN, "an ELF file, not a trace; programs go behind --bpf" },
    { BYTES("\x1f\x8b"), CONTENT_UNKNOWN, "gzip; unpack it first: gunzip FILE" },
    { BYTES("\x28\xb5\x2f\xfd"), CONTENT_UNKNOWN, "zstd; unpack it first: unzstd FILE" },
};

static bool looks_like_text(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size && i < 1024; i++)
        if (bytes[i] < 0x20 && strchr("\t\r\n", bytes[i]) == NULL)
            return false;
        else if (bytes[i] == 0)
            return false;
    return size > 0;
}

/* "(1436509052.249713) can0 ...": candump -L. */
static bool looks_like_candump(const uint8_t *bytes, size_t size)
{
    size_t at = 1;
    if (size < 4 || bytes[0] != '(')
        return false;
    while (at < size && ((bytes[at] >= '0' && bytes[at] <= '9') || bytes[at] == '.'))
        at++;
    return at > 1 && at + 1 < size && bytes[at] == ')' && bytes[at + 1] == ' ';
}

static enum content detect(const uint8_t *bytes, size_t size, const char **foreign)
{
    *foreign = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(signatures); i++) {
        const struct signature *s = &signatures[i];
        if (size >= s->size && memcmp(bytes, s->bytes, s->size) == 0) {
            *foreign = s->foreign;
            return s->content;
        }
    }
    if (looks_like_candump(bytes, size))
        return CONTENT_CANDUMP;
    return looks_like_text(bytes, size) ? CONTENT_CSV : CONTENT_UNKNOWN;
}

static enum content content_named(const char *name)
{
    static const char *const names[] = {
        "sr", "csv", "ulog", "mcap", "vcd", "candump", "blackbox"
    };
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (strcmp(name, names[i]) == 0)
            return (enum content)i;
    return CONTENT_UNKNOWN;
}

/* --- options --- */

static int check_options(const struct trace_options *options, struct trace_error *error)
{
    static const char *const keys[] = { "format=", "rate=", "origin=", "unit:", "limit=",
                                        "log=",    "i2c:",  "spi:",    "uart:", "can:" };
    for (size_t i = 0; options != NULL && i < options->count; i++) {
        const char *word = options->word[i];
        bool known = false;
        for (size_t k = 0; k < ARRAY_SIZE(keys); k++)
            known |= strncmp(word, keys[k], strlen(keys[k])) == 0;
        if (!known)
            return trace_fail(
                error, -EINVAL,
                "unknown import option \"%.80s\"; known are format=, rate=HZ, origin=first|zero, "
                "unit:COLUMN=UNIT, log=NUMBER, limit=BYTES and the decoders i2c:scl=A,sda=B, "
                "spi:clk=A,mosi=B, uart:rx=A and can:rx=A",
                word);
    }
    const char *rate = trace_option(options, "rate=");
    if (rate != NULL && trace_rate_parse(rate) == 0)
        return trace_fail(error, -EINVAL,
                          "rate=%.40s is no rate above 0; write hertz, e.g. rate=480", rate);
    const char *limit = trace_option(options, "limit=");
    if (limit != NULL && (limit[0] == '\0' || limit[strspn(limit, "0123456789")] != '\0'))
        return trace_fail(error, -EINVAL, "limit=%.40s: write a number of bytes", limit);
    const char *origin = trace_option(options, "origin=");
    if (origin != NULL && strcmp(origin, "first") != 0 && strcmp(origin, "zero") != 0)
        return trace_fail(error, -EINVAL, "origin=%.40s: write origin=first or origin=zero",
                          origin);
    return 0;
}

static int open_format(struct trace_input *input, enum content content,
                       const struct trace_options *options, struct trace_source **source,
                       struct trace_error *error)
{
    switch (content) {
    case CONTENT_SR:
        return trace_open_sr(input, options, source, error);
    case CONTENT_CSV:
        return trace_open_csv(input, options, source, error);
    case CONTENT_ULOG:
        return trace_open_ulog(input, options, source, error);
    case CONTENT_MCAP:
        return trace_open_mcap(input, options, source, error);
    case CONTENT_VCD:
        return trace_open_vcd(input, options, source, error);
    case CONTENT_CANDUMP:
        return trace_open_candump(input, options, source, error);
    case CONTENT_BLACKBOX:
        return trace_open_blackbox(input, options, source, error);
    case CONTENT_UNKNOWN:
        break;
    }
    return -EINVAL;
}

static int choose_content(struct trace_input *input, const struct trace_options *options,
                          enum content *content, struct trace_error *error)
{
    const char *forced = trace_option(options, "format=");
    if (forced != NULL) {
        *content = content_named(forced);
        if (*content == CONTENT_UNKNOWN)
            return trace_fail(
                error, -EINVAL,
                "format=%.40s: known are sr, csv, vcd, candump, blackbox, ulog and mcap", forced);
        return 0;
    }
    size_t size;
    const uint8_t *bytes = input_at(input, 0, 1024, &size);
    if (bytes == NULL)
        return trace_fail(error, -EIO, "%s: cannot be read: %s", input->name, strerror(errno));
    if (size == 0)
        return trace_fail(error, -EBADMSG, "%s: the file is empty", input->name);
    const char *foreign;
    *content = detect(bytes, size, &foreign);
    if (*content == CONTENT_UNKNOWN)
        return trace_fail(
            error, -EBADMSG, "%s: %s%s", input->name, foreign != NULL ? "this is " : "",
            foreign != NULL ? foreign
                            : "no trace of a known kind (sigrok .sr, CSV, VCD, candump -L, "
                              "Betaflight blackbox, PX4 "
                              "ULog or MCAP); if it is one after all, say which with format=");
    return 0;
}

static int open_input(struct trace_input *input, const struct trace_options *options,
                      struct trace_source **source, struct trace_error *error)
{
    enum content content = CONTENT_UNKNOWN;
    int err = check_options(options, error);
    if (err == 0)
        err = choose_content(input, options, &content, error);
    if (err == 0)
        err = open_format(input, content, options, source, error);
    if (err != 0) {
        input_close(input);
        return err;
    }
    for (size_t i = 0; options != NULL && i < options->count && err == 0; i++)
        if (line_decoder_named(options->word[i]) != NULL)
            err = trace_add_decoder(source, options->word[i], error);
    if (err != 0) {
        trace_close(*source);
        *source = NULL;
    }
    return err;
}

int trace_open(const char *path, const struct trace_options *options, struct trace_source **source,
               struct trace_error *error)
{
    struct trace_input input;
    *source = NULL;
    int err = input_open_file(&input, path);
    if (err == -ESPIPE)
        return trace_fail(error, err,
                          "%s: not a regular file; copy the stream to a file and open that", path);
    if (err != 0)
        return trace_fail(error, err, "%s: cannot be opened: %s", path, strerror(-err));
    return open_input(&input, options, source, error);
}

int trace_open_memory(const void *bytes, size_t size, const char *name,
                      const struct trace_options *options, struct trace_source **source,
                      struct trace_error *error)
{
    struct trace_input input;
    *source = NULL;
    if (input_open_memory(&input, bytes, size, name) != 0)
        return trace_fail(error, -ENOMEM, "%s: out of memory", name);
    return open_input(&input, options, source, error);
}

void trace_close(struct trace_source *source)
{
    if (source == NULL)
        return;
    source->format->close(source);
    trace_channels_free(source);
    input_close(&source->input);
    free(source);
}

/* --- reading --- */

static int keep_failure(struct trace_source *source, int err, struct trace_error *error)
{
    source->failed = err;
    source->failure = *error;
    return err;
}

int trace_next(struct trace_source *source, struct trace_record *record, struct trace_error *error)
{
    if (source->failed != 0) {
        *error = source->failure;
        return source->failed;
    }
    int got = source->format->next(source, record, error);
    if (got < 0)
        return keep_failure(source, got, error);
    if (got == 0)
        return 0;
    if (record->time_ns <
        source->last_ns) { /* formats report this themselves, with a place; this is the net */
        trace_fail(error, -EBADMSG, "%s: time runs backwards, from %llu to %llu ns",
                   source->input.name, (unsigned long long)source->last_ns,
                   (unsigned long long)record->time_ns);
        return keep_failure(source, -EBADMSG, error);
    }
    source->last_ns = record->time_ns;
    return 1;
}

int trace_rewind(struct trace_source *source, struct trace_error *error)
{
    source->failed = 0;
    source->last_ns = 0;
    source->unrepresentable = 0;
    int err = source->format->rewind(source, error);
    return err != 0 ? keep_failure(source, err, error) : 0;
}

const char *trace_format(const struct trace_source *source)
{
    return source->format->name;
}

uint32_t trace_progress(const struct trace_source *source)
{
    return source->format->progress(source);
}

uint64_t trace_end_ns(const struct trace_source *source)
{
    return source->end_ns;
}

uint64_t trace_unrepresentable(const struct trace_source *source)
{
    return source->unrepresentable;
}

const char *trace_warning(const struct trace_source *source)
{
    return source->warning;
}
