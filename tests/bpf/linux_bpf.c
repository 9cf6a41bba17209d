/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "linux_bpf.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's attributes, as far as they are used here (Linux: include/uapi/linux/bpf.h, union
 * bpf_attr; its header cannot be included beside bpf/insn.h, which defines the same names). */
#define COMMAND_MAP_CREATE      0
#define COMMAND_MAP_UPDATE      2
#define COMMAND_PROG_LOAD       5
#define COMMAND_PROG_TEST_RUN   10
#define PROG_TYPE_SOCKET_FILTER 1
#define MAP_TYPE_ARRAY          2

struct prog_load {
    uint32_t prog_type, insn_count;
    uint64_t insns, license;
    uint32_t log_level, log_size;
    uint64_t log;
    uint8_t rest[96];
};

struct prog_test_run {
    uint32_t prog_fd, retval, data_size_in, data_size_out;
    uint64_t data_in, data_out;
    uint32_t repeat, duration_ns;
    uint8_t rest[64];
};

static long bpf(int command, void *attributes, size_t size)
{
    return syscall(SYS_bpf, command, attributes, size);
}

int linux_bpf_load(const struct bpf_insn *insns, uint32_t insn_count, char *log, size_t log_size)
{
    static const char license[] = "GPL";
    char buffer[65536] = "";
    struct prog_load load = {
        .prog_type = PROG_TYPE_SOCKET_FILTER,
        .insn_count = insn_count,
        .insns = (uint64_t)(uintptr_t)insns,
        .license = (uint64_t)(uintptr_t)license,
        .log_level = log_size == 0 ? 0 : 1,
        .log_size = log_size == 0 ? 0 : sizeof buffer,
        .log = log_size == 0 ? 0 : (uint64_t)(uintptr_t)buffer,
    };
    long fd = bpf(COMMAND_PROG_LOAD, &load, sizeof load);
    int error = errno;
    if (log_size > 0) {
        size_t length = strlen(buffer), from = length < log_size ? 0 : length - log_size + 1;
        memcpy(log, buffer + from, length - from + 1);
    }
    return fd < 0 ? -error : (int)fd;
}

int linux_bpf_array(uint32_t value_size, const void *value)
{
    struct {
        uint32_t type, key_size, value_size, max_entries;
        uint8_t rest[112];
    } create = {
        .type = MAP_TYPE_ARRAY, .key_size = 4, .value_size = value_size, .max_entries = 1
    };
    long fd = bpf(COMMAND_MAP_CREATE, &create, sizeof create);
    if (fd < 0)
        return -errno;
    const uint32_t key = 0;
    struct {
        uint32_t fd, unused;
        uint64_t key, value, flags;
    } update = { .fd = (uint32_t)fd,
                 .key = (uint64_t)(uintptr_t)&key,
                 .value = (uint64_t)(uintptr_t)value };
    if (bpf(COMMAND_MAP_UPDATE, &update, sizeof update) == 0)
        return (int)fd;
    int error = errno;
    close((int)fd);
    return -error;
}

int linux_bpf_run(int prog_fd, uint32_t repeat, uint32_t *r0, uint32_t *duration_ns)
{
    uint8_t packet[64] = { 0 };
    struct prog_test_run run = { .prog_fd = (uint32_t)prog_fd,
                                 .data_size_in = sizeof packet,
                                 .data_in = (uint64_t)(uintptr_t)packet,
                                 .repeat = repeat };
    if (bpf(COMMAND_PROG_TEST_RUN, &run, sizeof run) != 0)
        return -errno;
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
