/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Reading the log ring; writing is axiom/log.h. */
#pragma once
#include <axiom/log.h>

#define LOG_LINE_COUNT 256 /* lines that the ring keeps */

struct log_entry {
    uint64_t time_ns;
    uint64_t number; /* of the line since boot, from 0 */
    uint8_t level;   /* enum log_level */
    char text[LOG_LINE_MAX + 1];
};

/* Lines written since boot. The ring still has the last LOG_LINE_COUNT, also after kernel_main()
 * has returned. Any context. */
uint64_t log_count(void);
/* Line `number`; -ENOENT: not written yet, or overwritten. */
int log_read(uint64_t number, struct log_entry *out);
