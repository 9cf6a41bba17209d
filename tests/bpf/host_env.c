/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "host_env.h"
#include <axiom/errno.h>
#include <bpf/helper.h>
#include <bpf_host/exec_memory.h>

#include <stdlib.h>
#include <string.h>

static void *host_alloc(void *user, size_t size_bytes)
{
    struct host_env *host = user;
    if (++host->allocation_count == host->fail_at)
        return NULL;
    host->live_bytes += (int64_t)size_bytes;
    return calloc(1, size_bytes);
}

static void host_free(void *user, void *at, size_t size_bytes)
{
    struct host_env *host = user;
    host->live_bytes -= (int64_t)size_bytes;
    free(at);
}

static uint64_t host_clock(void *user)
{
    return ((struct host_env *)user)->now_ns;
}

static uint32_t host_cpu(void *user)
{
    (void)user;
    return 3;
}

static void host_print(void *user, const char *text)
{
    struct host_env *host = user;
    strncpy(host->printed, text, sizeof host->printed - 1);
}

static void host_notify(void *user, struct bpf_map *ringbuf)
{
    (void)ringbuf;
    ((struct host_env *)user)->notify_count++;
}

static int host_gpio_get(void *user, uint32_t chip, uint32_t line)
{
    return chip == 0 && line < 64 ? (int)((struct host_env *)user)->gpio_level[line] : -ENODEV;
}

static int host_gpio_set(void *user, uint32_t chip, uint32_t line, uint32_t level)
{
    if (chip != 0 || line >= 64)
        return -ENODEV;
    ((struct host_env *)user)->gpio_level[line] = level;
    return 0;
}

static int host_pwm_get(void *user, uint32_t chip, uint32_t channel, struct axiom_pwm_state *out)
{
    if (chip != 0 || channel != 0)
        return -ENODEV;
    *out = ((struct host_env *)user)->pwm;
    return 0;
}

static int host_pwm_set(void *user, uint32_t chip, uint32_t channel, uint64_t period_ns,
                        uint64_t duty_ns)
{
    if (chip != 0 || channel != 0)
        return -ENODEV;
    struct host_env *host = user;
    host->pwm = (struct axiom_pwm_state){ period_ns, duty_ns, host->pwm.polarity, 1 };
    return 0;
}

static int host_stop(void *user, uint64_t reason)
{
    ((struct host_env *)user)->stop_reason = reason;
    return 0;
}

static uint64_t host_sensor(void *user, uint32_t device, uint32_t channel)
{
    (void)user;
    return device * 1000u + channel;
}

void host_env_init(struct host_env *host)
{
    *host = (struct host_env){
        .ops = { .clock_ns = host_clock,
                 .cpu_index = host_cpu,
                 .trace_print = host_print,
                 .ringbuf_notify = host_notify,
                 .gpio_get = host_gpio_get,
                 .gpio_set = host_gpio_set,
                 .pwm_get = host_pwm_get,
                 .pwm_set = host_pwm_set,
                 .emergency_stop = host_stop,
                 .sensor_last_ns = host_sensor },
        .env = { .user = host,
                 .alloc = host_alloc,
                 .free = host_free,
                 .platform = &host->ops,
                 .exec = &bpf_host_exec,
                 .helpers = bpf_helpers,
                 .helper_count = bpf_helper_count },
    };
}
