/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The two UART models with somebody at the other end of the line, and between them and the driver. */
#pragma once
#include <axiom/types.h>

enum { LINE_PL011, LINE_NS16550, LINE_COUNT };

#define NOISE_MAX 60u

struct line {
    /* In: */
    bool echo;           /* what leaves comes back */
    bool firmware;       /* the UART was set up before the driver came */
    bool silent;         /* nothing leaves: the transmitter never has room */
    bool endless;        /* there always is another character, and the interrupt stays */
    uint32_t gone_after; /* accesses, then all bits read as one and the interrupt stays; 0: never */
    uint32_t
        lies_seed; /* one read in four is anything, and the interrupt comes for nothing; 0: no */
    uint32_t
        noise_each; /* 8 characters come at every so-manieth access, NOISE_MAX times; 0: never */
    /* Out: */
    uint32_t noise_count; /* times */
    uint32_t sent_count, input_lost;
    uint8_t sent[8192];
    uint64_t first_ns, last_ns; /* when characters left */
    uint32_t divisor_writes;
    uint32_t warnings;
};

extern struct line lines[LINE_COUNT];

void lines_reset(void);
/* sim_config.serial. */
void line_serial(void *context, const char *label, const uint8_t *bytes, uint32_t size);
/* Bytes arrive, from a body. */
uint32_t line_input(uint32_t which, const void *bytes, uint32_t size);
