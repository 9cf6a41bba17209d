/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Consoles: devices that carry bytes both ways (a virtio console, a UART). The log does not need one:
 * each port has a console of its own from its first instruction on (arch/common/console.c). */
#pragma once
#include <axiom/types.h>
#include <core/wait.h>

#define CONSOLE_DEVICE_MAX 4u
#define CONSOLE_INPUT_SIZE 1024u /* bytes that wait for a reader; what comes then is lost */

struct console_device {
    uint32_t index; /* given by console_device_register() */
    /* How many bytes were taken, at least one; or -EIO. May sleep. Process context. */
    int (*write)(struct console_device *device, const void *from, uint32_t size);
    void *driver_data;
    /* The core's: */
    struct spinlock lock;
    /* lock protects: */
    uint8_t input[CONSOLE_INPUT_SIZE];
    uint32_t input_from, input_count;
    uint64_t lost_count;
    /* of its own: */
    struct wait_queue readers;
};

/* Drivers, from probe and remove. -ENOSPC: CONSOLE_DEVICE_MAX. */
int console_device_register(struct console_device *device);
void console_device_unregister(struct console_device *device);
/* Bytes came. Any context. */
void console_device_input(struct console_device *device, const void *from, uint32_t size);

/* For the driver of a UART, which may be that of the port's own console: between these two the port
 * sends nothing. `taken` is what the first one said. Interrupts masked; nothing is logged in
 * between. */
bool console_port_lock(void);
void console_port_unlock(bool taken);

/* NULL: none. It stays until devices are removed at the end of the boot. */
struct console_device *console_device_at(uint32_t index);
/* All of it, or a negative errno. Process context. */
int console_write(struct console_device *device, const void *from, uint32_t size);
/* Waits for at least one byte; how many were read, or -ETIMEDOUT when ktime is deadline_ns. Process
 * context. */
int console_read(struct console_device *device, void *to, uint32_t size, uint64_t deadline_ns);

/* Boot, before devices; and after the last one is gone. */
void console_init(void);
void console_exit(void);
