/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The boot's last step: the programs that came with the image. `bpf.required` on the command line
 * makes a boot fail whose programs do not all attach; without it the kernel goes on and says so.
 * With `bpf.require_signed` it takes only programs that a key of the keyring signed. `bpf.engine=jit`
 * or `bpf.engine=interp` says how programs run; else they are compiled where that can be done.
 * `bpf.start_ns=N` has them loaded at that time of the clock and not before: for a replay of what a slower board
 * did, whose timers count from when it came so far. */
#include <axiom/log.h>
#include <bpf_glue/bpf_glue.h>
#include <core/option.h>
#include <core/thread.h>
#include <internal/boot.h>

#define START_NS_MAX UINT64_C(100000000000000000) /* three years */

static void wait_for_start(void)
{
    uint64_t start_ns;
    if (!option_number("bpf.start_ns", 1, START_NS_MAX, &start_ns))
        return;
    int err = thread_sleep_until(start_ns);
    if (err)
        log_warning("bpf: programs start at once: error %d", err);
}

int programs_init(void)
{
    const struct boot_info *info = boot_info();
    uint32_t flags = 0;
    if (option_given("bpf.required"))
        flags |= BPF_GLUE_REQUIRED;
    if (option_given("bpf.require_signed"))
        flags |= BPF_GLUE_SIGNED;
    if (option_given("bpf.engine=jit"))
        flags |= BPF_GLUE_JIT;
    if (option_given("bpf.engine=interp"))
        flags |= BPF_GLUE_INTERPRETER;
    if (option_given("bpf.ignore_budget"))
        flags |= BPF_GLUE_IGNORE_BUDGET;
    wait_for_start();
    return bpf_glue_init(info->modules, info->module_count, flags);
}

void programs_exit(void)
{
    bpf_glue_exit();
}
