/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The MCAP reader and the event decoder on any bytes: read strictly, and with recovery without CRCs
 * (else a changed byte would mostly end in a wrong CRC). Besides memory errors it looks for a
 * second pass that differs from the first. */
#include <stdlib.h>
#include <string.h>
#include <traces/channels.h>
#include <traces/host/reader.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct pass {
    uint64_t count;
    uint64_t digest;
    int result;
};

/* A decoded event's pointers must be readable: look at them. */
static uint64_t text_digest(const char *text)
{
    return text != NULL ? strlen(text) : 0;
}

static uint64_t event_digest(const struct event *event)
{
    switch (event->kind) {
    case EVENT_I2C:
        return event->i2c.read_size > 0 ? event->i2c.read_data[event->i2c.read_size - 1] : 0;
    case EVENT_IIO:
        return text_digest(event->iio.device) + event->iio.count;
    case EVENT_BPF_RUN:
        return text_digest(event->bpf_run.program) + text_digest(event->bpf_run.attach_point);
    case EVENT_BPF_MAP:
        return event->bpf_map.value_size > 0 ? event->bpf_map.value[event->bpf_map.value_size - 1]
                                             : 0;
    case EVENT_LOG:
    case EVENT_BPF_PRINT:
        return text_digest(event->text.text) + text_digest(event->text.source);
    case EVENT_INTERLOCK:
        return text_digest(event->interlock.origin) + text_digest(event->interlock.target);
    case EVENT_FAULT:
        return text_digest(event->fault.what) + text_digest(event->fault.target);
    case EVENT_SCHED:
        return text_digest(event->sched.previous) + text_digest(event->sched.next);
    default:
        return event->hash.hash;
    }
}

static struct pass pass_make(struct mcap_reader *reader)
{
    struct pass pass = { 0 };
    struct mcap_item item;
    struct mcap_error error;
    while ((pass.result = mcap_reader_next(reader, &item, &error)) == 1) {
        struct event_channel channel;
        struct event event;
        uint64_t digest = item.message.log_time * 31 + item.message.channel_id;
        if (event_channel_parse(&item.channel->channel, item.channel->schema, &channel) == 0 &&
            event_decode(&channel, &item.message, &event) == 0)
            digest += event_digest(&event);
        pass.digest = pass.digest * 1099511628211u + digest;
        pass.count++;
    }
    return pass;
}

static void look_at(struct mcap_reader *reader)
{
    const struct mcap_info *info;
    struct mcap_error error;
    if (mcap_reader_info(reader, &info, &error) != 0)
        return;
    for (size_t i = 0; i < info->attachment_count && i < 4; i++) {
        uint8_t *data;
        size_t size;
        if (mcap_reader_attachment(reader, i, &data, &size, &error) == 0)
            free(data);
    }
    mcap_reader_check_data(reader, &error);
}

static void read_with(const uint8_t *data, size_t size, const struct mcap_reader_options *options)
{
    struct mcap_reader *reader;
    struct mcap_error error;
    if (mcap_reader_open_memory(data, size, "fuzz", options, &reader, &error) != 0)
        return;
    struct pass first = pass_make(reader);
    /* Definitions stay known: a message that came before its channel is damage in the first pass
     * only. */
    bool whole = first.result == 0 && mcap_reader_loss(reader)->text[0] == '\0';
    look_at(reader);
    if (mcap_reader_seek(reader, 0, 0, &error) == 0) {
        struct pass second = pass_make(reader);
        if (whole && (first.count != second.count || first.digest != second.digest ||
                      first.result != second.result))
            abort();
    }
    if (mcap_reader_seek(reader, 100, 2000, &error) == 0)
        pass_make(reader);
    mcap_reader_close(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint64_t memory_limit = 8 << 20;
    read_with(data, size, &(struct mcap_reader_options){ .memory_limit = memory_limit });
    read_with(data, size,
              &(struct mcap_reader_options){
                  .memory_limit = memory_limit, .recover = true, .ignore_crc = true });
    read_with(data, size,
              &(struct mcap_reader_options){
                  .memory_limit = memory_limit, .order = MCAP_ORDER_FILE, .recover = true });
    return 0;
}
