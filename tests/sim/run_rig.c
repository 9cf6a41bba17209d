/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "run_rig.h"

#include <hw/sysreg.h>

static int next_input(void *context, struct sim_input *out)
{
    struct script *script = context;
    if (script->next == script->count)
        return script->end;
    *out = script->inputs[script->next++];
    return 1;
}

static const char *const targets[] = { "gpio/chip0/17", "gpio/chip0/18", "iio/imu0" };

struct sim_config config_with(struct script *script, struct fake_sink *sink,
                              struct event_sink **sinks)
{
    struct sim_config config = fake_config();
    config.next_input = next_input;
    config.input_context = script;
    config.targets = targets;
    config.target_count = ARRAY_SIZE(targets);
    fake_sink_init(sink);
    sinks[0] = &sink->sink;
    config.sinks = sinks;
    config.sink_count = 1;
    return config;
}

struct seen seen[SEEN_MAX];
uint32_t seen_count;

void see_irq(void)
{
    struct mmio intc = fake_map(FAKE_INTC_BASE);
    uint32_t pending = mmio_read32(&intc, INTC_PENDING);
    struct seen *at = &seen[seen_count++ % SEEN_MAX];
    *at = (struct seen){ .time_ns = sysreg_read(SYSREG_CNTVCT_EL0) };
    if (pending & 1u << LINE_GPIO) {
        struct mmio gpio = fake_map(FAKE_GPIO_BASE);
        at->changed = mmio_read64(&gpio, GPIO_CHANGED);
        at->level = mmio_read64(&gpio, GPIO_LEVEL);
        mmio_write64(&gpio, GPIO_CHANGED, at->changed);
    }
    if (pending & 1u << LINE_SENSOR) {
        struct mmio sensor = fake_map(FAKE_SENSOR_BASE);
        at->value = mmio_read64(&sensor, SENSOR_VALUE);
    }
    if (pending & 1u << LINE_ALARM) {
        struct mmio alarm = fake_map(FAKE_ALARM_BASE);
        mmio_write32(&alarm, ALARM_ACK, 1);
    }
}

uint64_t level_at_boot;

int idle_main(const struct boot_info *info)
{
    (void)info;
    struct mmio intc = fake_map(FAKE_INTC_BASE);
    struct mmio gpio = fake_map(FAKE_GPIO_BASE);
    seen_count = 0;
    level_at_boot = mmio_read64(&gpio, GPIO_LEVEL);
    mmio_write64(&gpio, GPIO_CHANGED, UINT64_MAX);
    mmio_write32(&intc, INTC_ENABLE, 0x7fffffff);
    fake_idle_until_stop();
    return 0;
}

void idle_kernel(void)
{
    fake_reset(idle_main);
    fake.irq = see_irq;
}

struct sim_input line(uint64_t time_ns, uint32_t target, bool level)
{
    return (struct sim_input){
        .time_ns = time_ns, .source_ns = time_ns + 7, .target = target, .level = level
    };
}
