/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "linux_bpf.h"

#include "linux_attr.h"

#include <stdio.h>
#include <string.h>

#define PROG_TYPE_SOCKET_FILTER 1
#define MAP_TYPE_ARRAY          2

int linux_bpf_load(const struct bpf_insn *insns, uint32_t insn_count, char *log, size_t log_size)
{
    static const char license[] = "GPL";
    char buffer[65536] = "";
    struct linux_prog_load load = {
        .prog_type = PROG_TYPE_SOCKET_FILTER,
        .insn_count = insn_count,
        .insns = linux_address(insns),
        .license = linux_address(license),
        .log_level = log_size == 0 ? 0 : 1,
        .log_size = log_size == 0 ? 0 : sizeof buffer,
        .log = log_size == 0 ? 0 : linux_address(buffer),
    };
    int fd = linux_bpf(LINUX_PROG_LOAD, &load, sizeof load);
    if (log_size > 0) {
        size_t length = strlen(buffer), from = length < log_size ? 0 : length - log_size + 1;
        memcpy(log, buffer + from, length - from + 1);
    }
    return fd;
}

int linux_bpf_array(uint32_t value_size, const void *value)
{
    struct linux_map_create create = {
        .type = MAP_TYPE_ARRAY, .key_size = 4, .value_size = value_size, .max_entries = 1
    };
    int fd = linux_bpf(LINUX_MAP_CREATE, &create, sizeof create);
    if (fd < 0)
        return fd;
    const uint32_t key = 0;
    struct linux_map_element update = { .map_fd = (uint32_t)fd,
                                        .key = linux_address(&key),
                                        .value = linux_address(value) };
    int err = linux_bpf(LINUX_MAP_UPDATE, &update, sizeof update);
    if (err == 0)
        return fd;
    close(fd);
    return err;
}

int linux_bpf_run(int prog_fd, uint32_t repeat, uint32_t *r0, uint32_t *duration_ns)
{
    uint8_t packet[64] = { 0 };
    struct linux_prog_test_run run = { .prog_fd = (uint32_t)prog_fd,
                                       .data_size_in = sizeof packet,
                                       .data_in = linux_address(packet),
                                       .repeat = repeat };
    int err = linux_bpf(LINUX_PROG_TEST_RUN, &run, sizeof run);
    if (err != 0)
        return err;
    *r0 = run.retval;
    if (duration_ns != NULL)
        *duration_ns = run.duration_ns;
    return 0;
}

bool linux_bpf_available(const char **why)
{
    const struct bpf_insn empty[] = { { .opcode = BPF_ALU64 | BPF_MOV | BPF_K },
                                      { .opcode = BPF_JMP | BPF_EXIT } };
    int fd = linux_bpf_load(empty, 2, NULL, 0);
    if (fd >= 0) {
        close(fd);
        return true;
    }
    *why = fd == -EPERM    ? "this process may not call bpf(2): it needs CAP_BPF"
           : fd == -ENOSYS ? "this system has no bpf(2)"
                           : "bpf(2) refuses even an empty program";
    return false;
}

void linux_bpf_put_maps(struct bpf_insn *insns, uint32_t insn_count, const int *fds,
                        uint32_t fd_count)
{
    for (uint32_t i = 0; i < insn_count; i += bpf_insn_slots(&insns[i])) {
        bool value = insns[i].src_reg == BPF_PSEUDO_MAP_IDX_VALUE;
        if (insns[i].opcode != BPF_LDDW || (!value && insns[i].src_reg != BPF_PSEUDO_MAP_IDX))
            continue;
        insns[i].src_reg = value ? BPF_PSEUDO_MAP_VALUE : BPF_PSEUDO_MAP_FD;
        insns[i].imm = (uint32_t)insns[i].imm < fd_count ? fds[insns[i].imm] : -1;
    }
}

void linux_bpf_last_line(char *log, char *why, size_t why_size)
{
    char *end = strstr(log, "\nprocessed ");
    if (end != NULL)
        *end = '\0';
    const char *line = strrchr(log, '\n');
    snprintf(why, why_size, "%s", line == NULL ? log : line + 1);
}
