/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Off and reboot: ACPI's registers first (4.8.3.2, 4.8.3.6), then what PCs have had for ever. */
#include "power.h"

#include <arch_impl/io.h>
#include <port/console.h>
#include <port/port.h>

#define DEBUG_EXIT_PORT 0xf4u /* QEMU: exits with value * 2 + 1 */
#define SLEEP_ENABLE    (1u << 13)
#define RESET_PORT      0xcf9u
#define KEYBOARD_PORT   0x64u

static uint32_t pm1a, pm1b;
static uint16_t sleep_a, sleep_b;
static bool has_off, debug_exit;
static struct acpi_register reset;
static uint8_t reset_value;

void power_init(const struct acpi_info *acpi, bool has_debug_exit)
{
    pm1a = acpi->pm1a_control;
    pm1b = acpi->pm1b_control;
    sleep_a = (uint16_t)(acpi->s5_a << 10 | SLEEP_ENABLE);
    sleep_b = (uint16_t)(acpi->s5_b << 10 | SLEEP_ENABLE);
    has_off = acpi->has_s5 && pm1a != 0;
    reset = acpi->reset;
    reset_value = acpi->reset_value;
    debug_exit = has_debug_exit;
}

_Noreturn void port_halt(void)
{
    for (;;)
        __asm__ volatile("cli\n\thlt");
}

static void off(void)
{
    if (has_off) {
        io_port_write16(pm1a, sleep_a);
        if (pm1b != 0)
            io_port_write16(pm1b, sleep_b);
    }
}

static void restart(void)
{
    if (reset.present && reset.is_port)
        io_port_write8(reset.address, reset_value);
    io_port_write8(RESET_PORT, 6);
    io_port_write8(KEYBOARD_PORT, 0xfe);
    static const struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) nothing;
    __asm__ volatile("lidt %0\n\tint3" ::"m"(nothing)); /* a triple fault */
}

_Noreturn void port_exit(enum port_exit how)
{
    __asm__ volatile("cli");
    if (debug_exit)
        io_port_write32(DEBUG_EXIT_PORT, 0x10 + (uint32_t)how);
    if (how == PORT_EXIT_REBOOT)
        restart();
    if (how == PORT_EXIT_OFF || how == PORT_EXIT_FAILED)
        off();
    console_print("axiom: the machine can be switched off");
    port_halt();
}
