/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Each statement is matched against the text templates of bpf_insn_table (bpf/insn.h says what %D,
 * %i ... mean); the first row that matches wins. Labels are resolved in a second pass. */
#include "assembler.h"

#include <bpf/helper.h>

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LABEL_MAX       512
#define NAME_MAX_LENGTH 40

struct label {
    char name[NAME_MAX_LENGTH];
    uint32_t insn_index;
};

struct assembler {
    struct assembly *out;
    struct bpf_map *const *maps;
    uint32_t map_count;
    struct label labels[LABEL_MAX], wanted[LABEL_MAX]; /* wanted: the jump or call that wants it */
    uint32_t label_count, wanted_count;
};

static bool fail(struct assembler *a, const char *format, ...)
{
    va_list arguments;
    if (a->out->error[0] != '\0')
        return false;
    va_start(arguments, format);
    vsnprintf(a->out->error, sizeof a->out->error, format, arguments);
    va_end(arguments);
    return false;
}

static const char *skip_space(const char *at)
{
    while (*at == ' ' || *at == '\t')
        at++;
    return at;
}

static const char *match_register(const char *at, char letter, uint32_t *number)
{
    if (at[0] != letter || !isdigit((unsigned char)at[1]))
        return NULL;
    char *end;
    *number = (uint32_t)strtoul(at + 1, &end, 10);
    return *number < 16 ? end : NULL;
}

/* Takes values up to 32 bits, signed or not. */
static const char *match_number(const char *at, int64_t *value)
{
    char *end;
    if (!isdigit((unsigned char)*at) && *at != '-')
        return NULL;
    *value = *at == '-' ? strtoll(at, &end, 0) : (int64_t)strtoull(at, &end, 0);
    return end == at ? NULL : end;
}

static const char *match_immediate(const char *at, int32_t *imm)
{
    int64_t value;
    const char *end = match_number(at, &value);
    if (end == NULL || value < INT32_MIN || value > UINT32_MAX)
        return NULL;
    *imm = (int32_t)value;
    return end;
}

/* "+ 8", "- 8" */
static const char *match_displacement(const char *at, int16_t *offset)
{
    int64_t value;
    bool negative = *at == '-';
    if (*at != '+' && *at != '-')
        return NULL;
    at = match_number(skip_space(at + 1), &value);
    if (at == NULL || value > 32768)
        return NULL;
    *offset = (int16_t)(negative ? -value : value);
    return at;
}

static const char *match_name(const char *at, char name[NAME_MAX_LENGTH])
{
    size_t length = 0;
    while (isalnum((unsigned char)at[length]) || at[length] == '_')
        length++;
    if (length == 0 || length >= NAME_MAX_LENGTH || isdigit((unsigned char)*at))
        return NULL;
    memcpy(name, at, length);
    name[length] = '\0';
    return at + length;
}

static void set_distance(struct bpf_insn *insn, int32_t distance)
{
    if (insn->opcode == (BPF_JMP32 | BPF_JA) || insn->opcode == (BPF_JMP | BPF_CALL) ||
        insn->opcode == (BPF_LD | BPF_IMM | BPF_DW))
        insn->imm = distance;
    else
        insn->offset = (int16_t)distance;
}

static const char *match_target(struct assembler *a, const char *at, struct bpf_insn *insn)
{
    struct label *wanted = &a->wanted[a->wanted_count];
    int64_t distance;
    if (*at == '+' || *at == '-') {
        const char *end = match_number(*at == '+' ? at + 1 : at, &distance);
        if (end != NULL)
            set_distance(insn, (int32_t)distance);
        return end;
    }
    const char *end = match_name(at, wanted->name);
    if (end != NULL && a->wanted_count + 1 < LABEL_MAX) {
        wanted->insn_index = a->out->insn_count;
        a->wanted_count++;
    }
    return end;
}

static const char *match_callee(struct assembler *a, const char *at, struct bpf_insn *insn)
{
    char name[NAME_MAX_LENGTH];
    int64_t number;
    if (insn->src_reg == BPF_CALL_LOCAL)
        return match_target(a, at, insn);
    if (*at == '$') {
        at = match_number(at + 1, &number);
        insn->imm = (int32_t)number;
        return at;
    }
    at = match_name(at, name);
    for (uint32_t i = 0; at != NULL && i < bpf_helper_count; i++) {
        if (strcmp(bpf_helpers[i].name, name) == 0) {
            insn->imm = (int32_t)bpf_helpers[i].id;
            return at;
        }
    }
    return NULL;
}

static const char *match_map(const struct assembler *a, const char *at, int32_t *index)
{
    char name[NAME_MAX_LENGTH];
    if (strncmp(at, "map[", 4) != 0)
        return NULL;
    at = match_name(at + 4, name);
    if (at == NULL || *at != ']')
        return NULL;
    for (uint32_t i = 0; i < a->map_count; i++) {
        if (strcmp(a->maps[i]->name, name) == 0) {
            *index = (int32_t)i;
            return at + 1;
        }
    }
    return NULL;
}

/* The constant of LDDW, after "rN = ". */
static const char *match_wide(struct assembler *a, const char *at, struct bpf_insn insn[2])
{
    int64_t value;
    switch (insn->src_reg) {
    case BPF_PSEUDO_FUNC:
        return strncmp(at, "function ", 9) == 0 ? match_target(a, at + 9, insn) : NULL;
    case BPF_PSEUDO_MAP_IDX:
        return match_map(a, at, &insn->imm);
    case BPF_PSEUDO_MAP_IDX_VALUE:
        if (*at != '&' || (at = match_map(a, at + 1, &insn->imm)) == NULL)
            return NULL;
        at = skip_space(at);
        if (*at != '+')
            return at;
        at = match_number(skip_space(at + 1), &value);
        insn[1].imm = (int32_t)value;
        return at;
    case 0:
        at = match_number(at, &value);
        if (at == NULL || strncmp(skip_space(at), "ll", 2) != 0)
            return NULL;
        insn[0].imm = (int32_t)value;
        insn[1].imm = (int32_t)(value >> 32);
        return skip_space(at) + 2;
    default:
        return NULL;
    }
}

/* One %x of a template. */
static const char *match_field(struct assembler *a, char field, const char *at,
                               struct bpf_insn insn[2])
{
    uint32_t number = 0;
    switch (field) {
    case 'D':
    case 'd':
        at = match_register(at, field == 'D' ? 'r' : 'w', &number);
        insn->dst_reg = number & 15;
        return at;
    case 'S':
    case 's':
        at = match_register(at, field == 'S' ? 'r' : 'w', &number);
        insn->src_reg = number & 15;
        return at;
    case 'i':
        return match_immediate(at, &insn->imm);
    case 'o':
        return match_displacement(at, &insn->offset);
    case 'j':
        return match_target(a, at, insn);
    case 'c':
        return match_callee(a, at, insn);
    case 'm':
        return match_wide(a, at, insn);
    default:
        return NULL;
    }
}

static bool match_row(struct assembler *a, const struct bpf_insn_row *row, const char *at,
                      struct bpf_insn insn[2])
{
    memset(insn, 0, 2 * sizeof *insn);
    insn->opcode = row->opcode;
    uint32_t wanted_before = a->wanted_count;
    if (row->selector == BPF_BY_OFFSET)
        insn->offset = row->selected;
    if (row->selector == BPF_BY_IMM)
        insn->imm = row->selected;
    if (row->selector == BPF_BY_SRC)
        insn->src_reg = (uint32_t)row->selected & 15;
    struct bpf_insn first = *insn;
    bool dst_seen = false, src_seen = false;
    for (const char *t = row->text; at != NULL && *t != '\0'; t++) {
        at = skip_space(at);
        if (*t == ' ')
            continue;
        if (*t != '%' || *++t == '%') {
            at = *at == *t ? at + 1 : NULL;
            continue;
        }
        at = match_field(a, *t, at, insn);
        /* A register named twice has one field: "r1 = -r2" has no encoding. */
        bool is_dst = *t == 'D' || *t == 'd', is_src = *t == 'S' || *t == 's';
        if ((is_dst && dst_seen && insn->dst_reg != first.dst_reg) ||
            (is_src && src_seen && insn->src_reg != first.src_reg))
            at = NULL;
        dst_seen |= is_dst;
        src_seen |= is_src;
        first = *insn;
    }
    if (at != NULL && *skip_space(at) == '\0')
        return true;
    a->wanted_count = wanted_before;
    return false;
}

static bool emit(struct assembler *a, const struct bpf_insn *insn, uint32_t slots)
{
    if (a->out->insn_count + slots > ASSEMBLER_INSN_MAX)
        return fail(a, "too many instructions");
    for (uint32_t i = 0; i < slots; i++)
        a->out->insns[a->out->insn_count++] = insn[i];
    return true;
}

static bool raw_insn(struct assembler *a, const char *at)
{
    unsigned opcode, dst, src;
    int offset;
    long long imm;
    if (sscanf(at, ".insn %i %u %u %i %lli", (int *)&opcode, &dst, &src, &offset, &imm) != 5)
        return fail(a, "'%s': .insn OPCODE DST SRC OFFSET IMM", at);
    struct bpf_insn insn = { (uint8_t)opcode, dst & 15, src & 15, (int16_t)offset, (int32_t)imm };
    return emit(a, &insn, 1);
}

static bool statement(struct assembler *a, const char *at)
{
    struct bpf_insn insn[2];
    if (strncmp(at, ".insn ", 6) == 0)
        return raw_insn(a, at);
    for (uint32_t i = 0; i < bpf_insn_table_count; i++) {
        const struct bpf_insn_row *row = &bpf_insn_table[i];
        if ((row->fields & BPF_LEGACY) == 0 && match_row(a, row, at, insn))
            return emit(a, insn, bpf_insn_slots(insn));
    }
    return fail(a, "'%s': no such instruction", at);
}

/* Leading labels, then perhaps a statement. */
static bool line(struct assembler *a, char *at)
{
    for (;;) {
        char name[NAME_MAX_LENGTH];
        at = (char *)(uintptr_t)skip_space(at);
        const char *end = match_name(at, name);
        if (end == NULL || *end != ':')
            break;
        if (a->label_count == LABEL_MAX)
            return fail(a, "too many labels");
        memcpy(a->labels[a->label_count].name, name, sizeof name);
        a->labels[a->label_count++].insn_index = a->out->insn_count;
        at += end - at + 1;
    }
    for (size_t length = strlen(at); length > 0 && isspace((unsigned char)at[length - 1]); length--)
        at[length - 1] = '\0';
    return *at == '\0' || statement(a, at);
}

static bool resolve(struct assembler *a)
{
    for (uint32_t w = 0; w < a->wanted_count; w++) {
        const struct label *wanted = &a->wanted[w];
        uint32_t l = 0;
        while (l < a->label_count && strcmp(a->labels[l].name, wanted->name) != 0)
            l++;
        if (l == a->label_count)
            return fail(a, "no label '%s'", wanted->name);
        int64_t distance = (int64_t)a->labels[l].insn_index - wanted->insn_index - 1;
        set_distance(&a->out->insns[wanted->insn_index], (int32_t)distance);
    }
    return true;
}

bool assemble(const char *text, struct bpf_map *const *maps, uint32_t map_count,
              struct assembly *out)
{
    struct assembler *a = calloc(1, sizeof *a);
    a->out = out;
    a->maps = maps;
    a->map_count = map_count;
    out->insn_count = 0;
    out->error[0] = '\0';
    bool fine = true;
    while (fine && *text != '\0') {
        char buffer[200];
        size_t length = strcspn(text, ";\n#");
        if (length >= sizeof buffer) {
            fine = fail(a, "a statement is too long");
            break;
        }
        memcpy(buffer, text, length);
        buffer[length] = '\0';
        text += length;
        text += *text == '#' ? strcspn(text, "\n") : 0;
        text += *text != '\0';
        fine = line(a, buffer);
    }
    fine = fine && resolve(a);
    free(a);
    return fine;
}
