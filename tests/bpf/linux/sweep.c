/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Every kind of value with every operation, judged here and by the running kernel.
 *
 *     bpf-linux-sweep [--pairs COUNT [SEED]] [--every N] [--list] [--only KIND_OR_MAP] [--with TEXT]
 *
 * One operation on each kind, and each use of each type of map in each kind of program (with --every: each Nth of these
 * programs only; --only and --with: what they name); with --pairs also COUNT programs of two
 * operations drawn at random. Prints how often both say the same, and what only one accepts by reason; --list prints
 * each of these programs. Fails where only this verifier accepts, but for what known_rows says. Exit 77: Linux cannot
 * be asked here. */
#include "sweep.h"

#include "assembler.h"
#include <bpf_linux/contexts.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAGMENT_MAX 64
#define PROGRAM_MAX  300
#define REASON_MAX   400

struct fragment {
    struct bpf_insn insns[FRAGMENT_MAX];
    uint32_t count;
    bool is_bad; /* it names what this kernel has not */
};

struct kind {
    const struct sweep_kind *row;
    const struct bpf_context_layout *layout;
    uint32_t attach_btf_id;
    struct fragment begin, end;
    bool is_usable;
};

struct operation {
    const struct sweep_operation *row;
    struct fragment text, body;
};

static struct kind *kinds;
static struct operation *operations;
static bool list;

/* --- Text to instructions --- */

/* {NAME} and {struct NAME} by their numbers. */
static bool put_numbers(const char *text, char *out, size_t out_size)
{
    size_t length = 0;
    while (*text != '\0' && length + 12 < out_size) {
        char name[60];
        if (*text != '{') {
            out[length++] = *text++;
            continue;
        }
        size_t size = strcspn(text, "}");
        bool is_struct = strncmp(text, "{struct ", 8) == 0;
        snprintf(name, sizeof name, "%.*s", (int)(size - (is_struct ? 8 : 1)),
                 text + (is_struct ? 8 : 1));
        uint32_t id =
            bpf_btf_find(ask_kernel_types(), name, is_struct ? BPF_BTF_STRUCT : BPF_BTF_FUNC);
        if (id == 0)
            return false;
        length += (size_t)snprintf(out + length, out_size - length, "%u", id);
        text += size + 1;
    }
    out[length] = '\0';
    return true;
}

static void make_fragment(const char *text, struct fragment *out)
{
    static struct assembly assembly;
    char numbered[1200];
    uint32_t map_count;
    struct bpf_map *const *maps = ask_maps(&map_count);
    out->is_bad = !put_numbers(text, numbered, sizeof numbered);
    if (out->is_bad)
        return;
    if (!assemble(numbered, maps, map_count, &assembly) || assembly.insn_count > FRAGMENT_MAX) {
        printf("'%s': %s\n", numbered, assembly.error);
        exit(2);
    }
    out->count = assembly.insn_count;
    memcpy(out->insns, assembly.insns, out->count * sizeof *out->insns);
}

static void make_all(void)
{
    sweep_make_operations();
    kinds = calloc(sweep_kind_count, sizeof *kinds);
    operations = calloc(sweep_operation_count, sizeof *operations);
    if (kinds == NULL || operations == NULL)
        exit(2);
    for (uint32_t i = 0; i < sweep_kind_count; i++) {
        struct kind *kind = &kinds[i];
        kind->row = &sweep_kinds[i];
        kind->layout = bpf_linux_context_by_section(kind->row->section);
        kind->attach_btf_id =
            kind->row->target == NULL
                ? ask_attach_target(kind->layout)
                : bpf_btf_find(ask_kernel_types(), kind->row->target, BPF_BTF_FUNC);
        make_fragment(kind->row->begin, &kind->begin);
        make_fragment(kind->row->end, &kind->end);
        kind->is_usable = !kind->begin.is_bad && !kind->end.is_bad;
    }
    for (uint32_t i = 0; i < sweep_operation_count; i++) {
        operations[i].row = &sweep_operations[i];
        make_fragment(sweep_operations[i].text, &operations[i].text);
        if (sweep_operations[i].body != NULL)
            make_fragment(sweep_operations[i].body, &operations[i].body);
    }
}

/* --- A program --- */

struct program {
    struct bpf_insn insns[PROGRAM_MAX];
    struct question question;
};

static uint32_t append(struct program *p, const struct fragment *fragment)
{
    uint32_t at = p->question.insn_count;
    memcpy(p->insns + at, fragment->insns, fragment->count * sizeof *fragment->insns);
    p->question.insn_count += fragment->count;
    return at;
}

static bool wants_function(const struct bpf_insn *insn)
{
    return (insn->opcode == (BPF_JMP | BPF_CALL) && insn->src_reg == BPF_CALL_LOCAL) ||
           (insn->opcode == (BPF_LD | BPF_IMM | BPF_DW) && insn->src_reg == BPF_PSEUDO_FUNC);
}

static void append_body(struct program *p, const struct fragment *body, uint32_t type,
                        const struct fragment *text, uint32_t text_at)
{
    struct question *q = &p->question;
    uint32_t at = append(p, body);
    q->functions[q->function_count].insn_index = at;
    q->functions[q->function_count++].type = type;
    for (uint32_t i = 0; i < text->count; i += bpf_insn_slots(&text->insns[i]))
        if (wants_function(&text->insns[i]))
            p->insns[text_at + i].imm = (int32_t)(at - (text_at + i) - 1);
}

static struct fragment prologue, map_prologue, value8, zero, epilogue;

static void make_parts(void)
{
    make_fragment("r9 = r1; r0 = 0; *(u64 *)(r10 - 8) = r0; *(u64 *)(r10 - 16) = r0; *(u64 *)(r10 "
                  "- 24) = r0; "
                  "*(u64 *)(r10 - 32) = r0; *(u64 *)(r10 - 40) = r0; *(u64 *)(r10 - 48) = r0; "
                  "*(u64 *)(r10 - 56) = r0; *(u64 *)(r10 - 64) = r0; call $7; r7 = r0",
                  &prologue);
    make_fragment("*(u32 *)(r10 - 72) = 0; r1 = map[array]; r2 = r10; r2 += -72; call $1; "
                  "if r0 != 0 goto +2; r0 = 0; exit; r8 = r0",
                  &value8);
    make_fragment("r6 = r1; r0 = 0; *(u64 *)(r10 - 8) = r0; *(u64 *)(r10 - 16) = r0; "
                  "*(u64 *)(r10 - 24) = r0; *(u64 *)(r10 - 32) = r0; *(u64 *)(r10 - 40) = r0; "
                  "*(u64 *)(r10 - 48) = r0; *(u64 *)(r10 - 56) = r0; *(u64 *)(r10 - 64) = r0; "
                  "call $7; *(u32 *)(r10 - 64) = r0; r7 = r10; r7 += -64; r8 = r10; r8 += -32",
                  &map_prologue);
    make_fragment("r0 = 0", &zero);
    make_fragment("r0 = 0; exit", &epilogue);
}

static void make_program(const struct kind *kind, const struct operation *const *ops,
                         uint32_t count, struct program *p)
{
    uint32_t at[2];
    p->question = (struct question){ .layout = kind->layout,
                                     .attach_btf_id = kind->attach_btf_id,
                                     .insns = p->insns,
                                     .functions = { { 0, ASK_MAIN } },
                                     .function_count = 1 };
    append(p, &prologue);
    append(p, &value8);
    uint32_t begin = append(p, &kind->begin);
    append(p, &zero);
    for (uint32_t i = 0; i < count; i++)
        at[i] = append(p, &ops[i]->text);
    append(p, &kind->end);
    append(p, &epilogue);
    for (uint32_t i = 0; i < count; i++)
        if (ops[i]->row->body != NULL)
            append_body(p, &ops[i]->body, (uint32_t)ops[i]->row->function, &ops[i]->text, at[i]);
    bool is_function = false;
    for (uint32_t i = 0; i < kind->begin.count; i += bpf_insn_slots(&kind->begin.insns[i]))
        is_function |= wants_function(&kind->begin.insns[i]);
    if (is_function)
        append_body(p, &epilogue, ASK_STATIC, &kind->begin, begin);
}

/* --- Counting --- */

struct reasons {
    struct reason {
        char text[120], example[640];
        uint32_t count;
    } all[REASON_MAX];
    uint32_t count;
};
static struct reasons only_here, only_there;

static struct tally {
    uint64_t asked, same, accepted, only_here, only_there, known;
} total;

/* Numbers are all one. */
static void note(struct reasons *reasons, const char *why, const char *example)
{
    char line[120];
    size_t length = 0;
    for (; *why != '\0' && *why != '\n' && length + 1 < sizeof line; why++) {
        bool digit = *why >= '0' && *why <= '9';
        if (!digit || length == 0 || line[length - 1] != 'N')
            line[length++] = digit ? 'N' : *why;
    }
    line[length] = '\0';
    uint32_t i = 0;
    while (i < reasons->count && strcmp(reasons->all[i].text, line) != 0)
        i++;
    if (i == REASON_MAX)
        return;
    if (i == reasons->count) {
        snprintf(reasons->all[i].text, sizeof reasons->all[i].text, "%s", line);
        snprintf(reasons->all[i].example, sizeof reasons->all[i].example, "%s", example);
        reasons->count++;
    }
    reasons->all[i].count++;
}

static void print_reasons(const char *title, const struct reasons *reasons)
{
    printf("%s\n", title);
    for (uint32_t i = 0; i < reasons->count; i++)
        printf("  %6u %s\n         [%s]\n", reasons->all[i].count, reasons->all[i].text,
               reasons->all[i].example);
}

/* What is accepted here only, and known. */
static const struct known {
    const char *kind, *operation, *linux_says; /* parts of them; NULL: any */
    const char *why;
} known_rows[] = {
    /* More is known here: */
    { NULL, NULL, "unbounded memory access",
      "an offset that may be below 0, beside a constant one" },
    { NULL, NULL, "must be referenced", "an offset that was added and taken away again" },
    { "stack_spilled", NULL, "register fill",
      "of ways that meet, one has a pointer in the slot, one a number" },
    { "function", NULL, "verifier bug", "the kernel's own mistake" },
    { "packet_", "r2 = map[progs]", NULL,
      "a tail call that may have changed the packet: the pointer is a number" },
};

static bool is_part(const char *text, const char *part)
{
    return part == NULL || strstr(text, part) != NULL;
}

static bool is_known(const char *kind, const char *operations_text, const char *why)
{
    for (size_t i = 0; i < sizeof known_rows / sizeof *known_rows; i++)
        if (is_part(kind, known_rows[i].kind) &&
            is_part(operations_text, known_rows[i].operation) &&
            is_part(why, known_rows[i].linux_says))
            return true;
    return false;
}

static void judge(const struct program *program, const char *kind, const char *text)
{
    bool here = ask_us(&program->question, NULL, 0) == 0;
    bool there = ask_linux(&program->question, NULL, 0) == 0;
    total.asked++;
    total.same += here == there;
    total.accepted += here && there;
    if (here == there)
        return;
    char why[300], example[640];
    if (here)
        ask_linux(&program->question, why, sizeof why);
    else
        ask_us(&program->question, why, sizeof why);
    snprintf(example, sizeof example, "%s: %s", kind, text);
    if (list)
        printf("%s only: %s: %s\n", here ? "here" : "Linux", example, why);
    total.only_here += here;
    if (here && is_known(kind, text, why)) {
        total.known++;
        return;
    }
    total.only_there += there;
    note(here ? &only_here : &only_there, why, example);
}

static void ask(const struct kind *kind, const struct operation *const *ops, uint32_t count)
{
    static struct program program;
    char text[480];
    make_program(kind, ops, count, &program);
    snprintf(text, sizeof text, "%s%s%s", ops[0]->row->text, count > 1 ? " ;; " : "",
             count > 1 ? ops[1]->row->text : "");
    judge(&program, kind->row->name, text);
}

static uint64_t next_random(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15u;
    uint64_t z = *state;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* --- Maps and what is done with them, in every kind of program --- */

static void put_name(const char *use, const char *name, char *out, size_t out_size)
{
    size_t length = 0;
    for (; *use != '\0' && length + strlen(name) + 1 < out_size; use++)
        length += (size_t)snprintf(out + length, out_size - length, *use == '@' ? "%s" : "%.1s",
                                   *use == '@' ? name : use);
}

static void ask_about(const struct bpf_context_layout *layout, const struct fragment *use,
                      const char *map, const char *text)
{
    static struct program p;
    const struct bpf_insn finish[] = {
        { .opcode = BPF_ALU64 | BPF_MOV, .imm = layout->result_checked ? layout->result_min : 0 },
        { .opcode = BPF_JMP | BPF_EXIT },
    };
    p.question = (struct question){ .layout = layout,
                                    .attach_btf_id = ask_attach_target(layout),
                                    .insns = p.insns,
                                    .functions = { { 0, ASK_MAIN } },
                                    .function_count = 1 };
    append(&p, &map_prologue);
    append(&p, use);
    memcpy(p.insns + p.question.insn_count, finish, sizeof finish);
    p.question.insn_count += 2;
    char name[160];
    snprintf(name, sizeof name, "%s %s", layout->section_prefix, map);
    judge(&p, name, text);
}

static bool can_be_asked(const struct bpf_context_layout *layout)
{
    const struct bpf_insn nothing[] = {
        { .opcode = BPF_ALU64 | BPF_MOV, .imm = layout->result_checked ? layout->result_min : 0 },
        { .opcode = BPF_JMP | BPF_EXIT },
    };
    const struct question question = { .layout = layout,
                                       .attach_btf_id = ask_attach_target(layout),
                                       .insns = nothing,
                                       .insn_count = 2 };
    return ask_linux(&question, NULL, 0) == 0;
}

static void sweep_maps(uint64_t every, const char *only)
{
    uint32_t map_count, layouts = 0;
    uint64_t n = 0;
    struct bpf_map *const *maps = ask_maps(&map_count);
    struct fragment *uses = calloc(map_count * sweep_map_use_count, sizeof *uses);
    for (uint32_t i = 0; uses != NULL && i < map_count * sweep_map_use_count; i++) {
        char text[300];
        put_name(sweep_map_uses[i % sweep_map_use_count], maps[i / sweep_map_use_count]->name, text,
                 sizeof text);
        make_fragment(text, &uses[i]);
    }
    for (uint32_t l = 0; uses != NULL && l < bpf_linux_context_count; l++) {
        if (!can_be_asked(&bpf_linux_contexts[l]))
            continue;
        layouts++;
        for (uint32_t i = 0; i < map_count * sweep_map_use_count; i++)
            if ((only == NULL || strcmp(only, maps[i / sweep_map_use_count]->name) == 0) &&
                n++ % every == 0 && !uses[i].is_bad)
                ask_about(&bpf_linux_contexts[l], &uses[i], maps[i / sweep_map_use_count]->name,
                          sweep_map_uses[i % sweep_map_use_count]);
    }
    printf("%u maps, %u uses, %u kinds of program\n", map_count, sweep_map_use_count, layouts);
    free(uses);
}

/* A kind whose beginning is refused tells nothing of what is done with it. */
static void check_kinds(void)
{
    struct operation nothing = { .row = &(struct sweep_operation){ .text = "nothing" } };
    const struct operation *const ops[] = { &nothing };
    static struct program program;
    char here[300], there[300];
    for (uint32_t i = 0; i < sweep_kind_count; i++) {
        if (!kinds[i].is_usable) {
            printf("  %s: not here: this kernel has no such function or type\n",
                   kinds[i].row->name);
            continue;
        }
        make_program(&kinds[i], ops, 1, &program);
        int ours = ask_us(&program.question, here, sizeof here);
        int theirs = ask_linux(&program.question, there, sizeof there);
        if ((ours == 0) != (theirs == 0))
            printf("  %s alone: here %d %.120s; Linux %d %.120s\n", kinds[i].row->name, ours,
                   ours == 0 ? "" : here, theirs, theirs == 0 ? "" : there);
    }
}

int main(int argc, char **argv)
{
    uint64_t pairs = 0, seed = 1, every = 1, n = 0;
    const char *only = NULL, *with = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--list") == 0)
            list = true;
        else if (strcmp(argv[i], "--every") == 0 && i + 1 < argc)
            every = strtoull(argv[++i], NULL, 0);
        else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc)
            only = argv[++i];
        else if (strcmp(argv[i], "--with") == 0 && i + 1 < argc)
            with = argv[++i];
        else if (strcmp(argv[i], "--pairs") == 0 && i + 1 < argc) {
            pairs = strtoull(argv[++i], NULL, 0);
            if (i + 1 < argc && argv[i + 1][0] != '-')
                seed = strtoull(argv[++i], NULL, 0);
        }
    }
    if (!ask_begin())
        return 77;
    make_all();
    make_parts();
    check_kinds();
    for (uint32_t k = 0; k < sweep_kind_count; k++)
        for (uint32_t o = 0; o < sweep_operation_count; o++) {
            const struct operation *const ops[] = { &operations[o] };
            bool wanted = (only == NULL || strcmp(only, kinds[k].row->name) == 0) &&
                          is_part(operations[o].row->text, with);
            if (kinds[k].is_usable && !operations[o].text.is_bad && wanted && n++ % every == 0)
                ask(&kinds[k], ops, 1);
        }
    printf("%u kinds, %u operations\n", sweep_kind_count, sweep_operation_count);
    for (uint64_t i = 0; i < pairs; i++) {
        const struct kind *kind = &kinds[next_random(&seed) % sweep_kind_count];
        const struct operation *const ops[] = {
            &operations[next_random(&seed) % sweep_operation_count],
            &operations[next_random(&seed) % sweep_operation_count],
        };
        bool wanted = only == NULL || strcmp(only, kind->row->name) == 0;
        if (wanted && kind->is_usable && !ops[0]->text.is_bad && !ops[1]->text.is_bad)
            ask(kind, ops, 2);
    }
    if (with == NULL)
        sweep_maps(every, only);
    print_reasons("accepted here only, for no known reason; Linux says:", &only_here);
    print_reasons("accepted by Linux only; here:", &only_there);
    printf("%" PRIu64 " programs, %" PRIu64 " verdicts alike (%" PRIu64
           " accepted by both), %" PRIu64 " accepted here only (%" PRIu64
           " for known reasons), %" PRIu64 " by Linux only\n",
           total.asked, total.same, total.accepted, total.only_here, total.known, total.only_there);
    free(kinds);
    free(operations);
    ask_end();
    return total.only_here != total.known;
}
