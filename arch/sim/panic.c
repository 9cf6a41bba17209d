/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The last words of a simulated image: everything that is needed to come back to this place, then
 * an ordinary crash for sanitizers, debuggers and fuzzers to see. Written straight to the host:
 * nothing of the kernel is trusted any more. */
#include <arch/cpu.h>
#include <axiom/format.h>
#include <axiom/string.h>
#include <host/host.h>

#include "sim_port.h"

#define FRAMES_MAX 48u
/* No stack is larger: what a frame pointer says beyond is not believed. */
#define STACK_MAX (8u * 1024u * 1024u)

typedef void write_text(const char *text, size_t size);

static void say(write_text *write, const char *text)
{
    write(text, strlen(text));
}

struct frame {
    const struct frame *up;
    uintptr_t return_address;
};

static void say_frame(write_text *write, uint32_t number, uintptr_t address)
{
    char name[96], line[160];
    uint64_t offset;
    /* The call is before the address that it returns to. */
    if (host_symbol(address - 1, name, sizeof name, &offset))
        format_text(line, sizeof line, "  #%u %s+0x%llx\n", number, name,
                    (unsigned long long)offset + 1);
    else
        format_text(line, sizeof line, "  #%u 0x%llx\n", number, (unsigned long long)address);
    say(write, line);
}

/* Frame pointers lead up to the context's first frame, whose own is 0. */
static void say_backtrace(write_text *write, const struct frame *frame)
{
    uintptr_t start = (uintptr_t)frame;
    say(write, "backtrace:\n");
    for (uint32_t i = 0; i < FRAMES_MAX; i++) {
        uintptr_t at = (uintptr_t)frame;
        if (at == 0 || at % sizeof(void *) != 0 || at < start || at - start > STACK_MAX ||
            frame->return_address == 0)
            break;
        say_frame(write, i, frame->return_address);
        if ((uintptr_t)frame->up <= at)
            break;
        frame = frame->up;
    }
}

void arch_sim_say_where(write_text *write)
{
    char line[512];
    machine_describe(line, sizeof line);
    say(write, line);
    say(write, "\n");
    if (!vcpus_running())
        return;
    vcpus_describe(line, sizeof line);
    say(write, line);
    say(write, "\n");
    say_backtrace(write, __builtin_frame_address(0));
}

_Noreturn void arch_panic(void)
{
    arch_sim_say_where(host_console_write);
    host_abort();
}
