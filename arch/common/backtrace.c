/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A frame record is {caller's frame pointer, return address}; where the two lie relative to the
 * frame pointer is the port's (arch_impl/frame.h). A chain goes towards the stack's base, so each
 * frame must be above the last, not far from it, and in mapped memory. */
#include <arch_impl/frame.h>
#include <port/backtrace.h>
#include <port/console.h>
#include <port/kmap.h>
#include <port/symbols.h>

#define FRAMES_MAX     48u
#define FRAME_SIZE_MAX (64u * 1024u)

static void print_one(uint32_t number, uint64_t pc)
{
    uint64_t offset = 0;
    const char *name = symbol_find(pc, &offset);
    if (name != NULL)
        console_print("  #%u 0x%016llx %s+0x%llx", number, (unsigned long long)pc, name,
                      (unsigned long long)offset);
    else
        console_print("  #%u 0x%016llx", number, (unsigned long long)pc);
}

void backtrace_print(uint64_t pc, uint64_t fp)
{
    print_one(0, pc);
    for (uint32_t i = 1; i < FRAMES_MAX; i++) {
        uint64_t next;
        if (fp % sizeof fp != 0 || !kmap_readable(FRAME_RECORD(fp), 2 * sizeof fp))
            return;
        const uint64_t *record = (const uint64_t *)FRAME_RECORD(fp);
        next = record[0];
        if (record[1] == 0)
            return;
        print_one(i, record[1] -
                         1); /* of the call, not after it: a noreturn's is its function's end */
        if (next <= fp || next - fp > FRAME_SIZE_MAX)
            return;
        fp = next;
    }
    console_print("  ...");
}

__attribute__((noinline)) void backtrace_print_here(void)
{
    uint64_t fp = (uint64_t)__builtin_frame_address(0);
    const uint64_t *record = (const uint64_t *)FRAME_RECORD(fp);
    backtrace_print(record[1] - 1, record[0]);
}
