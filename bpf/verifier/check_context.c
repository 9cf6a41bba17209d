/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The context that R1 points to at the start: slots or fields, by the layout of the program's kind
 * (bpf/context.h). A load of a field may give a pointer. */
#include <axiom/string.h>

#include "walk.h"

static int check_context_offset(struct verifier *v, uint32_t reg_number, const struct reg *r)
{
    bool unchanged = bpf_context_has_rule(v->context, BPF_RULE_LINUX);
    if (scalar_is_const(&r->n) && (!unchanged || r->n.umin == 0))
        return 0;
    struct description is = describe(v, r);
    return refuse(v, -EACCES, BPF_REJECT_OOB, "name the field of the context",
                  unchanged ? "r%u is %s: the context is read by its unchanged pointer only"
                            : "r%u is %s: the context is read at constant offsets only",
                  reg_number, is.text);
}

static int check_slot(struct verifier *v, int64_t at, uint32_t size, bool write)
{
    const struct bpf_context_layout *layout = v->context;
    if (at < 0 || at + size > bpf_context_size(layout))
        return refuse(v, -EACCES, BPF_REJECT_OOB,
                      "the program's section must fit the struct that it takes",
                      "%u bytes at %lld of struct %s, which has %u", size, (long long)at,
                      layout->struct_name, bpf_context_size(layout));
    if (at % size != 0)
        return refuse(v, -EACCES, BPF_REJECT_ALIGN, "read whole members by their names",
                      "%u bytes at %lld of struct %s are not aligned", size, (long long)at,
                      layout->struct_name);
    if (write ? bpf_context_may_write(layout, at, size) : bpf_context_may_read(layout, at, size))
        return 0;
    return refuse(v, -EACCES, BPF_REJECT_READ_ONLY,
                  layout->writable_slots != 0 ? "assign all 8 bytes of a field that may be written"
                                              : "contexts of this attach point can only be read",
                  "%s of struct %s cannot be written with %u bytes", layout->slot_names[at / 8],
                  layout->struct_name, size);
}

static int object_field(struct verifier *v, const struct bpf_context_field *field, struct reg *out)
{
    uint32_t id = v->request->kernel_btf == NULL
                      ? 0
                      : bpf_btf_find(v->request->kernel_btf, field->target_type, BPF_BTF_STRUCT);
    if (id == 0)
        return refuse(v, -EINVAL, BPF_REJECT_UNSUPPORTED, "give the BTF of the kernel it is for",
                      "the context's field %s is a pointer to a struct %s of the kernel, whose "
                      "types are not known",
                      field->name, field->target_type);
    *out = reg_pointer(REG_BTF);
    out->type_id = id;
    out->attr = REG_TRUSTED;
    return 0;
}

/* What a field of a list gives. */
static int field_value(struct verifier *v, const struct bpf_context_field *field, struct reg *out)
{
    switch (field->kind) {
    case BPF_FIELD_NUMBER:
        return 0;
    case BPF_FIELD_PACKET:
        *out = reg_pointer(REG_PACKET);
        return 0;
    case BPF_FIELD_PACKET_META:
        *out = reg_pointer(REG_PACKET_META);
        return 0;
    case BPF_FIELD_PACKET_END:
        *out = reg_pointer(REG_PACKET_END);
        return 0;
    case BPF_FIELD_MEMORY:
        *out = reg_pointer(REG_MEM);
        out->size = field->target_size;
        out->attr = (uint16_t)(REG_FROM_CONTEXT | (field->target_writable ? 0 : REG_READ_ONLY));
        return 0;
    case BPF_FIELD_BUFFER:
        *out = reg_pointer(REG_BUFFER);
        return 0;
    case BPF_FIELD_SOCKET:
        *out = reg_pointer(REG_SOCKET);
        out->type_id = strcmp(field->target_type, "sock") == 0 ? SOCKET_FULL : SOCKET_COMMON;
        out->may_be_null = field->may_be_null;
        out->id = field->may_be_null ? ++v->next_id : 0;
        return 0;
    case BPF_FIELD_BTF:
        return object_field(v, field, out);
    default:
        return refuse(v, -EINVAL, BPF_REJECT_UNSUPPORTED, "",
                      "the context's field %s is a pointer "
                      "to a struct %s of the kernel",
                      field->name, field->target_type);
    }
}

static int check_field(struct verifier *v, int64_t at, uint32_t size, bool write, bool sign_extends,
                       struct reg *out)
{
    const struct bpf_context_layout *layout = v->context;
    const struct bpf_context_field *field = bpf_context_field_at(layout, at, size, write);
    if (field == NULL)
        return refuse(v, -EACCES, BPF_REJECT_OOB,
                      "programs of each kind see some fields only, most with their own size only",
                      "%u bytes at %lld of struct %s cannot be %s by programs of '%s'", size,
                      (long long)at, layout->struct_name, write ? "written" : "read",
                      layout->section_prefix);
    if (write || field->kind == BPF_FIELD_NUMBER)
        return 0;
    if (sign_extends)
        return refuse(v, -EACCES, BPF_REJECT_TYPE, "load it as the pointer that its member is",
                      "a pointer is loaded with sign extension");
    return field_value(v, field, out);
}

int check_context(struct verifier *v, uint32_t reg_number, int64_t displacement, uint32_t size,
                  bool write, bool sign_extends, struct reg *out)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    int err = check_context_offset(v, reg_number, r);
    if (err != 0)
        return err;
    int64_t at = r->n.smin + displacement;
    if (!write) {
        *out = reg_any_number();
        out->n = scalar_zext(&out->n, size * 8, BITS);
    }
    if (v->context->slot_count != 0)
        return check_slot(v, at, size, write);
    if (bpf_context_has_rule(v->context, BPF_RULE_BTF_ARGUMENTS))
        return check_btf_argument(v, at, size, write, out);
    return check_field(v, at, size, write, sign_extends, out);
}

int check_socket_access(struct verifier *v, uint32_t reg_number, int64_t displacement,
                        uint32_t size, bool write, struct reg *out)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    const struct bpf_socket_layout *layout =
        v->context->sockets == NULL ? NULL : &v->context->sockets[r->type_id];
    struct description is = describe(v, r);
    if (r->may_be_null)
        return refuse(v, -EACCES, BPF_REJECT_NULL, "test it first: if (!sk) return 0;",
                      "r%u may be NULL here: %s", reg_number, is.text);
    if (write)
        return refuse(v, -EACCES, BPF_REJECT_READ_ONLY, "", "r%u is %s, which may only be read",
                      reg_number, is.text);
    int64_t at = r->n.smin + displacement;
    if (layout == NULL || !scalar_is_const(&r->n) ||
        bpf_field_at(layout->fields, layout->field_count, at, size, false) == NULL)
        return refuse(v, -EACCES, BPF_REJECT_OOB, "most fields are read with their own size only",
                      "r%u is %s: there is nothing to read in %u bytes at %lld", reg_number,
                      is.text, size, (long long)at);
    *out = reg_any_number();
    out->n = scalar_zext(&out->n, size * 8, BITS);
    return 0;
}
