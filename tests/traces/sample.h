/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Recordings for tests, in memory, the same each time. */
#pragma once
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <traces/host/file_writer.h>
#include <traces/host/reader.h>

static inline uint32_t sample_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33);
}

/* The payload of message n: its length and bytes depend on n alone. */
static inline size_t sample_payload(uint64_t n, uint8_t *to)
{
    uint64_t state = n;
    size_t size = sample_random(&state) % 60;
    for (size_t i = 0; i < size; i++)
        to[i] = (uint8_t)(n * 31 + i);
    return size;
}

enum { SAMPLE_CHANNELS = 3 };

static inline void sample_define(struct mcap_writer *w, uint16_t *channel)
{
    uint16_t schema;
    ck_assert_int_eq(mcap_writer_schema(w,
                                        &(struct mcap_schema){
                                            .name = mcap_text("test/Sample"),
                                            .encoding = mcap_text("ros2msg"),
                                            .data = { (const uint8_t *)"uint8[] data\n", 13 },
                                        },
                                        &schema),
                     0);
    static const char *const topic[SAMPLE_CHANNELS] = { "/a", "/b", "/c" };
    for (int i = 0; i < SAMPLE_CHANNELS; i++) {
        struct mcap_channel definition = {
            .schema_id = schema,
            .topic = mcap_text(topic[i]),
            .message_encoding = mcap_text("cdr"),
            .metadata = { (const uint8_t *)"", 0 },
        };
        ck_assert_int_eq(mcap_writer_channel(w, &definition, &channel[i]), 0);
    }
}

/* Messages first..first + count - 1, message n at 1000 n ns. */
static inline void sample_write(struct mcap_writer *w, const uint16_t *channel, uint64_t first,
                                uint64_t count)
{
    uint8_t payload[64];
    for (uint64_t n = first; n < first + count; n++) {
        struct mcap_message message = {
            .channel_id = channel[n * 7 % SAMPLE_CHANNELS],
            .sequence = (uint32_t)n,
            .log_time = 1000 * n,
            .publish_time = 1000 * n - n % 5,
            .data = { payload, sample_payload(n, payload) },
        };
        if (mcap_writer_message(w, &message) != 0)
            ck_abort_msg("message %u was not taken", message.sequence);
    }
}

/* A whole file of `count` messages; the caller frees it. */
static inline uint8_t *sample_file(uint64_t count, size_t chunk_size, size_t *size)
{
    struct mcap_file_options options = { .chunk_size = chunk_size,
                                         .channel_capacity = 8,
                                         .library = "sample" };
    struct mcap_file_writer *file;
    struct mcap_error error;
    ck_assert_int_eq(mcap_memory_create(&options, &file, &error), 0);
    struct mcap_writer *w = mcap_file_writer(file);
    uint16_t channel[SAMPLE_CHANNELS];
    sample_define(w, channel);
    sample_write(w, channel, 0, count);
    ck_assert_int_eq(mcap_writer_finish(w), 0);
    struct mcap_bytes bytes = mcap_memory_bytes(file);
    uint8_t *copy = malloc((size_t)bytes.size);
    memcpy(copy, bytes.at, (size_t)bytes.size);
    *size = (size_t)bytes.size;
    ck_assert_int_eq(mcap_file_close(file, &error), 0);
    return copy;
}

/* True if this is message n of a sample. */
static inline bool sample_is(const struct mcap_item *item, uint64_t n)
{
    uint8_t payload[64];
    size_t size = sample_payload(n, payload);
    return item->message.sequence == n && item->message.log_time == 1000 * n &&
           item->message.publish_time == 1000 * n - n % 5 && item->message.data.size == size &&
           memcmp(item->message.data.at, payload, size) == 0 &&
           item->channel->channel.topic.at[1] == "abc"[n * 7 % SAMPLE_CHANNELS];
}

static inline struct mcap_reader *sample_open(const void *data, size_t size,
                                              const struct mcap_reader_options *options)
{
    struct mcap_reader *reader;
    struct mcap_error error = { .code = 0 };
    int err = mcap_reader_open_memory(data, size, "sample.mcap", options, &reader, &error);
    ck_assert_msg(err == 0, "%s", error.text);
    return reader;
}
