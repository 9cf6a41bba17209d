/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The recorder's buffers are the beginning of the RAM that it is given, the file grows behind them. */
#include <arch/mmu.h>
#include <axiom/errno.h>
#include <axiom/string.h>
#include <port/console.h>
#include <port/record.h>
#include <traces/recorder.h>

#define CHUNK_SIZE (256u << 10)
#define CHANNELS   512u
#define SLOTS      (2 * CHANNELS)
#define INDEX_SIZE (1u << 20)

static struct mcap_writer writer;
static struct trace_recorder recorder;
static struct phys_addr area; /* what is left of it: the file's, once buffers are taken */
static uint64_t area_size, file_size;

static int file_reserve(void *context, uint64_t size)
{
    (void)context;
    return size <= area_size - file_size ? 0 : -ENOSPC;
}

static int file_write(void *context, const void *data, size_t size)
{
    if (file_reserve(context, size) != 0)
        return -ENOSPC;
    memcpy((char *)arch_phys_to_virt(area) + file_size, data, size);
    file_size += size;
    return 0;
}

/* Zeroed, whole pages; NULL: the area is too small. */
static void *take(uint64_t size)
{
    size = (size + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
    if (size > area_size)
        return NULL;
    void *at = arch_phys_to_virt(area);
    area.value += size;
    area_size -= size;
    memset(at, 0, size);
    return at;
}

static int describe(const struct record_config *config)
{
    const struct trace_run_info info = {
        .board = config->board,
        .cpu_model = "none",
        .clock = config->clock,
        .end_behaviour = "stop",
        .seed = config->seed,
        .cpu_count = config->cpu_count,
    };
    int err = trace_recorder_run_info(&recorder, &info);
    for (uint32_t i = 0; i < config->file_count && err == 0; i++) {
        const struct record_file *file = &config->file[i];
        err =
            trace_recorder_attach(&recorder, file->name, file->media_type, file->data, file->size);
    }
    return err;
}

int record_begin(const struct record_config *config, struct phys_addr at, uint64_t size,
                 struct event_sink **sink)
{
    area = at;
    area_size = size;
    file_size = 0;
    struct mcap_writer_config writer_config = {
        .sink = { .write = file_write, .reserve = file_reserve },
        .chunk = take(CHUNK_SIZE),
        .chunk_size = CHUNK_SIZE,
        .summary = take(TRACE_RECORDER_SUMMARY_SIZE(CHANNELS)),
        .summary_size = TRACE_RECORDER_SUMMARY_SIZE(CHANNELS),
        .index = take(INDEX_SIZE),
        .index_size = INDEX_SIZE,
        .channel = take(CHANNELS * sizeof(struct mcap_writer_channel)),
        .channel_capacity = CHANNELS,
        .tail_reserve = TRACE_RECORDER_TAIL_RESERVE,
        .profile = "ros2",
        .library = "axiom",
    };
    struct trace_recorder_slot *slots = take(SLOTS * sizeof *slots);
    if (writer_config.chunk == NULL || writer_config.summary == NULL ||
        writer_config.index == NULL || writer_config.channel == NULL || slots == NULL)
        return -ENOMEM;
    int err = mcap_writer_begin(&writer, &writer_config);
    if (err)
        return err;
    trace_recorder_init(&recorder, &writer, slots, SLOTS);
    *sink = &recorder.sink;
    return describe(config);
}

int record_end(const char *who, uint64_t stop_ns, const char *reason)
{
    recorder.stop_ns = stop_ns != 0 ? stop_ns : recorder.last_time_ns;
    int err = trace_recorder_finish(&recorder, reason);
    console_print("%s: recorded %llu bytes at 0x%llx", who, (unsigned long long)file_size,
                  (unsigned long long)area.value);
    uint64_t dropped =
        recorder.dropped_no_channel + recorder.dropped_too_large + recorder.dropped_disk_full;
    return err == 0 && dropped != 0 ? -ENOBUFS : err;
}

/* --- on the console --- */

#define LINE_BYTES 48u /* 64 letters */

/* Three bytes, or what is left of them, as four letters. */
static void letters_of(const uint8_t *from, uint64_t left, char *to)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = (uint32_t)from[0] << 16 | (left > 1 ? (uint32_t)from[1] << 8 : 0) |
                    (left > 2 ? from[2] : 0);
    for (uint32_t i = 0; i < 4; i++)
        to[i] = i <= left ? alphabet[bits >> (18 - 6 * i) & 0x3f] : '=';
}

void record_print(void)
{
    const uint8_t *bytes = arch_phys_to_virt(area);
    console_print("-----BEGIN AXIOM RECORDING-----");
    for (uint64_t at = 0; at < file_size;) {
        char line[LINE_BYTES / 3 * 4 + 1];
        uint32_t length = 0;
        for (; at < file_size && length + 1 < sizeof line; at += 3, length += 4)
            letters_of(bytes + at, file_size - at, line + length);
        line[length] = '\0';
        console_print("%s", line);
    }
    console_print("-----END AXIOM RECORDING-----");
}
