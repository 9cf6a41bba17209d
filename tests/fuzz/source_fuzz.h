/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What must hold for every trace source, whatever the bytes: it opens or says why not; records come
 * in time order and name a channel that exists; a second pass gives the same records; an error has
 * a text. */
#pragma once
#include <traces/info.h>
#include <traces/source.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FUZZ_RECORDS_MAX 20000 /* enough to pass any buffer's end, little enough to be fast */

#define FUZZ_CHECK(condition)                                   \
    do {                                                        \
        if (!(condition)) {                                     \
            fprintf(stderr, "does not hold: %s\n", #condition); \
            abort();                                            \
        }                                                       \
    } while (0)

static uint64_t fuzz_digest(uint64_t digest, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++)
        digest = (digest ^ bytes[i]) * UINT64_C(1099511628211);
    return digest;
}

static uint64_t fuzz_record(uint64_t digest, const struct trace_source *source,
                            const struct trace_record *record)
{
    digest = fuzz_digest(digest, &record->time_ns, sizeof record->time_ns);
    digest = fuzz_digest(digest, &record->source_ns, sizeof record->source_ns);
    if (record->type == TRACE_RECORD_GAP)
        return fuzz_digest(digest, &record->gap_ns, sizeof record->gap_ns);
    const struct trace_channel *channel = trace_channel_at(source, record->channel);
    FUZZ_CHECK(channel != NULL);
    digest = fuzz_digest(digest, channel->name, strlen(channel->name));
    switch (channel->kind) {
    case TRACE_LEVEL:
        FUZZ_CHECK(record->level <= 1);
        return fuzz_digest(digest, &record->level, 1);
    case TRACE_SCALAR:
        return fuzz_digest(digest, &record->nano, sizeof record->nano);
    case TRACE_SCAN:
        FUZZ_CHECK(channel->scan_count >= 1 && channel->scan_count <= TRACE_SCAN_MAX);
        return fuzz_digest(digest, record->scan, channel->scan_count * sizeof record->scan[0]);
    case TRACE_I2C:
        digest = fuzz_digest(digest, record->i2c.write_data, record->i2c.write_size);
        return fuzz_digest(digest, record->i2c.read_data, record->i2c.read_size);
    case TRACE_SPI:
        digest = fuzz_digest(digest, record->spi.mosi_data, record->spi.size);
        return fuzz_digest(digest, record->spi.miso_data, record->spi.size);
    case TRACE_UART:
        return fuzz_digest(digest, &record->uart.value, sizeof record->uart.value);
    case TRACE_CAN:
        FUZZ_CHECK(record->can.size <= TRACE_CAN_DATA_MAX && record->can.id <= 0x1fffffff);
        return fuzz_digest(digest, record->can.data, record->can.size);
    }
    return digest;
}

static uint64_t fuzz_pass(struct trace_source *source)
{
    struct trace_record record;
    struct trace_error error = { "" };
    uint64_t digest = 0, last_ns = 0;
    int got = 0;
    for (unsigned n = 0; n < FUZZ_RECORDS_MAX && (got = trace_next(source, &record, &error)) == 1;
         n++) {
        FUZZ_CHECK(record.time_ns >= last_ns);
        last_ns = record.time_ns;
        digest = fuzz_record(digest, source, &record);
        FUZZ_CHECK(trace_progress(source) <= 1000);
    }
    FUZZ_CHECK(got >= 0 || error.text[0] != '\0');
    return fuzz_digest(digest, &got, sizeof got);
}

/* The bytes as a trace of one format, with the options given. */
static void fuzz_source(const uint8_t *data, size_t size, const char *const *word, size_t count)
{
    struct trace_options options = { word, count };
    struct trace_source *source;
    struct trace_error error = { "" };
    if (trace_open_memory(data, size, "fuzz", &options, &source, &error) != 0) {
        FUZZ_CHECK(source == NULL && error.text[0] != '\0');
        return;
    }
    uint64_t digest = fuzz_pass(source);
    if (trace_rewind(source, &error) == 0)
        FUZZ_CHECK(fuzz_pass(source) == digest);
    trace_close(source);
}
