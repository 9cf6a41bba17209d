/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The compressions of MCAP chunks. */
#pragma once
#include <mcap/record.h>

enum compression {
    COMPRESSION_NONE,
    COMPRESSION_LZ4,
    COMPRESSION_ZSTD,
    COMPRESSION_UNKNOWN,
};

struct decompressor {
    void *zstd; /* made at first use */
    void *lz4;
};

enum compression compression_of(struct mcap_text name);

/* Exactly `to_size` bytes out of `from`: 0; -EBADMSG if it is corrupt or gives another number;
 * -ENOMEM; -EOPNOTSUPP if this build lacks the library. */
int decompress(struct decompressor *d, enum compression compression, struct mcap_bytes from,
               uint8_t *to, size_t to_size);
void decompressor_close(struct decompressor *d);
