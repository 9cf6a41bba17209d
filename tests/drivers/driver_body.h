/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Tests of drivers inside of a booted kernel on a board of the test's own: the addon of the image runs
 * `body` in a thread, and then stops the kernel. */
#pragma once
#include <sim/machine.h>

/* NULL: all was as it should be; else what was not. */
typedef const char *driver_body(void);

struct driver_run {
    const void *fdt;
    size_t fdt_size;
    uint32_t cpus;
    uint64_t seed;
    driver_body *body; /* NULL: boot and stop */
    bool verbose;      /* the kernel's log to stderr */
    uint64_t fail_kernel_allocation;
    uint64_t end_time_ns;
    void (*serial)(void *context, const char *label, const uint8_t *bytes, uint32_t size);
    /* Out: */
    const char *said; /* the body's answer */
    uint32_t errors;  /* log lines of level LOG_ERR */
    uint64_t pages_left;
    struct sim_result result;
};

/* sim_run()'s error. */
int driver_run(struct driver_run *run);
/* Reads BUILD/boards/NAME.dtb; exits if it is not there. */
const void *driver_board(const char *name, size_t *size);

/* A condition of a body. */
#define BODY(condition)                     \
    do {                                    \
        if (!(condition))                   \
            return "not true: " #condition; \
    } while (0)
