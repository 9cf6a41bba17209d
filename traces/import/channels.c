/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The channel table of a source. Names are made unique here, once, because everything that refers
 * to a channel later (bindings, exports, messages) does so by name. */
#include "source_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool name_taken(const struct trace_source *source, const char *name)
{
    for (uint32_t i = 0; i < source->channel_count; i++)
        if (strcmp(source->channel[i].name, name) == 0)
            return true;
    return false;
}

/* Control characters in a hostile name would reach terminals and files. */
static char *unique_name(const struct trace_source *source, const char *wanted)
{
    char base[TRACE_NAME_MAX], name[TRACE_NAME_MAX + 12];
    trace_text_copy(base, sizeof base, wanted[0] != '\0' ? wanted : "unnamed");
    for (char *at = base; *at != '\0'; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = '_';
    trace_text_copy(name, sizeof name, base);
    for (uint32_t n = 2; name_taken(source, name); n++)
        snprintf(name, sizeof name, "%s#%u", base, n);
    return strdup(name);
}

static bool table_grow(struct trace_source *source)
{
    if (source->channel_count < source->channel_capacity)
        return true;
    uint32_t capacity = source->channel_capacity == 0 ? 16 : 2 * source->channel_capacity;
    if (capacity > TRACE_CHANNEL_MAX)
        return false;
    struct trace_channel *grown = realloc(source->channel, capacity * sizeof *grown);
    if (grown == NULL)
        return false;
    source->channel = grown;
    source->channel_capacity = capacity;
    return true;
}

struct trace_channel *trace_channel_add(struct trace_source *source, enum trace_kind kind,
                                        const char *name, const char *unit)
{
    if (!table_grow(source))
        return NULL;
    struct trace_channel channel = {
        .name = unique_name(source, name),
        .unit = strdup(unit),
        .note = strdup(""),
        .kind = kind,
        .initial_level = -1,
        .line = -1,
        .count = TRACE_COUNT_UNKNOWN,
    };
    if (channel.name == NULL || channel.unit == NULL || channel.note == NULL) {
        free((char *)channel.name);
        free((char *)channel.unit);
        free((char *)channel.note);
        return NULL;
    }
    source->channel[source->channel_count] = channel;
    return &source->channel[source->channel_count++];
}

int trace_channel_note(struct trace_channel *channel, const char *note)
{
    char *copy = strdup(note);
    if (copy == NULL)
        return -ENOMEM;
    free((char *)channel->note);
    channel->note = copy;
    return 0;
}

void trace_channels_free(struct trace_source *source)
{
    for (uint32_t i = 0; i < source->channel_count; i++) {
        free((char *)source->channel[i].name);
        free((char *)source->channel[i].unit);
        free((char *)source->channel[i].note);
    }
    free(source->channel);
    source->channel = NULL;
    source->channel_count = source->channel_capacity = 0;
}

uint32_t trace_channel_count(const struct trace_source *source)
{
    return source->channel_count;
}

const struct trace_channel *trace_channel_at(const struct trace_source *source, uint32_t index)
{
    return index < source->channel_count ? &source->channel[index] : NULL;
}

int64_t trace_channel_find(const struct trace_source *source, const char *name)
{
    for (uint32_t i = 0; i < source->channel_count; i++)
        if (strcmp(source->channel[i].name, name) == 0)
            return i;
    if (name[0] == '/') /* a topic, as ROS writes it */
        return trace_channel_find(source, name + 1);
    char *end;
    long line = strtol(name, &end, 10);
    if (end == name || *end != '\0' || line < 0)
        return -ENOENT;
    for (uint32_t i = 0; i < source->channel_count; i++)
        if (source->channel[i].line == line)
            return i;
    return -ENOENT;
}
