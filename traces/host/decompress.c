/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* lz4 means the LZ4 frame format, zstd one or more zstd frames (https://mcap.dev/spec/registry). */
#include "decompress.h"

#include <errno.h>
#if AXIOM_HAVE_LZ4
#include <lz4frame.h>
#endif
#if AXIOM_HAVE_ZSTD
#include <zstd.h>
#endif

enum compression compression_of(struct mcap_text name)
{
    if (name.size == 0)
        return COMPRESSION_NONE;
    if (mcap_text_equal(name, "lz4"))
        return COMPRESSION_LZ4;
    return mcap_text_equal(name, "zstd") ? COMPRESSION_ZSTD : COMPRESSION_UNKNOWN;
}

#if AXIOM_HAVE_ZSTD
static int zstd_decompress(struct decompressor *d, struct mcap_bytes from, uint8_t *to,
                           size_t to_size)
{
    if (d->zstd == NULL)
        d->zstd = ZSTD_createDCtx();
    if (d->zstd == NULL)
        return -ENOMEM;
    size_t got = ZSTD_decompressDCtx(d->zstd, to, to_size, from.at, (size_t)from.size);
    return ZSTD_isError(got) || got != to_size ? -EBADMSG : 0;
}
#endif

#if AXIOM_HAVE_LZ4
static int lz4_decompress(struct decompressor *d, struct mcap_bytes from, uint8_t *to,
                          size_t to_size)
{
    LZ4F_dctx *context = d->lz4;
    if (context == NULL && LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION)))
        return -ENOMEM;
    d->lz4 = context;
    LZ4F_resetDecompressionContext(context);
    size_t taken = 0, made = 0, expected = 1;
    while (expected != 0) {
        size_t from_left = (size_t)from.size - taken, to_left = to_size - made;
        expected = LZ4F_decompress(context, to + made, &to_left, from.at + taken, &from_left, NULL);
        if (LZ4F_isError(expected) || (expected != 0 && from_left == 0 && to_left == 0))
            return -EBADMSG;
        taken += from_left;
        made += to_left;
    }
    return made == to_size ? 0 : -EBADMSG;
}
#endif

int decompress(struct decompressor *d, enum compression compression, struct mcap_bytes from,
               uint8_t *to, size_t to_size)
{
    (void)d;
    (void)from;
    (void)to;
    (void)to_size;
#if AXIOM_HAVE_LZ4
    if (compression == COMPRESSION_LZ4)
        return lz4_decompress(d, from, to, to_size);
#endif
#if AXIOM_HAVE_ZSTD
    if (compression == COMPRESSION_ZSTD)
        return zstd_decompress(d, from, to, to_size);
#endif
    return -EOPNOTSUPP;
}

void decompressor_close(struct decompressor *d)
{
#if AXIOM_HAVE_LZ4
    LZ4F_freeDecompressionContext(d->lz4);
#endif
#if AXIOM_HAVE_ZSTD
    ZSTD_freeDCtx(d->zstd);
#endif
    *d = (struct decompressor){ NULL, NULL };
}
