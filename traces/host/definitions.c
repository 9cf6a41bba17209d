/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Schemas and channels, as copies. The format lets a definition be repeated if it is the same each
 * time; a different one under the same id would make earlier messages mean something else, and is
 * refused. */
#include "reader_internal.h"

#include <stdlib.h>
#include <string.h>

struct mcap_text text_keep(struct mcap_reader *r, struct mcap_text text)
{
    char *at = reader_allocate(r, (size_t)text.size + 1);
    if (at == NULL)
        return (struct mcap_text){ NULL, 0 };
    if (text.size > 0)
        memcpy(at, text.at, text.size);
    return (struct mcap_text){ at, text.size };
}

static struct mcap_bytes bytes_keep(struct mcap_reader *r, struct mcap_bytes bytes)
{
    struct mcap_text kept =
        text_keep(r, (struct mcap_text){ (const char *)bytes.at, (uint32_t)bytes.size });
    return (struct mcap_bytes){ (const uint8_t *)kept.at, kept.size };
}

static bool text_same(struct mcap_text a, struct mcap_text b)
{
    return a.size == b.size && memcmp(a.at, b.at, a.size) == 0;
}

static bool bytes_same(struct mcap_bytes a, struct mcap_bytes b)
{
    return a.size == b.size && memcmp(a.at, b.at, (size_t)a.size) == 0;
}

/* The same pairs, in whatever order. */
static bool map_same(struct mcap_bytes a, struct mcap_bytes b)
{
    struct mcap_text key, value, other_key, other;
    if (a.size != b.size)
        return false;
    if (bytes_same(a, b))
        return true;
    while (mcap_map_next(&a, &key, &value)) {
        struct mcap_bytes rest = b;
        bool found = false;
        while (!found && mcap_map_next(&rest, &other_key, &other))
            found = text_same(key, other_key) && text_same(value, other);
        if (!found)
            return false;
    }
    return true;
}

/* Makes a table of pointers long enough to have `id` in it. */
static int table_reach(struct mcap_reader *r, void *table, uint32_t *end, uint32_t id)
{
    if (id < *end)
        return 0;
    uint32_t wanted = 64;
    while (wanted <= id)
        wanted *= 2;
    void **old = *(void ***)table;
    void **grown = reader_allocate(r, wanted * sizeof *grown);
    if (grown == NULL)
        return r->error.code;
    if (*end > 0)
        memcpy(grown, old, *end * sizeof *grown);
    free(old);
    r->memory_used -= *end * sizeof *grown;
    *(void ***)table = grown;
    *end = wanted;
    return 0;
}

int define_schema(struct mcap_reader *r, struct mcap_bytes body, uint64_t offset)
{
    struct mcap_schema schema;
    if (mcap_parse_schema(body, &schema))
        return reader_fail(r, -EBADMSG, offset, "a malformed Schema record");
    struct mcap_schema *known = schema_at(r, schema.id);
    if (known != NULL) {
        bool same = text_same(known->name, schema.name) &&
                    text_same(known->encoding, schema.encoding) &&
                    bytes_same(known->data, schema.data);
        return same ? 0
                    : reader_fail(r, -EBADMSG, offset, "schema %u is defined again, differently",
                                  schema.id);
    }
    struct mcap_schema *kept = reader_allocate(r, sizeof *kept);
    if (kept == NULL || table_reach(r, &r->schema, &r->schema_end, schema.id)) {
        free(kept);
        return r->error.code;
    }
    r->schema[schema.id] = kept;
    r->schema_count++;
    kept->id = schema.id;
    kept->name = text_keep(r, schema.name);
    kept->encoding = text_keep(r, schema.encoding);
    kept->data = bytes_keep(r, schema.data);
    return kept->name.at && kept->encoding.at && kept->data.at ? 0 : r->error.code;
}

int define_channel(struct mcap_reader *r, struct mcap_bytes body, uint64_t offset)
{
    struct mcap_channel channel;
    if (mcap_parse_channel(body, &channel))
        return reader_fail(r, -EBADMSG, offset, "a malformed Channel record");
    struct mcap_reader_channel *known = channel_at(r, channel.id);
    if (known != NULL) {
        bool same = text_same(known->channel.topic, channel.topic) &&
                    known->channel.schema_id == channel.schema_id &&
                    text_same(known->channel.message_encoding, channel.message_encoding) &&
                    map_same(known->channel.metadata, channel.metadata);
        return same ? 0
                    : reader_fail(r, -EBADMSG, offset, "channel %u is defined again, differently",
                                  channel.id);
    }
    if (channel.schema_id != 0 && schema_at(r, channel.schema_id) == NULL)
        return reader_fail(r, -EBADMSG, offset,
                           "channel %u names schema %u, which is not defined before it", channel.id,
                           channel.schema_id);
    struct mcap_reader_channel *kept = reader_allocate(r, sizeof *kept);
    if (kept == NULL || table_reach(r, &r->channel, &r->channel_end, channel.id)) {
        free(kept);
        return r->error.code;
    }
    r->channel[channel.id] = kept;
    r->channel_count++;
    kept->channel.id = channel.id;
    kept->channel.schema_id = channel.schema_id;
    kept->channel.topic = text_keep(r, channel.topic);
    kept->channel.message_encoding = text_keep(r, channel.message_encoding);
    kept->channel.metadata = bytes_keep(r, channel.metadata);
    kept->schema = schema_at(r, channel.schema_id);
    bool whole =
        kept->channel.topic.at && kept->channel.message_encoding.at && kept->channel.metadata.at;
    return whole ? 0 : r->error.code;
}

static void text_free(struct mcap_text text)
{
    free((void *)(uintptr_t)text.at);
}

void definitions_free(struct mcap_reader *r)
{
    for (uint32_t id = 0; id < r->channel_end; id++) {
        struct mcap_reader_channel *c = r->channel[id];
        if (c == NULL)
            continue;
        text_free(c->channel.topic);
        text_free(c->channel.message_encoding);
        free((void *)(uintptr_t)c->channel.metadata.at);
        free(c);
    }
    for (uint32_t id = 0; id < r->schema_end; id++) {
        struct mcap_schema *schema = r->schema[id];
        if (schema == NULL)
            continue;
        text_free(schema->name);
        text_free(schema->encoding);
        free((void *)(uintptr_t)schema->data.at);
        free(schema);
    }
    free(r->channel);
    free(r->schema);
}
