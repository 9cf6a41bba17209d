/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* An image that runs on its own board: real registers, real time. */
#include <axiom/event.h>
#include <axiom/log.h>
#include <port/console.h>
#include <port/port.h>

const char image_name[] = "axiom";

int image_run(struct boot_info *info, struct memmap *map)
{
    (void)map;
    event_registry_reset();
    event_clock_set(kernel_time_ns);
    console_follow_log(LOG_INFO);
    return kernel_main(info);
}
