/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Events into the writer. Finding an event's channel is one look into a hash table: the key packs
 * what identifies it, and names are compared only where a kind has one. Payloads are encoded in the
 * chunk buffer itself. */
#include <traces/recorder.h>

#include "gpio_form.h"

#include <axiom/bug.h>
#include <axiom/errno.h>
#include <axiom/format.h>
#include <axiom/string.h>
#include <mcap/put.h>

static void sink_emit(struct event_sink *sink, const struct event *event)
{
    trace_recorder_emit(CONTAINER_OF(sink, struct trace_recorder, sink), event);
}

void trace_recorder_init(struct trace_recorder *recorder, struct mcap_writer *writer,
                         struct trace_recorder_slot *slot, uint32_t slot_count)
{
    BUG_ON(slot_count == 0 || (slot_count & (slot_count - 1)) != 0);
    memset(recorder, 0, sizeof *recorder);
    memset(slot, 0, slot_count * sizeof *slot);
    recorder->sink.emit = sink_emit;
    recorder->sink.kinds = (UINT32_C(1) << EVENT_KIND_COUNT) - 1;
    recorder->writer = writer;
    recorder->slot = slot;
    recorder->slot_mask = slot_count - 1;
}

/* --- channels --- */

/* Never 0, since a kind is not. */
static uint64_t channel_key(const struct event_channel *channel)
{
    return (uint64_t)channel->number << 32 | (uint32_t)channel->form << 24 |
           (uint32_t)channel->split << 18 | (uint32_t)channel->derived << 17 |
           (uint32_t)channel->layer << 16 | (uint32_t)channel->role << 8 | channel->kind;
}

/* FNV-1a over as much of the name as a channel keeps. */
static uint64_t name_hash(const char *name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < EVENT_NAME_MAX - 1 && name[i] != '\0'; i++)
        hash = (hash ^ (uint8_t)name[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static int schema_define(struct trace_recorder *recorder, uint8_t form, uint16_t *id)
{
    if (recorder->schema_id[form] == 0) {
        const struct event_schema *schema = event_form_schema(form);
        int err =
            mcap_writer_schema(recorder->writer,
                               &(struct mcap_schema){
                                   .name = mcap_text(schema->name),
                                   .encoding = mcap_text("ros2msg"),
                                   .data = { (const uint8_t *)schema->text, strlen(schema->text) },
                               },
                               &recorder->schema_id[form]);
        if (err)
            return err;
    }
    *id = recorder->schema_id[form];
    return 0;
}

static int channel_define(struct trace_recorder *recorder, const struct event_channel *channel,
                          uint16_t *id)
{
    uint16_t schema_id;
    int err = schema_define(recorder, channel->form, &schema_id);
    if (err)
        return err;
    char topic[EVENT_TOPIC_MAX];
    uint8_t map[128];
    struct mcap_out metadata = { map, sizeof map, 0 };
    event_channel_topic(channel, topic, sizeof topic);
    mcap_put_pair(&metadata, mcap_text("kind"), mcap_text(event_kind_name(channel->kind)));
    mcap_put_pair(&metadata, mcap_text("layer"), mcap_text(event_layer_name(channel->layer)));
    mcap_put_pair(&metadata, mcap_text("role"), mcap_text(event_role_name(channel->role)));
    if (channel->derived)
        mcap_put_pair(&metadata, mcap_text("derived"), mcap_text("true"));
    return mcap_writer_channel(recorder->writer,
                               &(struct mcap_channel){
                                   .schema_id = schema_id,
                                   .topic = mcap_text(topic),
                                   .message_encoding = mcap_text("cdr"),
                                   .metadata = mcap_out_map(&metadata),
                               },
                               id);
}

static bool slot_is(const struct trace_recorder_slot *slot, uint64_t key, const char *name)
{
    if (slot->key != key)
        return false;
    bool nameless = slot->name[0] == '\0' && name[0] == '\0'; /* most are */
    return nameless || strncmp(slot->name, name, EVENT_NAME_MAX - 1) == 0;
}

/* The slot that has this channel, or the free one where it belongs; NULL if the table is full. */
static struct trace_recorder_slot *slot_find(struct trace_recorder *recorder, uint64_t key,
                                             const char *name)
{
    uint64_t hash = (key ^ (name[0] != '\0' ? name_hash(name) : 0)) * UINT64_C(0x9e3779b97f4a7c15);
    uint32_t at = (uint32_t)(hash >> 40);
    for (uint32_t tries = 0; tries <= recorder->slot_mask; tries++, at++) {
        struct trace_recorder_slot *slot = &recorder->slot[at & recorder->slot_mask];
        if (slot->key == 0 || slot_is(slot, key, name))
            return slot;
    }
    return NULL;
}

static int channel_find(struct trace_recorder *recorder, struct event_channel *channel,
                        const char *name, uint16_t *id)
{
    uint64_t key = channel_key(channel);
    struct trace_recorder_slot *slot = slot_find(recorder, key, name);
    if (slot == NULL)
        return -ENOBUFS;
    if (slot->key == 0) {
        string_copy(channel->name, sizeof channel->name, name);
        int err = channel_define(recorder, channel, &slot->id);
        if (err)
            return err;
        slot->key = key;
        memcpy(slot->name, channel->name, sizeof slot->name);
    }
    *id = slot->id;
    return 0;
}

/* --- events --- */

__attribute__((noinline)) static int record_message(struct trace_recorder *recorder,
                                                    const struct event *event, uint8_t form,
                                                    uint16_t id)
{
    uint8_t *payload;
    int err = mcap_writer_message_begin(recorder->writer, id, event_encoded_size_max(event, form),
                                        &payload);
    if (err)
        return err;
    size_t size = event_encode(event, form, payload);
    mcap_writer_message_end(recorder->writer, id, (uint32_t)event->sequence, event->time_ns,
                            event->source_ns, size);
    return 0;
}

static inline int record_gpio(struct trace_recorder *recorder, const struct event *event,
                              uint16_t id)
{
    uint8_t *payload;
    int err = mcap_writer_message_begin(recorder->writer, id, GPIO_FORM_SIZE, &payload);
    if (err)
        return err;
    gpio_form_put(payload, &event->gpio);
    mcap_writer_message_end(recorder->writer, id, (uint32_t)event->sequence, event->time_ns,
                            event->source_ns, GPIO_FORM_SIZE);
    return 0;
}

static int record_on(struct trace_recorder *recorder, const struct event *event,
                     struct event_channel *channel, const char *name, uint16_t *id)
{
    int err = channel_find(recorder, channel, name, id);
    return err ? err : record_message(recorder, event, channel->form, *id);
}

/* What identifies an event that has one channel without a name; 0 for others. */
static inline uint64_t recent_key(const struct event *event)
{
    if (event->kind == EVENT_IIO || event->kind == EVENT_BPF_MAP)
        return 0;
    return (uint64_t)event_channel_number(event) << 32 | (uint32_t)event->role << 16 |
           (uint32_t)event->layer << 8 | event->kind;
}

static inline struct trace_recorder_recent *recent_slot(struct trace_recorder *recorder,
                                                        uint64_t key)
{
    uint64_t spread = key * UINT64_C(0x9e3779b97f4a7c15);
    return &recorder->recent[spread >> (64 - TRACE_RECORDER_RECENT_BITS)];
}

__attribute__((cold)) static void count_failure(struct trace_recorder *recorder, int err)
{
    if (err == -ENOSPC)
        recorder->dropped_disk_full++;
    else if (err == -ENOBUFS)
        recorder->dropped_no_channel++;
    else if (err == -E2BIG)
        recorder->dropped_too_large++;
    else
        recorder->error = err;
}

/* The first event of its channel for a while, or one of a kind that takes some thought. */
__attribute__((noinline)) static int record_slowly(struct trace_recorder *recorder,
                                                   const struct event *event)
{
    struct event_channel channel[EVENT_CHANNELS_MAX];
    size_t count = event_channels_of(event, channel);
    const char *name = event_channel_name(event);
    uint16_t id, other;
    int err = record_on(recorder, event, &channel[0], name, &id);
    if (err)
        return err;
    uint64_t key = recent_key(event);
    if (key != 0)
        *recent_slot(recorder, key) = (struct trace_recorder_recent){ key, id, channel[0].form };
    for (size_t i = 1; i < count && !err; i++)
        err = record_on(recorder, event, &channel[i], name, &other);
    return 0; /* a plot less is not an event less */
}

void trace_recorder_emit(struct trace_recorder *recorder, const struct event *event)
{
    if (recorder->error || event->kind == 0 || event->kind >= EVENT_KIND_COUNT)
        return;
    recorder->last_time_ns = event->time_ns;
    uint64_t key = recent_key(event);
    const struct trace_recorder_recent *recent = recent_slot(recorder, key);
    int err;
    if (__builtin_expect(recent->key != key || key == 0, 0))
        err = record_slowly(recorder, event);
    else if (recent->form == EVENT_FORM_GPIO)
        err = record_gpio(recorder, event, recent->id);
    else
        err = record_message(recorder, event, recent->form, recent->id);
    if (__builtin_expect(err != 0, 0))
        count_failure(recorder, err);
    else
        recorder->recorded++;
}

/* --- around the events --- */

static void put_text(struct mcap_out *out, const char *key, const char *value)
{
    mcap_put_pair(out, mcap_text(key), mcap_text(value != NULL ? value : ""));
}

static void put_number(struct mcap_out *out, const char *key, uint64_t value)
{
    char text[24];
    format_text(text, sizeof text, "%llu", (unsigned long long)value);
    put_text(out, key, text);
}

static int metadata_write(struct trace_recorder *recorder, const char *name,
                          const struct mcap_out *map)
{
    if (!mcap_out_fits(map))
        return -E2BIG;
    return mcap_writer_metadata(recorder->writer,
                                &(struct mcap_metadata){ mcap_text(name), mcap_out_map(map) });
}

int trace_recorder_run_info(struct trace_recorder *recorder, const struct trace_run_info *info)
{
    uint8_t buffer[4096];
    struct mcap_out map = { buffer, sizeof buffer, 0 };
    put_text(&map, "version", info->version);
    put_text(&map, "source_commit", info->source_commit);
    put_text(&map, "board", info->board);
    put_text(&map, "cpu_model", info->cpu_model);
    if (info->clock != NULL)
        put_text(&map, "clock", info->clock);
    put_number(&map, "cpus", info->cpu_count);
    put_number(&map, "seed", info->seed);
    put_text(&map, "trace", info->trace);
    put_text(&map, "end", info->end_behaviour);
    int err = metadata_write(recorder, "axiom", &map);
    if (err)
        return err;
    map.used = 0;
    for (size_t i = 0; i < info->binding_count; i++)
        put_text(&map, info->binding[i].channel, info->binding[i].device);
    return metadata_write(recorder, "axiom.bindings", &map);
}

int trace_recorder_attach(struct trace_recorder *recorder, const char *name, const char *media_type,
                          const void *data, size_t size)
{
    return mcap_writer_attachment(recorder->writer, &(struct mcap_attachment){
                                                        .name = mcap_text(name),
                                                        .media_type = mcap_text(media_type),
                                                        .data = { data, size },
                                                    });
}

int trace_recorder_finish(struct trace_recorder *recorder, const char *reason)
{
    if (recorder->error)
        return recorder->error;
    int err = mcap_writer_flush(
        recorder->writer); /* whether the last chunk finds room is part of the answer */
    if (err && err != -ENOSPC)
        return err;
    uint8_t buffer[TRACE_RECORDER_TAIL_RESERVE];
    struct mcap_out map = { buffer, sizeof buffer, 0 };
    put_text(&map, "reason", err == -ENOSPC ? "disk full" : reason);
    put_number(&map, "last_event_ns", recorder->last_time_ns);
    if (recorder->stop_ns != 0)
        put_number(&map, "stop_ns", recorder->stop_ns);
    put_number(&map, "dropped_messages", recorder->writer->dropped_messages);
    if (recorder->writer->dropped_messages > 0)
        put_number(&map, "dropped_from_ns", recorder->writer->dropped_from_ns);
    put_number(&map, "dropped_no_channel", recorder->dropped_no_channel);
    put_number(&map, "dropped_too_large", recorder->dropped_too_large);
    int metadata_err = metadata_write(recorder, "axiom.end", &map);
    err = mcap_writer_finish(recorder->writer);
    return err ? err : metadata_err;
}
