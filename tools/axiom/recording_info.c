/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "recording_info.h"

#include "cli.h"

#include <axiom/errno.h>
#include <traces/host/reader.h>

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

bool is_recording(const char *path)
{
    struct mcap_reader_options options = { .recover = true };
    struct mcap_reader *reader;
    struct mcap_error error;
    struct mcap_metadata metadata;
    const struct mcap_info *info;
    uint8_t magic[MCAP_MAGIC_SIZE] = { 0 };
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return false;
    size_t got = fread(magic, 1, sizeof magic, file);
    fclose(file);
    if (got != sizeof magic || memcmp(magic, mcap_magic, sizeof magic) != 0)
        return false;
    if (mcap_reader_open(path, &options, &reader, &error) != 0)
        return false;
    bool ours = mcap_reader_info(reader, &info, &error) == 0 &&
                mcap_reader_metadata(reader, "axiom", &metadata);
    mcap_reader_close(reader);
    return ours;
}

static json_t *text_json(struct mcap_text text)
{
    return json_stringn_nocheck(text.at, text.size);
}

static void print_metadata(const struct mcap_info *info)
{
    for (size_t i = 0; i < info->metadata_count; i++) {
        struct mcap_bytes map = info->metadata[i].map;
        struct mcap_text key, value;
        printf("  %.*s:", (int)info->metadata[i].name.size, info->metadata[i].name.at);
        while (mcap_map_next(&map, &key, &value)) {
            if (value.size > 0)
                printf(" %.*s=%.*s", (int)key.size, key.at, (int)value.size, value.at);
        }
        putchar('\n');
    }
}

static void print_channels(struct mcap_reader *reader)
{
    struct mcap_reader_channel *channel;
    for (uint32_t id = 0; (channel = mcap_reader_channel_from(reader, id)) != NULL;
         id = channel->channel.id + 1u) {
        struct mcap_text role = { "", 0 };
        mcap_map_find(channel->channel.metadata, "role", &role);
        printf("  %-28.*s %12s message%s  %-12.*s %.*s\n", (int)channel->channel.topic.size,
               channel->channel.topic.at, grouped(channel->message_count),
               channel->message_count == 1 ? " " : "s", (int)role.size, role.at,
               channel->schema != NULL ? (int)channel->schema->name.size : 0,
               channel->schema != NULL ? channel->schema->name.at : "");
    }
}

static void print_text(const char *path, struct mcap_reader *reader, const struct mcap_info *info)
{
    printf("%s: MCAP recording, %s in %s, %s%s\n", path, counted(info->message_count, "message"),
           seconds_text(info->end_time), counted(info->file_size, "byte"),
           info->complete ? "" : "; it was cut, what is whole is listed");
    print_metadata(info);
    for (size_t i = 0; i < info->attachment_count; i++)
        printf("  attached: %.*s (%s)\n", (int)info->attachment[i].name.size,
               info->attachment[i].name.at, counted(info->attachment[i].data_size, "byte"));
    print_channels(reader);
    printf("to run it again: axiom replay %s\n", path);
}

static void print_json(const char *path, struct mcap_reader *reader, const struct mcap_info *info)
{
    json_t *channels = json_array(), *metadata = json_object(), *attachments = json_array();
    struct mcap_reader_channel *channel;
    for (uint32_t id = 0; (channel = mcap_reader_channel_from(reader, id)) != NULL;
         id = channel->channel.id + 1u) {
        struct mcap_text role = { "", 0 };
        mcap_map_find(channel->channel.metadata, "role", &role);
        json_array_append_new(channels, json_pack("{s:o, s:I, s:o}", "topic",
                                                  text_json(channel->channel.topic), "messages",
                                                  (json_int_t)channel->message_count, "role",
                                                  text_json(role)));
    }
    for (size_t i = 0; i < info->metadata_count; i++) {
        struct mcap_bytes map = info->metadata[i].map;
        struct mcap_text key, value;
        char name[64], key_text[64];
        json_t *record = json_object();
        while (mcap_map_next(&map, &key, &value)) {
            mcap_text_copy(key_text, sizeof key_text, key);
            json_object_set_new_nocheck(record, key_text, text_json(value));
        }
        mcap_text_copy(name, sizeof name, info->metadata[i].name);
        json_object_set_new_nocheck(metadata, name, record);
    }
    for (size_t i = 0; i < info->attachment_count; i++)
        json_array_append_new(attachments, text_json(info->attachment[i].name));
    json_t *json =
        json_pack("{s:s, s:s, s:b, s:I, s:I, s:o, s:o, s:o}", "file", path, "format", "MCAP",
                  "complete", info->complete, "messages", (json_int_t)info->message_count, "end_ns",
                  (json_int_t)info->end_time, "metadata", metadata, "attachments", attachments,
                  "channels", channels);
    json_dumpf(json, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(json);
}

int recording_info(const char *path, bool as_json)
{
    struct mcap_reader_options options = { .recover = true };
    struct mcap_reader *reader;
    struct mcap_error error;
    const struct mcap_info *info;
    if (mcap_reader_open(path, &options, &reader, &error) != 0)
        return complain(EXIT_INPUT, "%s", error.text);
    int code = EXIT_OK;
    if (mcap_reader_info(reader, &info, &error) != 0)
        code = complain(EXIT_INPUT, "%s", error.text);
    else if (as_json)
        print_json(path, reader, info);
    else
        print_text(path, reader, info);
    mcap_reader_close(reader);
    return code;
}
