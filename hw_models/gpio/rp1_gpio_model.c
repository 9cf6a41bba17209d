/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* RP1 GPIO: the registers of three banks, each in IO, RIO and PADS, with their atomic aliases
 * (RP1 Peripherals §2.4, §3.1, §3.3). What they do stands in rp1_gpio_bank.c.
 *
 * Reset: every pin has function 31 (null), its output disabled, its input off, and the pull of its
 * header default: up for GPIO 0-8, down for the others (of banks 1 and 2 undocumented, assumed). */
#include "rp1_gpio_bank.h"
#include <axiom/errno.h>

#define CTRL_WRITABLE 0xcff3ffffu /* without IRQRESET, which keeps nothing */

static const struct {
    uint32_t first, count;
} banks[RP1_GPIO_BANK_COUNT] = {
    { RP1_GPIO_BANK0_FIRST, RP1_GPIO_BANK0_COUNT },
    { RP1_GPIO_BANK1_FIRST, RP1_GPIO_BANK1_COUNT },
    { RP1_GPIO_BANK2_FIRST, RP1_GPIO_BANK2_COUNT },
};

static uint32_t bank_of(uint32_t line)
{
    return line < RP1_GPIO_BANK1_FIRST ? 0 : line < RP1_GPIO_BANK2_FIRST ? 1 : 2;
}

/* What a write through an alias leaves in a register that reads `old`. */
static uint32_t alias_value(uint32_t alias, uint32_t old, uint32_t value)
{
    switch (alias) {
    case RP1_ALIAS_XOR:
        return old ^ value;
    case RP1_ALIAS_SET:
        return old | value;
    case RP1_ALIAS_CLR:
        return old & ~value;
    default:
        return value;
    }
}

/* --- IO --- */

static uint32_t *int_register(struct rp1_bank *bank, uint32_t reg)
{
    switch (reg) {
    case RP1_GPIO_PROC0_INTE:
        return &bank->inte[DEST_PROC0];
    case RP1_GPIO_PROC0_INTF:
        return &bank->intf[DEST_PROC0];
    case RP1_GPIO_PROC1_INTE:
        return &bank->inte[DEST_PROC1];
    case RP1_GPIO_PROC1_INTF:
        return &bank->intf[DEST_PROC1];
    case RP1_GPIO_PCIE_INTE:
        return &bank->inte[DEST_PCIE];
    case RP1_GPIO_PCIE_INTF:
        return &bank->intf[DEST_PCIE];
    default:
        return NULL;
    }
}

static uint32_t read_io(struct rp1_gpio *gpio, struct rp1_bank *bank, uint32_t reg)
{
    if (reg < RP1_GPIO_STATUS(bank->count))
        return reg % 8 == 0 ? bank_read_status(gpio, bank, reg / 8) : bank->ctrl[reg / 8];
    const uint32_t *stored = int_register(bank, reg);
    if (stored != NULL)
        return *stored;
    switch (reg) {
    case RP1_GPIO_INTR:
        return bank_intr(bank);
    case RP1_GPIO_PROC0_INTS:
        return bank_ints(bank, DEST_PROC0);
    case RP1_GPIO_PROC1_INTS:
        return bank_ints(bank, DEST_PROC1);
    case RP1_GPIO_PCIE_INTS:
        return bank_ints(bank, DEST_PCIE);
    default:
        return 0;
    }
}

static void write_ctrl(struct rp1_gpio *gpio, struct rp1_bank *bank, uint32_t pin, uint32_t value)
{
    uint32_t old = bank->ctrl[pin];
    if ((value & CTRL_WRITABLE) != old) {
        /* bank_reconfigure() settles the filter with the old F_M, so it goes first. */
        uint32_t f_m = old & RP1_CTRL_F_M;
        model_reg_set(&gpio->model, &bank->ctrl[pin],
                      (value & CTRL_WRITABLE & ~RP1_CTRL_F_M) | f_m);
        bank_reconfigure(gpio, bank, pin);
        if ((value & RP1_CTRL_F_M) != f_m) {
            model_reg_set(&gpio->model, &bank->ctrl[pin], value & CTRL_WRITABLE);
            bank_filter_arm(gpio, bank, pin);
            bank_update_irq(gpio, bank);
        }
    }
    if ((value & RP1_CTRL_IRQRESET) != 0)
        bank_irq_reset(gpio, bank, pin);
}

static void write_io(struct rp1_gpio *gpio, struct rp1_bank *bank, uint32_t reg, uint32_t alias,
                     uint32_t value)
{
    if (reg < RP1_GPIO_STATUS(bank->count) && reg % 8 == 4) {
        write_ctrl(gpio, bank, reg / 8, alias_value(alias, bank->ctrl[reg / 8], value));
        return;
    }
    uint32_t *stored = int_register(bank, reg);
    if (stored == NULL) {
        model_warn(&gpio->model, "write of %#x to IO_BANK%u's read-only offset %#x", value,
                   bank->index, reg);
        return;
    }
    model_reg_set(&gpio->model, stored, alias_value(alias, *stored, value) & bank->valid);
    bank_update_irq(gpio, bank);
}

/* --- RIO --- */

static uint32_t read_rio(struct rp1_gpio *gpio, struct rp1_bank *bank, uint32_t reg)
{
    switch (reg) {
    case RP1_RIO_OUT:
        return bank->rio_out;
    case RP1_RIO_OE:
        return bank->rio_oe;
    case RP1_RIO_IN:
    case RP1_RIO_NOSYNC_IN:
        return bank_read_rio_in(gpio, bank);
    default:
        return 0;
    }
}

static void write_rio(struct rp1_gpio *gpio, struct rp1_bank *bank, uint32_t reg, uint32_t alias,
                      uint32_t value)
{
    if (reg != RP1_RIO_OUT && reg != RP1_RIO_OE) {
        model_warn(&gpio->model, "write of %#x to RIO%u's read-only offset %#x", value, bank->index,
                   reg);
        return;
    }
    uint32_t *stored = reg == RP1_RIO_OUT ? &bank->rio_out : &bank->rio_oe;
    model_reg_set(&gpio->model, stored, alias_value(alias, *stored, value) & bank->valid);
    bank_apply_outputs(gpio, bank);
}

/* --- PADS --- */

static uint32_t read_pads(const struct rp1_bank *bank, uint32_t reg)
{
    if (reg == RP1_PADS_VOLTAGE_SELECT)
        return bank->voltage;
    return reg < RP1_PAD(bank->count) ? bank->pad[(reg - RP1_PAD(0)) / 4] : 0;
}

static void write_pads(struct rp1_gpio *gpio, struct rp1_bank *bank, uint32_t reg, uint32_t alias,
                       uint32_t value)
{
    if (reg == RP1_PADS_VOLTAGE_SELECT) {
        model_reg_set(&gpio->model, &bank->voltage, alias_value(alias, bank->voltage, value) & 1);
        return;
    }
    if (reg >= RP1_PAD(bank->count)) {
        model_warn(&gpio->model, "write of %#x to PADS_BANK%u offset %#x: no such pad", value,
                   bank->index, reg);
        return;
    }
    uint32_t pin = (reg - RP1_PAD(0)) / 4, *pad = &bank->pad[pin];
    uint32_t to = alias_value(alias, *pad, value) & RP1_PAD_MASK;
    if (to == *pad)
        return;
    model_reg_set(&gpio->model, pad, to);
    bank_reconfigure(gpio, bank, pin);
}

/* --- the model --- */

/* The bank and the register within it; NULL, after a warning, for what is no register. */
static struct rp1_bank *decode(struct rp1_gpio *gpio, const struct model_access *access,
                               uint32_t *reg, uint32_t *alias)
{
    uint32_t bank = (uint32_t)(access->offset / RP1_GPIO_BANK_STRIDE);
    *alias = (uint32_t)access->offset & RP1_ALIAS_MASK;
    *reg = (uint32_t)access->offset & RP1_ALIAS_OFFSET_MASK;
    if (access->size == 4 && access->region <= RP1_GPIO_REGION_PADS && bank < RP1_GPIO_BANK_COUNT &&
        *reg % 4 == 0)
        return &gpio->bank[bank];
    model_warn(&gpio->model, "access of %u bytes at %#llx of region %u", access->size,
               (unsigned long long)access->offset, access->region);
    return NULL;
}

static uint64_t gpio_read(struct model *model, const struct model_access *access)
{
    struct rp1_gpio *gpio = rp1_gpio_of(model);
    uint32_t reg, alias;
    struct rp1_bank *bank = decode(gpio, access, &reg, &alias);
    if (bank == NULL)
        return 0;
    switch (access->region) {
    case RP1_GPIO_REGION_IO:
        return read_io(gpio, bank, reg);
    case RP1_GPIO_REGION_RIO:
        return read_rio(gpio, bank, reg);
    default:
        return read_pads(bank, reg);
    }
}

static void gpio_write(struct model *model, const struct model_access *access, uint64_t value)
{
    struct rp1_gpio *gpio = rp1_gpio_of(model);
    uint32_t reg, alias;
    struct rp1_bank *bank = decode(gpio, access, &reg, &alias);
    if (bank == NULL)
        return;
    switch (access->region) {
    case RP1_GPIO_REGION_IO:
        write_io(gpio, bank, reg, alias, (uint32_t)value);
        break;
    case RP1_GPIO_REGION_RIO:
        write_rio(gpio, bank, reg, alias, (uint32_t)value);
        break;
    default:
        write_pads(gpio, bank, reg, alias, (uint32_t)value);
        break;
    }
}

/* Pins of `mask` that a fault holds against changing to `level`. */
static uint32_t stuck_pins(struct rp1_gpio *gpio, const struct rp1_bank *bank, uint32_t mask,
                           uint32_t level)
{
    uint32_t stuck = 0, changing = mask & (~bank->outside | (bank->outside_level ^ level));
    for (; changing != 0; changing &= changing - 1) {
        uint32_t pin = (uint32_t)__builtin_ctz(changing);
        uint64_t line = bank->first + pin;
        if (model_fault(&gpio->model, FAULT_STUCK_LINE, &line))
            stuck |= BIT(pin);
    }
    return stuck;
}

static void bank_pins_input(struct rp1_gpio *gpio, struct rp1_bank *bank, uint32_t pins,
                            uint32_t to)
{
    pins &= ~stuck_pins(gpio, bank, pins, to);
    bank->outside |= pins;
    bank->outside_level = (bank->outside_level & ~pins) | (to & pins);
    bank_apply_inputs(gpio, bank, CAUSE_OUTSIDE);
}

static void gpio_pins_input(struct model *model, uint64_t mask, uint64_t level)
{
    struct rp1_gpio *gpio = rp1_gpio_of(model);
    mask &= BIT64(RP1_GPIO_LINE_COUNT) - 1;
    while (mask != 0) {
        struct rp1_bank *bank = &gpio->bank[bank_of((uint32_t)__builtin_ctzll(mask))];
        uint32_t pins = (uint32_t)(mask >> bank->first) & bank->valid;
        bank_pins_input(gpio, bank, pins, (uint32_t)(level >> bank->first));
        mask &= ~((uint64_t)pins << bank->first);
    }
}

static void gpio_pins_release(struct model *model, uint64_t mask)
{
    struct rp1_gpio *gpio = rp1_gpio_of(model);
    for (uint32_t b = 0; b < RP1_GPIO_BANK_COUNT; b++) {
        struct rp1_bank *bank = &gpio->bank[b];
        bank->outside &= ~(uint32_t)(mask >> bank->first);
        bank_apply_inputs(gpio, bank, CAUSE_OUTSIDE);
    }
}

static void gpio_line_input(struct model *model, uint32_t line, uint32_t cpu, bool level)
{
    (void)cpu;
    if (line >= RP1_GPIO_LINE_COUNT)
        return;
    struct rp1_gpio *gpio = rp1_gpio_of(model);
    struct rp1_bank *bank = &gpio->bank[bank_of(line)];
    uint32_t bit = BIT(line - bank->first);
    uint64_t parameter = line;
    if (((bank->wired_level & bit) != 0) == level && (bank->wired & bit) != 0)
        return;
    if (model_fault(model, FAULT_STUCK_LINE, &parameter))
        return;
    bank->wired |= bit;
    bank->wired_level = (bank->wired_level & ~bit) | (level ? bit : 0);
    bank_apply_inputs(gpio, bank, CAUSE_WIRE);
}

/* Two cells: line and type. Whoever asks wires its output to the line, which idles low. */
static int gpio_translate(struct model *model, const uint32_t *cells, uint32_t count,
                          uint32_t *line)
{
    if (count < 1 || cells[0] >= RP1_GPIO_LINE_COUNT)
        return -EINVAL;
    struct rp1_bank *bank = &rp1_gpio_of(model)->bank[bank_of(cells[0])];
    bank->wired |= BIT(cells[0] - bank->first);
    bank_apply_inputs(rp1_gpio_of(model), bank, CAUSE_WIRE);
    *line = cells[0];
    return 0;
}

static int gpio_line_level(struct model *model, uint32_t line)
{
    if (line >= RP1_GPIO_LINE_COUNT)
        return -1;
    struct rp1_gpio *gpio = rp1_gpio_of(model);
    const struct rp1_bank *bank = &gpio->bank[bank_of(line)];
    return bank_line_level(gpio, bank, line - bank->first);
}

static int gpio_init(struct model *model, const struct model_node *node)
{
    (void)node;
    struct rp1_gpio *gpio = rp1_gpio_of(model);
    for (uint32_t b = 0; b < RP1_GPIO_BANK_COUNT; b++) {
        struct rp1_bank *bank = &gpio->bank[b];
        bank->index = b;
        bank->first = banks[b].first;
        bank->count = banks[b].count;
        bank->valid = GENMASK(bank->count - 1, 0);
        for (uint32_t pin = 0; pin < bank->count; pin++) {
            uint32_t pull = bank->first + pin <= 8 ? RP1_PULL_UP : RP1_PULL_DOWN;
            bank->ctrl[pin] = RP1_CTRL_RESET;
            bank->pad[pin] = RP1_PAD_SCHMITT | RP1_PAD_OD | field_prep(RP1_PAD_DRIVE, 1) |
                             field_prep(RP1_PAD_PULL, pull);
        }
        bank_reset(bank);
    }
    return 0;
}

static const char *const gpio_compatible[] = { "raspberrypi,rp1-gpio", NULL };

const struct model_ops rp1_gpio_model = {
    .name = "rp1-gpio",
    .compatible = gpio_compatible,
    .size = sizeof(struct rp1_gpio),
    .init = gpio_init,
    .read = gpio_read,
    .write = gpio_write,
    .line_input = gpio_line_input,
    .pins_input = gpio_pins_input,
    .pins_release = gpio_pins_release,
    .line_count = RP1_GPIO_LINE_COUNT,
    .translate = gpio_translate,
    .line_level = gpio_line_level,
};
