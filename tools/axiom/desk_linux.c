/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "desk_linux.h"
#include "btf_file.h"
#include "cli.h"
#include "desk.h"
#include "linux_facts.h"
#include <bpf/btf.h>
#include <bpf_linux/contexts.h>
#include <bpf_linux/helpers.h>
#include <bpf_linux/kfuncs.h>
#include <bpf_linux/maps.h>
#include <stdlib.h>
#include <unistd.h>

#define RUNNING_KERNEL "/sys/kernel/btf/vmlinux"

static struct bpf_env linux_env;
static struct bpf_btf *kernel_btf;
static char *kernel_config;
static bool is_running; /* is the Linux that is meant the running one? */

/* Without --kconfig nothing is known of another Linux's configuration. */
static int read_config(const char *config_path)
{
    if (config_path == NULL && !is_running)
        return EXIT_OK;
    return linux_config_read(config_path, &kernel_config);
}

int desk_linux_begin(const char *btf_path, const char *config_path)
{
    is_running = btf_path == NULL;
    linux_env = *desk_env();
    linux_env.helpers = bpf_linux_helpers;
    linux_env.helper_count = bpf_linux_helper_count;
    linux_env.kfuncs = bpf_linux_kfuncs;
    linux_env.kfunc_count = bpf_linux_kfunc_count;
    int code = read_config(config_path);
    if (code != EXIT_OK || (is_running && access(RUNNING_KERNEL, R_OK) != 0))
        return code;
    return btf_of_file(is_running ? RUNNING_KERNEL : btf_path, NULL, &kernel_btf);
}

void desk_linux_end(void)
{
    if (kernel_btf != NULL)
        bpf_btf_put(kernel_btf);
    kernel_btf = NULL;
    free(kernel_config);
    kernel_config = NULL;
}

/* Types that only Linux has are stand-ins without contents. */
static int create_map(const struct bpf_env *env, const struct bpf_map_spec *spec,
                      struct bpf_map **out, struct bpf_error *error)
{
    for (uint32_t i = 0; bpf_map_types[i] != NULL; i++)
        if (bpf_map_types[i]->type == spec->type)
            return bpf_map_create(env, spec, out, error);
    return bpf_linux_map_create(env, spec, out, error);
}

int desk_linux_open(const char *name, const uint8_t *bytes, size_t size, struct bpf_object **out)
{
    const struct bpf_object_options options = { .kernel_btf = kernel_btf,
                                                .kconfig = kernel_config,
                                                .ksym_address =
                                                    is_running ? linux_symbol_address : NULL,
                                                .context_by_section = bpf_linux_context_by_section,
                                                .map_create = create_map };
    return desk_open_with(&linux_env, &options, name, bytes, size, out);
}
