/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* An image that runs on its own board: real registers, real time.
 *
 * With `record` on the command line a quarter of RAM is the recorder's: what the kernel does on the
 * board's own time becomes a file there, with the board's tree and the programs. `record.print` beside it has the file
 * on the console at the end. */
#include <arch/cpu.h>
#include <axiom/errno.h>
#include <axiom/event.h>
#include <axiom/format.h>
#include <axiom/log.h>
#include <axiom/string.h>
#include <port/boot.h>
#include <port/console.h>
#include <port/port.h>
#include <port/record.h>

#include "events.h"

#define REACH     (UINT64_C(1) << 32)
#define NAME_SIZE (EVENT_NAME_MAX * 2 + 8)

const char image_name[] = "axiom";

static struct record_file files[BOOT_MODULE_MAX + 1];
static char names[BOOT_MODULE_MAX][NAME_SIZE];
static struct event_sink *recorder; /* NULL: nothing is recorded */
static bool prints;

static int recorder_start(struct boot_info *info, struct memmap *map)
{
    uint64_t size = memmap_total(map) / 4 & ~(uint64_t)(PAGE_SIZE - 1);
    struct phys_addr at = { memmap_take(map, size, REACH) };
    if (at.value == 0)
        return -ENOMEM;
    info->memory_count = map->count;
    uint32_t count = 0;
    files[count++] =
        (struct record_file){ "board.dtb", "application/x-dtb", info->fdt, info->fdt_size };
    for (uint32_t i = 0; i < info->module_count; i++) {
        format_text(names[i], NAME_SIZE, "bpf/%s", info->modules[i].name);
        files[count++] = (struct record_file){ names[i], "application/x-bpf", info->modules[i].data,
                                               info->modules[i].size };
    }
    const struct record_config config = {
        .board = boot_board_name(info->fdt),
        .clock = "board",
        .seed = 1,
        .cpu_count = arch_cpu_count(),
        .file = files,
        .file_count = count,
    };
    struct event_sink *sink;
    int err = record_begin(&config, at, size, &sink);
    if (err)
        return err;
    recorder = sink;
    event_sink_add(sink);
    return 0;
}

/* Once, whichever way the image ends. */
static int recorder_stop(const char *reason)
{
    if (recorder == NULL)
        return 0;
    event_sink_remove(recorder);
    recorder = NULL;
    int err = record_end("board", 0, reason);
    if (prints)
        record_print();
    return err;
}

int image_run(struct boot_info *info, struct memmap *map)
{
    event_registry_reset();
    board_events_init();
    event_clock_set(kernel_time_ns);
    event_sink_add(console_log_sink(LOG_INFO));
    recorder = NULL;
    prints = boot_line_has(info->command_line, "record.print");
    if (boot_line_has(info->command_line, "record")) {
        int err = recorder_start(info, map);
        if (err)
            console_print("board: the recorder does not start: error %d", err);
    }
    int err = kernel_main(info);
    int record_err = recorder_stop(err == 0 ? "complete" : "the kernel ended with an error");
    if (record_err)
        console_print("board: the recording is not whole: error %d", record_err);
    return err ? err : record_err;
}

_Noreturn void arch_power_off(void)
{
    recorder_stop("power off");
    port_exit(PORT_EXIT_OFF);
}

_Noreturn void arch_reboot(void)
{
    recorder_stop("reboot");
    port_exit(PORT_EXIT_REBOOT);
}
