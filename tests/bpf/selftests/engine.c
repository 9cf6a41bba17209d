/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Verifying and running as Linux would: see judge.h.
 *
 * Contexts of a run have Linux's layout with 32-bit pointers in them (struct __sk_buff, struct
 * xdp_md), which Linux rewrites to loads from its own structs. Here they are what programs take them
 * for: the packet lies in the lowest 4 GB of memory. */
#include "judge.h"

#include <bpf/helper.h>
#include <bpf/interp.h>
#include <bpf_internal/elf_file.h>
#include <bpf_linux/contexts.h>
#include <bpf_linux/helpers.h>
#include <bpf_linux/kfuncs.h>
#include <bpf_linux/maps.h>

#include "host_env.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static struct host_env host;
static uint8_t *low_memory;
static struct bpf_btf *kernel;
static struct bpf_helper *helpers;
#define LOW_SIZE        8192u
#define PACKET_AT       4096u
#define ETHERNET_HEADER 14u

/* Flags of BPF_PROG_LOAD (include/uapi/linux/bpf.h). */
#define BPF_F_STRICT_ALIGNMENT (1u << 0)
#define BPF_F_SLEEPABLE        (1u << 4)

/* Linux's rows, with Axiom's bodies where both have a helper. */
static void merge_helpers(void)
{
    helpers = malloc(bpf_linux_helper_count * sizeof *helpers);
    if (helpers == NULL)
        return;
    memcpy(helpers, bpf_linux_helpers, bpf_linux_helper_count * sizeof *helpers);
    for (uint32_t i = 0; i < bpf_linux_helper_count; i++) {
        const struct bpf_helper *own = bpf_helper_find(&host.env, helpers[i].id);
        if (own != NULL)
            helpers[i].body = own->body;
    }
    host.env.helpers = helpers;
    host.env.helper_count = bpf_linux_helper_count;
}

/* The running kernel's; without them programs that need its types count as disagreeing. */
static void read_kernel_types(void)
{
    struct bpf_error error = { 0 };
    size_t size = 0, capacity = (size_t)32 << 20;
    FILE *file = fopen("/sys/kernel/btf/vmlinux", "rb");
    void *bytes = file == NULL ? NULL : malloc(capacity);
    if (bytes != NULL)
        size = fread(bytes, 1, capacity, file);
    if (size == 0 || bpf_btf_parse(&host.env, bytes, size, &kernel, &error) != 0)
        fprintf(stderr, "judge: no types of the kernel %s\n", error.text);
    free(bytes);
    if (file != NULL)
        fclose(file);
}

struct bpf_btf *judge_kernel_types(void)
{
    return kernel;
}

struct bpf_env *judge_env(void)
{
    host_env_init(&host);
    host.now_ns = 1000000000;
    /* Below 4 GB on any CPU; MAP_FIXED_NOREPLACE would be refused where something is there. */
    low_memory = mmap((void *)(uintptr_t)0x50000000, LOW_SIZE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (low_memory == MAP_FAILED || (uintptr_t)low_memory > UINT32_MAX - LOW_SIZE) {
        fprintf(stderr, "judge: no memory below 4 GB\n");
        return NULL;
    }
    merge_helpers();
    host.env.kfuncs = bpf_linux_kfuncs;
    host.env.kfunc_count = bpf_linux_kfunc_count;
    read_kernel_types();
    return &host.env;
}

void judge_end(void)
{
    munmap(low_memory, LOW_SIZE);
    bpf_btf_put(kernel);
    free(helpers);
}

/* What the kernel's runner puts into maps before it runs a file's programs
 * (prog_tests/verifier.c, init_test_val_map() and its callers). */
static void prepare_maps(struct bpf_object *object, const char *name)
{
    static const struct {
        const char *file, *map;
    } prepared[] = { { "verifier_array_access", "map_array_ro" },
                     { "verifier_value_ptr_arith", "map_array_48b" } };
    uint32_t value[12] = { 7 * 4, [7] = 0xabcdef12 }, key = 0;
    for (size_t i = 0; i < sizeof prepared / sizeof *prepared; i++) {
        int index = strcmp(prepared[i].file, name) == 0
                        ? bpf_object_map_index(object, prepared[i].map)
                        : -1;
        struct bpf_map *map = index < 0 ? NULL : bpf_object_map(object, (uint32_t)index);
        if (map != NULL && map->value_size == sizeof value && map->key_size == sizeof key)
            bpf_map_update(map, &key, value, 0);
    }
}

/* Types that only Linux has too, as stand-ins; .rodata frozen as libbpf does. */
static bool library_has_type(uint32_t type)
{
    for (uint32_t i = 0; bpf_map_types[i] != NULL; i++)
        if (bpf_map_types[i]->type == type)
            return true;
    return false;
}

static int create_maps(struct bpf_object *object, struct bpf_error *error)
{
    for (uint32_t i = 0; i < bpf_object_map_count(object); i++) {
        const struct bpf_map_spec *spec = bpf_object_map_spec(object, i);
        struct bpf_map *map;
        if (bpf_object_map(object, i) != NULL || library_has_type(spec->type))
            continue;
        int err = bpf_linux_map_create(&host.env, spec, &map, error);
        if (err == 0)
            err = bpf_object_set_map(object, i, map, error);
        if (err != 0)
            return err;
        bpf_map_put(map);
    }
    return bpf_object_create_maps(object, error);
}

struct bpf_btf *judge_read_types(const char *path)
{
    struct bpf_error error = { 0 };
    struct elf_file file;
    struct elf_section section;
    struct bpf_btf *btf = NULL;
    static uint8_t bytes[1 << 22];
    FILE *stream = fopen(path, "rb");
    size_t size = stream == NULL ? 0 : fread(bytes, 1, sizeof bytes, stream);
    if (stream != NULL)
        fclose(stream);
    if (elf_file_open(&file, bytes, size, &error) == 0 &&
        elf_section_find(&file, ".BTF", &section) && section.bytes != NULL)
        bpf_btf_parse(&host.env, section.bytes, section.size, &btf, &error);
    return btf;
}

struct bpf_object *judge_open(const char *name, const void *bytes, size_t size,
                              struct bpf_btf *kernel_types, struct bpf_error *error)
{
    const struct bpf_object_options options = {
        .kernel_btf = kernel_types != NULL ? kernel_types : kernel,
        .context_by_section = bpf_linux_context_by_section,
    };
    struct bpf_object *object;
    if (bpf_object_open_with(&host.env, bytes, size, &options, &object, error) != 0)
        return NULL;
    if (create_maps(object, error) == 0) {
        prepare_maps(object, name);
        return object;
    }
    bpf_object_close(object);
    return NULL;
}

int judge_verify(struct bpf_object *object, uint32_t index, uint32_t flags, bool to_run,
                 struct bpf_verify_result *result)
{
    const struct bpf_object_program *program = bpf_object_program(object, index);
    if (program->failure != NULL) {
        snprintf(result->text, sizeof result->text, "not linked: %s", program->failure);
        return -EINVAL;
    }
    struct bpf_verify_request request;
    bpf_object_request(object, index, &request);
    request.strict_alignment = (flags & BPF_F_STRICT_ALIGNMENT) != 0;
    request.sleepable = request.sleepable || (flags & BPF_F_SLEEPABLE) != 0;
    request.memory_limit = (size_t)256 << 20;
    request.ignore_budget = true;
    request.check_only = !to_run;
    return bpf_verify(&request, result);
}

bool judge_is_unsupported(const struct bpf_verify_result *result)
{
    return result->reason == BPF_REJECT_UNSUPPORTED || result->reason == BPF_REJECT_NONE;
}

/* --- Running --- */

static bool helpers_have_bodies(const struct bpf_prog *prog)
{
    uint32_t count;
    const struct bpf_insn *insns = bpf_prog_insns(prog, &count);
    for (uint32_t i = 0; i < count; i += bpf_insn_slots(&insns[i])) {
        bool classic = BPF_CLASS(insns[i].opcode) == BPF_LD && BPF_MODE(insns[i].opcode) != BPF_IMM;
        if (classic)
            return false;
        if (insns[i].opcode != (BPF_JMP | BPF_CALL) || insns[i].src_reg == BPF_CALL_LOCAL)
            continue;
        const struct bpf_helper *helper =
            insns[i].src_reg == 0 ? bpf_helper_find(&host.env, (uint32_t)insns[i].imm) : NULL;
        if (helper == NULL || helper->body == NULL)
            return false;
    }
    return true;
}

static void put32(uint8_t *at, uint64_t value)
{
    uint32_t word = (uint32_t)value;
    memcpy(at, &word, sizeof word);
}

/* The context of a test run of 64 zero bytes (Linux: net/bpf/test_run.c), or false. */
static bool make_context(const struct bpf_context_layout *layout, uint8_t *context)
{
    uint64_t packet = (uintptr_t)low_memory + PACKET_AT, length = TEST_DATA_SIZE;
    memset(low_memory, 0, LOW_SIZE);
    switch (layout->prog_type) {
    case BPF_LINUX_XDP:
        put32(context, packet);
        put32(context + 4, packet + length);
        put32(context + 8, packet);
        put32(context + 12, 1);
        return true;
    case BPF_LINUX_SCHED_CLS:
    case BPF_LINUX_SCHED_ACT:
        break;
    case BPF_LINUX_SOCKET_FILTER:
    case BPF_LINUX_CGROUP_SKB:
    case BPF_LINUX_LWT_IN:
    case BPF_LINUX_LWT_OUT:
    case BPF_LINUX_LWT_XMIT:
    case BPF_LINUX_LWT_SEG6LOCAL:
        /* What the link layer has taken off already. */
        packet += ETHERNET_HEADER;
        length -= ETHERNET_HEADER;
        break;
    case BPF_LINUX_RAW_TRACEPOINT:
    case BPF_LINUX_SYSCALL:
    case BPF_LINUX_SK_LOOKUP:
        return true;
    default:
        return false;
    }
    put32(context, length);
    put32(context + 40, 1); /* ifindex */
    put32(context + 76, packet);
    put32(context + 80, packet + length);
    put32(context + 140, packet);
    return true;
}

int test_run(const struct bpf_prog *prog, const uint8_t *packet, uint64_t *r0, char *text, size_t text_size)
{
    const struct bpf_context_layout *layout = bpf_prog_context(prog);
    _Alignas(16) static uint8_t stack[BPF_RUN_STACK_SIZE];
    uint8_t *context = low_memory;
    if (!helpers_have_bodies(prog) || !make_context(layout, context))
        return -EOPNOTSUPP;
    if (packet != NULL)
        memcpy(low_memory + PACKET_AT, packet, TEST_DATA_SIZE);
    struct bpf_run run = { .stack = stack, .stack_size = sizeof stack, .insn_limit = 100000000 };
    *r0 = bpf_prog_run(prog, context, &run);
    snprintf(text, text_size, "the run ended with error %d at instruction %u", run.error,
             run.error_insn);
    return run.error;
}
