/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tables_linux.h"

#include "linux_attr.h"
#include "linux_bpf.h"

#include <stdlib.h>
#include <string.h>

#define LOG_SIZE (1u << 22)
#define MAP_MAX  16

static int create_map(const struct bpf_map *map)
{
    struct linux_map_create create = { .type = map->ops->type,
                                       .key_size = map->key_size,
                                       .value_size = map->value_size,
                                       .max_entries = map->max_entries,
                                       .flags = map->flags };
    return linux_bpf(LINUX_MAP_CREATE, &create, sizeof create);
}

static int load_btf(const struct table_linux_program *p)
{
    struct linux_btf_load load = { .btf = linux_address(p->btf), .size = (uint32_t)p->btf_size };
    return p->btf_size == 0 ? 0 : linux_bpf(LINUX_BTF_LOAD, &load, sizeof load);
}

static int load(const struct table_linux_program *p, const struct bpf_insn *insns, int btf_fd,
                char *log, size_t log_size)
{
    char *whole = calloc(1, LOG_SIZE);
    struct linux_prog_load load = {
        .prog_type = p->prog_type,
        .insn_count = p->insn_count,
        .insns = linux_address(insns),
        .license = linux_address("GPL"),
        .log_level = 1,
        .log_size = LOG_SIZE,
        .log = linux_address(whole),
        .flags = p->flags,
        .attach_type = p->attach_type,
        .btf_fd = (uint32_t)btf_fd,
        .func_info = linux_address(p->functions),
        .func_info_size = p->function_count == 0 ? 0 : 8,
        .func_info_count = p->function_count,
        .attach_btf_id = p->attach_btf_id,
    };
    if (whole == NULL)
        return -ENODEV;
    int fd = linux_bpf(LINUX_PROG_LOAD, &load, sizeof load);
    if (fd == -ENOSPC) {
        load.log_level = load.log_size = 0;
        load.log = 0;
        fd = linux_bpf(LINUX_PROG_LOAD, &load, sizeof load);
    }
    linux_bpf_last_line(whole, log, log_size);
    free(whole);
    if (fd >= 0)
        close(fd);
    return fd == -EPERM ? -ENODEV : fd < 0 ? fd : 0;
}

int tables_linux_load(const struct table_linux_program *program, struct bpf_map *const *maps,
                      uint32_t map_count, char *log, size_t log_size)
{
    int fds[MAP_MAX], err = -ENODEV;
    uint32_t made = 0;
    while (made < map_count && made < MAP_MAX && (fds[made] = create_map(maps[made])) >= 0)
        made++;
    int btf_fd = made == map_count ? load_btf(program) : -1;
    struct bpf_insn *insns = btf_fd < 0 ? NULL : calloc(program->insn_count, sizeof *insns);
    if (insns != NULL) {
        memcpy(insns, program->insns, program->insn_count * sizeof *insns);
        linux_bpf_put_maps(insns, program->insn_count, fds, made);
        err = load(program, insns, btf_fd, log, log_size);
    }
    free(insns);
    if (btf_fd > 0)
        close(btf_fd);
    for (uint32_t i = 0; i < made; i++)
        close(fds[i]);
    return err;
}
