/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a program holds: references that it must give up, and regions that it must leave. */
#include "call.h"

struct reg void_pointer(const struct verifier *v)
{
    return bpf_context_has_rule(v->context, BPF_RULE_POINTER_LEAKS) ? reg_any_number()
                                                                    : reg_unset();
}

/* --- References
 * ------------------------------------------------------------------------------------------------------- */

/* The innermost frame that is a callback's, or 0. */
static uint8_t callback_frame(const struct state *s)
{
    uint32_t f = s->frame_count - 1;
    while (f != 0 && s->frames[f].kind != FRAME_CALLBACK)
        f--;
    return (uint8_t)f;
}

int reference_acquire(struct verifier *v, uint32_t *id)
{
    struct state *s = &v->state;
    if (s->reference_count == REFERENCE_MAX)
        return refuse(v, -E2BIG, BPF_REJECT_REFERENCE, "give some up before acquiring more",
                      "more than %u references (records, sockets, ...) at once", REFERENCE_MAX);
    *id = ++v->next_id;
    s->references[s->reference_count++] = (struct reference){ *id, s->pc, callback_frame(s) };
    return 0;
}

struct voided {
    const struct verifier *v;
    uint32_t id;
};

static void make_void(struct reg *r, void *user)
{
    const struct voided *voided = user;
    if (!reg_is_pointer(r) || r->type >= REG_SLOT_DYNPTR || reg_reference(r) != voided->id)
        return;
    *r = void_pointer(voided->v);
    if (r->type == REG_UNSET)
        r->given_up_at = voided->v->state.pc + 1;
}

/* Objects on the stack that lived by it are there no more. */
static void take_objects(struct state *s, uint32_t id)
{
    for (uint32_t i = 0; i < s->slot_count; i++)
        if (s->slots[i].spill_size != 0 && s->slots[i].value.type >= REG_SLOT_DYNPTR &&
            s->slots[i].value.ref == id)
            s->slots[i] = (struct slot){ 0 };
}

int reference_release(struct verifier *v, const char *by, uint32_t id)
{
    struct voided voided = { v, id };
    const struct state *s = &v->state;
    for (uint32_t i = 0; i < s->reference_count; i++)
        if (s->references[i].id == id && s->references[i].frame != callback_frame(s))
            return refuse(v, -EINVAL, BPF_REJECT_REFERENCE, "release it where it was acquired",
                          "bpf_%s() in a callback gives up what was acquired outside of it", by);
    state_drop_reference(&v->state, id);
    state_each_value(&v->state, make_void, &voided);
    take_objects(&v->state, id);
    return 0;
}

static int refuse_lost(struct verifier *v, uint32_t acquired_at, const char *where)
{
    const struct bpf_debug_line *line = bpf_debug_line_at(v->request->debug, acquired_at);
    const struct bpf_insn *insn = &v->insns[acquired_at];
    const struct bpf_helper *helper = bpf_helper_find(v->env, (uint32_t)insn->imm);
    bool record = insn->src_reg == BPF_CALL_HELPER && helper != NULL &&
                  helper->returns == BPF_RETURN_RINGBUF_RECORD_OR_NULL;
    const char *mend =
        record ? "call bpf_ringbuf_submit() or bpf_ringbuf_discard() on every path to the end"
               : "release it on every path to the end";
    const char *what = record ? "the record reserved" : "what was acquired";
    const char *lost = record ? "neither submitted nor discarded" : "not given up";
    return refuse(v, -EACCES, BPF_REJECT_REFERENCE, mend, "%s %s %u is %s %s", what,
                  line == NULL ? "at insn" : "in line", line == NULL ? acquired_at : line->line,
                  lost, where);
}

/* A caller of the current function, which is entered once at most, acquired it and has it when the function ends. */
static bool is_callers(const struct verifier *v, const struct reference *reference)
{
    const struct state *s = &v->state;
    for (uint32_t f = 0; f + 1 < s->frame_count && has_rule(v, BPF_RULE_LINUX); f++)
        if (s->frames[f].function == function_at(v, reference->insn_index))
            return true;
    return false;
}

int check_nothing_held(struct verifier *v, const char *where)
{
    const struct state *s = &v->state;
    uint8_t frame = callback_frame(s);
    for (uint32_t i = 0; i < s->reference_count; i++)
        if (s->references[i].frame == frame && (frame != 0 || !is_callers(v, &s->references[i])))
            return refuse_lost(v, s->references[i].insn_index, where);
    if (frame != 0)
        return 0;
    if (s->regions.lock_map != 0)
        return refuse(v, -EINVAL, BPF_REJECT_REFERENCE, "unlock on every path",
                      "a lock is still held %s", where);
    if (s->regions.rcu != 0 || s->regions.no_preempt != 0)
        return refuse(
            v, -EINVAL, BPF_REJECT_REFERENCE, "leave it on every path", "%s is not left %s",
            s->regions.rcu != 0 ? "an RCU read section" : "a region without preemption", where);
    return 0;
}

/* --- The packet
 * -------------------------------------------------------------------------------------------------------- */

static void make_packet_void(struct reg *r, void *user)
{
    bool slice = r->type == REG_MEM && (r->attr & REG_PACKET_SLICE) != 0;
    if (slice || r->type == REG_PACKET || r->type == REG_PACKET_META || r->type == REG_PACKET_END)
        *r = void_pointer(user);
}

void packet_changed(struct verifier *v)
{
    v->packet_changed = true;
    state_each_value(&v->state, make_packet_void, v);
}

/* --- Regions
 * ---------------------------------------------------------------------------------------------------------- */

int check_may_sleep(struct verifier *v, const char *name)
{
    const struct regions *in = &v->state.regions;
    if (!program_sleeps(v))
        return refuse(v, -EINVAL, BPF_REJECT_HELPER,
                      "use a section that may sleep: SEC(\"x.s/...\")",
                      "bpf_%s() may sleep, and programs of this kind must not", name);
    if (in->lock_map == 0 && in->rcu == 0 && in->no_preempt == 0)
        return 0;
    return refuse(v, -EINVAL, BPF_REJECT_HELPER, "call it before or after",
                  "bpf_%s() may sleep, and %s", name,
                  in->lock_map != 0 ? "a lock is held"
                  : in->rcu != 0    ? "an RCU read section is open"
                                    : "preemption is off");
}

int check_may_call(struct verifier *v, const struct call *call)
{
    if (v->state.regions.lock_map != 0 && (call->helper->flags & BPF_HELPER_UNLOCKS) == 0)
        return refuse(v, -EINVAL, BPF_REJECT_HELPER, "unlock first",
                      "bpf_%s() is called while a lock is held", call->name);
    return (call->helper->flags & BPF_HELPER_MIGHT_SLEEP) != 0 ? check_may_sleep(v, call->name) : 0;
}
