/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a map operation costs inside a program: the same program (one operation, 64 times) by our JIT, our
 * interpreter and the running Linux, in turns within one run; the table has the best of the turns (other work of the
 * machine only adds), less what the program takes with nothing in place of the operation. usage: map_bench */
#include "../bpf/host_env.h"
#include "../bpf/linux_bpf.h"
#include "../bpf/map/linux_maps.h"
#include "../bpf/prog_builder.h"
#include <bpf/context.h>
#include <bpf/helper.h>
#include <bpf/interp.h>
#include <bpf/jit.h>
#include <bpf/verifier.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TIMES       64
#define REPETITIONS 25
#define ROUNDS      1000u
#define LINE_MAX    (TIMES * 24 + 32)

enum operation { NOTHING, LOOKUP, MISS, UPDATE, UPDATE_DELETE, OUTPUT, PUSH_POP };

static const struct row {
    const char *name;
    struct shape shape;
    enum operation operation;
} rows[] = {
    { "array lookup", { BPF_MAP_TYPE_ARRAY, 4, 8, 256, 0, 0, 1, 0 }, LOOKUP },
    { "array update", { BPF_MAP_TYPE_ARRAY, 4, 8, 256, 0, 0, 1, 0 }, UPDATE },
    { "per-CPU array lookup", { BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, 256, 0, 0, 1, 0 }, LOOKUP },
    { "hash lookup, hit", { BPF_MAP_TYPE_HASH, 4, 8, 1024, 0, 0, 1, 0 }, LOOKUP },
    { "hash lookup, miss", { BPF_MAP_TYPE_HASH, 4, 8, 1024, 0, 0, 1, 0 }, MISS },
    { "hash lookup, 16-byte key", { BPF_MAP_TYPE_HASH, 16, 8, 1024, 0, 0, 1, 0 }, LOOKUP },
    { "hash update", { BPF_MAP_TYPE_HASH, 4, 8, 1024, 0, 0, 1, 0 }, UPDATE },
    { "hash update and delete", { BPF_MAP_TYPE_HASH, 4, 8, 1024, 0, 0, 1, 0 }, UPDATE_DELETE },
    { "LRU lookup, hit", { BPF_MAP_TYPE_LRU_HASH, 4, 8, 1024, 0, 0, 1, 0 }, LOOKUP },
    { "LRU update", { BPF_MAP_TYPE_LRU_HASH, 4, 8, 1024, 0, 0, 1, 0 }, UPDATE },
    { "LPM trie lookup",
      { BPF_MAP_TYPE_LPM_TRIE, 8, 8, 1024, BPF_F_NO_PREALLOC, 0, 1, 0 },
      LOOKUP },
    { "queue push and pop", { BPF_MAP_TYPE_QUEUE, 0, 8, 1024, 0, 0, 1, 0 }, PUSH_POP },
    { "ring buffer output of 64 B", { BPF_MAP_TYPE_RINGBUF, 0, 0, 1 << 16, 0, 0, 1, 0 }, OUTPUT },
};

enum engine { JIT, INTERPRETER, LINUX, ENGINES };

static struct host_env host;
static _Alignas(16) uint8_t stack[BPF_RUN_STACK_SIZE];

static double now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* --- The program --- */

struct program {
    struct bpf_insn insns[LINE_MAX];
    uint32_t count;
};

static void add(struct program *program, struct bpf_insn insn)
{
    program->insns[program->count++] = insn;
}

/* R1 = the map: by index for us, by descriptor for Linux. */
static void add_map(struct program *program, int linux_fd)
{
    struct bpf_insn insn = linux_fd >= 0 ? I(BPF_LDDW, 1, BPF_PSEUDO_MAP_FD, 0, linux_fd)
                                         : I(BPF_LDDW, 1, BPF_PSEUDO_MAP_IDX, 0, 0);
    add(program, insn);
    add(program, I(0, 0, 0, 0, 0));
}

static void add_place(struct program *program, unsigned reg, int offset)
{
    add(program, MOV_X(reg, 10));
    add(program, ALU_K(BPF_ADD, reg, offset));
}

static void add_key_call(struct program *program, int fd, bool with_value, uint32_t helper)
{
    add_map(program, fd);
    add_place(program, 2, -16);
    if (with_value)
        add_place(program, 3, -24);
    add(program, MOV_K(4, 0));
    add(program, CALL(helper));
}

static void add_value_call(struct program *program, int fd, uint32_t helper)
{
    add_map(program, fd);
    add_place(program, 2, -24);
    add(program, MOV_K(3, 0));
    add(program, CALL(helper));
}

static void add_output(struct program *program, int fd)
{
    add_map(program, fd);
    add_place(program, 2, -96);
    add(program, MOV_K(3, 64));
    add(program, MOV_K(4, BPF_RB_NO_WAKEUP));
    add(program, CALL(BPF_FUNC_ringbuf_output));
}

static void add_operation(struct program *program, enum operation operation, int fd)
{
    switch (operation) {
    case NOTHING:
        return;
    case LOOKUP:
    case MISS:
        add_key_call(program, fd, false, BPF_FUNC_map_lookup_elem);
        return;
    case UPDATE:
        add_key_call(program, fd, true, BPF_FUNC_map_update_elem);
        return;
    case UPDATE_DELETE:
        add_key_call(program, fd, true, BPF_FUNC_map_update_elem);
        add_key_call(program, fd, false, BPF_FUNC_map_delete_elem);
        return;
    case PUSH_POP:
        add_value_call(program, fd, BPF_FUNC_map_push_elem);
        add_value_call(program, fd, BPF_FUNC_map_pop_elem);
        return;
    case OUTPUT:
        add_output(program, fd);
        return;
    }
}

/* Each time with another key, of the 64 that are there (a miss: not there). */
static void make_program(struct program *program, const struct row *row, enum operation operation,
                         int fd)
{
    bool lpm = row->shape.type == BPF_MAP_TYPE_LPM_TRIE;
    program->count = 0;
    for (int at = -96; at < 0; at += 8)
        add(program, ST(BPF_DW, 10, at, 0));
    for (uint32_t i = 0; i < TIMES; i++) {
        uint32_t key = row->operation == MISS ? i + 100000 : i;
        add(program, ST(BPF_W, 10, -16, lpm ? 32 : (int)key));
        add(program, ST(BPF_W, 10, -12, lpm ? (int)key : 0));
        add_operation(program, operation, fd);
    }
    add(program, MOV_K(0, 0));
    add(program, EXIT());
}

/* --- Engines --- */

struct contender {
    struct bpf_prog *prog[2]; /* without and with the operation */
    struct bpf_jit *jit[2];
    int linux_prog[2];
    struct bpf_map *map;
    struct linux_backend linux_map;
    bool has_linux;
};

static bool fail(const char *what, const char *why)
{
    fprintf(stderr, "map_bench: %s: %s\n", what, why);
    return false;
}

static bool make_ours(struct contender *c, const struct row *row, uint32_t which)
{
    static struct program program;
    static struct bpf_verify_result result;
    struct bpf_error error = { .text = "" };
    make_program(&program, row, which == 0 ? NOTHING : row->operation, -1);
    const struct bpf_verify_request request = {
        .env = &host.env,
        .name = "bench",
        .insns = program.insns,
        .insn_count = program.count,
        .maps = &c->map,
        .map_count = 1,
        .context = bpf_context_by_section("timer/1000hz"),
    };
    if (bpf_verify(&request, &result) != 0)
        return fail(row->name, result.text);
    c->prog[which] = result.prog;
    const struct bpf_jit_options options = { .count_insns = false };
    if (bpf_jit_create(result.prog, NULL, &options, &c->jit[which], &error) != 0)
        c->jit[which] = NULL;
    return true;
}

static void make_linux(struct contender *c, const struct row *row)
{
    static struct program program;
    char log[256] = "";
    c->has_linux = linux_backend_open(&c->linux_map, &row->shape) == 0;
    for (uint32_t which = 0; c->has_linux && which < 2; which++) {
        make_program(&program, row, which == 0 ? NOTHING : row->operation, c->linux_map.fd);
        c->linux_prog[which] = linux_bpf_load(program.insns, program.count, log, sizeof log);
        if (c->linux_prog[which] < 0) {
            fail(row->name, log);
            c->has_linux = false;
        }
    }
}

static void fill(struct contender *c, const struct row *row)
{
    uint64_t value = 1;
    for (uint32_t i = 0; i < TIMES && row->shape.key_size != 0; i++) {
        uint32_t key[4] = { i };
        if (row->shape.type == BPF_MAP_TYPE_LPM_TRIE)
            key[0] = 32, key[1] = i;
        bpf_map_outer_update(c->map, key, &value, BPF_ANY);
        if (c->has_linux) {
            uint64_t all[64] = { 1 };
            c->linux_map.backend.update(&c->linux_map.backend, key, all, BPF_ANY);
        }
    }
}

/* Mean ns of one run; rings are emptied now and then, outside of the time. */
static double time_ours(struct contender *c, enum engine engine, uint32_t which)
{
    static struct axiom_timer_ctx context;
    struct bpf_run run = { .stack = stack, .stack_size = sizeof stack };
    bool ring = c->map->ops->type == BPF_MAP_TYPE_RINGBUF;
    double total = 0;
    uint32_t turn = ring ? 8 : 200;
    for (uint32_t round = 0; round < ROUNDS; round += turn) {
        double start = now_ns();
        for (uint32_t i = 0; i < turn; i++) {
            if (engine == JIT)
                bpf_jit_run(c->jit[which], &context, &run);
            else
                bpf_prog_run(c->prog[which], &context, &run);
        }
        total += now_ns() - start;
        const void *data;
        uint32_t size;
        while (ring && bpf_ringbuf_peek(c->map, &data, &size))
            bpf_ringbuf_consume(c->map);
    }
    return total / (ROUNDS);
}

static double time_one(struct contender *c, enum engine engine, uint32_t which)
{
    uint32_t r0, duration = 0;
    if (engine != LINUX)
        return time_ours(c, engine, which);
    linux_bpf_run(c->linux_prog[which], ROUNDS, &r0, &duration);
    return duration;
}

static bool is_there(const struct contender *c, const struct row *row, enum engine engine)
{
    /* Nobody empties Linux's ring here: full, it would be measured as an error. */
    if (engine == LINUX)
        return c->has_linux && row->operation != OUTPUT;
    return engine == INTERPRETER || (c->jit[0] != NULL && c->jit[1] != NULL);
}

static void measure(struct contender *c, const struct row *row)
{
    double best[ENGINES][2];
    for (uint32_t i = 0; i < REPETITIONS; i++) {
        for (uint32_t e = 0; e < ENGINES; e++) {
            for (uint32_t which = 0; which < 2 && is_there(c, row, e); which++) {
                double ns = time_one(c, e, which);
                best[e][which] = i == 0 || ns < best[e][which] ? ns : best[e][which];
            }
        }
    }
    printf("%-28s", row->name);
    for (uint32_t e = 0; e < ENGINES; e++) {
        if (is_there(c, row, e))
            printf(" %10.1f", (best[e][1] - best[e][0]) / TIMES);
        else
            printf(" %10s", "-");
    }
    printf("\n");
}

static void close_all(struct contender *c)
{
    for (uint32_t which = 0; which < 2; which++) {
        bpf_jit_destroy(c->jit[which]);
        bpf_prog_destroy(c->prog[which]);
        if (c->has_linux)
            close(c->linux_prog[which]);
    }
    if (c->has_linux)
        linux_backend_close(&c->linux_map);
    bpf_map_put(c->map);
}

int main(void)
{
    host_env_init(&host);
    printf("ns an operation, helper call and key included: the best of %d turns\n", REPETITIONS);
    printf("%-28s %10s %10s %10s\n", "", "JIT", "interpr.", "Linux");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct contender c = { 0 };
        const struct bpf_map_spec spec = shape_spec(&rows[i].shape);
        if (bpf_map_create(&host.env, &spec, &c.map, NULL) != 0)
            return 1;
        make_linux(&c, &rows[i]);
        fill(&c, &rows[i]);
        if (!make_ours(&c, &rows[i], 0) || !make_ours(&c, &rows[i], 1))
            return 1;
        measure(&c, &rows[i]);
        close_all(&c);
    }
    return 0;
}
