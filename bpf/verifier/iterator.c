/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Iterators: new, next, next, ..., destroy (Linux: Documentation/bpf/... "open-coded iterators",
 * kernel/bpf/verifier.c, process_iter_next_call()).
 *
 * One is an object on the stack and a reference. next() gives an element or NULL; after NULL the
 * iterator is drained, and NULL is all it gives. Both ways are walked. That it ends at some time is
 * the kernel's promise, and so it ends the loop that it is asked in (progress.c counts the elements). */
#include "kfunc.h"

/* More elements than any iterator has: tasks, mappings, bits (Linux: PID_MAX_LIMIT, max_map_count). */
#define ELEMENTS_MAX (UINT32_C(8) << 20)

static int refuse_iterator(struct verifier *v, const struct kfunc_call *k, const char *why)
{
    return refuse(v, -EINVAL, BPF_REJECT_ARGUMENT, "new, next until NULL, destroy: each once",
                  "argument 1 of bpf_%s(): %s", k->call.name, why);
}

static struct reg *iterator_at(struct verifier *v, const struct kfunc_call *k)
{
    return stack_object_at(v, k->iterator_frame, k->iterator_offset, REG_SLOT_ITERATOR,
                           k->iterator_bytes);
}

/* Linux: check_css_task_iter_allowlist(). */
static bool may_iterate_css_tasks(const struct verifier *v)
{
    return v->context->prog_type == PROG_LSM || program_sleeps(v) ||
           (v->context->prog_type == PROG_TRACING && v->context->expected_type == ATTACH_TRACE_ITER);
}

int check_iterator(struct verifier *v, struct kfunc_call *k, uint32_t reg_number,
                   const struct bpf_btf_type *type)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    uint32_t size;
    if (r->type != REG_STACK)
        return refuse_argument(v, &k->call, reg_number, "an iterator on the stack");
    if (bpf_btf_size(v->request->kernel_btf, type->id, &size) != 0 || size == 0 || size % 8 != 0 ||
        !stack_object_place(v, r, size, &k->iterator_offset))
        return refuse_iterator(v, k, "an iterator lies at a constant offset, a multiple of 8");
    if (k->row->special == BPF_KFUNC_ITER_CSS_TASK_NEW && !may_iterate_css_tasks(v))
        return refuse_iterator(v, k, "only security hooks, iterators and programs that sleep may");
    k->iterator_frame = r->frame;
    k->iterator_bytes = size;
    if ((k->row->flags & BPF_KFUNC_ITER_NEW) != 0)
        return stack_object_touches(v, r->frame, k->iterator_offset, REG_SLOT_ITERATOR, size)
                   ? refuse_iterator(v, k, "there is an iterator already")
                   : 0;
    const struct reg *is = iterator_at(v, k);
    if (is == NULL || is->type_id != type->id)
        return refuse_iterator(v, k, "an initialised iterator of its type is expected");
    if ((is->attr & REG_UNTRUSTED) != 0)
        return refuse_iterator(v, k, "its elements are there inside an RCU read section only");
    k->is_drained = (is->attr & REG_DRAINED) != 0;
    k->argument_ref = is->ref;
    return 0;
}

/* Of bpf_iter_num_new(it, first, end): how many numbers. */
static uint32_t number_count(struct verifier *v)
{
    const struct reg *first = state_reg(&v->state, 2), *end = state_reg(&v->state, 3);
    if (first->type != REG_NUMBER || end->type != REG_NUMBER || !scalar_is_const(&first->n) ||
        !scalar_is_const(&end->n))
        return ELEMENTS_MAX;
    mark_precise(v, first->deps | end->deps);
    int64_t count = (int64_t)(int32_t)end->n.umin - (int32_t)first->n.umin;
    return count < 0 ? 0 : count < ELEMENTS_MAX ? (uint32_t)count : ELEMENTS_MAX;
}

int iterator_new(struct verifier *v, struct kfunc_call *k, uint32_t type_id)
{
    struct reg value = reg_pointer(REG_SLOT_ITERATOR);
    int err = reference_acquire(v, &value.ref);
    value.type_id = type_id;
    value.size = k->row->special == BPF_KFUNC_ITER_NUM_NEW ? number_count(v) : ELEMENTS_MAX;
    if ((k->row->flags & BPF_KFUNC_RCU_PROTECTED) != 0)
        value.attr = in_rcu_section(v) ? REG_RCU : REG_UNTRUSTED;
    return err != 0 ? err
                    : stack_object_put(v, k->iterator_frame, k->iterator_offset, k->iterator_bytes,
                                       &value);
}

int iterator_destroy(struct verifier *v, struct kfunc_call *k)
{
    uint32_t ref = k->argument_ref;
    stack_object_take(v, k->iterator_frame, k->iterator_offset, k->iterator_bytes);
    return reference_release(v, k->call.name, ref);
}

static void drain(struct reg *r, void *user)
{
    if (r->type == REG_SLOT_ITERATOR && r->ref == *(const uint32_t *)user)
        r->attr |= REG_DRAINED;
}

int iterator_next(struct verifier *v, const struct kfunc_call *k, bool waited, bool *drained)
{
    uint32_t ref = k->argument_ref;
    *drained = waited || k->is_drained;
    if (*drained) {
        state_each_value(&v->state, drain, &ref);
        return 0;
    }
    int err = walk_push(v);
    struct reg *is = err == 0 ? iterator_at(v, k) : NULL;
    if (is != NULL && is->fixed < INT32_MAX)
        is->fixed++;
    return err;
}

uint16_t iterator_attr(struct verifier *v, const struct kfunc_call *k)
{
    const struct reg *is = iterator_at(v, k);
    return is != NULL && (is->attr & REG_RCU) != 0 ? REG_RCU : REG_TRUSTED;
}
