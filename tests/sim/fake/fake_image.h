/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A kernel and models that are as small as can be, to test the machine and the port without the
 * real ones. The kernel is three functions that a test sets; the models are an interrupt
 * controller, a GPIO chip, an alarm clock and a sensor with a FIFO. */
#pragma once
#include <arch/entry.h>
#include <axiom/event.h>
#include <hw/mmio.h>
#include <sim/machine.h>

struct fake_kernel {
    int (*main)(const struct boot_info *info);
    void (*irq)(void);       /* NULL: acknowledges everything */
    void (*secondary)(void); /* NULL: a CPU that only idles until fake_stopping */
    uint32_t irq_count;
    bool stopping; /* kernel_stop() was called */
};
extern struct fake_kernel fake;
void fake_reset(int (*main)(const struct boot_info *info));

/* Idles, taking interrupts, until kernel_stop(). */
void fake_idle_until_stop(void);

/* Registers. The chips are at these physical addresses of the tree below. */
#define FAKE_INTC_BASE   0x1000000000
#define FAKE_GPIO_BASE   0x1000001000
#define FAKE_ALARM_BASE  0x1000002000
#define FAKE_SENSOR_BASE 0x1000003000
#define FAKE_SIZE        0x100

#define INTC_ENABLE    0x00 /* bit per line */
#define INTC_PENDING   0x04 /* enabled lines that are active, and bit 31 for a soft interrupt */
#define INTC_TARGET    0x08 /* the CPU that lines interrupt */
#define INTC_SOFT      0x0c /* write: mask of CPUs to interrupt */
#define INTC_SOFT_DONE 0x10 /* write: this CPU's soft interrupt is taken */

#define GPIO_CHANGED 0x00 /* 64 bits; write 1 clears */
#define GPIO_LEVEL   0x08 /* 64 bits */
#define GPIO_BATCHES 0x10 /* calls of pins_input() */

#define ALARM_AT  0x00 /* 64 bits, ns; writing sets it */
#define ALARM_ACK 0x08
#define ALARM_NOW 0x10

#define SENSOR_VALUE 0x00 /* 64 bits; reading takes one from the FIFO */
#define SENSOR_COUNT 0x08

/* Lines of the interrupt controller. */
#define LINE_GPIO   1
#define LINE_ALARM  2
#define LINE_SENSOR 3

struct mmio fake_map(uint64_t base);

/* The tree with all four, 64 KiB; the same bytes each time. */
const void *fake_tree(size_t *size);
/* A config with it: 1 CPU, 1 MiB, seed 1, no inputs. */
struct sim_config fake_config(void);

/* A sink that keeps a digest of everything and the last events. */
struct fake_sink {
    struct event_sink sink;
    uint64_t digest;
    uint64_t count;
    uint64_t kinds[EVENT_KIND_COUNT];
    struct event last[256]; /* count modulo 256 */
    char text[4096];        /* EVENT_LOG lines */
    size_t text_size;
};
void fake_sink_init(struct fake_sink *sink);
