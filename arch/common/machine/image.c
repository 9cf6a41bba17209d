/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* An image on the simulated machine: replays the recording that came as a boot module (a name that
 * ends in ".mcap", or the only module) and records the run to half of RAM. */
#include <arch/cpu.h>
#include <arch/mmu.h>
#include <axiom/errno.h>
#include <axiom/log.h>
#include <axiom/string.h>
#include <port/console.h>
#include <port/port.h>

#include "machine_port.h"

#define MACHINE_MEMORY \
    (UINT64_C(24) << 20) /* models, the recorder's buffers, copies of attachments */
#define REACH (UINT64_C(1) << 32)

const char image_name[] = "axiom on the simulated machine";

static const struct boot_module *recording_module(const struct boot_info *info)
{
    for (uint32_t i = 0; i < info->module_count; i++) {
        size_t length = strlen(info->modules[i].name);
        if (length > 5 && strcmp(info->modules[i].name + length - 5, ".mcap") == 0)
            return &info->modules[i];
    }
    return info->module_count == 1 ? &info->modules[0] : NULL;
}

static int open_recording(const struct boot_info *info, struct recording *recording)
{
    const struct boot_module *module = recording_module(info);
    if (module == NULL) {
        console_print("machine: no recording among the %u boot modules", info->module_count);
        return -ENOENT;
    }
    int err = recording_open(module->data, module->size, recording);
    if (err)
        console_print("machine: the recording cannot be replayed here: %s", recording->reason);
    return err;
}

struct disk {
    uint64_t at, size;
};

static int run(struct recording *recording, uint64_t memory_size, struct disk disk)
{
    struct event_sink *sinks[2] = { console_log_sink(LOG_INFO) };
    struct sim_result result;
    int err = output_begin(recording, (struct phys_addr){ disk.at }, disk.size, &sinks[1]);
    if (err) {
        console_print("machine: the recorder does not start: error %d", err);
        return err;
    }
    recording->config.memory_size = memory_size;
    recording->config.sinks = sinks;
    recording->config.sink_count = 2;
    sim_run(&recording->config, &result);
    int output_err = output_end(&result);
    if (result.error)
        console_print("machine: error %d: %s", result.error, result.reason);
    if (output_err)
        console_print("machine: the recording is not whole: error %d", output_err);
    console_print("machine: %llu inputs, %llu events, hash %016llx",
                  (unsigned long long)result.input_count, (unsigned long long)result.event_count,
                  (unsigned long long)result.state_hash);
    return result.error ? result.error : result.kernel_error ? result.kernel_error : output_err;
}

int image_run(struct boot_info *info, struct memmap *map)
{
    static struct recording recording;
    if (arch_cpu_count() != 1) {
        console_print("machine: this image runs on one CPU; there are %u", arch_cpu_count());
        return -EINVAL;
    }
    uint64_t memory = memmap_take(map, MACHINE_MEMORY, REACH);
    struct disk disk = { .size = memmap_total(map) / 2 & ~(uint64_t)(PAGE_SIZE - 1) };
    disk.at = memmap_take(map, disk.size, REACH);
    if (memory == 0 || disk.at == 0) {
        console_print("machine: too little memory");
        return -ENOMEM;
    }
    machine_memory_set(arch_phys_to_virt((struct phys_addr){ memory }), MACHINE_MEMORY);
    info->memory_count = map->count;
    machine_boot_info_set(info);
    int err = open_recording(info, &recording);
    return err ? err : run(&recording, memmap_total(map), disk);
}
