/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* libbpf calls bpf() through syscall(): ours stands in front of it, notes each program as it is
 * handed over and what the kernel said, and lets libbpf believe that all went well, so that one
 * refusal does not hide the programs behind it. */
#define _GNU_SOURCE
#include "peer.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define ARENA 33 /* BPF_MAP_TYPE_ARENA */

static struct peer peer;
static struct bpf_object *loading; /* NULL: calls pass through */
static bool ask;
static char kernel_log[4u << 20];

long syscall(long number, ...);

/* The raw call, which the C library's syscall() would be. */
static long raw(long number, long a, long b, long c, long d, long e, long f)
{
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    if (result < 0 && result > -4096) {
        errno = (int)-result;
        return -1;
    }
    return result;
}

static void note_maps(void);

static struct peer_program *program_of(const union bpf_attr *attr)
{
    struct bpf_program *program;
    uint32_t index = 0;
    bpf_object__for_each_program(program, loading)
    {
        if (index < peer.program_count &&
            (uint64_t)(uintptr_t)bpf_program__insns(program) == attr->insns)
            return &peer.programs[index];
        index++;
    }
    return NULL;
}

static void keep_last_line(struct peer_program *program)
{
    size_t end = strlen(kernel_log);
    while (end > 0 && kernel_log[end - 1] == '\n')
        kernel_log[--end] = '\0';
    const char *line = strrchr(kernel_log, '\n');
    /* The very last line counts instructions; the reason stands before it. */
    if (line != NULL && strncmp(line + 1, "processed ", 10) == 0) {
        kernel_log[line - kernel_log] = '\0';
        line = strrchr(kernel_log, '\n');
    }
    snprintf(program->last_line, sizeof program->last_line, "%.255s",
             line == NULL ? kernel_log : line + 1);
}

/* Any file descriptor will do: libbpf only closes it. */
static long stand_in(void)
{
    return dup(STDERR_FILENO);
}

/* As the kernel's own runner of its tests does. */
static void run_program(struct peer_program *program, long fd)
{
    static char packet[64];
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.test.prog_fd = (uint32_t)fd;
    attr.test.data_in = (uint64_t)(uintptr_t)packet;
    attr.test.data_size_in = sizeof packet;
    attr.test.repeat = 1;
    long err = raw(SYS_bpf, BPF_PROG_TEST_RUN, (long)&attr, sizeof attr.test, 0, 0, 0);
    if (err != 0) { /* those that have no packet */
        memset(&attr, 0, sizeof attr);
        attr.test.prog_fd = (uint32_t)fd;
        err = raw(SYS_bpf, BPF_PROG_TEST_RUN, (long)&attr, sizeof attr.test, 0, 0, 0);
    }
    program->was_run = err == 0;
    program->r0 = attr.test.retval;
}

/* The least of some loads: others use the machine, too. */
static double load_us(const union bpf_attr *attr, long size)
{
    union bpf_attr copy = *attr;
    double least = 0;
    copy.log_buf = copy.log_size = copy.log_level = 0;
    for (int i = 0; i < 5; i++) {
        struct timespec before, after;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
        long fd = raw(SYS_bpf, BPF_PROG_LOAD, (long)&copy, size, 0, 0, 0);
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
        if (fd >= 0)
            close((int)fd);
        double us = (double)(after.tv_sec - before.tv_sec) * 1e6 +
                    (double)(after.tv_nsec - before.tv_nsec) / 1e3;
        if (i == 0 || us < least)
            least = us;
    }
    return least;
}

static long load_program(struct peer_program *program, union bpf_attr *attr, long size)
{
    if (peer.map_count == 0)
        note_maps();
    program->insns = (uint64_t *)(uintptr_t)attr->insns;
    program->insn_count = attr->insn_cnt;
    if (!ask)
        return stand_in();
    union bpf_attr copy = *attr;
    kernel_log[0] = '\0';
    copy.log_buf = (uint64_t)(uintptr_t)kernel_log;
    copy.log_size = sizeof kernel_log;
    copy.log_level = 1;
    long fd = raw(SYS_bpf, BPF_PROG_LOAD, (long)&copy, size, 0, 0, 0);
    program->was_loaded = true;
    program->verdict = fd < 0 ? errno : 0;
    keep_last_line(program);
    if (fd >= 0 && getenv("PEER_TIME") != NULL)
        program->load_us = load_us(attr, size);
    if (fd >= 0 && getenv("PEER_ALL") != NULL)
        run_program(program, fd);
    return fd >= 0 ? fd : stand_in();
}

/* libbpf 1.1 does not know arenas, which newer ones give a place when they map them. */
static long make_arena(const union bpf_attr *attr, long size)
{
    union bpf_attr copy = *attr;
    if (copy.map_extra == 0)
        copy.map_extra = UINT64_C(1) << 44;
    return raw(SYS_bpf, BPF_MAP_CREATE, (long)&copy, size, 0, 0, 0);
}

long syscall(long number, ...)
{
    va_list list;
    va_start(list, number);
    long a = va_arg(list, long), b = va_arg(list, long), c = va_arg(list, long),
         d = va_arg(list, long), e = va_arg(list, long), f = va_arg(list, long);
    va_end(list);
    if (number == SYS_bpf && loading != NULL && a == BPF_PROG_LOAD) {
        union bpf_attr *attr = (union bpf_attr *)b;
        struct peer_program *program = program_of(attr);
        if (program != NULL)
            return load_program(program, attr, c);
    }
    /* Alone: libbpf may believe that this kernel can and does everything. */
    if (number == SYS_bpf && loading != NULL && !ask) {
        if (a == BPF_MAP_CREATE || a == BPF_PROG_LOAD || a == BPF_BTF_LOAD)
            return stand_in();
        if (a == BPF_MAP_UPDATE_ELEM || a == BPF_MAP_FREEZE || a == BPF_PROG_BIND_MAP)
            return 0;
    }
    if (number == SYS_bpf && a == BPF_MAP_CREATE && ((const union bpf_attr *)b)->map_type == ARENA)
        return make_arena((const union bpf_attr *)b, c);
    return raw(number, a, b, c, d, e, f);
}

static bool can_ask(void)
{
    const struct bpf_insn insns[] = { { .code = BPF_ALU64 | BPF_MOV | BPF_K },
                                      { .code = BPF_JMP | BPF_EXIT } };
    int fd = bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "probe", "GPL", insns, 2, NULL);
    if (fd < 0)
        return false;
    close(fd);
    return true;
}

static int quiet(enum libbpf_print_level level, const char *format, va_list arguments)
{
    char text[512];
    if (level != LIBBPF_WARN)
        return 0;
    vsnprintf(text, sizeof text, format, arguments);
    text[strcspn(text, "\n")] = '\0';
    if (peer.problem[0] == '\0')
        snprintf(peer.problem, sizeof peer.problem, "%.255s", text);
    if (getenv("PEER_VERBOSE") != NULL)
        fprintf(stderr, "libbpf: %s\n", text);
    return 0;
}

/* What the host programs decide before they load. */
static void size_maps(struct bpf_object *object)
{
    struct bpf_map *map;
    bpf_object__for_each_map(map, object)
    {
        bpf_map__set_pin_path(map, NULL);
        if (bpf_map__type(map) == BPF_MAP_TYPE_STACK_TRACE && bpf_map__value_size(map) == 0)
            bpf_map__set_value_size(map, 127 * 8);
        if (bpf_map__max_entries(map) == 0 && bpf_map__type(map) != BPF_MAP_TYPE_SK_STORAGE &&
            bpf_map__type(map) != BPF_MAP_TYPE_TASK_STORAGE &&
            bpf_map__type(map) != BPF_MAP_TYPE_INODE_STORAGE &&
            bpf_map__type(map) != 32 /* cgroup storage */)
            bpf_map__set_max_entries(map, 128);
    }
}

static void note_maps(void)
{
    struct bpf_map *map;
    bpf_object__for_each_map(map, loading)
    {
        if (peer.map_count == 256)
            break;
        peer.map_fds[peer.map_count] = bpf_map__fd(map);
        snprintf(peer.map_names[peer.map_count++], 64, "%s", bpf_map__name(map));
    }
}

#define LEFT_OUT_MAX 64
static char left_out[LEFT_OUT_MAX][128];
static int left_out_count;

static bool is_left_out(const struct bpf_program *program)
{
    for (int i = 0; i < left_out_count; i++) {
        if (strcmp(left_out[i], bpf_program__name(program)) == 0)
            return true;
    }
    return false;
}

/* A target that is not in this kernel ends the loading: true if one was found, to be left out. */
static bool leave_out_one(void)
{
    const char *words = "': failed to find kernel BTF type ID",
               *start = strstr(peer.problem, "prog '"), *end = strstr(peer.problem, words);
    if (start == NULL || end == NULL || left_out_count == LEFT_OUT_MAX)
        return false;
    start += strlen("prog '");
    snprintf(left_out[left_out_count++], 128, "%.*s", (int)(end - start), start);
    return true;
}

/* 0, or what went wrong is in peer.problem. */
static int load(const char *path, const char *btf_path)
{
    bool allowed = peer.can_ask;
    memset(&peer, 0, sizeof peer);
    peer.can_ask = allowed;
    libbpf_set_print(quiet);
    LIBBPF_OPTS(bpf_object_open_opts, options, .btf_custom_path = btf_path);
    struct bpf_object *object = bpf_object__open_file(path, &options);
    if (object == NULL) {
        if (peer.problem[0] == '\0')
            snprintf(peer.problem, sizeof peer.problem, "cannot be opened: %s", strerror(errno));
        return -1;
    }
    size_maps(object);
    struct bpf_program *program;
    bpf_object__for_each_program(program, object)
    {
        if (peer.program_count < PEER_PROGRAM_MAX)
            snprintf(peer.programs[peer.program_count++].name, 128, "%s",
                     bpf_program__name(program));
        if (strstr(bpf_program__section_name(program), "/dummy_") != NULL &&
            bpf_program__section_name(program)[0] == 'f') /* fentry, fexit */
            bpf_program__set_attach_target(program, 0, "vfs_read");
        if (getenv("PEER_ALL") != NULL)
            bpf_program__set_autoload(program, true);
        if (is_left_out(program))
            bpf_program__set_autoload(program, false);
    }
    peer.problem[0] = '\0';
    loading = object;
    int err = bpf_object__load(object);
    loading = NULL;
    if (err == 0)
        peer.problem[0] = '\0';
    else if (peer.problem[0] == '\0')
        snprintf(peer.problem, sizeof peer.problem, "cannot be loaded: %s", strerror(-err));
    return err;
}

/* Sections that libbpf 1.1 does not know; without them it loads nothing of an object. The numbers are
 * include/uapi/linux/bpf.h's, of newer kernels than the header that may be installed. */
static void register_sections(void)
{
    static const struct {
        const char *section;
        int prog_type, expected_type;
    } sections[] = { { "netfilter", 32, 45 },          { "tcx/ingress", 3, 46 },
                     { "tcx/egress", 3, 47 },          { "netkit/primary", 3, 54 },
                     { "netkit/peer", 3, 55 },         { "cgroup/connect_unix", 18, 49 },
                     { "cgroup/sendmsg_unix", 18, 50 }, { "cgroup/recvmsg_unix", 18, 51 },
                     { "cgroup/getpeername_unix", 18, 52 }, { "cgroup/getsockname_unix", 18, 53 } };
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        libbpf_register_prog_handler(sections[i].section, (enum bpf_prog_type)sections[i].prog_type,
                                     (enum bpf_attach_type)sections[i].expected_type, NULL);
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    register_sections();
    peer.can_ask = can_ask();
    ask = strcmp(argv[3], "kernel") == 0 && peer.can_ask;
    while (load(argv[1], strcmp(argv[2], "-") == 0 ? NULL : argv[2]) != 0 && leave_out_one())
        ;
    fwrite(&peer, sizeof peer, 1, stdout);
    for (uint32_t i = 0; i < peer.program_count; i++) {
        if (peer.programs[i].insns != NULL)
            fwrite(peer.programs[i].insns, 8, peer.programs[i].insn_count, stdout);
    }
    return fflush(stdout) != 0;
}
