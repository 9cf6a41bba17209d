/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* MCAP records as structs: reading them out of bytes that nobody vouches for.
 *
 * An MCAP file is magic, Header, data section, DataEnd, [summary section], [summary offsets],
 * Footer, magic (https://mcap.dev/spec). A record is an opcode, a 64-bit length and a body;
 * integers are little endian. Parsing copies nothing: texts and bytes point into the parsed memory
 * and live as long as it does. Every length is checked against the bytes that are there, and maps
 * and arrays are walked once at parsing, so that a parsed record can be iterated without further
 * errors. Freestanding; any context. */
#pragma once
#include <axiom/types.h>

enum mcap_opcode {
    MCAP_HEADER = 0x01,
    MCAP_FOOTER = 0x02,
    MCAP_SCHEMA = 0x03,
    MCAP_CHANNEL = 0x04,
    MCAP_MESSAGE = 0x05,
    MCAP_CHUNK = 0x06,
    MCAP_MESSAGE_INDEX = 0x07,
    MCAP_CHUNK_INDEX = 0x08,
    MCAP_ATTACHMENT = 0x09,
    MCAP_ATTACHMENT_INDEX = 0x0a,
    MCAP_STATISTICS = 0x0b,
    MCAP_METADATA = 0x0c,
    MCAP_METADATA_INDEX = 0x0d,
    MCAP_SUMMARY_OFFSET = 0x0e,
    MCAP_DATA_END = 0x0f,
};

#define MCAP_MAGIC_SIZE    8u
#define MCAP_PREFIX_SIZE   9u                       /* opcode and length */
#define MCAP_FOOTER_SIZE   (MCAP_PREFIX_SIZE + 20u) /* the whole record, always */
#define MCAP_DATA_END_SIZE (MCAP_PREFIX_SIZE + 4u)  /* the whole record, always */
#define MCAP_TAIL_SIZE     (MCAP_FOOTER_SIZE + MCAP_MAGIC_SIZE)
extern const uint8_t mcap_magic[MCAP_MAGIC_SIZE];

struct mcap_text { /* UTF-8, not terminated */
    const char *at;
    uint32_t size;
};

struct mcap_bytes {
    const uint8_t *at;
    uint64_t size;
};

/* A text out of a C string, and comparing one with a C string. */
struct mcap_text mcap_text(const char *string);
bool mcap_text_equal(struct mcap_text text, const char *string);
/* Copies as much as fits and terminates; true if all of it fitted. size is at least 1. */
bool mcap_text_copy(char *to, size_t size, struct mcap_text text);

struct mcap_record {
    uint8_t opcode;
    struct mcap_bytes body;
};

/* Walks records that lie one after the other in memory. */
struct mcap_cursor {
    const uint8_t *data;
    size_t size;
    size_t offset; /* of the next record */
};

/* 0 and the next record; -ENODATA at the end; -EOVERFLOW if the next record is longer than what is
 * left, -EBADMSG if its opcode is 0, which no record has (an unwritten stretch of a disk, say). The
 * cursor then stays. */
int mcap_record_next(struct mcap_cursor *cursor, struct mcap_record *record);

/* "Chunk", "Message", ..., or "private", "unknown". */
const char *mcap_opcode_name(uint8_t opcode);

struct mcap_header {
    struct mcap_text profile;
    struct mcap_text library;
};

struct mcap_footer {
    uint64_t summary_start;        /* file offset; 0: no summary */
    uint64_t summary_offset_start; /* file offset; 0: no summary offsets */
    uint32_t summary_crc;          /* 0: not given */
};

struct mcap_schema {
    uint16_t id; /* never 0 */
    struct mcap_text name;
    struct mcap_text encoding;
    struct mcap_bytes data;
};

struct mcap_channel {
    uint16_t id;
    uint16_t schema_id; /* 0: none */
    struct mcap_text topic;
    struct mcap_text message_encoding;
    struct mcap_bytes metadata; /* a map of texts: mcap_map_next() */
};

struct mcap_message {
    uint16_t channel_id;
    uint32_t sequence;
    uint64_t log_time;     /* ns */
    uint64_t publish_time; /* ns */
    struct mcap_bytes data;
};

struct mcap_chunk {
    uint64_t start_time,
        end_time; /* ns; least and greatest log_time within; 0 if it has no message */
    uint64_t uncompressed_size;
    uint32_t uncompressed_crc;    /* 0: not given */
    struct mcap_text compression; /* "", "lz4", "zstd" */
    struct mcap_bytes records;
};

struct mcap_message_index {
    uint16_t channel_id;
    struct mcap_bytes entries; /* mcap_index_next() */
};

struct mcap_index_entry {
    uint64_t log_time;
    uint64_t offset; /* into the uncompressed chunk */
};

struct mcap_chunk_index {
    uint64_t start_time, end_time;
    uint64_t chunk_offset, chunk_size;       /* of the whole record, its prefix included */
    struct mcap_bytes message_index_offsets; /* channel id to file offset: mcap_count_next() */
    uint64_t message_index_size;
    struct mcap_text compression;
    uint64_t compressed_size, uncompressed_size; /* of the chunk's records */
};

struct mcap_attachment {
    uint64_t log_time, create_time;
    struct mcap_text name, media_type;
    struct mcap_bytes data;
    uint32_t crc; /* of the body before it; 0: not given. The writer computes it. */
};

struct mcap_attachment_index {
    uint64_t offset, size; /* of the whole Attachment record */
    uint64_t log_time, create_time, data_size;
    struct mcap_text name, media_type;
};

struct mcap_statistics {
    uint64_t message_count;
    uint16_t schema_count;
    uint32_t channel_count, attachment_count, metadata_count, chunk_count;
    uint64_t start_time, end_time;
    struct mcap_bytes message_counts; /* channel id to count: mcap_count_next() */
};

struct mcap_metadata {
    struct mcap_text name;
    struct mcap_bytes map; /* mcap_map_next() */
};

struct mcap_metadata_index {
    uint64_t offset, size; /* of the whole Metadata record */
    struct mcap_text name;
};

struct mcap_summary_offset {
    uint8_t group_opcode;
    uint64_t group_start, group_size;
};

struct mcap_data_end {
    uint32_t data_section_crc; /* 0: not given */
};

/* Each: 0, or -EBADMSG if the body is not a record of that kind. Bytes after the known fields are
 * ignored, as the format asks, except in Footer and DataEnd, whose size is fixed. The opcode is the
 * caller's to look at. */
int mcap_parse_header(struct mcap_bytes body, struct mcap_header *out);
int mcap_parse_footer(struct mcap_bytes body, struct mcap_footer *out);
int mcap_parse_schema(struct mcap_bytes body, struct mcap_schema *out);
int mcap_parse_channel(struct mcap_bytes body, struct mcap_channel *out);
int mcap_parse_message(struct mcap_bytes body, struct mcap_message *out);
int mcap_parse_chunk(struct mcap_bytes body, struct mcap_chunk *out);
int mcap_parse_message_index(struct mcap_bytes body, struct mcap_message_index *out);
int mcap_parse_chunk_index(struct mcap_bytes body, struct mcap_chunk_index *out);
int mcap_parse_attachment(struct mcap_bytes body, struct mcap_attachment *out);
int mcap_parse_attachment_index(struct mcap_bytes body, struct mcap_attachment_index *out);
int mcap_parse_statistics(struct mcap_bytes body, struct mcap_statistics *out);
int mcap_parse_metadata(struct mcap_bytes body, struct mcap_metadata *out);
int mcap_parse_metadata_index(struct mcap_bytes body, struct mcap_metadata_index *out);
int mcap_parse_summary_offset(struct mcap_bytes body, struct mcap_summary_offset *out);
int mcap_parse_data_end(struct mcap_bytes body, struct mcap_data_end *out);

/* The fields of a Chunk or an Attachment before its (large) data, from the body's first `size`
 * bytes: out->records or out->data has the size that the record claims, and `at` is NULL.
 * *header_size is where the data begins. -EOVERFLOW if more bytes are needed to know. `body_size`
 * is the record's. */
int mcap_parse_chunk_head(struct mcap_bytes head, uint64_t body_size, struct mcap_chunk *out,
                          size_t *header_size);
int mcap_parse_attachment_head(struct mcap_bytes head, uint64_t body_size,
                               struct mcap_attachment *out, size_t *header_size);

/* Take the first entry off a parsed map or array; false when it is empty. */
bool mcap_map_next(struct mcap_bytes *map, struct mcap_text *key, struct mcap_text *value);
bool mcap_count_next(struct mcap_bytes *map, uint16_t *channel_id, uint64_t *value);
bool mcap_index_next(struct mcap_bytes *entries, struct mcap_index_entry *entry);
/* The value of `key` in a parsed map; false if it is not there. */
bool mcap_map_find(struct mcap_bytes map, const char *key, struct mcap_text *value);
