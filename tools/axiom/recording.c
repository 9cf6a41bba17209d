/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "recording.h"

#include "cli.h"

#include <axiom/errno.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int open_with(struct recording_reader *r, const char *path,
                     const struct mcap_reader_options *options)
{
    *r = (struct recording_reader){ 0 };
    if (mcap_reader_open(path, options, &r->reader, &r->error) != 0)
        return complain(EXIT_INPUT, "%s", r->error.text);
    return EXIT_OK;
}

int recording_open(struct recording_reader *r, const char *path, bool damaged)
{
    return open_with(
        r, path, &(struct mcap_reader_options){ .order = MCAP_ORDER_FILE, .ignore_crc = damaged });
}

int recording_open_whole_parts(struct recording_reader *r, const char *path)
{
    return open_with(r, path,
                     &(struct mcap_reader_options){ .order = MCAP_ORDER_FILE, .recover = true });
}

void recording_close(struct recording_reader *r)
{
    if (r->reader == NULL)
        return;
    for (uint32_t id = 0;;) {
        struct mcap_reader_channel *channel = mcap_reader_channel_from(r->reader, id);
        if (channel == NULL)
            break;
        free(channel->user);
        channel->user = NULL;
        if (channel->channel.id == UINT16_MAX)
            break;
        id = channel->channel.id + 1u;
    }
    mcap_reader_close(r->reader);
    r->reader = NULL;
}

/* What a channel holds is found out at its first message. */
static struct event_channel *channel_of(struct mcap_reader_channel *channel)
{
    if (channel->user != NULL)
        return channel->user;
    struct event_channel *parsed = calloc(1, sizeof *parsed);
    if (parsed == NULL)
        return NULL;
    if (channel->schema == NULL ||
        event_channel_parse(&channel->channel, channel->schema, parsed) != 0)
        parsed->kind = 0; /* not ours */
    channel->user = parsed;
    return parsed;
}

int recording_next(struct recording_reader *r, struct event *event,
                   const struct event_channel **channel)
{
    int got;
    while ((got = mcap_reader_next(r->reader, &r->item, &r->error)) == 1) {
        struct event_channel *parsed = channel_of(r->item.channel);
        if (parsed == NULL)
            return -ENOMEM;
        if (parsed->derived)
            continue;
        if (parsed->kind == 0) {
            r->skipped++;
            continue;
        }
        int err = event_decode(parsed, &r->item.message, event);
        if (err) {
            snprintf(
                r->error.text, sizeof r->error.text,
                "message %u at %llu ns is not what its channel's schema says; the file is damaged",
                r->item.message.sequence, (unsigned long long)r->item.message.log_time);
            r->error.offset = r->item.offset;
            return err;
        }
        *channel = parsed;
        return 1;
    }
    return got;
}

void event_topic(const struct event *event, char *topic, size_t size)
{
    struct event_channel channels[EVENT_CHANNELS_MAX];
    topic[0] = '\0';
    if (event_channels_of(event, channels) == 0)
        return;
    snprintf(channels[0].name, sizeof channels[0].name, "%s", event_channel_name(event));
    event_channel_topic(&channels[0], topic, size);
    size_t length = strlen(topic);
    if (event->kind == EVENT_IIO && length > 4 && strcmp(topic + length - 4, "/raw") == 0)
        topic[length - 4] = '\0';
}
