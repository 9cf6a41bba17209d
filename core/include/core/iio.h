/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Industrial I/O: sensors as devices with channels; a scan is one sample of all of them. */
#pragma once
#include <axiom/event.h>
#include <axiom/types.h>

#define IIO_DEVICE_MAX 16

struct iio_channel {
    enum iio_quantity quantity;
    int64_t scale_pico;  /* 1e-12 SI units per raw count */
    int64_t offset_nano; /* added after scaling: nano = raw * scale_pico / 1000 + offset_nano */
};

struct iio_device {
    const char *name; /* "imu0", "sht31"; unique */
    uint32_t index;   /* given by iio_device_register() */
    uint32_t channel_count;
    const struct iio_channel *channels;
    void *driver_data;
    uint64_t last_timestamp_ns; /* of the last scan; the core's */
};

/* -EINVAL: no name, or more than EVENT_IIO_CHANNEL_MAX channels; -EEXIST; -ENOSPC. */
int iio_device_register(struct iio_device *device);
void iio_device_unregister(struct iio_device *device);
struct iio_device *iio_device_find(const char *name);
/* The device with that index; NULL: none. */
struct iio_device *iio_device_at(uint32_t index);

/* One scan: raw values in channel order, sampled at `timestamp_ns`. Runs the attached programs of
 * each channel (0 drops the channel's value) and records. Thread or interrupt context. */
void iio_push(struct iio_device *device, const int32_t *raw, uint64_t timestamp_ns);

/* Boot, before devices; and after the last one is gone. */
void iio_init(void);
void iio_exit(void);
