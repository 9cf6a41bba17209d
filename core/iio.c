/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* IIO devices and the way of a sample: scaled, filtered by the attached programs, recorded.
 *
 * Devices register while they are probed and leave when they are removed, both in the boot thread;
 * lookups need no lock. A device pushes its own scans one after the other. */
#include <axiom/bug.h>
#include <axiom/errno.h>
#include <axiom/log.h>
#include <axiom/string.h>
#include <core/attach_hooks.h>
#include <core/iio.h>

#define PICO_PER_NANO 1000

static struct iio_device *devices[IIO_DEVICE_MAX];

void iio_init(void)
{
    for (uint32_t i = 0; i < IIO_DEVICE_MAX; i++)
        devices[i] = NULL;
}

void iio_exit(void)
{
    iio_init();
}

struct iio_device *iio_device_find(const char *name)
{
    for (uint32_t i = 0; i < IIO_DEVICE_MAX; i++) {
        if (devices[i] != NULL && strcmp(devices[i]->name, name) == 0)
            return devices[i];
    }
    return NULL;
}

struct iio_device *iio_device_at(uint32_t index)
{
    return index < IIO_DEVICE_MAX ? devices[index] : NULL;
}

int iio_device_register(struct iio_device *device)
{
    if (device->name == NULL || device->name[0] == '\0' || device->channel_count == 0 ||
        device->channel_count > EVENT_IIO_CHANNEL_MAX)
        return -EINVAL;
    if (iio_device_find(device->name) != NULL) {
        log_err("iio: there is a device %s already; give this one another label", device->name);
        return -EEXIST;
    }
    for (uint32_t i = 0; i < IIO_DEVICE_MAX; i++) {
        if (devices[i] != NULL)
            continue;
        device->index = i;
        device->last_timestamp_ns = 0;
        devices[i] = device;
        return 0;
    }
    return -ENOSPC;
}

void iio_device_unregister(struct iio_device *device)
{
    BUG_ON(devices[device->index] != device);
    devices[device->index] = NULL;
}

static void record(const struct iio_device *device, const int32_t *raw, const int64_t *nano,
                   uint32_t dropped, uint64_t timestamp_ns)
{
    if (!event_wanted(EVENT_IIO)) {
        event_skip();
        return;
    }
    struct event event = {
        .source_ns = timestamp_ns,
        .kind = EVENT_IIO,
        .layer = EVENT_LAYER_KERNEL,
        .role = EVENT_ROLE_OUTPUT,
        .iio = { .device = device->name,
                 .count = (uint8_t)device->channel_count,
                 .dropped = (uint8_t)dropped },
    };
    for (uint32_t i = 0; i < device->channel_count; i++) {
        event.iio.quantity[i] = (uint8_t)device->channels[i].quantity;
        event.iio.raw[i] = raw[i];
        event.iio.nano[i] = nano[i];
    }
    event_emit(&event);
}

/* raw * scale_pico / 1000, in two parts that cannot overflow for any 32-bit raw value. */
static int64_t scale(int32_t raw, const struct iio_channel *channel)
{
    return raw * (channel->scale_pico / PICO_PER_NANO) +
           raw * (channel->scale_pico % PICO_PER_NANO) / PICO_PER_NANO + channel->offset_nano;
}

void iio_push(struct iio_device *device, const int32_t *raw, uint64_t timestamp_ns)
{
    int64_t nano[EVENT_IIO_CHANNEL_MAX];
    for (uint32_t i = 0; i < device->channel_count; i++)
        nano[i] = scale(raw[i], &device->channels[i]);
    device->last_timestamp_ns = timestamp_ns;
    uint32_t dropped = 0;
    const struct attach_hooks *hooks = attach_hooks;
    if (hooks != NULL && hooks->iio_scan != NULL)
        dropped = hooks->iio_scan(device, raw, nano, timestamp_ns);
    record(device, raw, nano, dropped, timestamp_ns);
}
