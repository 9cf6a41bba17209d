/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Fields of map values that are no plain bytes: locks, timers, kernel pointers. Programs reach them
 * by the helpers made for them only. */
#include "kfunc.h"

int check_no_special(struct verifier *v, uint32_t reg_number, int64_t from, int64_t to)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    const struct bpf_map *map = reg_map(v, r);
    for (uint32_t i = 0; i < map->special_field_count; i++) {
        const struct bpf_special_field *field = &map->special_fields[i];
        if (from < (int64_t)field->offset + field->size && to > (int64_t)field->offset)
            return refuse(v, -EACCES, BPF_REJECT_TYPE,
                          "use the helpers for it, and leave its bytes alone",
                          "r%u is %s: bytes %lld to %lld are a lock, timer or kernel pointer",
                          reg_number, describe(v, r).text, (long long)from, (long long)to - 1);
    }
    return 0;
}

/* The register points to a field of this kind. */
static int check_special(struct verifier *v, struct call *call, uint32_t reg_number,
                         enum bpf_special_kind kind, const char *wants)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    if (r->type != REG_MAP_VALUE || r->may_be_null || !scalar_is_const(&r->n))
        return refuse_argument(v, call, reg_number, wants);
    const struct bpf_map *map = reg_map(v, r);
    for (uint32_t i = 0; i < map->special_field_count; i++)
        if (map->special_fields[i].kind == (uint32_t)kind &&
            map->special_fields[i].offset == r->n.umin)
            return 0;
    return refuse_argument(v, call, reg_number, wants);
}

/* Kinds of Linux that run where the lock's holder may be interrupted. */
#define NO_LOCKS                                                                                          \
    (PROG_BIT(PROG_SOCKET_FILTER) | PROG_BIT(PROG_KPROBE) | PROG_BIT(PROG_TRACEPOINT) |                   \
     PROG_BIT(PROG_PERF_EVENT) | PROG_BIT(PROG_RAW_TRACEPOINT) | PROG_BIT(PROG_RAW_TRACEPOINT_WRITABLE))

static int refuse_lock(struct verifier *v, const struct call *call, const char *why)
{
    return refuse(v, -EINVAL, BPF_REJECT_REFERENCE, "", "bpf_%s(): %s", call->name, why);
}

int check_lock(struct verifier *v, struct call *call, uint32_t reg_number)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    struct regions *in = &v->state.regions;
    int err = is_object_with_lock(v, r)
                  ? 0
                  : check_special(v, call, reg_number, BPF_SPECIAL_SPIN_LOCK,
                                  "a struct bpf_spin_lock in a map value or object of the program's");
    if (err != 0)
        return err;
    if (in_comparison(v))
        return refuse_lock(v, call, "not in the function that compares");
    if (prog_type_in(v->context->prog_type, NO_LOCKS))
        return refuse_lock(v, call, "programs of this kind cannot take locks");
    if ((call->helper->flags & BPF_HELPER_LOCKS) != 0) {
        if (in->lock_map != 0)
            return refuse_lock(v, call, "a lock is held already");
        in->lock_map = lock_place(r);
        in->lock_id = r->id;
        return 0;
    }
    if (in->lock_map != lock_place(r) || in->lock_id != r->id)
        return refuse_lock(v, call, "this lock is not the one that is held");
    borrowed_end(v);
    in->lock_map = in->lock_id = 0;
    return 0;
}

int check_timer(struct verifier *v, struct call *call, uint32_t reg_number)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    int err =
        check_special(v, call, reg_number, BPF_SPECIAL_TIMER, "a struct bpf_timer in a map value");
    if (err != 0)
        return err;
    if ((r->attr & REG_INNER) != 0)
        return refuse(v, -EINVAL, BPF_REJECT_UNSUPPORTED, "",
                      "a timer in a map out of a map of maps");
    call->map = reg_map(v, r);
    call->map_index = r->map;
    call->timer_map = r->map + 1;
    return 0;
}

/* --- Work for later, in a program that may sleep
 * ------------------------------------------------------------------------------ */

static int check_work(struct verifier *v, struct kfunc_call *k)
{
    const struct reg *r = state_reg(&v->state, 1);
    int err = check_special(v, &k->call, 1, BPF_SPECIAL_WORKQUEUE, "a struct bpf_wq in a map value");
    if (err != 0)
        return err;
    if ((r->attr & REG_INNER) != 0)
        return refuse(v, -EINVAL, BPF_REJECT_UNSUPPORTED, "", "work in a map out of a map of maps");
    k->call.map = reg_map(v, r);
    k->call.map_index = r->map;
    return 0;
}

int check_work_argument(struct verifier *v, struct kfunc_call *k, uint32_t n)
{
    const struct reg *r = state_reg(&v->state, n);
    if (n == 1)
        return check_work(v, k);
    if (k->row->special == BPF_KFUNC_WORK_INIT)
        return r->type == REG_MAP && !r->may_be_null && (r->attr & REG_INNER) == 0 && r->map == k->call.map_index
                   ? 0
                   : refuse_argument(v, &k->call, n, "the map that the work lies in");
    if (r->type != REG_FUNCTION || !scalar_is_const(&r->n) || r->n.umin != 0)
        return refuse_argument(v, &k->call, n, "a function of the program");
    k->call.callback = r->function;
    k->call.callback_kind = BPF_CALLBACK_WORK;
    return 0;
}
