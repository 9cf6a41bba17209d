/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Serialising MCAP records. A record's length is patched in once its body is there. */
#include <axiom/bits.h>
#include <axiom/crc32.h>
#include <axiom/string.h>
#include <mcap/put.h>

void mcap_put_raw(struct mcap_out *out, const void *data, size_t size)
{
    if (out->used <= out->size && size <= out->size - out->used && size > 0)
        memcpy(out->at + out->used, data, size);
    out->used += size;
}

static void put_u8(struct mcap_out *out, uint8_t value)
{
    mcap_put_raw(out, &value, 1);
}

static void put_u16(struct mcap_out *out, uint16_t value)
{
    uint8_t bytes[2];
    put_le16(bytes, value);
    mcap_put_raw(out, bytes, sizeof bytes);
}

static void put_u32(struct mcap_out *out, uint32_t value)
{
    uint8_t bytes[4];
    put_le32(bytes, value);
    mcap_put_raw(out, bytes, sizeof bytes);
}

static void put_u64(struct mcap_out *out, uint64_t value)
{
    uint8_t bytes[8];
    put_le64(bytes, value);
    mcap_put_raw(out, bytes, sizeof bytes);
}

static void put_text(struct mcap_out *out, struct mcap_text text)
{
    put_u32(out, text.size);
    mcap_put_raw(out, text.at, text.size);
}

/* Maps, arrays and schema data: a u32 byte length before the bytes. */
static void put_sized(struct mcap_out *out, struct mcap_bytes bytes)
{
    put_u32(out, (uint32_t)bytes.size);
    mcap_put_raw(out, bytes.at, (size_t)bytes.size);
}

/* Where the record begins; record_end() takes it. */
static size_t record_begin(struct mcap_out *out, enum mcap_opcode opcode)
{
    size_t start = out->used;
    put_u8(out, (uint8_t)opcode);
    put_u64(out, 0);
    return start;
}

static void record_end(struct mcap_out *out, size_t start)
{
    if (mcap_out_fits(out))
        put_le64(out->at + start + 1, out->used - start - MCAP_PREFIX_SIZE);
}

void mcap_put_header(struct mcap_out *out, const struct mcap_header *in)
{
    size_t start = record_begin(out, MCAP_HEADER);
    put_text(out, in->profile);
    put_text(out, in->library);
    record_end(out, start);
}

void mcap_put_footer(struct mcap_out *out, const struct mcap_footer *in)
{
    size_t start = record_begin(out, MCAP_FOOTER);
    put_u64(out, in->summary_start);
    put_u64(out, in->summary_offset_start);
    put_u32(out, in->summary_crc);
    record_end(out, start);
}

void mcap_put_schema(struct mcap_out *out, const struct mcap_schema *in)
{
    size_t start = record_begin(out, MCAP_SCHEMA);
    put_u16(out, in->id);
    put_text(out, in->name);
    put_text(out, in->encoding);
    put_sized(out, in->data);
    record_end(out, start);
}

void mcap_put_channel(struct mcap_out *out, const struct mcap_channel *in)
{
    size_t start = record_begin(out, MCAP_CHANNEL);
    put_u16(out, in->id);
    put_u16(out, in->schema_id);
    put_text(out, in->topic);
    put_text(out, in->message_encoding);
    put_sized(out, in->metadata);
    record_end(out, start);
}

void mcap_put_message(struct mcap_out *out, const struct mcap_message *in)
{
    size_t start = record_begin(out, MCAP_MESSAGE);
    put_u16(out, in->channel_id);
    put_u32(out, in->sequence);
    put_u64(out, in->log_time);
    put_u64(out, in->publish_time);
    mcap_put_raw(out, in->data.at, (size_t)in->data.size);
    record_end(out, start);
}

void mcap_put_chunk(struct mcap_out *out, const struct mcap_chunk *in)
{
    size_t start = record_begin(out, MCAP_CHUNK);
    put_u64(out, in->start_time);
    put_u64(out, in->end_time);
    put_u64(out, in->uncompressed_size);
    put_u32(out, in->uncompressed_crc);
    put_text(out, in->compression);
    put_u64(out, in->records.size);
    mcap_put_raw(out, in->records.at, (size_t)in->records.size);
    record_end(out, start);
}

void mcap_put_message_index(struct mcap_out *out, const struct mcap_message_index *in)
{
    size_t start = record_begin(out, MCAP_MESSAGE_INDEX);
    put_u16(out, in->channel_id);
    put_sized(out, in->entries);
    record_end(out, start);
}

void mcap_put_chunk_index(struct mcap_out *out, const struct mcap_chunk_index *in)
{
    size_t start = record_begin(out, MCAP_CHUNK_INDEX);
    put_u64(out, in->start_time);
    put_u64(out, in->end_time);
    put_u64(out, in->chunk_offset);
    put_u64(out, in->chunk_size);
    put_sized(out, in->message_index_offsets);
    put_u64(out, in->message_index_size);
    put_text(out, in->compression);
    put_u64(out, in->compressed_size);
    put_u64(out, in->uncompressed_size);
    record_end(out, start);
}

static void attachment_fields(struct mcap_out *out, const struct mcap_attachment *in)
{
    put_u64(out, in->log_time);
    put_u64(out, in->create_time);
    put_text(out, in->name);
    put_text(out, in->media_type);
    put_u64(out, in->data.size);
}

void mcap_put_attachment_head(struct mcap_out *out, const struct mcap_attachment *in)
{
    size_t start = record_begin(out, MCAP_ATTACHMENT);
    attachment_fields(out, in);
    if (mcap_out_fits(out))
        put_le64(out->at + start + 1, out->used - start - MCAP_PREFIX_SIZE + in->data.size + 4);
}

void mcap_put_attachment(struct mcap_out *out, const struct mcap_attachment *in)
{
    size_t start = record_begin(out, MCAP_ATTACHMENT);
    attachment_fields(out, in);
    mcap_put_raw(out, in->data.at, (size_t)in->data.size);
    size_t body = start + MCAP_PREFIX_SIZE;
    put_u32(out, mcap_out_fits(out) ? crc32_update(0, out->at + body, out->used - body) : 0);
    record_end(out, start);
}

void mcap_put_attachment_index(struct mcap_out *out, const struct mcap_attachment_index *in)
{
    size_t start = record_begin(out, MCAP_ATTACHMENT_INDEX);
    put_u64(out, in->offset);
    put_u64(out, in->size);
    put_u64(out, in->log_time);
    put_u64(out, in->create_time);
    put_u64(out, in->data_size);
    put_text(out, in->name);
    put_text(out, in->media_type);
    record_end(out, start);
}

void mcap_put_statistics(struct mcap_out *out, const struct mcap_statistics *in)
{
    size_t start = record_begin(out, MCAP_STATISTICS);
    put_u64(out, in->message_count);
    put_u16(out, in->schema_count);
    put_u32(out, in->channel_count);
    put_u32(out, in->attachment_count);
    put_u32(out, in->metadata_count);
    put_u32(out, in->chunk_count);
    put_u64(out, in->start_time);
    put_u64(out, in->end_time);
    put_sized(out, in->message_counts);
    record_end(out, start);
}

void mcap_put_metadata(struct mcap_out *out, const struct mcap_metadata *in)
{
    size_t start = record_begin(out, MCAP_METADATA);
    put_text(out, in->name);
    put_sized(out, in->map);
    record_end(out, start);
}

void mcap_put_metadata_index(struct mcap_out *out, const struct mcap_metadata_index *in)
{
    size_t start = record_begin(out, MCAP_METADATA_INDEX);
    put_u64(out, in->offset);
    put_u64(out, in->size);
    put_text(out, in->name);
    record_end(out, start);
}

void mcap_put_summary_offset(struct mcap_out *out, const struct mcap_summary_offset *in)
{
    size_t start = record_begin(out, MCAP_SUMMARY_OFFSET);
    put_u8(out, in->group_opcode);
    put_u64(out, in->group_start);
    put_u64(out, in->group_size);
    record_end(out, start);
}

void mcap_put_data_end(struct mcap_out *out, const struct mcap_data_end *in)
{
    size_t start = record_begin(out, MCAP_DATA_END);
    put_u32(out, in->data_section_crc);
    record_end(out, start);
}

void mcap_put_pair(struct mcap_out *out, struct mcap_text key, struct mcap_text value)
{
    put_text(out, key);
    put_text(out, value);
}
