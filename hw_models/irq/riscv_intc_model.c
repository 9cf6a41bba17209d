/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Interrupts and clock of RISC-V harts in supervisor mode (privileged specification 1.12, 3.1.10 and 4.1.3;
 * Sstc 1.0): sip, sie, time, stimecmp, and software interrupts to other harts as SBI sends them.
 *
 * A tree has a node in each CPU's; the first one's model holds all harts, the others pass on what is
 * wired to them. CPU n of the machine is the hart of the nth node. `time` is floor(t * frequency / 1e9)
 * of virtual time. All of it belongs to CPUs and stays outside the state hash. */
#include <axiom/bits.h>
#include <axiom/errno.h>
#include <hw/regs/riscv_intc.h>
#include <hw/regs/sysreg.h>
#include <hw_models/models.h>
#include <hw_models/scale.h>

#define SOFTWARE BIT64(RISCV_IRQ_SOFTWARE)
#define TIMER    BIT64(RISCV_IRQ_TIMER)
#define EXTERNAL BIT64(RISCV_IRQ_EXTERNAL)

struct hart {
    uint64_t sie;
    uint64_t lines; /* sip's software and external bits; the timer's is a comparison */
    uint64_t stimecmp;
    bool output;
    struct model_timer alarm;
};

struct intc {
    struct model model;
    uint64_t frequency_hz;
    uint64_t hart_id;
    struct hart hart[CPU_MAX];
};

static struct intc *intc_of(struct model *model)
{
    return CONTAINER_OF(model, struct intc, model);
}

static uint64_t time_now(const struct intc *intc)
{
    return scale_floor(model_time_ns(&intc->model), intc->frequency_hz, NSEC_PER_SEC);
}

static uint64_t sip_of(const struct intc *intc, const struct hart *hart)
{
    return hart->lines | (time_now(intc) >= hart->stimecmp ? TIMER : 0);
}

static void alarm_fired(struct model *model, struct model_timer *alarm);

static void hart_update(struct intc *intc, uint32_t cpu)
{
    struct hart *hart = &intc->hart[cpu];
    bool output = (sip_of(intc, hart) & hart->sie) != 0;
    if (output != hart->output) {
        hart->output = output;
        model_cpu_irq_set(&intc->model, cpu, output);
    }
    model_timer_cancel(&intc->model, &hart->alarm);
    if (time_now(intc) >= hart->stimecmp)
        return;
    uint64_t at_ns = scale_ceil(hart->stimecmp, NSEC_PER_SEC, intc->frequency_hz);
    if (at_ns != TIME_NEVER)
        model_timer_set(&intc->model, &hart->alarm, at_ns, alarm_fired);
}

static void alarm_fired(struct model *model, struct model_timer *alarm)
{
    struct intc *intc = intc_of(model);
    for (uint32_t cpu = 0; cpu < CPU_MAX; cpu++) {
        if (alarm == &intc->hart[cpu].alarm)
            hart_update(intc, cpu);
    }
}

/* --- registers --- */

static bool claims(uint32_t reg)
{
    return reg >= SYSREG_RISCV_TIME && reg <= SYSREG_RISCV_BOOT_HART;
}

static uint64_t reg_read(struct model *model, uint32_t reg, uint32_t cpu)
{
    struct intc *intc = intc_of(model);
    if (cpu >= CPU_MAX)
        return 0;
    switch (reg) {
    case SYSREG_RISCV_TIME:
        return time_now(intc);
    case SYSREG_RISCV_STIMECMP:
        return intc->hart[cpu].stimecmp;
    case SYSREG_RISCV_SIE:
        return intc->hart[cpu].sie;
    case SYSREG_RISCV_SIP:
        return sip_of(intc, &intc->hart[cpu]);
    case SYSREG_RISCV_BOOT_HART:
        return intc->hart_id;
    default:
        return 0;
    }
}

static void send(struct intc *intc, uint64_t cpus)
{
    uint32_t count = model_cpu_count(&intc->model);
    if (count < 64 && cpus >> count != 0)
        model_warn(&intc->model, "software interrupts to CPUs %#llx, of %u",
                   (unsigned long long)cpus, count);
    for (uint32_t cpu = 0; cpu < count && cpu < CPU_MAX; cpu++) {
        if ((cpus >> cpu & 1) == 0)
            continue;
        intc->hart[cpu].lines |= SOFTWARE;
        hart_update(intc, cpu);
    }
}

static void reg_write(struct model *model, uint32_t reg, uint32_t cpu, uint64_t value)
{
    struct intc *intc = intc_of(model);
    if (cpu >= CPU_MAX)
        return;
    struct hart *hart = &intc->hart[cpu];
    switch (reg) {
    case SYSREG_RISCV_STIMECMP:
        hart->stimecmp = value;
        break;
    case SYSREG_RISCV_SIE:
        hart->sie = value & (SOFTWARE | TIMER | EXTERNAL);
        break;
    case SYSREG_RISCV_SIP: /* only the software bit is writable, 4.1.3 */
        hart->lines = (hart->lines & ~SOFTWARE) | (value & SOFTWARE);
        break;
    case SYSREG_RISCV_IPI:
        send(intc, value);
        return;
    default:
        model_warn(model, "write of %#llx to read-only system register %u",
                   (unsigned long long)value, reg);
        return;
    }
    hart_update(intc, cpu);
}

/* --- what is wired to a hart --- */

static void line_input(struct model *model, uint32_t line, uint32_t unused, bool level)
{
    (void)unused; /* whose node it is says which hart */
    struct model *first = model_find(model, model->ops->compatible[0], 0), *at = first;
    uint32_t cpu = 0;
    while (at != NULL && at != model)
        at = model_find(model, model->ops->compatible[0], ++cpu);
    if (at == NULL || cpu >= CPU_MAX || line != RISCV_IRQ_EXTERNAL)
        return;
    struct intc *intc = intc_of(first);
    struct hart *hart = &intc->hart[cpu];
    hart->lines = level ? hart->lines | EXTERNAL : hart->lines & ~EXTERNAL;
    hart_update(intc, cpu);
}

/* Also causes of machine mode (11), which other contexts of a PLIC are wired to: nobody sees them. */
static int translate(struct model *model, const uint32_t *cells, uint32_t count, uint32_t *line)
{
    (void)model;
    if (count < 1 || cells[0] >= RISCV_IRQ_COUNT)
        return -EINVAL;
    *line = cells[0];
    return 0;
}

static int init(struct model *model, const struct model_node *node)
{
    struct intc *intc = intc_of(model);
    const struct model_node *cpu = model_node_parent(node);
    const struct model_node *cpus = cpu != NULL ? model_node_parent(cpu) : NULL;
    uint32_t id, hz = 0;
    if (cpus == NULL || model_node_u32(cpu, "reg", 0, &id) != 0) {
        model_warn(model, "is not in a CPU's node with reg");
        return -EINVAL;
    }
    if (model_node_u32(cpus, "timebase-frequency", 0, &hz) != 0)
        (void)model_node_u32(cpu, "timebase-frequency", 0, &hz);
    if (hz == 0 || hz > NSEC_PER_SEC) {
        model_warn(model, "timebase-frequency is not in 1..1000000000");
        return -EINVAL;
    }
    intc->hart_id = id;
    intc->frequency_hz = hz;
    for (uint32_t i = 0; i < CPU_MAX; i++)
        intc->hart[i].stimecmp = UINT64_MAX; /* what the firmware leaves there */
    return 0;
}

static const char *const compatible[] = { "riscv,cpu-intc", NULL };

const struct model_ops riscv_intc_model = {
    .name = "riscv-intc",
    .compatible = compatible,
    .size = sizeof(struct intc),
    .init = init,
    .claims_sysreg = claims,
    .sysreg_read = reg_read,
    .sysreg_write = reg_write,
    .line_input = line_input,
    .translate = translate,
};
