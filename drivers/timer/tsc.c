/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The time stamp counter (Intel SDM volume 3, 18.17) as a clock source.
 *
 * An invariant one ("always-on") runs at one rate in all states and alike on all CPUs: the best
 * clock. Another may be the only one there is: it is better than none. Time goes on from where the
 * clock before it stands, or begins at 0. */
#include <axiom/errno.h>
#include <core/mm.h>
#include <core/time.h>
#include <drivers/table.h>
#include <hw/clock.h>
#include <hw/device.h>
#include <hw/sysreg.h>

#define RATING_INVARIANT 300u
#define RATING_OTHER     100u

struct tsc {
    struct clock_source source;
    uint64_t start;
};

static uint64_t counter_read(struct clock_source *source)
{
    return sysreg_read(SYSREG_X86_TSC) - CONTAINER_OF(source, struct tsc, source)->start;
}

/* A microsecond is added for what passes until the core compares the two. */
static uint64_t ticks_until_now(uint64_t hz)
{
    uint64_t now_ns = ktime_get_ns();
    if (now_ns != 0)
        now_ns += NSEC_PER_USEC;
    return now_ns / NSEC_PER_SEC * hz + now_ns % NSEC_PER_SEC * hz / NSEC_PER_SEC;
}

static int probe(struct device *device)
{
    struct tsc *tsc = kzalloc(sizeof *tsc);
    if (tsc == NULL)
        return -ENOMEM;
    uint32_t high = 0, low = 0;
    int err = device_property_u32(device, "clock-frequency", 0, &high);
    if (err == 0)
        err = device_property_u32(device, "clock-frequency", 1, &low);
    if (err)
        goto free_tsc;
    bool invariant = device_property_present(device, "always-on");
    uint64_t hz = (uint64_t)high << 32 | low;
    tsc->start = sysreg_read(SYSREG_X86_TSC) - ticks_until_now(hz);
    tsc->source = (struct clock_source){
        .name = "tsc",
        .frequency_hz = hz,
        .read = counter_read,
        .rating = invariant ? RATING_INVARIANT : RATING_OTHER,
    };
    err = clock_source_register(&tsc->source);
    if (err)
        goto free_tsc;
    device_set_data(device, tsc);
    return 0;
free_tsc:
    kfree(tsc);
    return err;
}

static void remove(struct device *device)
{
    struct tsc *tsc = device_data(device);
    clock_source_unregister(&tsc->source);
    kfree(tsc);
}

static const char *const compatible[] = { "axiom,tsc", NULL };

const struct driver tsc_driver = {
    .name = "tsc",
    .compatible = compatible,
    .probe = probe,
    .remove = remove,
};
