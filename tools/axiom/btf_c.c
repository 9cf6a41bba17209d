/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Types as C, in an order that a compiler takes, with the layout that they have: what `bpftool btf
 * dump ... format c` is for ("vmlinux.h").
 *
 * Each named struct, union, enum and typedef is declared once, after what it contains; what it only
 * points to is declared as incomplete before. Members that would not fall on their offsets by
 * themselves get padding, or the whole is packed. Types of one name get ___2, ___3 behind it. BTF is
 * hostile: types that contain themselves, or nest without end, end in an error. */
#include "btf_c.h"
#include "btf_c_text.h"
#include "cli.h"

#include <stdlib.h>
#include <string.h>

static void emit(struct printer *p, uint32_t id);

static void need(struct printer *p, uint32_t id, bool by_pointer);

static void need_struct(struct printer *p, const struct bpf_btf_type *type, bool by_pointer)
{
    struct bpf_btf_member member;
    struct note *note = &p->notes[type->id];
    if (type->name[0] == '\0') {
        for (uint32_t i = 0; bpf_btf_member_at(p->btf, type, i, &member); i++)
            need(p, member.type, false);
    } else if (!by_pointer) {
        emit(p, type->id);
    } else if (note->progress != DONE && !note->is_declared) {
        char *name = printer_name(p, type);
        note->is_declared = true;
        fprintf(p->out, "%s %s;\n", btf_tag_word(type->kind), name == NULL ? "" : name);
        free(name);
    }
}

/* Everything that must be declared before something of this type can be; `by_pointer`: it may stay
 * incomplete. */
static void need(struct printer *p, uint32_t id, bool by_pointer)
{
    struct bpf_btf_type type;
    struct bpf_btf_param param;
    uint32_t element, count;
    if (id == 0 || p->problem != NULL)
        return;
    if (!printer_enter(p) || !bpf_btf_type_at(p->btf, id, &type)) {
        p->problem = p->problem == NULL ? "a type refers to what is not there" : p->problem;
        return;
    }
    switch (type.kind) {
    case BPF_BTF_PTR:
        need(p, type.size_or_type, true);
        break;
    case BPF_BTF_ARRAY:
        bpf_btf_array(p->btf, &type, &element, &count);
        need(p, element, false);
        break;
    case BPF_BTF_FUNC_PROTO:
        need(p, type.size_or_type, true);
        for (uint32_t i = 0; bpf_btf_param_at(p->btf, &type, i, &param); i++)
            need(p, param.type, true);
        break;
    case BPF_BTF_CONST:
    case BPF_BTF_VOLATILE:
    case BPF_BTF_RESTRICT:
    case BPF_BTF_TYPE_TAG:
        need(p, type.size_or_type, by_pointer);
        break;
    case BPF_BTF_TYPEDEF:
        /* Its name must be known even behind a pointer; what it names need not. */
        emit(p, id);
        if (!by_pointer)
            need(p, type.size_or_type, false);
        break;
    case BPF_BTF_STRUCT:
    case BPF_BTF_UNION:
        need_struct(p, &type, by_pointer);
        break;
    case BPF_BTF_ENUM:
    case BPF_BTF_ENUM64:
        if (type.name[0] != '\0')
            emit(p, id);
        break;
    case BPF_BTF_FWD:
        if (!p->notes[id].is_declared && btf_is_identifier(type.name))
            fprintf(p->out, "%s %s;\n", type.kind_flag ? "union" : "struct", type.name);
        p->notes[id].is_declared = true;
        break;
    default:
        break;
    }
    printer_leave(p);
}

static void emit_typedef(struct printer *p, const struct bpf_btf_type *type)
{
    /* The compiler has this one itself, and no other way to name it. */
    if (strcmp(type->name, "__builtin_va_list") == 0)
        return;
    struct bpf_btf_type target;
    bool is_nameless = type->size_or_type != 0 &&
                       bpf_btf_type_at(p->btf, type->size_or_type, &target) &&
                       btf_has_tag(target.kind) && target.name[0] == '\0';
    need(p, type->size_or_type, !is_nameless);
    char *text = printer_declare(p, type->size_or_type, printer_name(p, type), 0);
    fprintf(p->out, "typedef %s;\n\n", text == NULL ? "" : text);
    free(text);
}

static void emit_tagged(struct printer *p, const struct bpf_btf_type *type)
{
    struct bpf_btf_member member;
    if (type->kind == BPF_BTF_STRUCT || type->kind == BPF_BTF_UNION) {
        for (uint32_t i = 0; bpf_btf_member_at(p->btf, type, i, &member); i++)
            need(p, member.type, false);
    }
    if (p->problem != NULL)
        return;
    printer_body(p, p->out, type, 0);
    fprintf(p->out, ";\n\n");
}

static void emit(struct printer *p, uint32_t id)
{
    struct bpf_btf_type type;
    if (p->problem != NULL || p->notes[id].progress == DONE || !bpf_btf_type_at(p->btf, id, &type))
        return;
    if (p->notes[id].progress == BEGUN) {
        p->problem = "a type contains itself";
        return;
    }
    p->notes[id].progress = BEGUN;
    if (type.kind == BPF_BTF_TYPEDEF)
        emit_typedef(p, &type);
    else
        emit_tagged(p, &type);
    p->notes[id].progress = DONE;
}

static void mark(struct printer *p, uint32_t id)
{
    if (id <= bpf_btf_type_count(p->btf))
        p->notes[id].is_used = true;
}

/* What others refer to is printed where they are; and how many enumerators there are. */
static size_t mark_used(struct printer *p)
{
    size_t value_count = 0;
    struct bpf_btf_type type;
    struct bpf_btf_member member;
    struct bpf_btf_param param;
    uint32_t element, count;
    for (uint32_t id = 1; id <= bpf_btf_type_count(p->btf); id++) {
        if (!bpf_btf_type_at(p->btf, id, &type))
            continue;
        if (type.kind == BPF_BTF_ENUM || type.kind == BPF_BTF_ENUM64)
            value_count += type.member_count;
        else if (type.kind == BPF_BTF_STRUCT || type.kind == BPF_BTF_UNION)
            for (uint32_t i = 0; bpf_btf_member_at(p->btf, &type, i, &member); i++)
                mark(p, member.type);
        else if (bpf_btf_array(p->btf, &type, &element, &count))
            mark(p, element);
        else if (type.kind != BPF_BTF_INT && type.kind != BPF_BTF_FLOAT &&
                 type.kind != BPF_BTF_DATASEC && type.kind != BPF_BTF_FWD)
            mark(p, type.size_or_type);
        for (uint32_t i = 0;
             type.kind == BPF_BTF_FUNC_PROTO && bpf_btf_param_at(p->btf, &type, i, &param); i++)
            mark(p, param.type);
    }
    return value_count;
}

static bool prepare(struct printer *p)
{
    p->notes = calloc(bpf_btf_type_count(p->btf) + (size_t)1, sizeof *p->notes);
    if (p->notes == NULL)
        return false;
    for (uint32_t id = 0; id <= bpf_btf_type_count(p->btf); id++)
        p->notes[id].align = ALIGN_UNKNOWN;
    size_t places = 16;
    for (size_t count = mark_used(p); places < 4 * count;)
        places *= 2;
    p->values = calloc(places, sizeof *p->values);
    p->value_mask = places - 1;
    return p->values != NULL;
}

/* libbpf's bpf_tracing.h asks for __VMLINUX_H__: are registers named as the kernel names them? */
static const char of_linux[] = "#ifndef __VMLINUX_H__\n"
                               "#define __VMLINUX_H__\n"
                               "#endif\n\n";
static const char prologue[] =
    "#if defined(__clang__) && __has_attribute(preserve_access_index) && \\\n"
    "    !defined(BPF_NO_PRESERVE_ACCESS_INDEX)\n"
    "#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)\n"
    "#endif\n\n";
static const char epilogue[] =
    "#if defined(__clang__) && __has_attribute(preserve_access_index) && \\\n"
    "    !defined(BPF_NO_PRESERVE_ACCESS_INDEX)\n"
    "#pragma clang attribute pop\n"
    "#endif\n";
static const char before_functions[] = "\n#ifndef BPF_NO_KFUNC_PROTOTYPES\n"
                                       "#ifndef __ksym\n"
                                       "#define __ksym __attribute__((section(\".ksyms\")))\n"
                                       "#endif\n"
                                       "#ifndef __weak\n"
                                       "#define __weak __attribute__((weak))\n"
                                       "#endif\n\n";

/* What a tag "bpf_kfunc" stands at, and has not been printed yet. */
static bool is_kernel_function(const struct printer *p, const struct bpf_btf_type *tag,
                               struct bpf_btf_type *out)
{
    return tag->kind == BPF_BTF_DECL_TAG && strcmp(tag->name, "bpf_kfunc") == 0 &&
           bpf_btf_type_at(p->btf, tag->size_or_type, out) && out->kind == BPF_BTF_FUNC &&
           p->notes[out->id].progress == UNSEEN && btf_is_identifier(out->name);
}

static void emit_function(struct printer *p, const struct bpf_btf_type *function)
{
    need(p, function->size_or_type, true);
    char *text =
        printer_declare(p, function->size_or_type, printer_text(p, "%s", function->name), 0);
    fprintf(p->out, "extern %s __weak __ksym;\n", text == NULL ? "" : text);
    free(text);
    p->notes[function->id].progress = DONE;
}

/* The functions that programs may call: weak, so that one can ask for them (bpf_ksym_exists()). */
static void emit_functions(struct printer *p)
{
    struct bpf_btf_type tag, function;
    bool is_first = true;
    for (uint32_t id = bpf_btf_first_id(p->btf);
         p->problem == NULL && id <= bpf_btf_type_count(p->btf); id++) {
        if (!bpf_btf_type_at(p->btf, id, &tag) || !is_kernel_function(p, &tag, &function))
            continue;
        if (is_first)
            fputs(before_functions, p->out);
        is_first = false;
        emit_function(p, &function);
    }
    if (!is_first)
        fputs("\n#endif\n", p->out);
}

static bool is_wanted(const struct printer *p, const struct bpf_btf_type *type)
{
    bool is_enum = type->kind == BPF_BTF_ENUM || type->kind == BPF_BTF_ENUM64;
    if (type->name[0] != '\0')
        return type->kind == BPF_BTF_TYPEDEF || btf_has_tag(type->kind);
    return is_enum && !p->notes[type->id].is_used;
}

int btf_print_c(const struct bpf_btf *btf, const char *name, FILE *out)
{
    struct printer p = { .btf = btf, .out = out };
    uint32_t id = bpf_btf_first_id(btf);
    if (!prepare(&p))
        p.problem = "no memory";
    fprintf(out, "/* The types of %s. */\n#pragma once\n\n%s%s", name,
            bpf_btf_find(btf, "pt_regs", BPF_BTF_STRUCT) != 0 ? of_linux : "", prologue);
    for (; p.problem == NULL && id <= bpf_btf_type_count(btf); id++) {
        struct bpf_btf_type type;
        if (bpf_btf_type_at(btf, id, &type) && is_wanted(&p, &type))
            emit(&p, id);
    }
    fputs(epilogue, out);
    if (p.problem == NULL)
        emit_functions(&p);
    free(p.notes);
    free(p.values);
    return p.problem == NULL ? EXIT_OK
                             : complain(EXIT_INPUT, "%s: type %u: %s", name, id - 1, p.problem);
}
