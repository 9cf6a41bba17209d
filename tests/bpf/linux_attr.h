/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What bpf(2) is given, as far as tests here give it anything (Linux: include/uapi/linux/bpf.h, union bpf_attr; its
 * header cannot be included beside bpf/insn.h, which defines the same names). Linux takes a shorter attribute than its
 * own, and a longer one whose rest is 0. */
#pragma once
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

enum linux_command {
    LINUX_MAP_CREATE = 0,
    LINUX_MAP_LOOKUP = 1,
    LINUX_MAP_UPDATE = 2,
    LINUX_MAP_DELETE = 3,
    LINUX_MAP_NEXT = 4,
    LINUX_PROG_LOAD = 5,
    LINUX_PROG_TEST_RUN = 10,
    LINUX_BTF_LOAD = 18,
    LINUX_MAP_LOOKUP_AND_DELETE = 21,
    LINUX_MAP_FREEZE = 22,
    LINUX_MAP_LOOKUP_BATCH = 24,
    LINUX_MAP_UPDATE_BATCH = 26,
    LINUX_MAP_DELETE_BATCH = 27,
};

#define LINUX_PROG_SLEEPABLE (1u << 4) /* of linux_prog_load.flags */

struct linux_prog_load {
    uint32_t prog_type, insn_count;
    uint64_t insns, license;
    uint32_t log_level, log_size;
    uint64_t log;
    uint32_t kern_version, flags;
    char name[16];
    uint32_t ifindex, attach_type, btf_fd, func_info_size;
    uint64_t func_info;
    uint32_t func_info_count, line_info_size;
    uint64_t line_info;
    uint32_t line_info_count, attach_btf_id, attach_prog_fd, core_relo_count;
};
_Static_assert(offsetof(struct linux_prog_load, attach_btf_id) == 108, "union bpf_attr");

/* A row of func_info. */
struct linux_func_info {
    uint32_t insn_index, type_id;
};

struct linux_map_create {
    uint32_t type, key_size, value_size, max_entries, flags, inner_fd, numa_node;
    char name[16];
    uint32_t ifindex, btf_fd, btf_key, btf_value, btf_vmlinux_value;
    uint64_t extra;
};
_Static_assert(offsetof(struct linux_map_create, extra) == 64, "union bpf_attr");

struct linux_map_element {
    uint32_t map_fd, padding;
    uint64_t key, value, flags;
};

struct linux_map_batch {
    uint64_t in_batch, out_batch, keys, values;
    uint32_t count, map_fd;
    uint64_t elem_flags, flags;
};

struct linux_btf_load {
    uint64_t btf, log;
    uint32_t size, log_size, log_level, log_true_size;
};

struct linux_prog_test_run {
    uint32_t prog_fd, retval, data_size_in, data_size_out;
    uint64_t data_in, data_out;
    uint32_t repeat, duration_ns, ctx_size_in, ctx_size_out;
    uint64_t ctx_in, ctx_out;
};

static inline uint64_t linux_address(const void *at)
{
    return (uint64_t)(uintptr_t)at;
}

/* A descriptor, 0, or a negative errno. */
static inline int linux_bpf(enum linux_command command, void *attributes, size_t size)
{
    long result = syscall(SYS_bpf, (int)command, attributes, size);
    return result < 0 ? -errno : (int)result;
}
