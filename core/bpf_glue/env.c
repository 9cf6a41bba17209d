/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What bpf/ is handed in the kernel: memory, log, clock, pins. */
#include <arch/cpu.h>
#include <axiom/log.h>
#include <bpf/env.h>
#include <bpf/helper.h>
#include <core/gpio.h>
#include <core/iio.h>
#include <core/interlock.h>
#include <core/mm.h>
#include <core/pwm.h>
#include <core/time.h>

#include "engine.h"
#include "link.h"
#include "map_events.h"
#include "memory.h"

static void env_log(void *user, enum log_level level, const char *text)
{
    (void)user;
    log_line(level, "bpf: %s", text);
}

static uint64_t clock_ns(void *user)
{
    (void)user;
    return ktime_get_ns();
}

static uint32_t cpu_index(void *user)
{
    (void)user;
    return arch_cpu_id();
}

static void trace_print(void *user, const char *text)
{
    (void)user;
    struct event event = {
        .kind = EVENT_BPF_PRINT,
        .layer = EVENT_LAYER_KERNEL,
        .role = EVENT_ROLE_OUTPUT,
        .text = { .text = text, .source = run_program_name(), .level = LOG_INFO },
    };
    event_emit(&event);
}

static void ringbuf_notify(void *user, struct bpf_map *ringbuf)
{
    (void)user;
    map_events_drain(ringbuf);
}

static int pin_get(void *user, uint32_t chip, uint32_t line)
{
    (void)user;
    return gpio_get(chip, line);
}

static int pin_set(void *user, uint32_t chip, uint32_t line, uint32_t level)
{
    (void)user;
    return gpio_set(chip, line, level != 0, run_program_name());
}

static int wave_get(void *user, uint32_t chip, uint32_t channel, struct axiom_pwm_state *out)
{
    (void)user;
    struct pwm_state state;
    int err = pwm_get(chip, channel, &state);
    if (err)
        return err;
    *out =
        (struct axiom_pwm_state){ state.period_ns, state.duty_ns, state.inverted, state.enabled };
    return 0;
}

static int wave_set(void *user, uint32_t chip, uint32_t channel, uint64_t period_ns,
                    uint64_t duty_ns)
{
    (void)user;
    struct pwm_state state;
    int err = pwm_get(chip, channel, &state);
    if (err)
        return err;
    state.period_ns = period_ns;
    state.duty_ns = duty_ns;
    state.enabled = true;
    return pwm_apply(chip, channel, &state, run_program_name());
}

static int emergency_stop(void *user, uint64_t reason)
{
    (void)user;
    (void)reason;
    interlock_stop(run_program_name());
    return 0;
}

static uint64_t sensor_last_ns(void *user, uint32_t device, uint32_t channel)
{
    (void)user;
    (void)channel; /* all channels of a scan have its time */
    const struct iio_device *iio = iio_device_at(device);
    return iio != NULL ? iio->last_timestamp_ns : 0;
}

static void synchronize(void *user)
{
    (void)user;
    run_synchronize();
}

static const struct bpf_platform_ops platform = {
    .clock_ns = clock_ns,
    .cpu_index = cpu_index,
    .trace_print = trace_print,
    .ringbuf_notify = ringbuf_notify,
    .gpio_get = pin_get,
    .gpio_set = pin_set,
    .pwm_get = wave_get,
    .pwm_set = wave_set,
    .emergency_stop = emergency_stop,
    .sensor_last_ns = sensor_last_ns,
};

static struct bpf_env env;

void glue_env_init(void)
{
    memory_init();
    env = (struct bpf_env){
        .alloc = memory_alloc,
        .free = memory_free,
        .synchronize = synchronize,
        .log = env_log,
        .platform = &platform,
        .exec = engine_exec,
        .helpers = bpf_helpers,
        .helper_count = bpf_helper_count,
        .cpu_count = arch_cpu_count(),
    };
}

const struct bpf_env *glue_env(void)
{
    return &env;
}
