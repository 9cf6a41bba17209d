/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Helpers of bpf_conformance: they exist so that its cases can call something. */
#include <axiom/string.h>
#include <bpf_unverified/conformance.h>

static uint64_t gather_bytes(struct bpf_run *run, uint64_t r1, uint64_t r2, uint64_t r3,
                             uint64_t r4, uint64_t r5)
{
    (void)run;
    return (r1 & 0xff) << 32 | (r2 & 0xff) << 24 | (r3 & 0xff) << 16 | (r4 & 0xff) << 8 |
           (r5 & 0xff);
}

static uint64_t memfrob(struct bpf_run *run, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4,
                        uint64_t r5)
{
    (void)run, (void)r3, (void)r4, (void)r5;
    uint8_t *at = (uint8_t *)(uintptr_t)r1;
    for (uint64_t i = 0; i < r2; i++)
        at[i] ^= 42;
    return r1;
}

static uint64_t no_op(struct bpf_run *run, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4,
                      uint64_t r5)
{
    (void)run, (void)r1, (void)r2, (void)r3, (void)r4, (void)r5;
    return 0;
}

static uint64_t square_root(struct bpf_run *run, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4,
                            uint64_t r5)
{
    (void)run, (void)r2, (void)r3, (void)r4, (void)r5;
    uint64_t root = 0;
    for (uint64_t bit = UINT64_C(1) << 31; bit != 0; bit >>= 1) {
        uint64_t guess = root | bit;
        if (guess * guess <= r1)
            root = guess;
    }
    return root;
}

static uint64_t compare(struct bpf_run *run, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4,
                        uint64_t r5)
{
    (void)run, (void)r3, (void)r4, (void)r5;
    return (uint64_t)(int64_t)strcmp((const char *)(uintptr_t)r1, (const char *)(uintptr_t)r2);
}

static uint64_t unwind(struct bpf_run *run, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4,
                       uint64_t r5)
{
    (void)run, (void)r2, (void)r3, (void)r4, (void)r5;
    return r1;
}

const struct bpf_helper bpf_conformance_helpers[] = {
    { .id = 0, .name = "gather_bytes", .body = gather_bytes, .returns = BPF_RETURN_SCALAR },
    { .id = 1, .name = "memfrob", .body = memfrob, .returns = BPF_RETURN_SCALAR },
    { .id = 2, .name = "no_op", .body = no_op, .returns = BPF_RETURN_SCALAR },
    { .id = 3, .name = "sqrti", .body = square_root, .returns = BPF_RETURN_SCALAR },
    { .id = 4, .name = "strcmp", .body = compare, .returns = BPF_RETURN_SCALAR },
    { .id = 5,
      .name = "unwind",
      .body = unwind,
      .returns = BPF_RETURN_SCALAR,
      .flags = BPF_HELPER_UNWIND },
};
const uint32_t bpf_conformance_helper_count = ARRAY_SIZE(bpf_conformance_helpers);
