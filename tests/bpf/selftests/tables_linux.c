/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tables_linux.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define COMMAND_MAP_CREATE 0
#define COMMAND_PROG_LOAD  5
#define COMMAND_BTF_LOAD   18
#define LOG_SIZE           (1u << 22)
#define MAP_MAX            16

/* include/uapi/linux/bpf.h: union bpf_attr, of BPF_PROG_LOAD */
struct prog_load {
    uint32_t prog_type, insn_count;
    uint64_t insns, license;
    uint32_t log_level, log_size;
    uint64_t log;
    uint32_t version, flags;
    char name[16];
    uint32_t ifindex, attach_type, btf_fd, func_info_size;
    uint64_t func_info;
    uint32_t func_info_count, line_info_size;
    uint64_t line_info;
    uint32_t line_info_count, attach_btf_id, attach_prog_fd, rest;
};

static uint64_t address(const void *at)
{
    return (uint64_t)(uintptr_t)at;
}

static int create_map(const struct bpf_map *map)
{
    struct {
        uint32_t type, key_size, value_size, max_entries, flags;
        uint8_t rest[100];
    } create = { .type = map->ops->type,
                 .key_size = map->key_size,
                 .value_size = map->value_size,
                 .max_entries = map->max_entries,
                 .flags = map->flags };
    return (int)syscall(SYS_bpf, COMMAND_MAP_CREATE, &create, sizeof create);
}

static int load_btf(const struct table_linux_program *p)
{
    struct {
        uint64_t btf, log;
        uint32_t size, log_size, log_level;
        uint8_t rest[100];
    } load = { .btf = address(p->btf), .size = (uint32_t)p->btf_size };
    return p->btf_size == 0 ? 0 : (int)syscall(SYS_bpf, COMMAND_BTF_LOAD, &load, sizeof load);
}

/* The last line but the summary: why. */
static void last_line(char *whole, char *log, size_t log_size)
{
    char *end = strstr(whole, "\nprocessed ");
    if (end == NULL)
        end = whole + strlen(whole);
    *end = '\0';
    char *line = strrchr(whole, '\n');
    snprintf(log, log_size, "%s", line == NULL ? whole : line + 1);
}

static struct bpf_insn *with_descriptors(const struct table_linux_program *p, const int *fds)
{
    struct bpf_insn *insns = calloc(p->insn_count, sizeof *insns);
    if (insns == NULL)
        return NULL;
    memcpy(insns, p->insns, p->insn_count * sizeof *insns);
    for (uint32_t i = 0; i < p->insn_count; i++) {
        if (insns[i].opcode != (BPF_LD | BPF_IMM | BPF_DW) ||
            (insns[i].src_reg != BPF_PSEUDO_MAP_IDX &&
             insns[i].src_reg != BPF_PSEUDO_MAP_IDX_VALUE))
            continue;
        insns[i].src_reg =
            insns[i].src_reg == BPF_PSEUDO_MAP_IDX_VALUE ? BPF_PSEUDO_MAP_VALUE : BPF_PSEUDO_MAP_FD;
        insns[i].imm = insns[i].imm < MAP_MAX && insns[i].imm >= 0 ? fds[insns[i].imm] : -1;
    }
    return insns;
}

static int load(const struct table_linux_program *p, const struct bpf_insn *insns, int btf_fd,
                char *log, size_t log_size)
{
    char *whole = calloc(1, LOG_SIZE);
    struct prog_load load = {
        .prog_type = p->prog_type,
        .insn_count = p->insn_count,
        .insns = address(insns),
        .license = address("GPL"),
        .log_level = 1,
        .log_size = LOG_SIZE,
        .log = address(whole),
        .flags = p->flags,
        .attach_type = p->attach_type,
        .btf_fd = (uint32_t)btf_fd,
        .func_info = address(p->functions),
        .func_info_size = p->function_count == 0 ? 0 : 8,
        .func_info_count = p->function_count,
        .attach_btf_id = p->attach_btf_id,
    };
    if (whole == NULL)
        return -ENODEV;
    long fd = syscall(SYS_bpf, COMMAND_PROG_LOAD, &load, sizeof load);
    if (fd < 0 && errno == ENOSPC) {
        load.log_level = load.log_size = 0;
        load.log = 0;
        fd = syscall(SYS_bpf, COMMAND_PROG_LOAD, &load, sizeof load);
    }
    int err = fd < 0 ? -errno : 0;
    last_line(whole, log, log_size);
    free(whole);
    if (fd >= 0)
        close((int)fd);
    return err == -EPERM ? -ENODEV : err;
}

int tables_linux_load(const struct table_linux_program *program, struct bpf_map *const *maps,
                      uint32_t map_count, char *log, size_t log_size)
{
    int fds[MAP_MAX], err = -ENODEV;
    uint32_t made = 0;
    while (made < map_count && made < MAP_MAX && (fds[made] = create_map(maps[made])) >= 0)
        made++;
    int btf_fd = made == map_count ? load_btf(program) : -1;
    struct bpf_insn *insns = btf_fd < 0 ? NULL : with_descriptors(program, fds);
    if (insns != NULL)
        err = load(program, insns, btf_fd, log, log_size);
    free(insns);
    if (btf_fd > 0)
        close(btf_fd);
    for (uint32_t i = 0; i < made; i++)
        close(fds[i]);
    return err;
}
