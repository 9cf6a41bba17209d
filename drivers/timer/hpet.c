/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The HPET (IA-PC HPET Specification 1.0a) as a clock source; its comparators are not used, because
 * every CPU has a local APIC. */
#include <axiom/bits.h>
#include <axiom/errno.h>
#include <axiom/log.h>
#include <core/mm.h>
#include <drivers/table.h>
#include <hw/clock.h>
#include <hw/device.h>
#include <hw/regs/hpet.h>

#define RATING        250u
#define FEMTO_PER_SEC UINT64_C(1000000000000000)

struct hpet {
    struct clock_source source;
    struct mmio regs;
};

static uint64_t counter_read(struct clock_source *source)
{
    return mmio_read64(&CONTAINER_OF(source, struct hpet, source)->regs, HPET_COUNTER);
}

static int start(struct device *device, struct hpet *hpet)
{
    uint64_t capabilities = mmio_read64(&hpet->regs, HPET_CAPABILITIES);
    uint32_t period_fs = HPET_CAP_PERIOD_FS(capabilities);
    if (period_fs == 0 || period_fs > HPET_PERIOD_FS_MAX || !(capabilities & HPET_CAP_64_BIT)) {
        log_err("%s: a tick of %u fs, or a counter of 32 bits: not used", device_name(device),
                period_fs);
        return -ENODEV;
    }
    hpet->source.frequency_hz = (FEMTO_PER_SEC + period_fs / 2) / period_fs;
    mmio_write64(&hpet->regs, HPET_CONFIG, 0);
    mmio_write64(&hpet->regs, HPET_COUNTER, 0);
    mmio_write64(&hpet->regs, HPET_CONFIG, HPET_CONFIG_ENABLE);
    return 0;
}

static int probe(struct device *device)
{
    struct hpet *hpet = kzalloc(sizeof *hpet);
    if (hpet == NULL)
        return -ENOMEM;
    hpet->source = (struct clock_source){ .name = "hpet", .read = counter_read, .rating = RATING };
    int err = device_mmio(device, 0, HPET_SIZE, &hpet->regs);
    if (err)
        goto free_hpet;
    err = start(device, hpet);
    if (err)
        goto unmap;
    err = clock_source_register(&hpet->source);
    if (err)
        goto unmap;
    device_set_data(device, hpet);
    return 0;
unmap:
    mmio_unmap(&hpet->regs);
free_hpet:
    kfree(hpet);
    return err;
}

static void remove(struct device *device)
{
    struct hpet *hpet = device_data(device);
    clock_source_unregister(&hpet->source);
    mmio_unmap(&hpet->regs);
    kfree(hpet);
}

static const char *const compatible[] = { "intel,ce4100-hpet", NULL };

const struct driver hpet_driver = {
    .name = "hpet",
    .compatible = compatible,
    .probe = probe,
    .remove = remove,
};
