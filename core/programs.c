/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The boot's last step: the programs that came with the image. `bpf.required` on the command line
 * makes a boot fail whose programs do not all attach; without it the kernel goes on and says so. */
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
    return bpf_glue_init(info->modules, info->module_count,
                         has_word(info->command_line, "bpf.required"));
}

void programs_exit(void)
{
    bpf_glue_exit();
}
