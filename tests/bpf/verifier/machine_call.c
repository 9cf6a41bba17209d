/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Calls in the machine: helpers do by dice what their row allows; callbacks run as often as the helper may
 * call them, each round in a fresh frame. */
#include "machine_inside.h"

#include <inttypes.h>
#include <string.h>

/* --- Arguments
 * ---------------------------------------------------------------------------------------------------------- */

bool read_argument(struct machine *m, uint32_t number, uint64_t size)
{
    bool address;
    uint8_t bytes[4096];
    if (size > sizeof bytes)
        return escape(m, "argument r%u of %" PRIu64 " bytes", number, size);
    if (!read_bytes(m, reg(m, number)->value, size, bytes, &address))
        return false;
    return address && !has(m, BPF_RULE_POINTER_LEAKS)
               ? escape(m, "gives an address away in argument r%u", number)
               : true;
}

bool fill_argument(struct machine *m, uint32_t number, uint64_t size)
{
    uint64_t at = reg(m, number)->value;
    for (uint64_t i = 0; i < size; i++) {
        uint8_t byte = (uint8_t)roll_number(m);
        if (!write_bytes(m, at + i, 1, &byte, false))
            return false;
    }
    return machine_object_at(m, at, size) != NULL
               ? true
               : escape(m, "memory argument r%u leaves its object", number);
}

static bool update_argument(struct machine *m, uint32_t number, uint64_t size)
{
    return read_argument(m, number, size) && fill_argument(m, number, size);
}

static bool release(struct machine *m, uint32_t number, enum machine_object_kind kind)
{
    struct machine_object *o = machine_object_at(m, reg(m, number)->value, 0);
    if (o == NULL || o->kind != kind || o->base != reg(m, number)->value)
        return escape(m, "gives back what is no %s", kind == OBJECT_RECORD ? "record" : "socket");
    o->live = false;
    m->open_references--;
    return true;
}

static bool check_number(struct machine *m, uint32_t number, enum bpf_arg_type type)
{
    const struct machine_reg *r = reg(m, number);
    if (type == BPF_ARG_SIZE && r->value == 0)
        return escape(m, "a size of zero");
    return r->address && !has(m, BPF_RULE_POINTER_LEAKS)
               ? escape(m, "gives an address away in argument r%u", number)
               : true;
}

static bool check_map(struct machine *m, const struct bpf_helper *helper, uint32_t number,
                      uint32_t *map)
{
    const struct machine_reg *r = reg(m, number);
    *map = (uint32_t)((r->value - MACHINE_MAP_BASE) / 4096);
    if (r->value < MACHINE_MAP_BASE || *map >= m->request->map_count ||
        !(m->request->maps[*map]->ops->bit & helper->map_types))
        return escape(m, "argument r%u is no map of a type that bpf_%s() takes", number,
                      helper->name);
    bool changes = helper->id == BPF_FUNC_map_update_elem || helper->id == BPF_FUNC_map_delete_elem;
    return !changes || (m->request->maps[*map]->flags & BPF_F_RDONLY_PROG) == 0
               ? true
               : escape(m, "bpf_%s() changes a map that is read-only", helper->name);
}

bool need_function(struct machine *m, uint32_t number)
{
    if (!need(m, number))
        return false;
    uint64_t at = reg(m, number)->value - MACHINE_FUNCTION_BASE;
    return at % 8 == 0 && at / 8 < m->request->insn_count
               ? true
               : escape(m, "argument r%u is no function", number);
}

static bool check_memory(struct machine *m, const struct bpf_helper *helper, uint32_t number,
                         enum bpf_arg_type type, uint32_t map)
{
    uint32_t fixed = helper->fixed_sizes[number - 1];
    if (type >= BPF_ARG_MEM_READ && type <= BPF_ARG_MEM_WRITE && !need(m, number + 1))
        return false;
    uint64_t size = number < BPF_HELPER_ARG_MAX ? reg(m, number + 1)->value : 0;
    switch (type) {
    case BPF_ARG_MAP_KEY:
        return read_argument(m, number, m->request->maps[map]->key_size);
    case BPF_ARG_MAP_VALUE:
        return read_argument(m, number, m->request->maps[map]->value_size);
    case BPF_ARG_MAP_VALUE_OUT:
        return fill_argument(m, number, m->request->maps[map]->value_size);
    case BPF_ARG_MEM_READ:
        return read_argument(m, number, size);
    case BPF_ARG_MEM_WRITE:
        return fill_argument(m, number, size);
    case BPF_ARG_MEM_UPDATE:
        return update_argument(m, number, size);
    case BPF_ARG_FIXED_READ:
        return read_argument(m, number, fixed);
    case BPF_ARG_FIXED_WRITE:
        return fill_argument(m, number, fixed);
    default:
        return update_argument(m, number, fixed);
    }
}

static bool check_argument(struct machine *m, const struct bpf_helper *helper, uint32_t number,
                           uint32_t *map)
{
    enum bpf_arg_type with_flags = helper->args[number - 1], type = with_flags & BPF_ARG_BASE;
    const struct machine_reg *r = reg(m, number);
    if (type == BPF_ARG_NONE)
        return true;
    if (!need(m, number))
        return false;
    if (r->value == 0 && (with_flags & BPF_ARG_OR_NULL) != 0)
        return true;
    switch (type) {
    case BPF_ARG_SCALAR:
    case BPF_ARG_SIZE:
    case BPF_ARG_SIZE_OR_ZERO:
    case BPF_ARG_CONST_SIZE:
    case BPF_ARG_ANYTHING:
        return check_number(m, number, type);
    case BPF_ARG_MAP:
        return check_map(m, helper, number, map);
    case BPF_ARG_CONTEXT:
        return r->value == MACHINE_CONTEXT_BASE
                   ? true
                   : escape(m, "argument r%u is not the context", number);
    case BPF_ARG_RINGBUF_RECORD:
        return release(m, number, OBJECT_RECORD);
    case BPF_ARG_SOCK_COMMON:
    case BPF_ARG_SOCKET:
    case BPF_ARG_ANY_SOCK:
        if ((with_flags & BPF_ARG_RELEASE) != 0)
            return release(m, number, OBJECT_SOCKET);
        return machine_object_at(m, r->value, 1) != NULL
                   ? true
                   : escape(m, "argument r%u is no socket", number);
    case BPF_ARG_CALLBACK:
        return need_function(m, number);
    case BPF_ARG_STACK:
        return r->value == 0 || machine_object_at(m, r->value, 0) != NULL
                   ? true
                   : escape(m, "argument r%u is no stack", number);
    default:
        return type >= BPF_ARG_MAP_KEY && type <= BPF_ARG_FIXED_UPDATE
                   ? check_memory(m, helper, number, type, *map)
                   : escape(m, "argument r%u: the machine does not know this kind", number);
    }
}

/* --- Results
 * ------------------------------------------------------------------------------------------------------------ */

uint64_t new_base(const struct machine *m)
{
    return UINT64_C(0x500000000000) + ((uint64_t)m->object_count << 32);
}

static struct machine_reg new_object(struct machine *m, enum machine_object_kind kind,
                                     uint64_t size)
{
    uint64_t base = new_base(m);
    if (size > 4096 || roll(m) % 4 == 0 ||
        add_object(m, kind, base, (uint32_t)size) == NULL)
        return (struct machine_reg){ 0, true, false };
    machine_object_at(m, base, 0)->writable = kind == OBJECT_RECORD;
    m->open_references++;
    return (struct machine_reg){ base, true, true };
}

static struct machine_reg any_value(struct machine *m, uint32_t map)
{
    if (roll(m) % 4 == 0 || value_count(m, map) == 0)
        return (struct machine_reg){ 0, true, false };
    return (struct machine_reg){ value_base(map, (uint32_t)(roll(m) % value_count(m, map))), true,
                                 true };
}

#define SOCKET_SIZE 112 /* more than any view of one shows */

static struct machine_reg result_of(struct machine *m, const struct bpf_helper *helper,
                                    uint32_t map)
{
    switch (helper->returns) {
    case BPF_RETURN_VOID:
        return (struct machine_reg){ 0 };
    case BPF_RETURN_MAP_VALUE_OR_NULL:
        return any_value(m, map);
    case BPF_RETURN_RINGBUF_RECORD_OR_NULL:
        return new_object(m, OBJECT_RECORD, reg(m, 2)->value);
    case BPF_RETURN_SOCKET_OR_NULL:
    case BPF_RETURN_SOCK_COMMON_OR_NULL:
        return new_object(m, OBJECT_SOCKET, SOCKET_SIZE);
    case BPF_RETURN_ERROR:
        return (struct machine_reg){ 0 - (roll(m) & 1 ? 0 : roll(m) % 134), true, false };
    case BPF_RETURN_SIZE:
        return (struct machine_reg){ roll(m) & 1 ? 0 - (1 + roll(m) % 133)
                                                 : roll(m) % (reg(m, 2)->value + 1),
                                     true, false };
    default:
        return (struct machine_reg){ roll_number(m), true, false };
    }
}

/* R1 to R5 are garbage afterwards. */
void finish_call(struct machine *m, struct machine_reg result)
{
    for (uint32_t r = 0; r <= 5; r++)
        *reg(m, r) = (struct machine_reg){ roll(m), false, false };
    *reg(m, 0) = result;
    m->pc++;
}

/* --- Callbacks
 * ---------------------------------------------------------------------------------------------------------- */

void enter_callback(struct machine *m, const struct machine_frame *kept)
{
    enter_frame(m);
    struct machine_frame *f = &m->frames[m->frame_count - 1];
    uint32_t first = f->first;
    *f = *kept;
    f->first = first;
    f->references = m->open_references;
    m->pc = kept->function;
    if (kept->callback == BPF_CALLBACK_LESS) {
        own_compare(m, kept);
        return;
    }
    if (kept->callback == BPF_CALLBACK_LOOP) {
        *reg(m, 1) = (struct machine_reg){ kept->round, true, false };
        *reg(m, 2) = kept->context;
        return;
    }
    *reg(m, 1) = (struct machine_reg){ MACHINE_MAP_BASE + kept->map * 4096u, true, true };
    *reg(m, 2) = (struct machine_reg){ key_base(kept->map), true, true };
    *reg(m, 3) = (struct machine_reg){ value_base(kept->map, kept->round), true, true };
    *reg(m, 4) = kept->context;
}

/* More rounds than this are not run, which is a way that the helper may go: an entry may be gone. */
#define ROUNDS_RUN 12

static bool call_back(struct machine *m, const struct bpf_helper *helper, uint32_t map)
{
    bool loops = helper->callback == BPF_CALLBACK_LOOP;
    uint64_t rounds = loops ? reg(m, 1)->value & UINT32_MAX : value_count(m, map);
    if (m->frame_count == MACHINE_FRAME_MAX)
        return escape(m, "too many frames");
    if (loops && (reg(m, 1)->value & UINT32_MAX) > (UINT64_C(8) << 20))
        rounds = 0; /* -E2BIG */
    struct machine_frame kept = {
        .return_to = m->pc,
        .callback = helper->callback,
        .map = map,
        .context = *reg(m, 3),
        .function = (uint32_t)((reg(m, 2)->value - MACHINE_FUNCTION_BASE) / 8),
        .round_count = (uint32_t)(rounds < ROUNDS_RUN ? rounds : ROUNDS_RUN),
    };
    if (kept.round_count == 0 || (!loops && roll(m) % 8 == 0))
        finish_call(m, (struct machine_reg){ roll_number(m), true, false });
    else
        enter_callback(m, &kept);
    return true;
}

static bool leave_callback(struct machine *m)
{
    struct machine_frame kept = m->frames[m->frame_count - 1];
    struct machine_reg result = *reg(m, 0);
    bool hidden = result.address && !has(m, BPF_RULE_POINTER_LEAKS);
    if (!result.set || hidden || result.value > 1)
        return escape(m, "a callback returns something else than 0 and 1");
    if (m->open_references != kept.references)
        return escape(m, "a callback leaves %u references open, and began with %u",
                      m->open_references, kept.references);
    leave_frame(m);
    bool goes_on = result.value == 0 || kept.callback == BPF_CALLBACK_LESS;
    if (goes_on && ++kept.round < kept.round_count) {
        kept.low = 0;
        enter_callback(m, &kept);
        return true;
    }
    if (kept.callback == BPF_CALLBACK_LESS)
        own_added(m, &kept);
    m->pc = kept.return_to;
    finish_call(m, (struct machine_reg){ roll_number(m), true, false });
    return true;
}

/* --- Functions and ends
 * ------------------------------------------------------------------------------------------------- */

static bool run_ends(struct machine *m, bool *ends)
{
    *ends = true;
    return nothing_held(m);
}

static bool is_global(const struct machine *m, uint32_t pc)
{
    const struct bpf_debug_func *f = bpf_debug_func_at(m->request->debug, pc);
    return m->request->btf != NULL && f != NULL && f->insn_index == pc && f->is_global;
}

bool run_local_call(struct machine *m, const struct bpf_insn *insn)
{
    struct machine_reg *caller = m->regs[m->frame_count - 1];
    if (m->frame_count == MACHINE_FRAME_MAX)
        return escape(m, "too many frames");
    uint32_t return_to = m->pc + 1;
    if (m->lock != 0 && is_global(m, (uint32_t)((int64_t)m->pc + 1 + insn->imm)))
        return escape(m, "calls a global function with a lock held");
    m->pc = (uint32_t)((int64_t)m->pc + 1 + insn->imm);
    enter_frame(m);
    struct machine_frame *f = &m->frames[m->frame_count - 1];
    f->return_to = return_to;
    if (is_global(m, m->pc))
        f->first = m->frame_count - 1;
    for (uint32_t r = 1; r <= 5; r++)
        *reg(m, r) = caller[r];
    for (uint32_t r = 0; r <= 5; r++)
        caller[r].set = false;
    return true;
}

/* The function on top returns `result`, or the run does. */
static bool leave_function(struct machine *m, struct machine_reg result, bool *ends)
{
    if (m->frame_count == 1)
        return run_ends(m, ends);
    m->pc = m->frames[m->frame_count - 1].return_to;
    leave_frame(m);
    *reg(m, 0) = result;
    return true;
}

static bool result_fits(struct machine *m, uint64_t result)
{
    const struct bpf_context_layout *layout = m->request->context;
    bool fits = m->in_timer ? result == 0
                            : !layout->result_checked || ((int64_t)result >= layout->result_min &&
                                                          (int64_t)result <= layout->result_max);
    return fits ? true : escape(m, "returns %" PRId64, (int64_t)result);
}

bool run_exit(struct machine *m, bool *ends)
{
    struct machine_reg result = *reg(m, 0);
    if (m->frames[m->frame_count - 1].callback != BPF_CALLBACK_NONE)
        return leave_callback(m);
    if (m->frame_count > 1)
        return leave_function(m, result, ends);
    if (!result.set || (result.address && !has(m, BPF_RULE_POINTER_LEAKS)))
        return escape(m, "returns %s", result.set ? "an address" : "what is not set");
    if (!result_fits(m, result.value))
        return false;
    return run_ends(m, ends);
}

/* All frames are left at once: kernel/bpf/helpers.c, bpf_throw(). The exception callback is called in place of the
 * program, and what it returns is the result. */
bool run_throw(struct machine *m, bool *ends)
{
    uint32_t callback = 0;
    uint64_t cookie = reg(m, 1)->value;
    if (!need_number(m, 1) || !nothing_held(m))
        return false;
    for (uint32_t f = 0; f < m->frame_count; f++)
        if (m->frames[f].callback != BPF_CALLBACK_NONE)
            return escape(m, "throws past a helper that called back");
    for (uint32_t i = 0; i < m->request->debug->func_count; i++)
        if (strcmp(m->request->debug->funcs[i].name, "x") == 0)
            callback = m->request->debug->funcs[i].insn_index;
    if (callback == 0) {
        *ends = true;
        return result_fits(m, cookie);
    }
    while (m->frame_count > 0)
        leave_frame(m);
    enter_frame(m);
    *reg(m, 1) = (struct machine_reg){ cookie, true, false };
    m->pc = callback;
    return true;
}

bool run_legacy_load(struct machine *m, bool *ends)
{
    if (!need(m, 6) || !may_call(m, &m->request->insns[m->pc]))
        return false;
    if (reg(m, 6)->value != MACHINE_CONTEXT_BASE)
        return escape(m, "r6 is not the context");
    if (roll(m) % 4 == 0)
        return leave_function(m, (struct machine_reg){ 0, true, false }, ends);
    finish_call(m, (struct machine_reg){ (uint32_t)roll_number(m), true, false });
    return true;
}

/* --- Helpers
 * ------------------------------------------------------------------------------------------------------------ */

/* Another program goes on, and ends the function with any number. */
static bool tail_call(struct machine *m, bool *ends)
{
    new_packet(m);
    if (m->frames[m->frame_count - 1].callback != BPF_CALLBACK_NONE)
        return escape(m, "another program returns to the helper that called back");
    return leave_function(m, (struct machine_reg){ roll_number(m), true, false }, ends);
}

bool run_helper(struct machine *m, const struct bpf_insn *insn, bool *ends)
{
    uint32_t map = 0;
    const struct bpf_helper *helper =
        bpf_helper_find_for(m->request->env, (uint32_t)insn->imm, m->request->context);
    m->calls++;
    if (!may_call(m, insn))
        return false;
    if (insn->src_reg == BPF_CALL_BTF_ID && generated_kfunc_of(insn->imm) == GENERATED_KFUNC_throw)
        return run_throw(m, ends);
    if (insn->src_reg == BPF_CALL_BTF_ID)
        return run_kfunc(m, insn);
    if (helper == NULL || !bpf_helper_allowed(helper, m->request->context))
        return escape(m, "calls helper %d", insn->imm);
    if (is_special_helper(insn->imm))
        return run_special_helper(m, insn->imm);
    if (is_dynptr_helper(insn->imm))
        return run_dynptr_helper(m, insn->imm);
    for (uint32_t r = 1; r <= 5; r++)
        if (!check_argument(m, helper, r, &map))
            return false;
    if ((helper->flags & BPF_HELPER_TAIL_CALL) != 0 && roll(m) % 2 == 0)
        return tail_call(m, ends);
    if (helper->callback != BPF_CALLBACK_NONE)
        return call_back(m, helper, map);
    struct machine_reg result = result_of(m, helper, map);
    if ((helper->flags & BPF_HELPER_CHANGES_PACKET) != 0)
        new_packet(m);
    finish_call(m, result);
    return true;
}
