/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Parsing MCAP records. `struct fields` is the one place that moves through a body: once something
 * does not fit it turns bad, gives zeros and empty texts from then on, and the record's parser
 * reports that at its end. */
#include <axiom/bits.h>
#include <axiom/errno.h>
#include <axiom/string.h>
#include <mcap/record.h>

const uint8_t mcap_magic[MCAP_MAGIC_SIZE] = { 0x89, 'M', 'C', 'A', 'P', '0', '\r', '\n' };

struct mcap_text mcap_text(const char *string)
{
    return (struct mcap_text){ string, (uint32_t)strlen(string) };
}

bool mcap_text_equal(struct mcap_text text, const char *string)
{
    return strlen(string) == text.size && memcmp(text.at, string, text.size) == 0;
}

bool mcap_text_copy(char *to, size_t size, struct mcap_text text)
{
    size_t take = text.size < size ? text.size : size - 1;
    if (take > 0)
        memcpy(to, text.at, take);
    to[take] = '\0';
    return take == text.size;
}

int mcap_record_next(struct mcap_cursor *cursor, struct mcap_record *record)
{
    size_t left = cursor->size - cursor->offset;
    const uint8_t *at = cursor->data + cursor->offset;
    if (left == 0)
        return -ENODATA;
    if (at[0] == 0)
        return -EBADMSG;
    if (left < MCAP_PREFIX_SIZE)
        return -EOVERFLOW;
    uint64_t size = get_le64(at + 1);
    if (size > left - MCAP_PREFIX_SIZE)
        return -EOVERFLOW;
    *record = (struct mcap_record){ at[0], { at + MCAP_PREFIX_SIZE, size } };
    cursor->offset += MCAP_PREFIX_SIZE + (size_t)size;
    return 0;
}

const char *mcap_opcode_name(uint8_t opcode)
{
    static const char *const name[] = {
        [MCAP_HEADER] = "Header",
        [MCAP_FOOTER] = "Footer",
        [MCAP_SCHEMA] = "Schema",
        [MCAP_CHANNEL] = "Channel",
        [MCAP_MESSAGE] = "Message",
        [MCAP_CHUNK] = "Chunk",
        [MCAP_MESSAGE_INDEX] = "MessageIndex",
        [MCAP_CHUNK_INDEX] = "ChunkIndex",
        [MCAP_ATTACHMENT] = "Attachment",
        [MCAP_ATTACHMENT_INDEX] = "AttachmentIndex",
        [MCAP_STATISTICS] = "Statistics",
        [MCAP_METADATA] = "Metadata",
        [MCAP_METADATA_INDEX] = "MetadataIndex",
        [MCAP_SUMMARY_OFFSET] = "SummaryOffset",
        [MCAP_DATA_END] = "DataEnd",
    };
    if (opcode < ARRAY_SIZE(name) && name[opcode] != NULL)
        return name[opcode];
    return opcode >= 0x80 ? "private" : "unknown";
}

struct fields {
    const uint8_t *at;
    uint64_t left;
    bool bad;
};

static struct fields fields_of(struct mcap_bytes body)
{
    return (struct fields){ body.at, body.size, false };
}

static int fields_end(const struct fields *f)
{
    return f->bad ? -EBADMSG : 0;
}

/* The next `size` bytes, or NULL. */
static const uint8_t *take(struct fields *f, uint64_t size)
{
    if (f->bad || size > f->left) {
        f->bad = true;
        return NULL;
    }
    const uint8_t *at = f->at;
    f->at += size;
    f->left -= size;
    return at;
}

static uint8_t take_u8(struct fields *f)
{
    const uint8_t *at = take(f, 1);
    return at ? at[0] : 0;
}

static uint16_t take_u16(struct fields *f)
{
    const uint8_t *at = take(f, 2);
    return at ? get_le16(at) : 0;
}

static uint32_t take_u32(struct fields *f)
{
    const uint8_t *at = take(f, 4);
    return at ? get_le32(at) : 0;
}

static uint64_t take_u64(struct fields *f)
{
    const uint8_t *at = take(f, 8);
    return at ? get_le64(at) : 0;
}

static struct mcap_text take_text(struct fields *f)
{
    uint32_t size = take_u32(f);
    const uint8_t *at = take(f, size);
    return at ? (struct mcap_text){ (const char *)at, size } : (struct mcap_text){ "", 0 };
}

static struct mcap_bytes take_bytes(struct fields *f, uint64_t size)
{
    const uint8_t *at = take(f, size);
    return at ? (struct mcap_bytes){ at, size } : (struct mcap_bytes){ (const uint8_t *)"", 0 };
}

/* A u32 byte length and entries of one fixed size. */
static struct mcap_bytes take_array(struct fields *f, uint32_t entry_size)
{
    uint32_t size = take_u32(f);
    if (size % entry_size != 0)
        f->bad = true;
    return take_bytes(f, size);
}

static struct mcap_bytes take_map(struct fields *f)
{
    struct mcap_bytes map = take_bytes(f, take_u32(f));
    struct fields entries = fields_of(map);
    while (entries.left > 0 && !entries.bad) {
        take_text(&entries);
        take_text(&entries);
    }
    f->bad |= entries.bad;
    return map;
}

int mcap_parse_header(struct mcap_bytes body, struct mcap_header *out)
{
    struct fields f = fields_of(body);
    out->profile = take_text(&f);
    out->library = take_text(&f);
    return fields_end(&f);
}

int mcap_parse_footer(struct mcap_bytes body, struct mcap_footer *out)
{
    struct fields f = fields_of(body);
    out->summary_start = take_u64(&f);
    out->summary_offset_start = take_u64(&f);
    out->summary_crc = take_u32(&f);
    f.bad |= f.left != 0;
    return fields_end(&f);
}

int mcap_parse_schema(struct mcap_bytes body, struct mcap_schema *out)
{
    struct fields f = fields_of(body);
    out->id = take_u16(&f);
    out->name = take_text(&f);
    out->encoding = take_text(&f);
    out->data = take_bytes(&f, take_u32(&f));
    f.bad |= out->id == 0;
    return fields_end(&f);
}

int mcap_parse_channel(struct mcap_bytes body, struct mcap_channel *out)
{
    struct fields f = fields_of(body);
    out->id = take_u16(&f);
    out->schema_id = take_u16(&f);
    out->topic = take_text(&f);
    out->message_encoding = take_text(&f);
    out->metadata = take_map(&f);
    return fields_end(&f);
}

int mcap_parse_message(struct mcap_bytes body, struct mcap_message *out)
{
    if (body.size < 22)
        return -EBADMSG;
    *out = (struct mcap_message){ get_le16(body.at),
                                  get_le32(body.at + 2),
                                  get_le64(body.at + 6),
                                  get_le64(body.at + 14),
                                  { body.at + 22, body.size - 22 } };
    return 0;
}

static void chunk_fields(struct fields *f, struct mcap_chunk *out, uint64_t *records_size)
{
    out->start_time = take_u64(f);
    out->end_time = take_u64(f);
    out->uncompressed_size = take_u64(f);
    out->uncompressed_crc = take_u32(f);
    out->compression = take_text(f);
    *records_size = take_u64(f);
}

int mcap_parse_chunk(struct mcap_bytes body, struct mcap_chunk *out)
{
    struct fields f = fields_of(body);
    uint64_t size;
    chunk_fields(&f, out, &size);
    out->records = take_bytes(&f, size);
    return fields_end(&f);
}

/* What a parser that saw only a head may say: too short to know, or how much data it claims and
 * where that begins. */
static int head_end(const struct fields *f, struct mcap_bytes head, uint64_t body_size,
                    uint64_t data_size, uint64_t after_data, size_t *header_size)
{
    if (f->bad)
        return head.size < body_size ? -EOVERFLOW : -EBADMSG;
    uint64_t used = head.size - f->left;
    if (used > body_size || data_size > body_size - used ||
        after_data > body_size - used - data_size)
        return -EBADMSG;
    *header_size = (size_t)used;
    return 0;
}

int mcap_parse_chunk_head(struct mcap_bytes head, uint64_t body_size, struct mcap_chunk *out,
                          size_t *header_size)
{
    struct fields f = fields_of(head);
    uint64_t size;
    chunk_fields(&f, out, &size);
    out->records = (struct mcap_bytes){ NULL, size };
    return head_end(&f, head, body_size, size, 0, header_size);
}

int mcap_parse_message_index(struct mcap_bytes body, struct mcap_message_index *out)
{
    struct fields f = fields_of(body);
    out->channel_id = take_u16(&f);
    out->entries = take_array(&f, 16);
    return fields_end(&f);
}

int mcap_parse_chunk_index(struct mcap_bytes body, struct mcap_chunk_index *out)
{
    struct fields f = fields_of(body);
    out->start_time = take_u64(&f);
    out->end_time = take_u64(&f);
    out->chunk_offset = take_u64(&f);
    out->chunk_size = take_u64(&f);
    out->message_index_offsets = take_array(&f, 10);
    out->message_index_size = take_u64(&f);
    out->compression = take_text(&f);
    out->compressed_size = take_u64(&f);
    out->uncompressed_size = take_u64(&f);
    return fields_end(&f);
}

static void attachment_fields(struct fields *f, struct mcap_attachment *out, uint64_t *data_size)
{
    out->log_time = take_u64(f);
    out->create_time = take_u64(f);
    out->name = take_text(f);
    out->media_type = take_text(f);
    *data_size = take_u64(f);
}

int mcap_parse_attachment(struct mcap_bytes body, struct mcap_attachment *out)
{
    struct fields f = fields_of(body);
    uint64_t size;
    attachment_fields(&f, out, &size);
    out->data = take_bytes(&f, size);
    out->crc = take_u32(&f);
    return fields_end(&f);
}

int mcap_parse_attachment_head(struct mcap_bytes head, uint64_t body_size,
                               struct mcap_attachment *out, size_t *header_size)
{
    struct fields f = fields_of(head);
    uint64_t size;
    attachment_fields(&f, out, &size);
    out->data = (struct mcap_bytes){ NULL, size };
    out->crc = 0;
    return head_end(&f, head, body_size, size, 4, header_size);
}

int mcap_parse_attachment_index(struct mcap_bytes body, struct mcap_attachment_index *out)
{
    struct fields f = fields_of(body);
    out->offset = take_u64(&f);
    out->size = take_u64(&f);
    out->log_time = take_u64(&f);
    out->create_time = take_u64(&f);
    out->data_size = take_u64(&f);
    out->name = take_text(&f);
    out->media_type = take_text(&f);
    return fields_end(&f);
}

int mcap_parse_statistics(struct mcap_bytes body, struct mcap_statistics *out)
{
    struct fields f = fields_of(body);
    out->message_count = take_u64(&f);
    out->schema_count = take_u16(&f);
    out->channel_count = take_u32(&f);
    out->attachment_count = take_u32(&f);
    out->metadata_count = take_u32(&f);
    out->chunk_count = take_u32(&f);
    out->start_time = take_u64(&f);
    out->end_time = take_u64(&f);
    out->message_counts = take_array(&f, 10);
    return fields_end(&f);
}

int mcap_parse_metadata(struct mcap_bytes body, struct mcap_metadata *out)
{
    struct fields f = fields_of(body);
    out->name = take_text(&f);
    out->map = take_map(&f);
    return fields_end(&f);
}

int mcap_parse_metadata_index(struct mcap_bytes body, struct mcap_metadata_index *out)
{
    struct fields f = fields_of(body);
    out->offset = take_u64(&f);
    out->size = take_u64(&f);
    out->name = take_text(&f);
    return fields_end(&f);
}

int mcap_parse_summary_offset(struct mcap_bytes body, struct mcap_summary_offset *out)
{
    struct fields f = fields_of(body);
    out->group_opcode = take_u8(&f);
    out->group_start = take_u64(&f);
    out->group_size = take_u64(&f);
    return fields_end(&f);
}

int mcap_parse_data_end(struct mcap_bytes body, struct mcap_data_end *out)
{
    struct fields f = fields_of(body);
    out->data_section_crc = take_u32(&f);
    f.bad |= f.left != 0;
    return fields_end(&f);
}

bool mcap_map_next(struct mcap_bytes *map, struct mcap_text *key, struct mcap_text *value)
{
    struct fields f = fields_of(*map);
    if (f.left == 0)
        return false;
    *key = take_text(&f);
    *value = take_text(&f);
    *map = (struct mcap_bytes){ f.at, f.left };
    return !f.bad;
}

bool mcap_map_find(struct mcap_bytes map, const char *key, struct mcap_text *value)
{
    struct mcap_text at_key, at_value;
    while (mcap_map_next(&map, &at_key, &at_value)) {
        if (mcap_text_equal(at_key, key)) {
            *value = at_value;
            return true;
        }
    }
    return false;
}

bool mcap_count_next(struct mcap_bytes *map, uint16_t *channel_id, uint64_t *value)
{
    if (map->size < 10)
        return false;
    *channel_id = get_le16(map->at);
    *value = get_le64(map->at + 2);
    *map = (struct mcap_bytes){ map->at + 10, map->size - 10 };
    return true;
}

bool mcap_index_next(struct mcap_bytes *entries, struct mcap_index_entry *entry)
{
    if (entries->size < 16)
        return false;
    *entry = (struct mcap_index_entry){ get_le64(entries->at), get_le64(entries->at + 8) };
    *entries = (struct mcap_bytes){ entries->at + 16, entries->size - 16 };
    return true;
}
