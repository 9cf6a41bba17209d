/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* MCAP records as bytes: the counterpart of <mcap/record.h>, into a buffer of the caller's.
 *
 * As snprintf does, `used` counts on past the end: nothing is written outside the buffer, and used
 * > size afterwards says how large it had to be. Freestanding; any context. */
#pragma once
#include <mcap/record.h>

struct mcap_out {
    uint8_t *at; /* may be NULL if size is 0: then only counted */
    size_t size;
    size_t used;
};

static inline bool mcap_out_fits(const struct mcap_out *out)
{
    return out->used <= out->size;
}

void mcap_put_raw(struct mcap_out *out, const void *data, size_t size);
void mcap_put_header(struct mcap_out *out, const struct mcap_header *in);
void mcap_put_footer(struct mcap_out *out, const struct mcap_footer *in);
void mcap_put_schema(struct mcap_out *out, const struct mcap_schema *in);
void mcap_put_channel(struct mcap_out *out, const struct mcap_channel *in);
void mcap_put_message(struct mcap_out *out, const struct mcap_message *in);
void mcap_put_chunk(struct mcap_out *out, const struct mcap_chunk *in);
void mcap_put_message_index(struct mcap_out *out, const struct mcap_message_index *in);
void mcap_put_chunk_index(struct mcap_out *out, const struct mcap_chunk_index *in);
/* Computes the CRC; in->crc is not looked at. */
void mcap_put_attachment(struct mcap_out *out, const struct mcap_attachment *in);
/* The record up to its data, for who writes that (in->data.size bytes, then the u32 CRC of the
 * body) by other means. */
void mcap_put_attachment_head(struct mcap_out *out, const struct mcap_attachment *in);
void mcap_put_attachment_index(struct mcap_out *out, const struct mcap_attachment_index *in);
void mcap_put_statistics(struct mcap_out *out, const struct mcap_statistics *in);
void mcap_put_metadata(struct mcap_out *out, const struct mcap_metadata *in);
void mcap_put_metadata_index(struct mcap_out *out, const struct mcap_metadata_index *in);
void mcap_put_summary_offset(struct mcap_out *out, const struct mcap_summary_offset *in);
void mcap_put_data_end(struct mcap_out *out, const struct mcap_data_end *in);

/* One entry of a map of texts, as struct mcap_channel and struct mcap_metadata hold one: entries
 * put one after the other into an empty buffer make the map, mcap_out_map(out). */
void mcap_put_pair(struct mcap_out *out, struct mcap_text key, struct mcap_text value);
static inline struct mcap_bytes mcap_out_map(const struct mcap_out *out)
{
    return (struct mcap_bytes){ out->at, mcap_out_fits(out) ? out->used : 0 };
}
