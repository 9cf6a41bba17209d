/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Opening made-up traces in tests. */
#pragma once
#include <traces/source.h>

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static inline struct trace_source *opened(const void *bytes, size_t size, const char *option)
{
    struct trace_options options = { &option, option != NULL };
    struct trace_source *source;
    struct trace_error error;
    int err = trace_open_memory(bytes, size, "made.up", &options, &source, &error);
    ck_assert_msg(err == 0, "%s", error.text);
    return source;
}

/* The file does not open, with this errno, and the message has these words. */
static inline void refused(const void *bytes, size_t size, const char *option, int err,
                           const char *words)
{
    struct trace_options options = { &option, option != NULL };
    struct trace_source *source = NULL;
    struct trace_error error = { "" };
    ck_assert_int_eq(trace_open_memory(bytes, size, "made.up", &options, &source, &error), err);
    ck_assert_ptr_null(source);
    ck_assert_msg(strstr(error.text, words) != NULL, "\"%s\" does not say \"%s\"", error.text,
                  words);
}

static inline bool next(struct trace_source *source, struct trace_record *record)
{
    struct trace_error error;
    int got = trace_next(source, record, &error);
    ck_assert_msg(got >= 0, "%s", error.text);
    return got == 1;
}

/* All records as one text, to be compared: "TIME NAME VALUE;..." with nano values. */
static inline void print_all(struct trace_source *source, char *text, size_t size)
{
    struct trace_record record;
    size_t at = 0;
    text[0] = '\0';
    while (next(source, &record) && at < size) {
        if (record.type == TRACE_RECORD_GAP) {
            at += (size_t)snprintf(text + at, size - at, "%llu gap %llu;",
                                   (unsigned long long)record.time_ns,
                                   (unsigned long long)record.gap_ns);
            continue;
        }
        const struct trace_channel *channel = trace_channel_at(source, record.channel);
        at += (size_t)snprintf(text + at, size - at, "%llu %s", (unsigned long long)record.time_ns,
                               channel->name);
        if (channel->kind == TRACE_LEVEL)
            at += (size_t)snprintf(text + at, size - at, " %u;", record.level);
        else if (channel->kind == TRACE_SCALAR)
            at += (size_t)snprintf(text + at, size - at, " %lld;", (long long)record.nano);
        for (uint8_t i = 0; channel->kind == TRACE_SCAN && i < channel->scan_count; i++)
            at += (size_t)snprintf(text + at, size - at, " %lld%s", (long long)record.scan[i],
                                   i + 1 == channel->scan_count ? ";" : "");
        if (channel->kind == TRACE_I2C)
            at += (size_t)snprintf(text + at, size - at, " %02x w%u r%u%s%s%s;", record.i2c.address,
                                   record.i2c.write_size, record.i2c.read_size,
                                   record.i2c.address_nack ? " anack" : "",
                                   record.i2c.write_nack ? " wnack" : "",
                                   record.i2c.stopped ? "" : " open");
    }
    ck_assert_uint_lt(at, size);
}

/* Reading ends in this error, and goes on giving it. */
static inline void ends_in_error(struct trace_source *source, int err, const char *words)
{
    struct trace_record record;
    struct trace_error error;
    int got;
    while ((got = trace_next(source, &record, &error)) == 1)
        ;
    ck_assert_int_eq(got, err);
    ck_assert_msg(strstr(error.text, words) != NULL, "\"%s\" does not say \"%s\"", error.text,
                  words);
    memset(&error, 0, sizeof error);
    ck_assert_int_eq(trace_next(source, &record, &error), err);
    ck_assert_msg(strstr(error.text, words) != NULL, "the second time it says \"%s\"", error.text);
}
