/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The kernel's own types, by which programs that were compiled against other versions of its structs
 * are relocated (CO-RE). They come as a boot module, made by pahole from the image's debug
 * information, and are parsed when the first object needs them: most never do. */
#include <axiom/errno.h>
#include <axiom/log.h>
#include <axiom/string.h>
#include <bpf_glue/bpf_glue.h>

#include "types.h"

/* Set up by each boot. */
static const struct boot_module *module;
static struct bpf_btf *types;

bool types_is_module(const struct boot_module *candidate)
{
    return strcmp(candidate->name, BPF_GLUE_TYPES) == 0;
}

void types_init(const struct boot_module *modules, uint32_t module_count)
{
    module = NULL;
    types = NULL;
    for (uint32_t i = 0; i < module_count; i++) {
        if (types_is_module(&modules[i]))
            module = &modules[i];
    }
}

struct bpf_btf *types_get(void)
{
    struct bpf_error error = { .offset = BPF_ERROR_NO_OFFSET };
    if (types != NULL || module == NULL)
        return types;
    if (bpf_btf_parse(glue_env(), module->data, module->size, &types, &error) != 0) {
        log_err("bpf: %s: offset %llu: %s", module->name, (unsigned long long)error.offset,
                error.text);
        module = NULL;
    }
    return types;
}

void types_exit(void)
{
    bpf_btf_put(types);
    types = NULL;
    module = NULL;
}
