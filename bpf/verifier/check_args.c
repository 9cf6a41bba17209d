/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Arguments of calls that are memory, sizes of memory, or maps. */
#include <axiom/string.h>

#include "dynptr.h"

int refuse_argument(struct verifier *v, const struct call *call, uint32_t reg_number,
                    const char *wants)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    struct description is = describe(v, r);
    return refuse(
        v, -EACCES, BPF_REJECT_ARGUMENT,
        r->may_be_null
            ? "where only NULL is in the way, test it first: if (!p) return 0;"
            : "compare the call with the function's declaration: what the argument is, and its order",
        "argument %u of bpf_%s() must be %s, but r%u is %s", reg_number, call->name, wants,
        reg_number, is.text);
}

/* --- Maps
 * ------------------------------------------------------------------------------------------------------------- */

/* Linux: record_func_map(). */
static bool changes_map(const struct bpf_helper *helper)
{
    return helper->id == BPF_FUNC_map_update_elem || helper->id == BPF_FUNC_map_delete_elem ||
           helper->id == BPF_FUNC_map_push_elem || helper->id == BPF_FUNC_map_pop_elem;
}

int check_map_argument(struct verifier *v, struct call *call, uint32_t reg_number)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    if (r->type != REG_MAP || r->may_be_null)
        return refuse_argument(v, call, reg_number, "a map (&name)");
    call->map = reg_map(v, r);
    call->map_index = r->map;
    call->map_attr = r->attr & REG_INNER;
    call->map_id = r->id;
    if (call->timer_map != 0 && (call->timer_map != r->map + 1 || call->map_attr != 0))
        return refuse_argument(v, call, reg_number, "the map that the timer lies in");
    if (call->helper != NULL && (call->map->flags & BPF_F_RDONLY_PROG) != 0 &&
        changes_map(call->helper))
        return refuse(v, -EACCES, BPF_REJECT_READ_ONLY, "make the variable not const",
                      "bpf_%s() cannot change the map '%s', which programs may only read",
                      call->name, call->map->name);
    if (call->helper == NULL || (call->helper->map_types & call->map->ops->bit) != 0)
        return 0;
    return refuse(v, -EACCES, BPF_REJECT_MAP,
                  "give it a map of the type that the helper is for, or change the map's type",
                  "bpf_%s() cannot take the map '%s', which is of type %s", call->name,
                  call->map->name, call->map->ops->name);
}

/* Linux's keys and values lie in memory that may be written, also where they are only read, and in no slices of
 * dynptrs (check_reg_type()). */
static bool may_be_element(const struct verifier *v, const struct reg *r)
{
    bool is_read_only = (r->type == REG_MEM || r->type == REG_BUFFER) && (r->attr & REG_READ_ONLY) != 0;
    bool is_slice = r->type == REG_MEM && (r->attr & REG_SLICE) != 0;
    return !has_rule(v, BPF_RULE_LINUX) || (!is_read_only && !is_slice && r->type != REG_BTF);
}

int check_map_element(struct verifier *v, struct call *call, uint32_t reg_number,
                      enum bpf_arg_type type)
{
    if (call->map == NULL)
        return refuse_argument(v, call, reg_number, "preceded by a map");
    if (!may_be_element(v, state_reg(&v->state, reg_number)))
        return refuse_argument(v, call, reg_number, "memory of the program's own, as keys and values are");
    uint32_t size = type == BPF_ARG_MAP_KEY ? call->map->key_size : call->map->value_size;
    /* What a bloom filter is asked about is read. */
    bool is_written =
        type == BPF_ARG_MAP_VALUE_OUT && (call->map->ops->bit & BPF_MAP_BIT_BLOOM_FILTER) == 0;
    return check_memory(v, call, reg_number, size, size, is_written ? ACCESS_WRITE : ACCESS_READ);
}

/* Sockets in a map are locked when they change: not everywhere (Linux: may_update_sockmap()). */
static bool may_change_sockets(const struct verifier *v, const struct call *call)
{
    const uint32_t may = PROG_BIT(PROG_SOCKET_FILTER) | PROG_BIT(PROG_SCHED_CLS) | PROG_BIT(PROG_SCHED_ACT) |
                         PROG_BIT(PROG_XDP) | PROG_BIT(PROG_SK_REUSEPORT) | PROG_BIT(PROG_FLOW_DISSECTOR) |
                         PROG_BIT(PROG_SK_LOOKUP);
    uint8_t type = v->context->prog_type;
    bool deletes = strcmp(call->name, "map_delete_elem") == 0;
    bool iterates = type == PROG_TRACING && v->context->expected_type == ATTACH_TRACE_ITER;
    return prog_type_in(type, may) || iterates || (type == PROG_SOCK_OPS && deletes);
}

int check_map_use(struct verifier *v, const struct call *call)
{
    const uint32_t sockets = BPF_MAP_BIT_SOCKMAP | BPF_MAP_BIT_SOCKHASH;
    bool generic = strcmp(call->name, "map_update_elem") == 0 ||
                   strcmp(call->name, "map_delete_elem") == 0;
    if (call->map == NULL || (call->map->ops->bit & sockets) == 0 || !generic ||
        may_change_sockets(v, call))
        return 0;
    return refuse(v, -EINVAL, BPF_REJECT_MAP, "",
                  "bpf_%s(): programs of '%s' may not change a map of sockets", call->name,
                  v->context->section_prefix);
}

/* --- Memory
 * ----------------------------------------------------------------------------------------------------------- */

/* May a helper be given memory in the packet (Linux: may_access_direct_pkt_data())? */
static bool takes_packet(const struct verifier *v, const struct call *call)
{
    const uint32_t kinds = PROG_BIT(PROG_SCHED_CLS) | PROG_BIT(PROG_SCHED_ACT) | PROG_BIT(PROG_XDP) |
                           PROG_BIT(PROG_CGROUP_SKB) | PROG_BIT(PROG_LWT_IN) | PROG_BIT(PROG_LWT_OUT) |
                           PROG_BIT(PROG_LWT_XMIT) | PROG_BIT(PROG_SK_SKB) | PROG_BIT(PROG_SK_MSG) |
                           PROG_BIT(PROG_LWT_SEG6LOCAL) | PROG_BIT(PROG_SK_REUSEPORT) | PROG_BIT(PROG_FLOW_DISSECTOR);
    uint8_t type = v->context->prog_type;
    if (call->helper == NULL || !has_rule(v, BPF_RULE_LINUX))
        return call->packet_arguments;
    return type == PROG_CGROUP_SOCKOPT || (prog_type_in(type, kinds) && call->packet_arguments);
}

static int check_place(struct verifier *v, const struct call *call, uint32_t reg_number,
                       uint64_t most, enum access access)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    bool in_packet = r->type == REG_PACKET || r->type == REG_PACKET_META;
    if (in_packet && !takes_packet(v, call))
        return refuse(v, -EACCES, BPF_REJECT_ARGUMENT, "copy it to the stack first",
                      "argument %u of bpf_%s() cannot lie in the packet", reg_number, call->name);
    if (r->type == REG_BUFFER && v->context->prog_type == PROG_RAW_TRACEPOINT_WRITABLE)
        return refuse_argument(v, call, reg_number, "no part of the tracepoint's buffer");
    if (r->type == REG_MEM && (r->attr & REG_FROM_CONTEXT) != 0 && has_rule(v, BPF_RULE_LINUX))
        return refuse_argument(v, call, reg_number, "memory that helpers may be given");
    /* By their first byte only (check_func_arg_reg_off()). */
    if (r->type == REG_MEM && (r->attr & REG_SLICE) != 0 && has_rule(v, BPF_RULE_LINUX) &&
        !(scalar_is_const(&r->n) && r->n.umin == 0))
        return refuse_argument(v, call, reg_number, "the first byte of the slice");
    /* Members of kernel objects that are alive, for Linux's helpers (check_helper_mem_access()). */
    struct reg member;
    if (r->type == REG_BTF && r->attr == REG_TRUSTED && access == ACCESS_READ && has_rule(v, BPF_RULE_LINUX))
        return check_btf_load(v, reg_number, 0, (uint32_t)most, &member);
    return check_region(v, reg_number, 0, most, access);
}

int check_memory(struct verifier *v, const struct call *call, uint32_t reg_number, uint64_t least,
                 uint64_t most, enum access access)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    int err = check_place(v, call, reg_number, most, access);
    if (err != 0 || r->type != REG_STACK)
        return err;
    int64_t from = r->n.smin, to = r->n.smax + (int64_t)most;
    if (access == ACCESS_READ)
        return stack_check_set(v, r->frame, from, to);
    err = dynptr_refuse_fill(v, call, reg_number, from, to);
    if (err != 0)
        return err;
    if (!scalar_is_const(&r->n))
        return stack_clobber(v, r->frame, from, to, false);
    err = stack_clobber(v, r->frame, from, from + (int64_t)least, true);
    return err != 0 ? err : stack_clobber(v, r->frame, from + (int64_t)least, to, false);
}

int check_memory_update(struct verifier *v, const struct call *call, uint32_t reg_number,
                        uint64_t most)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    int err = r->stack_offset != 0 ? check_place(v, call, reg_number, most, ACCESS_READ) : 0;
    if (err == 0)
        err = check_place(v, call, reg_number, most, ACCESS_WRITE);
    if (err != 0 || r->type != REG_STACK)
        return err;
    int64_t from = r->n.smin, to = r->n.smax + (int64_t)most;
    err = stack_check_set(v, r->frame, from, to);
    return err != 0 ? err : stack_clobber(v, r->frame, from, to, false);
}

#define SIZE_LIMIT (UINT64_C(1) << 29)

int check_size(struct verifier *v, struct call *call, uint32_t reg_number, enum bpf_arg_type memory,
               bool zero_allowed)
{
    const struct reg *size = state_reg(&v->state, reg_number);
    if (size->type != REG_NUMBER)
        return refuse_argument(v, call, reg_number, "a number of bytes");
    mark_precise(v, size->deps);
    if (size->n.umax >= SIZE_LIMIT) {
        struct description n = describe_number(&size->n);
        return refuse(v, -EACCES, BPF_REJECT_ARGUMENT,
                      "bound it first: if (size > sizeof(buffer)) return 0;",
                      "argument %u of bpf_%s(), a size, may be %s", reg_number, call->name, n.text);
    }
    if (size->n.umin == 0 && !zero_allowed)
        return refuse_argument(v, call, reg_number, "at least 1 byte");
    call->size_most = size->n.umax;
    const struct reg *at = state_reg(&v->state, reg_number - 1);
    if (size->n.umax == 0 && reg_is_null(at))
        return 0;
    if (memory == BPF_ARG_MEM_UPDATE)
        return check_memory_update(v, call, reg_number - 1, size->n.umax);
    return check_memory(v, call, reg_number - 1, size->n.umin, size->n.umax,
                        memory == BPF_ARG_MEM_WRITE ? ACCESS_WRITE : ACCESS_READ);
}

int check_const_size(struct verifier *v, struct call *call, uint32_t reg_number)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    bool zero_allowed = bpf_context_has_rule(v->context, BPF_RULE_LINUX);
    /* Linux refuses no size here: it reserves nothing that is larger than the ring. */
    uint64_t limit = zero_allowed ? UINT32_MAX : SIZE_LIMIT - 1;
    if (r->type != REG_NUMBER || !scalar_is_const(&r->n) || (r->n.umin == 0 && !zero_allowed) ||
        r->n.umin > limit)
        return refuse_argument(v, call, reg_number, "a constant number of bytes (sizeof)");
    mark_precise(v, r->deps);
    call->record_size = (uint32_t)r->n.umin;
    return 0;
}

/* Whole words are stored: the memory must be aligned like one. */
static bool is_aligned(const struct reg *r, uint32_t size)
{
    uint32_t to = size & (0u - size);
    /* Linux counts on the IP header's alignment: the packet begins 2 bytes after a word does. */
    bool in_packet = r->type == REG_PACKET || r->type == REG_PACKET_META;
    struct tnum at = in_packet ? tnum_add(r->n.t, tnum_const((uint64_t)r->fixed + 2)) : r->n.t;
    return ((at.value | at.mask) & (to - 1u)) == 0;
}

int check_fixed(struct verifier *v, const struct call *call, uint32_t reg_number,
                enum bpf_arg_type type, uint32_t size)
{
    if (type == BPF_ARG_FIXED_READ)
        return check_memory(v, call, reg_number, size, size, ACCESS_READ);
    if (!is_aligned(state_reg(&v->state, reg_number), size))
        return refuse_argument(v, call, reg_number, "aligned to its size");
    return type == BPF_ARG_FIXED_UPDATE
               ? check_memory_update(v, call, reg_number, size)
               : check_memory(v, call, reg_number, size, size, ACCESS_WRITE);
}

/* The contents are looked at: they must never change, so only a map that nobody may write will do. */
int check_const_string(struct verifier *v, const struct call *call, uint32_t reg_number)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    struct bpf_map *map =
        r->type == REG_MAP_VALUE && (r->attr & REG_INNER) == 0 ? v->request->maps[r->map] : NULL;
    if (map == NULL || r->may_be_null || !bpf_map_values_read_only(map) ||
        (!map->frozen && bpf_context_has_rule(v->context, BPF_RULE_LINUX)) ||
        map->ops->direct_value == NULL)
        return refuse_argument(v, call, reg_number, "a string constant in read-only data");
    if (!scalar_is_const(&r->n))
        return refuse_argument(v, call, reg_number, "one string constant, at a constant offset");
    int err = check_region(v, reg_number, 0, 1, ACCESS_READ);
    if (err != 0)
        return err;
    const char *bytes = map->ops->direct_value(map, 0);
    for (uint64_t at = r->n.umin; at < r->size; at++)
        if (bytes[at] == '\0')
            return 0;
    return refuse_argument(v, call, reg_number, "a string that ends with a zero byte");
}
