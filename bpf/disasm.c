/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Disassembly: the row's template (bpf/insn.h) with the instruction's fields put in. */
#include <axiom/format.h>
#include <axiom/string.h>
#include <bpf/disasm.h>
#include <bpf/helper.h>
#include <bpf/op.h>
#include <bpf_internal/core_relo.h>

struct writer {
    char *to;
    size_t size;
    int length;
};

static void put(struct writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct writer *w, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t used = (size_t)w->length < w->size ? (size_t)w->length : w->size;
    w->length += format_text_va(w->to + used, w->size - used, format, arguments);
    va_end(arguments);
}

static const char *helper_name(const struct bpf_disasm_names *names, uint32_t id)
{
    static const struct bpf_env none;
    struct bpf_env own = none;
    own.helpers = bpf_helpers;
    own.helper_count = bpf_helper_count;
    const struct bpf_helper *row =
        bpf_helper_find(names != NULL && names->env != NULL ? names->env : &own, id);
    return row == NULL ? NULL : row->name;
}

static void put_function(struct writer *w, int64_t target, const struct bpf_disasm_names *names)
{
    const struct bpf_debug_func *func = NULL;
    if (names != NULL && target >= 0)
        func = bpf_debug_func_at(names->debug, (uint32_t)target);
    if (func != NULL && func->insn_index == target)
        put(w, "%s", func->name);
    else
        put(w, "pc %lld", (long long)target);
}

/* Of the kernel's function or variable; NULL: its types are not there. */
static const char *kernel_name(const struct bpf_disasm_names *names, int32_t id)
{
    struct bpf_btf_type type;
    bool known = names != NULL && names->kernel_btf != NULL && id > 0 &&
                 bpf_btf_type_at(names->kernel_btf, (uint32_t)id, &type) && type.name[0] != '\0';
    return known ? type.name : NULL;
}

static void put_callee(struct writer *w, const struct bpf_insn *insn, uint32_t index,
                       const struct bpf_disasm_names *names)
{
    if (insn->src_reg == BPF_CALL_LOCAL) {
        put_function(w, (int64_t)index + 1 + insn->imm, names);
        return;
    }
    if (insn->src_reg == BPF_CALL_BTF_ID) {
        const char *function = kernel_name(names, insn->imm);
        put(w, "%s#%d", function != NULL ? function : "btf", insn->imm);
        return;
    }
    const char *name = helper_name(names, (uint32_t)insn->imm);
    if (name != NULL)
        put(w, "bpf_%s#%d", name, insn->imm);
    else /* what a CO-RE relocation that failed becomes */
        put(w, "unknown#%d%s", insn->imm,
            insn->imm == CORE_POISON_HELPER ? " (not in the kernel's types)" : "");
}

static void put_map(struct writer *w, int32_t index, const struct bpf_disasm_names *names)
{
    if (names != NULL && names->maps != NULL && index >= 0 && (uint32_t)index < names->map_count)
        put(w, "%s", names->maps[index]->name);
    else
        put(w, "%d", index);
}

static void put_constant(struct writer *w, const struct bpf_insn *insn, bool have_second,
                         uint32_t index, const struct bpf_disasm_names *names)
{
    uint32_t high = have_second ? (uint32_t)insn[1].imm : 0;
    switch (insn->src_reg) {
    case 0:
        put(w, "0x%llx ll", (unsigned long long)high << 32 | (uint32_t)insn->imm);
        break;
    case BPF_PSEUDO_MAP_FD:
        put(w, "map_fd[%d]", insn->imm);
        break;
    case BPF_PSEUDO_MAP_VALUE:
        put(w, "map_fd[%d].value + %u", insn->imm, high);
        break;
    case BPF_PSEUDO_MAP_IDX:
        put(w, "map[");
        put_map(w, insn->imm, names);
        put(w, "]");
        break;
    case BPF_PSEUDO_MAP_IDX_VALUE:
        put(w, "map[");
        put_map(w, insn->imm, names);
        put(w, "].value + %u", high);
        break;
    case BPF_PSEUDO_FUNC:
        put(w, "func[");
        put_function(w, (int64_t)index + 1 + insn->imm, names);
        put(w, "]");
        break;
    default:
        put(w, "btf_id[%d]", insn->imm);
        if (kernel_name(names, insn->imm) != NULL)
            put(w, " (%s)", kernel_name(names, insn->imm));
    }
}

int bpf_disasm_insn(char *to, size_t size, const struct bpf_insn *insns, uint32_t insn_count,
                    uint32_t index, const struct bpf_disasm_names *names)
{
    struct writer w = { to, size, 0 };
    const struct bpf_insn *insn = &insns[index];
    const struct bpf_insn_row *row = bpf_insn_find(insn);
    if (size > 0)
        to[0] = '\0';
    if (row == NULL) {
        uint64_t raw;
        memcpy(&raw, insn, sizeof raw);
        put(&w, ".quad 0x%016llx", (unsigned long long)raw);
        return w.length;
    }
    for (const char *at = row->text; *at != '\0'; at++) {
        if (*at != '%') {
            put(&w, "%c", *at);
            continue;
        }
        switch (*++at) {
        case 'D':
            put(&w, "r%u", insn->dst_reg);
            break;
        case 'd':
            put(&w, "w%u", insn->dst_reg);
            break;
        case 'S':
            put(&w, "r%u", insn->src_reg);
            break;
        case 's':
            put(&w, "w%u", insn->src_reg);
            break;
        case 'i':
            put(&w, "%d", insn->imm);
            break;
        case 'a':
            put(&w, "%u, %u", (uint32_t)insn->imm >> 16, (uint32_t)insn->imm & 0xffffu);
            break;
        case 'o':
            put(&w, "%c %d", insn->offset < 0 ? '-' : '+',
                insn->offset < 0 ? -insn->offset : insn->offset);
            break;
        case 'j':
            put(&w, "%+d", bpf_jump_distance(insn));
            break;
        case 'c':
            put_callee(&w, insn, index, names);
            break;
        case 'm':
            put_constant(&w, insn, index + 1 < insn_count, index, names);
            break;
        default:
            put(&w, "%c", *at);
        }
    }
    return w.length;
}

#define LINE_MAX 320

static void emit_source(const struct bpf_debug_line *line,
                        void (*emit)(void *user, const char *line), void *user)
{
    char text[LINE_MAX];
    const char *code = line->text;
    while (*code == ' ' || *code == '\t')
        code++;
    const char *file = strrchr(line->file, '/');
    format_text(text, sizeof text, "; %s @ %s:%u", code, file == NULL ? line->file : file + 1,
                line->line);
    emit(user, text);
}

void bpf_disasm_program(const struct bpf_insn *insns, uint32_t insn_count,
                        const struct bpf_disasm_names *names,
                        void (*emit)(void *user, const char *line), void *user)
{
    const struct bpf_debug_info *debug = names == NULL ? NULL : names->debug;
    const struct bpf_debug_line *last_line = NULL;
    const struct bpf_debug_func *last_func = NULL;
    char text[LINE_MAX], code[LINE_MAX - 16];
    for (uint32_t i = 0; i < insn_count; i += bpf_insn_slots(&insns[i])) {
        const struct bpf_debug_func *func = bpf_debug_func_at(debug, i);
        if (func != NULL && func != last_func) {
            format_text(text, sizeof text, "%s:", func->name);
            emit(user, text);
        }
        const struct bpf_debug_line *line = bpf_debug_line_at(debug, i);
        bool same =
            line != NULL && last_line != NULL && line->line == last_line->line && func == last_func;
        if (line != NULL && !same)
            emit_source(line, emit, user);
        last_line = line;
        last_func = func;
        bpf_disasm_insn(code, sizeof code, insns, insn_count, i, names);
        format_text(text, sizeof text, "%6u: %s", i, code);
        emit(user, text);
    }
}
