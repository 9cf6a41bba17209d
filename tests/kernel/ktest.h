/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Tests that run inside a kernel, on every port: in sim and on real images the same functions, linked
 * as the image's addon (core/addon.h). They run one after the other in a thread of their own, with
 * interrupts and preemption on; results go to the console in TAP (version 13). */
#pragma once
#include <axiom/types.h>

struct ktest {
    const char *name;
    void (*run)(void);
    uint32_t cpus; /* the fewest that it needs; skipped with less */
};

/* One list a file, ended by a NULL name. */
extern const struct ktest ktest_contracts[], ktest_memory[], ktest_sched[], ktest_time[],
    ktest_bpf[], ktest_disk[], ktest_events[];
/* What only this kind of port has: tests/kernel/port_*.c. */
extern const struct ktest ktest_port[];

/* A condition that must hold; else the test fails with it, and returns. In the test's own thread. */
#define KTEST(condition)                                  \
    do {                                                  \
        if (!(condition)) {                               \
            ktest_failed(__FILE__, __LINE__, #condition); \
            return;                                       \
        }                                                 \
    } while (0)

void ktest_failed(const char *file, int line, const char *condition);
/* The test passes, but could not look at something; why. */
void ktest_note(const char *why);

/* What a command line asks for beside the suite ("ktest=panic"): ends the image in some way. False:
 * this port has no such thing. */
bool ktest_port_end(const char *how);
