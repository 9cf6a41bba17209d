/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* I2C adapters and transfers: one at a time on each bus, tried again after lost arbitration,
 * recorded, and every failure on the log with bus, address and cause. */
#include <axiom/bug.h>
#include <axiom/errno.h>
#include <axiom/event.h>
#include <axiom/format.h>
#include <axiom/log.h>
#include <core/i2c.h>
#include <core/mm.h>
#include <core/mutex.h>
#include <core/ratelimit.h>

#define ARBITRATION_TRIES 3u
#define ADDRESS_MAX       0x7fu

struct i2c_core {
    struct mutex lock; /* one transfer at a time */
    /* lock protects: */
    struct ratelimit limit;
    char name[8]; /* "i2c1" */
};

static struct i2c_adapter *adapters[I2C_ADAPTER_MAX];

void i2c_init(void)
{
    for (uint32_t i = 0; i < I2C_ADAPTER_MAX; i++)
        adapters[i] = NULL;
}

void i2c_exit(void)
{
    i2c_init();
}

static int choose_index(const struct i2c_adapter *adapter, uint32_t *out)
{
    uint32_t free = 0, alias;
    while (free < I2C_ADAPTER_MAX && adapters[free] != NULL)
        free++;
    if (free == I2C_ADAPTER_MAX)
        return -ENOSPC;
    if (device_alias(adapter->device, "i2c", &alias) == 0 && alias < I2C_ADAPTER_MAX &&
        adapters[alias] == NULL)
        free = alias;
    *out = free;
    return 0;
}

int i2c_adapter_register(struct i2c_adapter *adapter)
{
    int err = choose_index(adapter, &adapter->index);
    if (err)
        return err;
    struct i2c_core *core = kzalloc(sizeof *core);
    if (core == NULL)
        return -ENOMEM;
    mutex_init(&core->lock);
    format_text(core->name, sizeof core->name, "i2c%u", adapter->index);
    adapter->core = core;
    adapters[adapter->index] = adapter;
    return 0;
}

void i2c_adapter_unregister(struct i2c_adapter *adapter)
{
    BUG_ON(adapters[adapter->index] != adapter);
    adapters[adapter->index] = NULL;
    kfree(adapter->core);
    adapter->core = NULL;
}

struct i2c_adapter *i2c_adapter_find(uint32_t index)
{
    return index < I2C_ADAPTER_MAX ? adapters[index] : NULL;
}

int i2c_client(struct device *device, struct i2c_adapter **adapter, uint16_t *address)
{
    uint32_t reg;
    if (device_property_u32(device, "reg", 0, &reg) != 0 || reg > ADDRESS_MAX) {
        log_err("%s: reg is no 7-bit I2C address", device_name(device));
        return -EINVAL;
    }
    const struct device *parent = device_parent(device);
    for (uint32_t i = 0; i < I2C_ADAPTER_MAX; i++) {
        if (adapters[i] == NULL || adapters[i]->device != parent)
            continue;
        *adapter = adapters[i];
        *address = (uint16_t)reg;
        return 0;
    }
    return -ENODEV;
}

static const char *cause(int err)
{
    switch (err) {
    case -ENXIO:
        return "the address was not acknowledged";
    case -EIO:
        return "a data byte was not acknowledged";
    case -EAGAIN:
        return "arbitration was lost to another master";
    case -ETIMEDOUT:
        return "the transfer did not end in time";
    default:
        return "the adapter failed";
    }
}

static void emit(const struct i2c_adapter *adapter, const struct i2c_msg *write,
                 const struct i2c_msg *read, int err)
{
    struct event event = {
        .kind = EVENT_I2C,
        .layer = EVENT_LAYER_KERNEL,
        .role = EVENT_ROLE_OBSERVATION,
        .i2c = { .bus = (uint8_t)adapter->index,
                 .address = (uint8_t)(write != NULL ? write : read)->address,
                 .error = (int16_t)err },
    };
    if (write != NULL) {
        event.i2c.write_size = write->size;
        event.i2c.write_data = write->data;
    }
    /* What a failed read left in the buffer is not what the device said. */
    if (read != NULL && err == 0) {
        event.i2c.read_size = read->size;
        event.i2c.read_data = read->data;
    }
    event_emit(&event);
}

/* The event's shape is a write and then a read; longer transactions become several of them. */
static void record(const struct i2c_adapter *adapter, const struct i2c_msg *messages,
                   uint32_t count, int err)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct i2c_msg *write = messages[i].read ? NULL : &messages[i];
        const struct i2c_msg *read = messages[i].read ? &messages[i] : NULL;
        if (write != NULL && i + 1 < count && messages[i + 1].read &&
            messages[i + 1].address == write->address)
            read = &messages[++i];
        if (event_wanted(EVENT_I2C))
            emit(adapter, write, read, err);
        else
            event_skip();
    }
}

int i2c_transfer(struct i2c_adapter *adapter, struct i2c_msg *messages, uint32_t count)
{
    if (count == 0)
        return -EINVAL;
    for (uint32_t i = 0; i < count; i++) {
        if (messages[i].size == 0 || messages[i].address > ADDRESS_MAX)
            return -EINVAL;
    }
    struct i2c_core *core = adapter->core;
    mutex_lock(&core->lock);
    int err = -EAGAIN;
    for (uint32_t tries = 0; tries < ARBITRATION_TRIES && err == -EAGAIN; tries++)
        err = adapter->ops->transfer(adapter, messages, count);
    record(adapter, messages, count, err);
    if (err && ratelimit_allow(&core->limit, core->name))
        log_warning("%s: transfer with 0x%02x failed: %s (error %d)", core->name,
                    messages[0].address, cause(err), -err);
    mutex_unlock(&core->lock);
    return err;
}

int i2c_write_read(struct i2c_adapter *adapter, uint16_t address, const uint8_t *out,
                   uint16_t out_size, uint8_t *in, uint16_t in_size)
{
    struct i2c_msg messages[2];
    uint32_t count = 0;
    if (out_size != 0) {
        /* A message serves both directions; a write's data is only read. */
        messages[count++] = (struct i2c_msg){ .address = address,
                                              .size = out_size,
                                              .data = (uint8_t *)(uintptr_t)out };
    }
    if (in_size != 0) {
        messages[count++] =
            (struct i2c_msg){ .address = address, .read = true, .size = in_size, .data = in };
    }
    return i2c_transfer(adapter, messages, count);
}
