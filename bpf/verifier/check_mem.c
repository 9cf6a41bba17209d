/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Loads, stores and atomics: what a pointer and its range of offsets allow.
 *
 * Context: constant offsets, slots by its layout. Stack: slots (stack.c). Map values and records:
 * the whole range of offsets must lie inside, and only numbers may be stored, for whoever reads a
 * map must never see an address. All accesses are naturally aligned: objects start 8-aligned, and
 * not every CPU forgives. */
#include "arena.h"
#include "dynptr.h"

/* Of Linux: NET_IP_ALIGN. */
#define PACKET_ALIGN 2

/* --- Where it may be
 * ----------------------------------------------------------------------------------------------------
 */

static int refuse_null(struct verifier *v, uint32_t reg_number, const struct reg *r)
{
    struct description is = describe(v, r);
    return refuse(v, -EACCES, BPF_REJECT_NULL, "test it first: if (!p) return 0;",
                  "r%u may be NULL here and is used as a pointer: %s", reg_number, is.text);
}

static int refuse_type(struct verifier *v, uint32_t reg_number, const struct reg *r)
{
    struct description is = describe(v, r);
    const char *mend =
        r->type == REG_MAP ? "look a value up with bpf_map_lookup_elem()"
        : r->type == REG_CONTEXT
            ? "copy what you need of the context into a variable, and give its address"
        : r->type == REG_BTF ? "kernel objects are read, and changed by kernel functions only"
                             : "memory is reached by pointers into the stack, maps or records";
    return refuse(v, -EACCES, BPF_REJECT_TYPE, mend, "r%u is %s: there is no memory to access",
                  reg_number, is.text);
}

static int refuse_bounds(struct verifier *v, uint32_t reg_number, const struct reg *r, int64_t from,
                         int64_t to)
{
    struct description is = describe(v, r);
    bool varies = !scalar_is_const(&r->n);
    return refuse(v, -EACCES, BPF_REJECT_OOB,
                  varies
                      ? "bound the index on both sides before it is used: if (i >= SIZE) return 0;"
                      : "the object is smaller than the program takes it for",
                  "r%u is %s: bytes %lld to %lld would be accessed, outside it", reg_number,
                  is.text, (long long)from, (long long)to - 1);
}

static int check_inside(struct verifier *v, uint32_t reg_number, const struct reg *r, int64_t from,
                        int64_t to)
{
    if (r->type != REG_STACK)
        return from >= 0 && to <= (int64_t)r->size ? 0 : refuse_bounds(v, reg_number, r, from, to);
    /* By Linux's rule no bytes are in the frame, too (check_stack_slot_within_bounds()). */
    bool begins_inside = from < 0 || !has_rule(v, BPF_RULE_LINUX);
    if (from >= -(int64_t)v->context->stack_limit && to <= 0 && begins_inside)
        return 0;
    return refuse(v, -EACCES, BPF_REJECT_STACK,
                  to > 0 ? "the index into the array on the stack may be too large"
                         : "use fewer or smaller variables, or put them into a map",
                  "r%u: the stack from r10%+lld to r10%+lld would be accessed; the frame goes from "
                  "r10-%u to r10",
                  reg_number, (long long)from, (long long)to, v->context->stack_limit);
}

static bool is_region(uint8_t type)
{
    return type == REG_STACK || type == REG_MAP_VALUE || type == REG_RECORD ||
           type == REG_MAP_KEY || type == REG_MEM;
}

static int refuse_unbounded(struct verifier *v, uint32_t reg_number, const struct reg *r)
{
    return refuse(v, -EACCES, BPF_REJECT_OOB,
                  "bound the index on both sides before it is used: if (i >= SIZE) return 0;",
                  "r%u is %s: too far from what it points to", reg_number, describe(v, r).text);
}

/* How large it is, whoever attaches the program compares. */
static int check_buffer(struct verifier *v, uint32_t reg_number, int64_t displacement)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    if (!scalar_is_const(&r->n) || r->n.smin < -OFFSET_LIMIT || r->n.smin > OFFSET_LIMIT ||
        r->n.smin + displacement < 0)
        return refuse(v, -EACCES, BPF_REJECT_OOB, "constant offsets from 0 on",
                      "r%u is %s: %+lld from there is not in the buffer for certain", reg_number,
                      describe(v, r).text, (long long)displacement);
    return 0;
}

int check_region(struct verifier *v, uint32_t reg_number, int64_t displacement, uint64_t size_bytes,
                 enum access access)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    if (r->may_be_null)
        return refuse_null(v, reg_number, r);
    if (r->type == REG_PACKET || r->type == REG_PACKET_META)
        return check_packet_region(v, reg_number, displacement, size_bytes, access);
    if (r->type == REG_BUFFER && (access == ACCESS_READ || (r->attr & REG_READ_ONLY) == 0))
        return check_buffer(v, reg_number, displacement);
    if (!is_region(r->type))
        return refuse_type(v, reg_number, r);
    if (access == ACCESS_WRITE && (r->type == REG_MAP_KEY || (r->attr & REG_READ_ONLY) != 0))
        return refuse(v, -EACCES, BPF_REJECT_READ_ONLY,
                      "copy it into a variable of your own, and change that",
                      "r%u is %s, which may only be read", reg_number, describe(v, r).text);
    if (r->n.smin < -OFFSET_LIMIT || r->n.smax > OFFSET_LIMIT)
        return refuse_unbounded(v, reg_number, r);
    if (access == ACCESS_WRITE && r->type == REG_MAP_VALUE &&
        bpf_map_values_read_only(reg_map(v, r))) {
        struct description is = describe(v, r);
        return refuse(v, -EACCES, BPF_REJECT_READ_ONLY,
                      "make the variable not const, or update the map by its helper",
                      "r%u is %s, which programs may only read", reg_number, is.text);
    }
    if (access == ACCESS_READ && r->type == REG_MAP_VALUE &&
        (reg_map(v, r)->flags & BPF_F_WRONLY_PROG) != 0)
        return refuse(v, -EACCES, BPF_REJECT_READ_ONLY, "",
                      "r%u is %s, which programs may only write", reg_number, describe(v, r).text);
    if (r->type == REG_MAP_VALUE && reg_map(v, r)->special_field_count != 0) {
        int err = check_no_special(v, reg_number, r->n.smin + displacement,
                                   r->n.smax + displacement + (int64_t)size_bytes);
        if (err != 0)
            return err;
    }
    /* Offsets are within +-2^30 (check_alu.c) and sizes below 2^30: no overflow. */
    int64_t from = r->n.smin + displacement, to = r->n.smax + displacement + (int64_t)size_bytes;
    int err = check_inside(v, reg_number, r, from, to);
    return err != 0 || r->stack_offset == 0 ? err : slice_access(v, r, from, to, access);
}

static int check_aligned(struct verifier *v, uint32_t reg_number, int64_t displacement,
                         uint32_t size, bool always)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    bool strict = v->request->strict_alignment || !has_rule(v, BPF_RULE_UNALIGNED);
    if (!strict && !always && r->type != REG_STACK)
        return 0;
    int64_t fixed = displacement + r->fixed;
    /* So that the IP header is aligned, packets begin 2 bytes behind where they should. */
    if (r->type == REG_PACKET || r->type == REG_PACKET_META)
        fixed += PACKET_ALIGN;
    struct tnum at = tnum_add(r->n.t, tnum_const((uint64_t)fixed));
    if (((at.value | at.mask) & (size - 1)) == 0 && (size == 1 || (r->attr & REG_UNALIGNED) == 0)) {
        v->wants_aligned |= always && r->type == REG_MEM;
        return 0;
    }
    struct description is = describe(v, r);
    return refuse(v, -EACCES, BPF_REJECT_ALIGN,
                  "keep fields at multiples of their size; no casts to larger types",
                  "r%u is %s: %u bytes at %+lld from there are not aligned to %u", reg_number,
                  is.text, size, (long long)displacement, size);
}

/* --- Loads
 * ----------------------------------------------------------------------------------------------------------------
 */

static int stack_load(struct verifier *v, const struct reg *base, int64_t displacement,
                      uint32_t size, struct reg *out)
{
    if (scalar_is_const(&base->n))
        return stack_read(v, base->frame, base->n.smin + displacement, size, out);
    *out = reg_any_number();
    out->n = scalar_zext(&out->n, size * 8, BITS);
    return stack_check_set(v, base->frame, base->n.smin + displacement,
                           base->n.smax + displacement + size);
}

/* What neither programs nor the outside can change any more (.rodata) is as good as in the code. */
static void load_constant(struct bpf_map *map, int64_t at, uint32_t size, struct reg *out)
{
    if (!bpf_map_is_constant(map) || map->max_entries != 1)
        return;
    const uint8_t *bytes = map->ops->direct_value(map, (uint32_t)at);
    uint64_t value = 0;
    for (uint32_t i = 0; bytes != NULL && i < size; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    if (bytes != NULL)
        *out = reg_const(value);
}

/* What a load of `size` bytes at the register + displacement gives, zero extended. */
static int load(struct verifier *v, uint32_t reg_number, int64_t displacement, uint32_t size,
                bool sign_extends, struct reg *out)
{
    const struct reg *base = state_reg(&v->state, reg_number);
    if (base->type == REG_CONTEXT)
        return check_context(v, reg_number, displacement, size, false, sign_extends, out);
    if (base->type == REG_SOCKET)
        return check_socket_access(v, reg_number, displacement, size, false, out);
    if (base->type == REG_ARENA)
        return arena_load(v, reg_number, size, sign_extends, out);
    if (base->type == REG_BTF) {
        *out = reg_any_number();
        out->n = scalar_zext(&out->n, size * 8, BITS);
        return check_btf_load(v, reg_number, displacement, size, out);
    }
    if (base->type == REG_MAP && has_rule(v, BPF_RULE_LINUX)) {
        *out = reg_any_number();
        out->n = scalar_zext(&out->n, size * 8, BITS);
        return check_map_load(v, reg_number, displacement, size, out);
    }
    if (kptr_is_there(v, base, displacement, size)) {
        *out = reg_any_number();
        return kptr_load(v, reg_number, displacement, out);
    }
    int err = check_region(v, reg_number, displacement, size, ACCESS_READ);
    if (err == 0)
        err = check_aligned(v, reg_number, displacement, size, false);
    if (err != 0)
        return err;
    if (base->type == REG_STACK)
        return stack_load(v, base, displacement, size, out);
    *out = reg_any_number();
    out->n = scalar_zext(&out->n, size * 8, BITS);
    if (base->type == REG_MAP_VALUE && scalar_is_const(&base->n))
        load_constant(v->request->maps[base->map], base->n.smin + displacement, size, out);
    return 0;
}

/* Load-acquire and store-release: like atomic operations, aligned always and not everywhere. */
static int check_ordered(struct verifier *v, uint32_t reg_number, int64_t displacement,
                         uint32_t size)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    if (r->type == REG_ARENA)
        return 0;
    if (r->type == REG_CONTEXT || r->type == REG_SOCKET || reg_is_packet(r))
        return refuse(v, -EACCES, BPF_REJECT_TYPE, "a plain load or store will do there",
                      "r%u is %s: no ordered accesses there", reg_number, describe(v, r).text);
    return reg_is_pointer(r) ? check_aligned(v, reg_number, displacement, size, true) : 0;
}

/* Linux makes accesses to some objects other instructions, so one instruction cannot go to such an object on one path
 * and elsewhere on another (save_aux_ptr_type()). 0: to memory as it is. */
static uint8_t access_kind(const struct reg *r)
{
    enum { OTHER_SOCKET = 3, CONTEXT = 1, OBJECT, SOCKETS };
    switch (r->type) {
    case REG_CONTEXT:
        return CONTEXT;
    case REG_BTF:
        return OBJECT;
    case REG_SOCKET:
        return (uint8_t)(SOCKETS + r->type_id);
    case REG_ARENA:
        return SOCKETS + OTHER_SOCKET + 1;
    default:
        return 0;
    }
}

bool kind_is_known(struct verifier *v, uint8_t kind)
{
    enum { SEEN = 0x80 };
    if (v->access_kinds == NULL)
        return true;
    uint8_t *known = &v->access_kinds[v->state.pc];
    if (*known == 0)
        *known = (uint8_t)(kind | SEEN);
    return *known == (kind | SEEN);
}

static int note_access(struct verifier *v, uint8_t kind)
{
    if (kind_is_known(v, kind))
        return 0;
    return refuse(v, -EINVAL, BPF_REJECT_TYPE, "write the access twice, once for each kind of pointer",
                  "this access goes to one kind of object on one path and to another kind here");
}

int check_load(struct verifier *v, const struct bpf_insn *insn, enum bpf_op op)
{
    uint32_t size = bpf_access_size(insn->opcode);
    bool sign_extends = op >= BPF_OP_LDSX8 && op <= BPF_OP_LDSX32;
    bool ordered = op >= BPF_OP_LOAD_ACQUIRE8 && op <= BPF_OP_LOAD_ACQUIRE64;
    struct reg value;
    int err = check_set(v, insn->src_reg);
    if (err == 0 && ordered)
        err = check_ordered(v, insn->src_reg, insn->offset, size);
    uint8_t kind = access_kind(state_reg(&v->state, insn->src_reg));
    if (err == 0)
        err = load(v, insn->src_reg, insn->offset, size, sign_extends, &value);
    if (err != 0)
        return err;
    if (sign_extends) {
        if (reg_is_pointer(&value))
            return refuse(v, -EACCES, BPF_REJECT_POINTER_LEAK,
                          "load it with all 8 bytes, as the pointer that it is",
                          "a pointer is loaded with sign extension");
        value.n = scalar_sext(&value.n, size * 8, 64, BITS);
        reg_unlink(&value);
        value.origin = 0;
    }
    *state_reg(&v->state, insn->dst_reg) = value;
    return note_access(v, kind);
}

/* --- Stores
 * -------------------------------------------------------------------------------------------------------------
 */

static int stack_store(struct verifier *v, const struct reg *base, int64_t displacement,
                       uint32_t size, struct reg *value)
{
    bool constant = scalar_is_const(&base->n);
    struct reg number;
    /* Linux does not keep where a tracepoint's buffer is (is_spillable_regtype()). */
    if (value->type == REG_BUFFER && v->context->prog_type == PROG_RAW_TRACEPOINT_WRITABLE) {
        number = reg_any_number();
        value = &number;
    }
    if (reg_is_pointer(value) && (constant || !has_rule(v, BPF_RULE_POINTER_LEAKS))) {
        if (size != 8)
            return refuse(v, -EACCES, BPF_REJECT_POINTER_LEAK, "store it with all 8 bytes",
                          "%u bytes of a pointer are stored", size);
        if (!constant)
            return refuse(v, -EACCES, BPF_REJECT_POINTER_LEAK,
                          "keep pointers in variables of their own, not in arrays with an index",
                          "a pointer is stored at an offset of the stack that is not constant");
        /* It would dangle once the callee has returned. */
        bool any = has_rule(v, BPF_RULE_LINUX) && base->frame + 1u != v->state.frame_count;
        if (value->type == REG_STACK && (any || value->frame > base->frame))
            return refuse(v, -EACCES, BPF_REJECT_POINTER_LEAK, "return the data, not its address",
                          "the address of a local variable is stored in a caller's frame");
    }
    if (scalar_is_const(&base->n))
        return stack_write(v, base->frame, base->n.smin + displacement, size, value);
    int64_t from = base->n.smin + displacement, to = base->n.smax + displacement + size;
    if (value->type != REG_NUMBER || !scalar_is_const(&value->n) || value->n.umin != 0)
        return stack_clobber(v, base->frame, from, to, false);
    mark_precise(v, value->deps);
    return stack_clobber_with_zero(v, base->frame, from, to);
}

/* An object of the program's own, which it may write. */
static bool is_own_object(const struct reg *r)
{
    return r->type == REG_BTF && (r->attr & (REG_ALLOCATED | REG_PERCPU)) == REG_ALLOCATED && !r->may_be_null;
}

static int store(struct verifier *v, uint32_t reg_number, int64_t displacement, uint32_t size,
                 struct reg *value)
{
    const struct reg *base = state_reg(&v->state, reg_number);
    if (base->type != REG_STACK && reg_is_pointer(value) && !has_rule(v, BPF_RULE_POINTER_LEAKS))
        return refuse(v, -EACCES, BPF_REJECT_POINTER_LEAK, "store what it points to",
                      "a pointer is stored into %s, where others could see it",
                      describe(v, base).text);
    if (base->type == REG_CONTEXT)
        return check_context(v, reg_number, displacement, size, true, false, NULL);
    if (base->type == REG_SOCKET)
        return check_socket_access(v, reg_number, displacement, size, true, NULL);
    if (is_own_object(base))
        return check_own_access(v, base, reg_number, displacement, size);
    if (base->type == REG_ARENA)
        return 0;
    if (kptr_is_there(v, base, displacement, size))
        return kptr_store(v, reg_number, displacement, value);
    int err = check_region(v, reg_number, displacement, size, ACCESS_WRITE);
    if (err == 0)
        err = check_aligned(v, reg_number, displacement, size, false);
    if (err == 0 && base->type == REG_STACK)
        err = stack_store(v, base, displacement, size, value);
    return err;
}

int check_store(struct verifier *v, const struct bpf_insn *insn, enum bpf_op op)
{
    uint32_t size = bpf_access_size(insn->opcode);
    struct reg constant, *value = &constant;
    int err = check_set(v, insn->dst_reg);
    if (op >= BPF_OP_ST8 && op <= BPF_OP_ST64) {
        constant = reg_const((uint64_t)(int64_t)insn->imm);
    } else {
        value = state_reg(&v->state, insn->src_reg);
        if (err == 0)
            err = check_set(v, insn->src_reg);
    }
    if (err == 0 && op >= BPF_OP_STORE_RELEASE8 && op <= BPF_OP_STORE_RELEASE64)
        err = check_ordered(v, insn->dst_reg, insn->offset, size);
    if (err == 0)
        err = store(v, insn->dst_reg, insn->offset, size, value);
    return err != 0 ? err : note_access(v, access_kind(state_reg(&v->state, insn->dst_reg)));
}

/* --- Atomics (RFC 9669 §5.3)
 * ---------------------------------------------------------------------------------------------- */

/* What comes back: BPF_FETCH into src, compare and exchange into R0. */
static void set_fetched(struct verifier *v, const struct bpf_insn *insn, const struct reg *old)
{
    if (insn->imm == BPF_CMPXCHG)
        *state_reg(&v->state, 0) = *old;
    else if (insn->imm & BPF_FETCH)
        *state_reg(&v->state, insn->src_reg) = *old;
}

/* What was in the stack there comes back as a load would give it; afterwards it is some number. */
static int change_stack(struct verifier *v, const struct reg *base, int64_t displacement, uint32_t size,
                        struct reg *old)
{
    int64_t from = base->n.smin + displacement, to = base->n.smax + displacement + size;
    int err = stack_check_set(v, base->frame, from, to);
    if (err == 0 && scalar_is_const(&base->n))
        err = stack_read(v, base->frame, from, size, old);
    return err != 0 ? err : stack_clobber(v, base->frame, from, to, false);
}

static int check_number_operand(struct verifier *v, uint32_t reg_number)
{
    int err = check_set(v, reg_number);
    if (err != 0 || !reg_is_pointer(state_reg(&v->state, reg_number)) ||
        has_rule(v, BPF_RULE_POINTER_LEAKS))
        return err;
    struct description is = describe(v, state_reg(&v->state, reg_number));
    return refuse(v, -EACCES, BPF_REJECT_POINTER_LEAK, "atomic operations are for numbers",
                  "r%u, operand of an atomic operation, is %s", reg_number, is.text);
}

/* A packet may lie in memory where atomic operations are none. */
static int check_atomic_target(struct verifier *v, uint32_t reg_number)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    bool from_context = r->type == REG_MEM && (r->attr & REG_FROM_CONTEXT) != 0 && has_rule(v, BPF_RULE_LINUX);
    if (r->type != REG_PACKET && r->type != REG_PACKET_META && !from_context)
        return 0;
    return refuse(v, -EACCES, BPF_REJECT_TYPE, "load, compute and store, or count in a map",
                  "r%u is %s: no atomic operations there", reg_number, describe(v, r).text);
}

static int check_memory_place(struct verifier *v, uint32_t reg_number, int64_t displacement, uint32_t size)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    if (is_own_object(r))
        return check_own_access(v, r, reg_number, displacement, size);
    int err = check_region(v, reg_number, displacement, size, ACCESS_READ);
    return err != 0 ? err : check_region(v, reg_number, displacement, size, ACCESS_WRITE);
}

static int check_atomic_place(struct verifier *v, const struct bpf_insn *insn, uint32_t size)
{
    if (state_reg(&v->state, insn->dst_reg)->type == REG_ARENA)
        return arena_atomic(v, insn);
    int err = check_atomic_target(v, insn->dst_reg);
    if (err == 0)
        err = check_memory_place(v, insn->dst_reg, insn->offset, size);
    return err != 0 ? err : check_aligned(v, insn->dst_reg, insn->offset, size, true);
}

int check_atomic(struct verifier *v, const struct bpf_insn *insn, enum bpf_op op)
{
    uint32_t size = bpf_access_size(insn->opcode);
    (void)op;
    int err = check_set(v, insn->dst_reg);
    if (err == 0)
        err = check_number_operand(v, insn->src_reg);
    if (err == 0 && insn->imm == BPF_CMPXCHG)
        err = check_number_operand(v, 0);
    if (err == 0)
        err = check_atomic_place(v, insn, size);
    if (err != 0)
        return err;
    const struct reg base = *state_reg(&v->state, insn->dst_reg);
    if (base.type == REG_STACK && !scalar_is_const(&base.n) && has_rule(v, BPF_RULE_LINUX))
        return refuse(v, -EACCES, BPF_REJECT_STACK, "a constant index",
                      "r%u is %s: Linux knows no atomic operations at variable places of the stack",
                      insn->dst_reg, describe(v, &base).text);
    struct reg old = reg_any_number();
    old.n = scalar_zext(&old.n, size * 8, BITS);
    if (base.type == REG_STACK)
        err = change_stack(v, &base, insn->offset, size, &old);
    if (err == 0)
        set_fetched(v, insn, &old);
    return err != 0 ? err : note_access(v, access_kind(&base));
}

/* --- 64-bit constants and what the loader puts there
 * ---------------------------------------------------------------------- */

/* Linux: check_map_prog_compatibility(). */
static bool map_may_sleep(const struct bpf_map *map)
{
    const uint32_t may =
        BPF_MAP_BIT_HASH | BPF_MAP_BIT_LRU_HASH | BPF_MAP_BIT_ARRAY | BPF_MAP_BIT_PERCPU_HASH |
        BPF_MAP_BIT_PERCPU_ARRAY | BPF_MAP_BIT_LRU_PERCPU_HASH | BPF_MAP_BIT_ARRAY_OF_MAPS |
        BPF_MAP_BIT_HASH_OF_MAPS | BPF_MAP_BIT_RINGBUF | BPF_MAP_BIT_USER_RINGBUF |
        BPF_MAP_BIT_INODE_STORAGE | BPF_MAP_BIT_SK_STORAGE | BPF_MAP_BIT_TASK_STORAGE |
        BPF_MAP_BIT_CGRP_STORAGE | BPF_MAP_BIT_QUEUE | BPF_MAP_BIT_STACK | BPF_MAP_BIT_ARENA;
    return (map->ops->bit & may) != 0;
}

/* Linux's kinds that run anywhere, also while the kernel holds a lock of its own (is_tracing_prog_type()). */
#define TRACES                                                                                            \
    (PROG_BIT(PROG_KPROBE) | PROG_BIT(PROG_TRACEPOINT) | PROG_BIT(PROG_PERF_EVENT) |                      \
     PROG_BIT(PROG_RAW_TRACEPOINT) | PROG_BIT(PROG_RAW_TRACEPOINT_WRITABLE))

/* What values may hold that such programs cannot even name (Linux: check_map_prog_compatibility()). */
static int check_fields_for_kind(struct verifier *v, const struct bpf_map *map)
{
    for (uint32_t i = 0; has_rule(v, BPF_RULE_LINUX) && i < map->special_field_count; i++) {
        uint32_t field = map->special_fields[i].kind;
        uint32_t without = field == BPF_SPECIAL_SPIN_LOCK                              ? TRACES | PROG_BIT(PROG_SOCKET_FILTER)
                           : field == BPF_SPECIAL_KPTR || field == BPF_SPECIAL_REFCOUNT ? 0
                                                                                        : TRACES;
        if (prog_type_in(v->context->prog_type, without))
            return refuse(v, -EINVAL, BPF_REJECT_MAP, "",
                          "map '%s' has locks, timers, work, lists or trees: not for programs of '%s'", map->name,
                          v->context->section_prefix);
    }
    return 0;
}

static int load_map(struct verifier *v, const struct bpf_insn *insn, bool value, struct reg *out)
{
    uint32_t index = (uint32_t)insn->imm;
    if (insn->imm < 0 || index >= v->request->map_count)
        return refuse(v, -EINVAL, BPF_REJECT_MAP, "", "map index %d: the program has %u maps",
                      insn->imm, v->request->map_count);
    struct bpf_map *map = v->request->maps[index];
    bool sleeps = v->request->sleepable || has_rule(v, BPF_RULE_SLEEPABLE);
    if (has_rule(v, BPF_RULE_LINUX) && (map->ops->bit & BPF_MAP_BIT_STRUCT_OPS) != 0)
        return refuse(v, -EINVAL, BPF_REJECT_MAP, "", "map '%s' is a struct of functions: programs cannot use it",
                      map->name);
    if (has_rule(v, BPF_RULE_LINUX) && sleeps && !map_may_sleep(map))
        return refuse(v, -EINVAL, BPF_REJECT_MAP, "",
                      "map '%s', %s, cannot be used by programs that may sleep", map->name,
                      map->ops->name);
    int err = check_fields_for_kind(v, map);
    if (err != 0)
        return err;
    *out = reg_pointer(value ? REG_MAP_VALUE : REG_MAP);
    out->map = index;
    if (!value)
        return 0;
    if ((map->ops->bit & BPF_MAP_BIT_ARENA) != 0)
        return arena_address(v, map, (uint32_t)insn[1].imm, out);
    uint64_t size = bpf_map_direct_size(map), at = (uint32_t)insn[1].imm;
    if (size == 0)
        return refuse(v, -EINVAL, BPF_REJECT_MAP, "look its values up",
                      "map '%s' has no values to point to directly", map->name);
    if (at >= size)
        return refuse(v, -EINVAL, BPF_REJECT_OOB, "", "byte %llu of map '%s', which has %llu",
                      (unsigned long long)at, map->name, (unsigned long long)size);
    out->size = (uint32_t)size;
    out->n = scalar_const(at, BITS);
    return 0;
}

int check_lddw(struct verifier *v, const struct bpf_insn *insn, enum bpf_op op)
{
    struct reg value;
    int err = 0;
    if (op == BPF_OP_LD_IMM64)
        value = reg_const((uint32_t)insn[0].imm | (uint64_t)(uint32_t)insn[1].imm << 32);
    else if (op == BPF_OP_LD_MAP || op == BPF_OP_LD_MAP_VALUE)
        err = load_map(v, insn, op == BPF_OP_LD_MAP_VALUE, &value);
    else if (op == BPF_OP_LD_FUNC) {
        value = reg_pointer(REG_FUNCTION);
        value.function = (uint32_t)((int64_t)v->state.pc + 1 + insn->imm);
    } else
        return refuse(v, -EINVAL, BPF_REJECT_UNSUPPORTED, "",
                      "a 64-bit load of kind %u (file descriptor or kernel variable)",
                      insn->src_reg);
    if (err == 0)
        *state_reg(&v->state, insn->dst_reg) = value;
    return err;
}
