/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ask.h"

#include "host_env.h"
#include "linux_attr.h"
#include "linux_bpf.h"
#include <bpf_internal/special.h>
#include <bpf_linux/contexts.h>
#include <bpf_linux/helpers.h>
#include <bpf_linux/kfuncs.h>
#include <bpf_linux/maps.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_SIZE (1u << 20)

static struct host_env host;
static struct bpf_btf *kernel;
static char linux_log[LOG_SIZE];

/* --- Types --- */

/* Ids of the types below that others name. */
enum {
    TYPE_LOCKED = 14,
    TYPE_TIMED = 15,
    TYPE_KPTRS = 16,
    TYPE_NODE = 18,
    TYPE_WORKED = 20,
    TYPE_FUNCTION = 40, /* the first of enum ask_function */
};
#define BTF_MAX 4096

struct btf_text {
    char bytes[600];
    uint32_t size;
};

static uint32_t add_name(struct btf_text *strings, const char *text)
{
    uint32_t at = strings->size;
    size_t length = strlen(text) + 1;
    memcpy(strings->bytes + at, text, length);
    strings->size += (uint32_t)length;
    return at;
}

/* Header and records: Linux, Documentation/bpf/btf.rst. The context is a struct of the name. */
static uint32_t make_btf(const char *context, uint8_t out[BTF_MAX])
{
    struct btf_text strings = { .size = 1 };
#define NAME(text)  add_name(&strings, text)
#define KIND(which) ((uint32_t)BPF_BTF_##which << 24)
#define PARAMETER   KIND(FUNC_PROTO) | 1, 3
    const uint32_t a = NAME("a"), b = NAME("b"), kptr = NAME("kptr"), global = BPF_BTF_GLOBAL;
    // clang-format off
    const uint32_t types[] = {
        NAME("u64"), KIND(INT), 8, 64,                                                /* 1 */
        NAME("u32"), KIND(INT), 4, 32,                                                /* 2 */
        NAME("int"), KIND(INT), 4, 1u << 24 | 32,                                     /* 3 */
        NAME("bpf_spin_lock"), KIND(STRUCT) | 1, 4, a, 2, 0,                          /* 4 */
        NAME("bpf_timer"), KIND(STRUCT) | 2, 16, a, 1, 0, b, 1, 64,                   /* 5 */
        NAME("task_struct"), KIND(STRUCT), 0,                                         /* 6 */
        kptr, KIND(TYPE_TAG), 6,                                                      /* 7 */
        0, KIND(PTR), 7,                                                              /* 8 */
        NAME("kptr_untrusted"), KIND(TYPE_TAG), 6,                                    /* 9 */
        0, KIND(PTR), 9,                                                              /* 10 */
        NAME("cgroup"), KIND(STRUCT), 0,                                              /* 11 */
        kptr, KIND(TYPE_TAG), 11,                                                     /* 12 */
        0, KIND(PTR), 12,                                                             /* 13 */
        NAME("locked"), KIND(STRUCT) | 3, 16, NAME("lock"), 4, 0, a, 2, 32, b, 1, 64, /* 14 */
        NAME("timed"), KIND(STRUCT) | 2, 24, NAME("timer"), 5, 0, a, 1, 128,          /* 15 */
        NAME("kptrs"), KIND(STRUCT) | 4, 32, NAME("u"), 10, 0, NAME("t"), 8, 64,
            NAME("c"), 13, 128, a, 1, 192,                                            /* 16 */
        0, KIND(PTR), 2,                                                              /* 17 */
        NAME("node"), KIND(STRUCT) | 2, 16, a, 1, 0, b, 1, 64,                        /* 18 */
        NAME("bpf_wq"), KIND(STRUCT) | 2, 16, a, 1, 0, b, 1, 64,                      /* 19 */
        NAME("worked"), KIND(STRUCT) | 2, 24, NAME("work"), 19, 0, a, 1, 128,         /* 20 */
        NAME(context), KIND(STRUCT), 0,                                               /* 21 */
        0, KIND(PTR), 21,                                                             /* 22 */
        0, KIND(PTR), 6,                                                              /* 23 */
        NAME("bpf_dynptr"), KIND(STRUCT) | 2, 16, a, 1, 0, b, 1, 64,                  /* 24 */
        0, KIND(PTR), 24,                                                             /* 25 */
        0, PARAMETER, a, 22,                                                          /* 26 */
        0, PARAMETER, a, 1,                                                           /* 27 */
        0, PARAMETER, a, 17,                                                          /* 28 */
        0, PARAMETER, a, 23,                                                          /* 29 */
        0, PARAMETER, a, 25,                                                          /* 30 */
        NAME("arg:trusted"), KIND(DECL_TAG), TYPE_FUNCTION + ASK_GLOBAL_TRUSTED, 0,   /* 31 */
        NAME("arg:nonnull"), KIND(DECL_TAG), TYPE_FUNCTION + ASK_GLOBAL_NONNULL, 0,   /* 32 */
        0, KIND(PTR), 1, 0, KIND(PTR), 1, 0, KIND(PTR), 1, 0, KIND(PTR), 1,           /* 33 to 36 */
        0, KIND(PTR), 1, 0, KIND(PTR), 1, 0, KIND(PTR), 1,                            /* 37 to 39 */
        NAME("m"), KIND(FUNC) | global, 26, NAME("s"), KIND(FUNC) | BPF_BTF_STATIC, 27,
        NAME("gn"), KIND(FUNC) | global, 27, NAME("gm"), KIND(FUNC) | global, 28,
        NAME("gc"), KIND(FUNC) | global, 26, NAME("gt"), KIND(FUNC) | global, 29,
        NAME("gz"), KIND(FUNC) | global, 28, NAME("gd"), KIND(FUNC) | global, 30,
    };
    // clang-format on
#undef NAME
#undef KIND
#undef PARAMETER
    const uint32_t header[] = { 0x0001eb9f, 24, 0, sizeof types, sizeof types, strings.size };
    memcpy(out, header, sizeof header);
    memcpy(out + sizeof header, types, sizeof types);
    memcpy(out + sizeof header + sizeof types, strings.bytes, strings.size);
    return (uint32_t)(sizeof header + sizeof types) + strings.size;
}

/* One for each name of a context. */
static struct types {
    const char *context;
    int fd;
    struct bpf_btf *btf;
} all_types[64];
static uint32_t types_count;

static const struct types *types_of(const char *context)
{
    for (uint32_t i = 0; i < types_count; i++)
        if (strcmp(all_types[i].context, context) == 0)
            return &all_types[i];
    uint8_t bytes[BTF_MAX];
    struct bpf_error error = { 0 };
    struct linux_btf_load load = { .btf = linux_address(bytes), .size = make_btf(context, bytes) };
    if (types_count == sizeof all_types / sizeof *all_types)
        return NULL;
    struct types *types = &all_types[types_count];
    types->context = context;
    if (bpf_btf_parse(&host.env, bytes, load.size, &types->btf, &error) != 0) {
        printf("types of %s: %s\n", context, error.text);
        return NULL;
    }
    types->fd = linux_bpf(LINUX_BTF_LOAD, &load, sizeof load);
    if (types->fd < 0) {
        load.log = linux_address(linux_log);
        load.log_size = LOG_SIZE;
        load.log_level = 1;
        types->fd = linux_bpf(LINUX_BTF_LOAD, &load, sizeof load);
        printf("types of %s: %s\n%s\n", context, strerror(-types->fd), linux_log);
        return NULL;
    }
    types_count++;
    return types;
}

uint32_t ask_node_type(void)
{
    return TYPE_NODE;
}

struct bpf_btf *ask_kernel_types(void)
{
    return kernel;
}

static bool read_kernel_types(void)
{
    size_t size = 0, capacity = (size_t)32 << 20;
    struct bpf_error error = { 0 };
    FILE *file = fopen("/sys/kernel/btf/vmlinux", "rb");
    void *bytes = file == NULL ? NULL : malloc(capacity);
    if (bytes != NULL)
        size = fread(bytes, 1, capacity, file);
    bool fine = size != 0 && bpf_btf_parse(&host.env, bytes, size, &kernel, &error) == 0;
    free(bytes);
    if (file != NULL)
        fclose(file);
    return fine;
}

/* --- Maps --- */

#define READ_ONLY   (1u << 7)
#define WRITE_ONLY  (1u << 8)
#define NO_PREALLOC 1u
#define MMAPABLE    (1u << 10)
#define ARENA       33u
#define ARENA_PLACE (UINT64_C(1) << 44) /* nobody maps it here: it wants a place */
#define FROZEN      (1u << 31) /* of the rows here */

static const struct map_row {
    const char *name;
    uint32_t type, key_size, value_size, max_entries, flags;
    uint32_t value_type; /* of the types above; 0: none told */
    const char *inner;
} map_rows[] = {
    { "array", 2, 4, 48, 4, 0, 0, NULL },
    { "single", 2, 4, 48, 1, 0, 0, NULL },
    { "hash", 1, 8, 48, 4, 0, 0, NULL },
    { "locked", 2, 4, 16, 4, 0, TYPE_LOCKED, NULL },
    { "timed", 2, 4, 24, 4, 0, TYPE_TIMED, NULL },
    { "kptrs", 2, 4, 32, 4, 0, TYPE_KPTRS, NULL },
    { "worked", 2, 4, 24, 4, 0, TYPE_WORKED, NULL },
    { "rdonly", 2, 4, 48, 1, READ_ONLY | FROZEN, 0, NULL },
    { "thawed", 2, 4, 48, 1, READ_ONLY, 0, NULL },
    { "wronly", 2, 4, 48, 1, WRITE_ONLY, 0, NULL },
    { "rohash", 1, 8, 48, 4, READ_ONLY, 0, NULL },
    { "ring", 27, 0, 0, 4096, 0, 0, NULL },
    { "progs", 3, 4, 4, 2, 0, 0, NULL },
    { "events", 4, 4, 4, 2, 0, 0, NULL },
    { "parray", 6, 4, 48, 4, 0, 0, NULL },
    { "phash", 5, 8, 48, 4, 0, 0, NULL },
    { "lru", 9, 8, 48, 4, 0, 0, NULL },
    { "plru", 10, 8, 48, 4, 0, 0, NULL },
    { "trie", 11, 8, 48, 4, NO_PREALLOC, 0, NULL },
    { "stacks", 7, 4, 80, 4, 0, 0, NULL },
    { "cgarray", 8, 4, 4, 4, 0, 0, NULL },
    { "amaps", 12, 4, 4, 2, 0, 0, "array" },
    { "hmaps", 13, 8, 4, 2, 0, 0, "array" },
    { "devs", 14, 4, 4, 2, 0, 0, NULL },
    { "socks", 15, 4, 4, 2, 0, 0, NULL },
    { "cpus", 16, 4, 4, 1, 0, 0, NULL },
    { "xsks", 17, 4, 4, 2, 0, 0, NULL },
    { "sockhash", 18, 8, 4, 2, 0, 0, NULL },
    { "cgstore", 19, 8, 48, 0, 0, 0, NULL },
    { "reuse", 20, 4, 8, 2, 0, 0, NULL },
    { "pcgstore", 21, 8, 48, 0, 0, 0, NULL },
    { "queue", 22, 0, 48, 4, 0, 0, NULL },
    { "pile", 23, 0, 48, 4, 0, 0, NULL },
    { "skstore", 24, 4, 16, 0, NO_PREALLOC, TYPE_NODE, NULL },
    { "devhash", 25, 4, 4, 2, 0, 0, NULL },
    { "inostore", 28, 4, 16, 0, NO_PREALLOC, TYPE_NODE, NULL },
    { "taskstore", 29, 4, 16, 0, NO_PREALLOC, TYPE_NODE, NULL },
    { "bloom", 30, 0, 48, 4, 0, 0, NULL },
    { "userring", 31, 0, 0, 4096, 0, 0, NULL },
    { "cgrpstore", 32, 4, 16, 0, NO_PREALLOC, TYPE_NODE, NULL },
    { "arena", ARENA, 0, 0, 4, MMAPABLE, 0, NULL },
};
#define MAP_COUNT (sizeof map_rows / sizeof *map_rows)

static struct bpf_map *maps[MAP_COUNT];
static int map_fds[MAP_COUNT];

struct bpf_map *const *ask_maps(uint32_t *count)
{
    *count = MAP_COUNT;
    return maps;
}

static uint32_t map_index(const char *name)
{
    uint32_t i = 0;
    while (i < MAP_COUNT && strcmp(map_rows[i].name, name) != 0)
        i++;
    return i;
}

static int create_there(const struct map_row *row, const struct types *types)
{
    struct linux_map_create create = {
        .type = row->type,
        .key_size = row->key_size,
        .value_size = row->value_size,
        .max_entries = row->max_entries,
        .flags = row->flags & ~FROZEN,
        .inner_fd = row->inner == NULL ? 0 : (uint32_t)map_fds[map_index(row->inner)],
        .btf_fd = row->value_type == 0 ? 0 : (uint32_t)types->fd,
        .btf_key = row->value_type == 0 ? 0 : 3,
        .btf_value = row->value_type,
        .extra = row->type == ARENA ? ARENA_PLACE : 0,
    };
    int fd = linux_bpf(LINUX_MAP_CREATE, &create, sizeof create);
    uint32_t freeze[32] = { (uint32_t)fd };
    if (fd >= 0 && (row->flags & FROZEN) != 0 &&
        linux_bpf(LINUX_MAP_FREEZE, freeze, sizeof freeze) != 0)
        return -1;
    return fd;
}

static bool create_map(uint32_t index, const struct types *types)
{
    const struct map_row *row = &map_rows[index];
    static struct bpf_special_field fields[BPF_SPECIAL_FIELD_MAX];
    struct bpf_map_spec spec = {
        .type = row->type,
        .key_size = row->key_size,
        .value_size = row->value_size,
        .max_entries = row->max_entries,
        .flags = row->flags & ~FROZEN,
        .map_extra = row->type == ARENA ? ARENA_PLACE : 0,
        .btf_key_type_id = row->value_type == 0 ? 0 : 3,
        .btf_value_type_id = row->value_type,
        .special_fields = fields,
    };
    struct bpf_map_spec inner;
    struct bpf_error error = { 0 };
    snprintf(spec.name, sizeof spec.name, "%s", row->name);
    if (row->inner != NULL) {
        const struct map_row *in = &map_rows[map_index(row->inner)];
        inner = (struct bpf_map_spec){ .type = in->type,
                                       .key_size = in->key_size,
                                       .value_size = in->value_size,
                                       .max_entries = in->max_entries };
        spec.inner = &inner;
    }
    if (row->value_type != 0 &&
        btf_special_fields(types->btf, row->value_type, SPECIAL_IN_MAPS, fields,
                           BPF_SPECIAL_FIELD_MAX, &spec.special_field_count) != 0)
        return false;
    int err = bpf_linux_map_create(&host.env, &spec, &maps[index], &error);
    if (err == 0 && (row->flags & FROZEN) != 0)
        err = bpf_map_freeze(maps[index]);
    map_fds[index] = create_there(row, types);
    if (err != 0 || map_fds[index] < 0)
        printf("map %s: %s; Linux: %s\n", row->name, err == 0 ? "made" : error.text,
               map_fds[index] < 0 ? strerror(-map_fds[index]) : "made");
    return err == 0 && map_fds[index] >= 0;
}

/* --- Both --- */

uint32_t ask_attach_target(const struct bpf_context_layout *layout)
{
    static const struct {
        uint8_t expected;
        const char *name;
        enum bpf_btf_kind kind;
    } targets[] = {
        { BPF_LINUX_TRACE_RAW_TP, "btf_trace_sched_switch", BPF_BTF_TYPEDEF },
        { BPF_LINUX_TRACE_ITER, "bpf_iter_task", BPF_BTF_FUNC },
    };
    for (size_t i = 0;
         (layout->rules & BPF_RULE_BTF_ARGUMENTS) != 0 && i < sizeof targets / sizeof *targets; i++)
        if (targets[i].expected == layout->expected_type)
            return bpf_btf_find(kernel, targets[i].name, targets[i].kind);
    return 0;
}

bool ask_begin(void)
{
    host_env_init(&host);
    host.env.helpers = bpf_linux_helpers;
    host.env.helper_count = bpf_linux_helper_count;
    host.env.kfuncs = bpf_linux_kfuncs;
    host.env.kfunc_count = bpf_linux_kfunc_count;
    const struct types *types = read_kernel_types() ? types_of("__sk_buff") : NULL;
    for (uint32_t i = 0; types != NULL && i < MAP_COUNT; i++)
        if (!create_map(i, types))
            types = NULL;
    if (types == NULL)
        printf("skipped: bpf() is not allowed here, or the kernel has no types\n");
    return types != NULL;
}

void ask_end(void)
{
    for (uint32_t i = 0; i < MAP_COUNT; i++) {
        if (maps[i] != NULL)
            bpf_map_put(maps[i]);
        if (map_fds[i] > 0)
            close(map_fds[i]);
    }
    for (uint32_t i = 0; i < types_count; i++) {
        bpf_btf_put(all_types[i].btf);
        close(all_types[i].fd);
    }
    bpf_btf_put(kernel);
}

/* Maps that may hold programs belong to the first kind that uses them, some with its storage for cgroups, too: each
 * question has its own. */
static bool has_owner(uint32_t type)
{
    return type == 3 || type == 14 || type == 16;
}

#define INSN_MAX 512

int ask_linux(const struct question *q, char *why, size_t why_size)
{
    struct bpf_insn insns[INSN_MAX];
    struct linux_func_info infos[ASK_FUNCTION_MAX];
    int own = -1;
    uint32_t owned = 0;
    const struct types *types = types_of(q->layout->struct_name);
    memcpy(insns, q->insns, q->insn_count * sizeof *insns);
    for (uint32_t i = 0; i < q->insn_count; i += bpf_insn_slots(&insns[i])) {
        bool value = insns[i].src_reg == BPF_PSEUDO_MAP_IDX_VALUE;
        if (insns[i].opcode != (BPF_LD | BPF_IMM | BPF_DW) ||
            (!value && insns[i].src_reg != BPF_PSEUDO_MAP_IDX))
            continue;
        uint32_t map = (uint32_t)insns[i].imm;
        insns[i].src_reg = value ? BPF_PSEUDO_MAP_VALUE : BPF_PSEUDO_MAP_FD;
        insns[i].imm = map_fds[map];
        if (!has_owner(map_rows[map].type))
            continue;
        if (own == -1 || owned != map)
            own = create_there(&map_rows[map], NULL);
        owned = map;
        insns[i].imm = own;
    }
    for (uint32_t i = 0; i < q->function_count; i++) {
        infos[i].insn_index = q->functions[i].insn_index;
        infos[i].type_id = TYPE_FUNCTION + q->functions[i].type;
    }
    bool typed = q->function_count != 0 && types != NULL;
    struct linux_prog_load load = {
        .prog_type = q->layout->prog_type,
        .insn_count = q->insn_count,
        .insns = linux_address(insns),
        .license = linux_address("GPL"),
        .log_level = why == NULL ? 0 : 1,
        .log_size = why == NULL ? 0 : LOG_SIZE,
        .log = why == NULL ? 0 : linux_address(linux_log),
        .flags = (q->layout->rules & BPF_RULE_SLEEPABLE) != 0 ? LINUX_PROG_SLEEPABLE : 0,
        .attach_type = q->layout->expected_type,
        .btf_fd = typed ? (uint32_t)types->fd : 0,
        .func_info = typed ? linux_address(infos) : 0,
        .func_info_size = typed ? sizeof infos[0] : 0,
        .func_info_count = typed ? q->function_count : 0,
        .attach_btf_id = q->attach_btf_id,
    };
    linux_log[0] = '\0';
    int fd = linux_bpf(LINUX_PROG_LOAD, &load, sizeof load);
    if (fd >= 0)
        close(fd);
    if (own >= 0)
        close(own);
    if (why != NULL)
        linux_bpf_last_line(linux_log, why, why_size);
    if (why != NULL && why[0] == '\0')
        snprintf(why, why_size, "%s", strerror(fd < 0 ? -fd : 0));
    return fd < 0 ? fd : 0;
}

int ask_us(const struct question *q, char *why, size_t why_size)
{
    static struct bpf_verify_result result;
    struct bpf_debug_func functions[ASK_FUNCTION_MAX];
    const struct types *types = types_of(q->layout->struct_name);
    for (uint32_t i = 0; i < q->function_count; i++)
        functions[i] = (struct bpf_debug_func){
            .insn_index = q->functions[i].insn_index,
            .name = "f",
            .type_id = TYPE_FUNCTION + q->functions[i].type,
            .is_global = q->functions[i].type != ASK_STATIC,
        };
    const struct bpf_debug_info debug = { .funcs = functions, .func_count = q->function_count };
    const struct bpf_verify_request request = {
        .env = &host.env,
        .name = "question",
        .insns = q->insns,
        .insn_count = q->insn_count,
        .maps = maps,
        .map_count = MAP_COUNT,
        .context = q->layout,
        .debug = q->function_count == 0 ? NULL : &debug,
        .btf = q->function_count == 0 || types == NULL ? NULL : types->btf,
        .kernel_btf = kernel,
        .attach_btf_id = q->attach_btf_id,
        .license = "GPL",
        .sleepable = (q->layout->rules & BPF_RULE_SLEEPABLE) != 0,
        .memory_limit = (size_t)64 << 20,
        .ignore_budget = true,
        .check_only = true,
    };
    int err = bpf_verify(&request, &result);
    if (why != NULL)
        snprintf(why, why_size, "%s", result.what[0] != '\0' ? result.what : result.text);
    return err;
}
