/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Packets: as much of one may be read as a comparison with its end has shown to be there.
 *
 * A packet pointer is base + n + fixed: `fixed` is what constants added, n what numbers added, and all
 * pointers of one id have the same n, whatever it is. So what a comparison shows of one of them, that
 * `size` bytes from base + n on are there, holds for all of them. The metadata before the packet ends
 * where the packet begins; its end is a pointer to the packet's first byte. */
#include "call.h"

/* Larger packets there are not; beyond it sums could come round. (Linux: MAX_PACKET_OFF) */
#define PACKET_MAX 0xffffu

int check_packet_region(struct verifier *v, uint32_t reg_number, int64_t displacement,
                        uint64_t size_bytes, enum access access)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    struct description is = describe(v, r);
    if (access == ACCESS_WRITE && !has_rule(v, BPF_RULE_PACKET_WRITE))
        return refuse(v, -EACCES, BPF_REJECT_READ_ONLY, "",
                      "r%u is %s, which programs of '%s' may only read", reg_number, is.text,
                      v->context->section_prefix);
    int64_t from = displacement + r->fixed;
    if (r->n.smin < 0)
        return refuse(v, -EACCES, BPF_REJECT_OOB, "make the index unsigned, or test it for >= 0",
                      "r%u is %s: it may lie before the packet", reg_number, is.text);
    if (from >= 0 && size_bytes <= PACKET_MAX && from + (int64_t)size_bytes <= (int64_t)r->size)
        return 0;
    return refuse(v, -EACCES, BPF_REJECT_OOB,
                  "compare with the end first: if (data + SIZE > data_end) return 0;",
                  "r%u is %s: bytes %lld to %lld would be accessed", reg_number, is.text,
                  (long long)from, (long long)from + (long long)size_bytes - 1);
}

/* May what varies bring the pointer back? By Linux's rule what varies may not be negative, all of it together, and
 * what constants add does not make up for that. But which of the numbers added before were constants depends on
 * what was merged, or known already, on the way here. So it counts by itself: whatever the others turn out to be. */
static bool may_go_back(const struct reg *number, bool subtract)
{
    return subtract ? number->n.smax > 0 : number->n.smin < 0;
}

int packet_add(struct verifier *v, uint32_t dst, const struct reg *pointer,
               const struct reg *number, bool subtract)
{
    struct reg result = *pointer;
    int64_t sum =
        subtract ? (int64_t)result.fixed - number->n.smin : (int64_t)result.fixed + number->n.smin;
    if (scalar_is_const(&number->n) && sum > -OFFSET_LIMIT && sum < OFFSET_LIMIT) {
        result.fixed = (int32_t)sum;
    } else {
        result.n = may_go_back(number, subtract)
                       ? scalar_unknown(BITS)
                       : scalar_alu(subtract ? ALU_SUB : ALU_ADD, &pointer->n, &number->n, BITS);
        result.id = ++v->next_id;
        /* What lies behind a place is there behind a lower one too. */
        if (!subtract || number->n.smin < 0)
            result.size = 0;
    }
    mark_precise(v, number->deps);
    *state_reg(&v->state, dst) = result;
    return 0;
}

/* --- Comparison
 * --------------------------------------------------------------------------------------------------------
 */

static bool is_end_of(const struct reg *end, const struct reg *packet)
{
    if (packet->type == REG_PACKET)
        return end->type == REG_PACKET_END;
    return packet->type == REG_PACKET_META && end->type == REG_PACKET && end->id == 0 &&
           end->fixed == 0 && scalar_is_const(&end->n) && end->n.umin == 0;
}

struct shown {
    const struct reg *pointer;
    uint32_t size;
};

static void widen(struct reg *r, void *user)
{
    const struct shown *shown = user;
    if (r->type == shown->pointer->type && r->id == shown->pointer->id && r->size < shown->size)
        r->size = shown->size;
}

/* pointer <= end, or pointer < end. */
static void learn_below(struct verifier *v, const struct reg *pointer, bool or_equal)
{
    bool shows_nothing = or_equal || has_rule(v, BPF_RULE_LINUX); /* by Linux's rule, which stays below the first byte */
    if (pointer->n.umax > PACKET_MAX || pointer->fixed < 0 || (pointer->fixed == 0 && shows_nothing) ||
        pointer->n.umax + (uint32_t)pointer->fixed > PACKET_MAX)
        return;
    const struct reg copy = *pointer;
    struct shown shown = { &copy, (uint32_t)copy.fixed + (or_equal ? 0 : 1) };
    state_each_value(&v->state, widen, &shown);
}

void packet_learn(struct verifier *v, enum jump_cond cond, const struct reg *a, const struct reg *b)
{
    if (reg_is_packet(a) && is_end_of(b, a)) {
        if (cond == COND_LE || cond == COND_LT)
            learn_below(v, a, cond == COND_LE);
    } else if (reg_is_packet(b) && is_end_of(a, b)) {
        if (cond == COND_GE || cond == COND_GT)
            learn_below(v, b, cond == COND_GE);
    }
}

/* --- Loads of classic BPF
 * ------------------------------------------------------------------------------------------------
 */

/* May the function end at this load? Then it returns 0. */
static int check_may_end(struct verifier *v)
{
    const struct bpf_debug_func *f = bpf_debug_func_at(v->request->debug, v->state.pc);
    struct bpf_btf_type function, prototype, result;
    const struct bpf_btf *btf = v->request->btf;
    bool number = btf != NULL && f != NULL && bpf_btf_type_at(btf, f->type_id, &function) &&
                  bpf_btf_type_at(btf, function.size_or_type, &prototype) &&
                  bpf_btf_resolve(btf, prototype.size_or_type, &result) &&
                  (result.kind == BPF_BTF_INT || result.kind == BPF_BTF_ENUM ||
                   result.kind == BPF_BTF_ENUM64);
    if (number)
        return 0;
    return refuse(v, -EINVAL, BPF_REJECT_TYPE, "",
                  "a packet load of classic BPF may end the function, which must return int then");
}

static int check_load_allowed(struct verifier *v, const struct bpf_insn *insn)
{
    const struct reg *context = state_reg(&v->state, 6);
    if (!has_rule(v, BPF_RULE_LEGACY_PACKET))
        return refuse(v, -EINVAL, BPF_REJECT_UNSUPPORTED, "",
                      "packet loads of classic BPF are not for programs of '%s'",
                      v->context->section_prefix);
    int err = check_set(v, 6);
    if (err != 0)
        return err;
    if (context->type != REG_CONTEXT || !scalar_is_const(&context->n) || context->n.umin != 0)
        return refuse(v, -EINVAL, BPF_REJECT_ARGUMENT, "",
                      "r6 must be the context for a packet load of classic BPF, but is %s",
                      describe(v, context).text);
    if (BPF_MODE(insn->opcode) == BPF_IND)
        err = check_set(v, insn->src_reg);
    if (err == 0 && v->state.frame_count > 1)
        err = check_may_end(v);
    if (err == 0)
        err = check_nothing_held(v, "at a packet load of classic BPF, which may end the program,");
    return err;
}

/* R0 = the number at an offset of the packet. Where there is none the function ends with 0: the
 * program may do so whenever nothing is held, so only functions it calls are walked that way too. */
int check_legacy_packet(struct verifier *v, const struct bpf_insn *insn, bool waited,
                        bool *path_ends)
{
    int err = waited ? 0 : check_load_allowed(v, insn);
    if (err != 0)
        return err;
    bool ends = v->state.frame_count > 1 && !waited;
    err = ends ? walk_push(v) : 0;
    if (err != 0)
        return err;
    for (uint32_t r = 0; r <= BPF_CALL_ARG_COUNT; r++)
        *state_reg(&v->state, r) = reg_unset();
    *state_reg(&v->state, 0) = ends ? reg_const(0) : reg_any_number();
    if (ends)
        return check_exit(v, path_ends);
    v->state.pc++;
    return 0;
}
