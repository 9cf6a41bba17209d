/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A machine that runs BPF programs and believes nothing: objects lie far apart in an address space
 * of its own, so that every access outside of one is seen; what is not set, and what is or was a
 * pointer, is known byte by byte; helpers do whatever their signature allows, by dice. The judge of
 * the verifier. */
#pragma once
#include <bpf/verifier.h>

#include <stdbool.h>

#define MACHINE_FRAME_MAX 8

struct machine_reg {
    uint64_t value;
    bool set;
    bool address; /* is, or was computed from, a pointer */
};

struct machine_object {
    uint64_t base;
    uint32_t size;
    uint32_t map; /* of map values */
    uint8_t *bytes;
    uint8_t kind; /* enum machine_object_kind */
    bool writable, live;
};

enum machine_object_kind { OBJECT_CONTEXT, OBJECT_FRAME, OBJECT_VALUE, OBJECT_RECORD };

#define MACHINE_OBJECT_MAX 256

struct machine {
    const struct bpf_verify_request *request;
    uint64_t dice;
    uint32_t pc, frame_count;
    struct machine_reg regs[MACHINE_FRAME_MAX][BPF_REG_COUNT];
    uint32_t return_to[MACHINE_FRAME_MAX];
    struct machine_object objects[MACHINE_OBJECT_MAX];
    uint32_t object_count;
    uint32_t memory_used;
    uint8_t frame_set[MACHINE_FRAME_MAX][512], frame_address[MACHINE_FRAME_MAX][512];
    uint32_t open_records;
    uint64_t steps;
    /* Called before each instruction; false ends the run as an escape. May be NULL. */
    bool (*before)(struct machine *m, void *user);
    void *user;
    uint8_t memory[24 << 10]; /* of all objects */
    char escape[300];         /* what the program did that no verified program may; "" if nothing */
};

#define MACHINE_CONTEXT_BASE UINT64_C(0x100000000000)
#define MACHINE_MAP_BASE     UINT64_C(0x600000000000)

static inline uint64_t machine_frame_top(uint32_t frame)
{
    return UINT64_C(0x200000000000) + ((uint64_t)frame << 40) + 512;
}

/* Runs the program to its end, at most `step_limit` instructions. False: m->escape says what went
 * wrong. */
bool machine_run(struct machine *m, const struct bpf_verify_request *request, uint64_t seed,
                 uint64_t step_limit);
