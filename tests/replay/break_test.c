/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A program's run at an edge needs every element of the edge's path. Each case makes one of them
 * wrong, by a write that no driver does, and the run is gone; where the element is put right again,
 * the next edge's is back. */
#include <axiom/bits.h>
#include <hw/regs/brcm_pcie.h>
#include <hw/regs/gic_v2.h>
#include <hw/regs/rp1_gpio.h>
#include <hw/regs/rp1_msix.h>
#include <hw/regs/rp1_pcie.h>
#include <tests/check_main.h>

#include "rig.h"

#define LINE      17u
#define IO_BASE   UINT64_C(0x1f000d0000)
#define PADS_BASE UINT64_C(0x1f000f0000)
#define MSIX_BASE UINT64_C(0x1f00108000)
#define PCIE_BASE  UINT64_C(0x1000120000)
#define TABLE_BASE UINT64_C(0x1f00410000)
#define GICD_BASE UINT64_C(0x107fff9000)
#define GICC_BASE UINT64_C(0x107fffa000)
#define BANK0_SPI 128u
#define BANK_SIZE 0xc000u
/* One edge before the break, one after it, both clear of the moments at which the driver looks for
 * lost interrupts (each 50 ms); mended shortly after, and another edge then. */
#define FIRST_NS  (252 * RIG_MS)
#define BREAK_NS  (302 * RIG_MS)
#define SECOND_NS (352 * RIG_MS)
#define THIRD_NS  (358 * RIG_MS)
#define END_NS    (362 * RIG_MS)

static struct rig rig;

static void write_reg(uint64_t base, uint64_t size, uint32_t offset, uint32_t value)
{
    struct mmio mmio = rig_mmio(base, size);
    mmio_write32(&mmio, offset, value);
    mmio_unmap(&mmio);
}

static void nothing(void)
{
}

static void inte_off(void)
{
    write_reg(IO_BASE, BANK_SIZE, RP1_GPIO_PCIE_INTE + RP1_ALIAS_CLR, BIT(LINE));
}

static void inte_on(void)
{
    write_reg(IO_BASE, BANK_SIZE, RP1_GPIO_PCIE_INTE + RP1_ALIAS_SET, BIT(LINE));
}

/* FUNCSEL 31, the null function. */
static void funcsel_null(void)
{
    write_reg(IO_BASE, BANK_SIZE, RP1_GPIO_CTRL(LINE) + RP1_ALIAS_SET, RP1_FUNCSEL_NULL);
}

static void funcsel_rio(void)
{
    write_reg(IO_BASE, BANK_SIZE, RP1_GPIO_CTRL(LINE) + RP1_ALIAS_XOR,
              RP1_FUNCSEL_NULL ^ RP1_FUNCSEL_SYS_RIO);
}

static void input_off(void)
{
    write_reg(PADS_BASE, BANK_SIZE, RP1_PAD(LINE) + RP1_ALIAS_CLR, RP1_PAD_IE);
}

static void input_on(void)
{
    write_reg(PADS_BASE, BANK_SIZE, RP1_PAD(LINE) + RP1_ALIAS_SET, RP1_PAD_IE);
}

static void events_off(void)
{
    write_reg(IO_BASE, BANK_SIZE, RP1_GPIO_CTRL(LINE) + RP1_ALIAS_CLR, RP1_EVENT_MASK);
}

static void events_on(void)
{
    write_reg(IO_BASE, BANK_SIZE, RP1_GPIO_CTRL(LINE) + RP1_ALIAS_SET, RP1_EVENT_EDGE_HIGH);
}

static void msix_off(void)
{
    write_reg(MSIX_BASE, RP1_PCIE_APBS_SIZE, RP1_MSIX_CFG(RP1_IRQ_IO_BANK0) + RP1_MSIX_ALIAS_CLR,
              RP1_MSIX_ENABLE);
}

static void msix_on(void)
{
    write_reg(MSIX_BASE, RP1_PCIE_APBS_SIZE, RP1_MSIX_CFG(RP1_IRQ_IO_BANK0) + RP1_MSIX_ALIAS_SET,
              RP1_MSIX_ENABLE | RP1_MSIX_IACK);
}

/* The root complex's inbound window to the MIP: the tree's third range. A message that was lost leaves RP1 waiting. */
static void window_off(void)
{
    write_reg(PCIE_BASE, BRCM_PCIE_SIZE, BRCM_PCIE_REMAP_LO(3u), 0x00130000);
}

static void window_on(void)
{
    write_reg(PCIE_BASE, BRCM_PCIE_SIZE, BRCM_PCIE_REMAP_LO(3u),
              0x00130000 | BRCM_PCIE_REMAP_ENABLE);
    msix_on();
}

static void entry_masked(void)
{
    write_reg(TABLE_BASE, RP1_BAR0_SIZE, 12, PCI_MSIX_ENTRY_MASKED);
}

static void entry_unmasked(void)
{
    write_reg(TABLE_BASE, RP1_BAR0_SIZE, 12, 0);
}

static void spi_off(void)
{
    uint32_t intid = GIC_SPI_FIRST + BANK0_SPI;
    write_reg(GICD_BASE, 0x1000, GICD_ICENABLER(intid / 32), BIT(intid % 32));
}

static void spi_on(void)
{
    uint32_t intid = GIC_SPI_FIRST + BANK0_SPI;
    write_reg(GICD_BASE, 0x1000, GICD_ISENABLER(intid / 32), BIT(intid % 32));
}

/* What a forgotten end of interrupt leaves behind: the interrupt is active. */
static void not_ended(void)
{
    uint32_t intid = GIC_SPI_FIRST + BANK0_SPI;
    write_reg(GICD_BASE, 0x1000, GICD_ISACTIVER(intid / 32), BIT(intid % 32));
}

static void ended(void)
{
    uint32_t intid = GIC_SPI_FIRST + BANK0_SPI;
    write_reg(GICD_BASE, 0x1000, GICD_ICACTIVER(intid / 32), BIT(intid % 32));
}

static const struct breakage {
    const char *what;
    void (*make)(void);
    void (*mend)(void);
    uint32_t edges; /* of two */
} breakages[] = {
    { "nothing", nothing, nothing, 2 },
    { "PCIE_INTE", inte_off, inte_on, 1 },
    { "FUNCSEL", funcsel_null, funcsel_rio, 1 },
    { "pad input enable", input_off, input_on, 1 },
    { "CTRL event enables", events_off, events_on, 1 },
    { "MSIX_CFG enable", msix_off, msix_on, 1 },
    { "inbound window", window_off, window_on, 1 },
    { "MSI-X table", entry_masked, entry_unmasked, 1 },
    { "GIC SPI enable", spi_off, spi_on, 1 },
    { "end of interrupt", not_ended, ended, 1 },
};

static const struct breakage *breakage;

static void break_one(struct rig *unused)
{
    (void)unused;
    rig_sleep_until(BREAK_NS);
    breakage->make();
}

static uint32_t bpf_runs(void)
{
    return rig_count(&rig, EVENT_BPF_RUN, EVENT_LAYER_KERNEL, "edge");
}

static void run(void (*body)(struct rig *), uint64_t end_ns)
{
    rig_init(&rig);
    rig.config.end_time_ns = end_ns;
    rig_module(&rig, "tests/replay/edge.bpf.o");
    rig_line(&rig, FIRST_NS, LINE, true);
    rig_line(&rig, FIRST_NS + 10 * RIG_MS, LINE, false);
    rig_line(&rig, SECOND_NS, LINE, true);
    rig_line(&rig, SECOND_NS + RIG_MS, LINE, false);
    rig_line(&rig, THIRD_NS, LINE, true);
    rig_run(&rig, body);
    if (rig.result.error != 0 || rig.result.kernel_error != 0)
        rig_print_log(&rig);
    ck_assert_int_eq(rig.result.error, 0);
    ck_assert_int_eq(rig.result.kernel_error, 0);
}

START_TEST(an_edge_needs_every_element_of_its_path)
{
    breakage = &breakages[_i];
    run(break_one, SECOND_NS + 2 * RIG_MS);
    if (bpf_runs() != breakage->edges)
        rig_print_log(&rig);
    ck_assert_msg(bpf_runs() == breakage->edges, "%s broken: %u runs, not %u", breakage->what,
                  bpf_runs(), breakage->edges);
    rig_exit(&rig);
}
END_TEST

static void make_and_mend(struct rig *unused)
{
    break_one(unused);
    rig_sleep_until(SECOND_NS + 2 * RIG_MS);
    breakage->mend();
}

/* What was only held back (the pin's latch, RP1, the GIC) comes late; what was never seen does not,
 * but the edge after it does. */
START_TEST(put_right_the_path_works_again)
{
    breakage = &breakages[_i];
    run(make_and_mend, END_NS);
    if (bpf_runs() < 2)
        rig_print_log(&rig);
    ck_assert_msg(bpf_runs() >= 2, "%s put right: %u runs", breakage->what, bpf_runs());
    const struct rig_event *last =
        rig_find(&rig, EVENT_BPF_RUN, EVENT_LAYER_KERNEL, "edge", bpf_runs() - 1);
    ck_assert_uint_ge(last->event.time_ns, SECOND_NS);
    rig_exit(&rig);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replay/break");
    TCase *tcase = tcase_create("break");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, an_edge_needs_every_element_of_its_path, 0,
                        (int)ARRAY_SIZE(breakages));
    tcase_add_loop_test(tcase, put_right_the_path_works_again, 0, (int)ARRAY_SIZE(breakages));
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
