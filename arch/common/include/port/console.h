/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The earliest console: where panics, and until there is a terminal the log, go.
 *
 * It belongs to the port, not to drivers/: it works before memory and the device tree do, with
 * interrupts masked and locks held, also in an image whose registers are the simulated machine's. */
#pragma once
#include <axiom/event.h>
#include <axiom/types.h>

/* Sets up a 16550 (or says there is none: false). The port gives it the two accessors. */
struct uart16550 {
    uint8_t (*read)(uint64_t base, uint32_t reg);
    void (*write)(uint64_t base, uint32_t reg, uint8_t value);
    uint64_t base;
    uint16_t divisor; /* of its clock, for the speed; 0: as it stands */
};
bool uart16550_init(const struct uart16550 *uart);
void uart16550_write(const struct uart16550 *uart, const char *text, size_t size);

/* The same for a PL011; what the firmware has set up stays as it is. */
struct pl011 {
    uint32_t (*read)(uint64_t base, uint32_t reg);
    void (*write)(uint64_t base, uint32_t reg, uint32_t value);
    uint64_t base;
};
/* By its identity registers; only for a place that nobody vouches for. */
bool pl011_present(const struct pl011 *uart);
void pl011_init(const struct pl011 *uart);
void pl011_write(const struct pl011 *uart, const char *text, size_t size);

/* The console's device from now on; what was written before is lost. `context` as given. */
void console_set(void (*write)(void *context, const char *text, size_t size), void *context);

/* A line in printf's language, cut at 240 characters. */
void console_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The sink that prints log lines there, with their time: `level` (enum log_level) and more serious
 * ones. There is one; the caller adds it. */
struct event_sink *console_log_sink(uint8_t level);
