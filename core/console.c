/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The list of consoles, and the bytes of each that nobody has read yet. */
#include <arch/cpu.h>
#include <axiom/errno.h>
#include <core/console.h>

static struct console_device *devices[CONSOLE_DEVICE_MAX];

void console_init(void)
{
    for (uint32_t i = 0; i < CONSOLE_DEVICE_MAX; i++)
        devices[i] = NULL;
}

void console_exit(void)
{
    console_init();
}

int console_device_register(struct console_device *device)
{
    spin_lock_init(&device->lock);
    wait_queue_init(&device->readers);
    device->input_from = device->input_count = 0;
    device->lost_count = 0;
    for (uint32_t i = 0; i < CONSOLE_DEVICE_MAX; i++) {
        if (devices[i] != NULL)
            continue;
        device->index = i;
        devices[i] = device;
        return 0;
    }
    return -ENOSPC;
}

void console_device_unregister(struct console_device *device)
{
    devices[device->index] = NULL;
}

struct console_device *console_device_at(uint32_t index)
{
    return index < CONSOLE_DEVICE_MAX ? devices[index] : NULL;
}

void console_device_input(struct console_device *device, const void *from, uint32_t size)
{
    const uint8_t *bytes = from;
    struct irq_state state = spin_lock_irqsave(&device->lock);
    for (uint32_t i = 0; i < size; i++) {
        if (device->input_count == CONSOLE_INPUT_SIZE) {
            device->lost_count += size - i;
            break;
        }
        device->input[(device->input_from + device->input_count++) % CONSOLE_INPUT_SIZE] = bytes[i];
    }
    spin_unlock_irqrestore(&device->lock, state);
    wait_queue_wake_all(&device->readers);
}

bool console_port_lock(void)
{
    return arch_console_lock();
}

void console_port_unlock(bool taken)
{
    arch_console_unlock(taken);
}

int console_write(struct console_device *device, const void *from, uint32_t size)
{
    const uint8_t *bytes = from;
    for (uint32_t at = 0; at < size;) {
        int taken = device->write(device, bytes + at, size - at);
        if (taken < 0)
            return taken;
        at += (uint32_t)taken;
    }
    return 0;
}

static uint32_t take(struct console_device *device, uint8_t *to, uint32_t size)
{
    struct irq_state state = spin_lock_irqsave(&device->lock);
    uint32_t count = size < device->input_count ? size : device->input_count;
    for (uint32_t i = 0; i < count; i++)
        to[i] = device->input[(device->input_from + i) % CONSOLE_INPUT_SIZE];
    device->input_from = (device->input_from + count) % CONSOLE_INPUT_SIZE;
    device->input_count -= count;
    spin_unlock_irqrestore(&device->lock, state);
    return count;
}

int console_read(struct console_device *device, void *to, uint32_t size, uint64_t deadline_ns)
{
    uint32_t count = 0;
    if (size == 0)
        return -EINVAL;
    int err =
        wait_event_until(&device->readers, (count = take(device, to, size)) != 0, deadline_ns);
    return err ? err : (int)count;
}
