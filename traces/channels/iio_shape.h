/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What of an IIO scan fits into the standard sensor messages; shared by channels.c and encode.c. */
#pragma once
#include <axiom/bits.h>
#include <axiom/event.h>

#define QUANTITIES_ACCEL ((1u << IIO_ACCEL_X) | (1u << IIO_ACCEL_Y) | (1u << IIO_ACCEL_Z))
#define QUANTITIES_ANGL_VEL \
    ((1u << IIO_ANGL_VEL_X) | (1u << IIO_ANGL_VEL_Y) | (1u << IIO_ANGL_VEL_Z))

struct iio_shape {
    uint32_t present;                  /* bit mask of enum iio_quantity */
    uint32_t dropped;                  /* those that a filter dropped */
    uint8_t index[IIO_QUANTITY_COUNT]; /* in the scan, where present */
    bool canonical;                    /* each at most once, in the enum's order */
};

static inline struct iio_shape iio_shape_of(const struct event_iio *iio)
{
    struct iio_shape shape = { .canonical = true };
    int last = -1;
    for (uint8_t i = 0; i < iio->count && i < EVENT_IIO_CHANNEL_MAX; i++) {
        uint8_t quantity = iio->quantity[i];
        shape.canonical &= quantity < IIO_QUANTITY_COUNT && (int)quantity > last;
        last = quantity;
        if (quantity >= IIO_QUANTITY_COUNT || (shape.present & (1u << quantity)))
            continue;
        shape.present |= 1u << quantity;
        shape.index[quantity] = i;
        if (iio->dropped & (1u << i))
            shape.dropped |= 1u << quantity;
    }
    return shape;
}

static inline bool iio_shape_has(const struct iio_shape *shape, uint32_t quantities)
{
    return (shape->present & quantities) == quantities;
}
