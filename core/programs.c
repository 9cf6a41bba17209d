/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The boot's last step: the programs that came with the image. `bpf.required` on the command line
 * makes a boot fail whose programs do not all attach; without it the kernel goes on and says so.
 * With `bpf.require_signed` it takes only programs that a key of the keyring signed. `bpf.engine=jit`
 * or `bpf.engine=interp` says how programs run; else they are compiled where that can be done. */
#include <axiom/string.h>
#include <bpf_glue/bpf_glue.h>
#include <internal/boot.h>

/* The word stands alone between blanks. */
static bool has_word(const char *line, const char *word)
{
    size_t length = strlen(word);
    while (*line != '\0') {
        const char *blank = strchr(line, ' ');
        size_t size = blank != NULL ? (size_t)(blank - line) : strlen(line);
        if (size == length && memcmp(line, word, length) == 0)
            return true;
        line += size + (blank != NULL);
    }
    return false;
}

int programs_init(void)
{
    const struct boot_info *info = boot_info();
    uint32_t flags = 0;
    if (has_word(info->command_line, "bpf.required"))
        flags |= BPF_GLUE_REQUIRED;
    if (has_word(info->command_line, "bpf.require_signed"))
        flags |= BPF_GLUE_SIGNED;
    if (has_word(info->command_line, "bpf.engine=jit"))
        flags |= BPF_GLUE_JIT;
    if (has_word(info->command_line, "bpf.engine=interp"))
        flags |= BPF_GLUE_INTERPRETER;
    if (has_word(info->command_line, "bpf.ignore_budget"))
        flags |= BPF_GLUE_IGNORE_BUDGET;
    return bpf_glue_init(info->modules, info->module_count, flags);
}

void programs_exit(void)
{
    bpf_glue_exit();
}
