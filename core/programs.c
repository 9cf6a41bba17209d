/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The boot's last step: the programs that came with the image. `bpf.required` on the command line
 * makes a boot fail whose programs do not all attach; without it the kernel goes on and says so.
 * With `bpf.require_signed` it takes only programs that a key of the keyring signed. `bpf.engine=jit`
 * or `bpf.engine=interp` says how programs run; else they are compiled where that can be done. */
#include <bpf_glue/bpf_glue.h>
#include <core/option.h>
#include <internal/boot.h>

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
    return bpf_glue_init(info->modules, info->module_count, flags);
}

void programs_exit(void)
{
    bpf_glue_exit();
}
