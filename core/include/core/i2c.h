/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* I2C: adapters (masters) and transfers, in Linux's words. */
#pragma once
#include <axiom/types.h>
#include <hw/device.h>

#define I2C_ADAPTER_MAX 8

struct i2c_adapter;
struct i2c_core;

struct i2c_msg {
    uint16_t address; /* 7 bit */
    bool read;
    uint16_t size; /* bytes */
    uint8_t *data;
};

struct i2c_adapter_ops {
    /* START, each message (repeated START between), STOP. 0, -ENXIO: address not acknowledged,
     * -EIO: data not acknowledged, -EAGAIN: arbitration lost, -ETIMEDOUT: bus stuck, -EOPNOTSUPP.
     * Sleeps; calls are serialised. */
    int (*transfer)(struct i2c_adapter *adapter, struct i2c_msg *messages, uint32_t count);
};

struct i2c_adapter {
    uint32_t index; /* "/i2c/1": number from the tree's alias i2cN, else the next free */
    const struct i2c_adapter_ops *ops;
    struct device *device;
    void *driver_data;
    struct i2c_core *core; /* the core's */
};

/* Drivers, from probe: ops, device and driver_data are filled in; then device_bind_children() for
 * the devices behind it. -ENOSPC: I2C_ADAPTER_MAX; -ENOMEM. */
int i2c_adapter_register(struct i2c_adapter *adapter);
void i2c_adapter_unregister(struct i2c_adapter *adapter);

/* Clients, from probe: the adapter and address of a device whose parent is an I2C bus. -ENODEV: it
 * is none; -EINVAL: reg is no 7-bit address. */
int i2c_client(struct device *device, struct i2c_adapter **adapter, uint16_t *address);
/* Process context; sleeps. The errors of `transfer` (lost arbitration is tried again first), logged
 * with bus, address and cause; -EINVAL: no message, or one without bytes. Each transaction is an
 * EVENT_I2C of the kernel layer. */
int i2c_transfer(struct i2c_adapter *adapter, struct i2c_msg *messages, uint32_t count);
/* Write then read (either size may be 0), the commonest form. */
int i2c_write_read(struct i2c_adapter *adapter, uint16_t address, const uint8_t *out,
                   uint16_t out_size, uint8_t *in, uint16_t in_size);
/* By its number; NULL: there is none. */
struct i2c_adapter *i2c_adapter_find(uint32_t index);

/* Boot, before devices; and after the last one is gone. */
void i2c_init(void);
void i2c_exit(void);
