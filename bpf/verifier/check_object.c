/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Arguments of calls that are typed pointers: what they point to has a life of its own. */
#include "dynptr.h"

bool reg_is_null(const struct reg *r)
{
    return r->type == REG_NUMBER && scalar_is_const(&r->n) && r->n.umin == 0;
}

/* The object itself, not something inside it. */
static bool at_start(const struct reg *r)
{
    return scalar_is_const(&r->n) && r->n.umin == 0;
}

static int check_record(struct verifier *v, struct call *call, uint32_t reg_number)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    if (r->type != REG_RECORD)
        return refuse_argument(v, call, reg_number, "a record of bpf_ringbuf_reserve()");
    if (r->may_be_null)
        return refuse(v, -EACCES, BPF_REJECT_NULL, "test it first: if (!record) return 0;",
                      "r%u, the record for bpf_%s(), may be NULL", reg_number, call->name);
    if (!at_start(r))
        return refuse_argument(v, call, reg_number, "the record's beginning");
    if (!state_has_reference(&v->state, r->id))
        return refuse_argument(v, call, reg_number, "a record not yet submitted");
    call->release = r->id;
    return 0;
}

static bool is_socket(const struct reg *r, enum bpf_arg_type type)
{
    if (r->type == REG_SOCKET)
        return type != BPF_ARG_SOCKET || r->type_id == SOCKET_FULL;
    return false;
}

static int check_socket(struct verifier *v, struct call *call, uint32_t reg_number,
                        enum bpf_arg_type type)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    if (r->type == REG_BTF && type == BPF_ARG_ANY_SOCK)
        return check_btf_object(v, call, reg_number, "sock_common");
    if (!is_socket(r, type))
        return refuse_argument(v, call, reg_number, "a socket");
    if (r->may_be_null)
        return refuse(v, -EACCES, BPF_REJECT_NULL, "test it first: if (!sk) return 0;",
                      "r%u, the socket for bpf_%s(), may be NULL", reg_number, call->name);
    if (!at_start(r))
        return refuse_argument(v, call, reg_number, "the socket itself, at offset 0");
    call->lives_by = r->ref;
    return 0;
}

static int take(struct verifier *v, struct call *call, uint32_t reg_number)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    uint32_t reference = reg_reference(r);
    if (reference == 0 || !state_has_reference(&v->state, reference))
        return refuse(v, -EINVAL, BPF_REJECT_REFERENCE,
                      "give up only what this program has acquired",
                      "bpf_%s() gives r%u up, but it is %s, which has no reference", call->name,
                      reg_number, describe(v, r).text);
    call->release = reference;
    return 0;
}

/* An object that there is one of for each CPU, looked at in a map: the program's own; variables of the kernel cannot
 * be named here. */
static int check_percpu(struct verifier *v, struct call *call, uint32_t reg_number)
{
    const struct reg *r = state_reg(&v->state, reg_number);
    if (r->type != REG_BTF || r->attr != (REG_OWN_TYPE | REG_PERCPU | REG_RCU) || r->may_be_null || !at_start(r))
        return refuse_argument(v, call, reg_number, "a kernel pointer __percpu_kptr, looked at in an RCU read section");
    call->percpu_type = r->type_id;
    call->percpu_attr = REG_OWN_TYPE | REG_ALLOCATED | REG_RCU;
    return 0;
}

int check_object(struct verifier *v, struct call *call, uint32_t reg_number, enum bpf_arg_type type)
{
    int err;
    switch (type & BPF_ARG_BASE) {
    case BPF_ARG_RINGBUF_RECORD:
        return check_record(v, call, reg_number);
    case BPF_ARG_SOCK_COMMON:
    case BPF_ARG_SOCKET:
    case BPF_ARG_ANY_SOCK:
        err = check_socket(v, call, reg_number, type & BPF_ARG_BASE);
        break;
    case BPF_ARG_DYNPTR:
        err = check_dynptr(v, call, reg_number, (type & BPF_ARG_RELEASE) != 0 ? DYNPTR_RINGBUF : -1,
                           (type & BPF_ARG_RELEASE) != 0);
        call->releases_dynptr = err == 0 && (type & BPF_ARG_RELEASE) != 0;
        return err;
    case BPF_ARG_DYNPTR_OUT:
        call->makes_dynptr = reg_number;
        return check_dynptr_place(v, call, reg_number);
    case BPF_ARG_SPIN_LOCK:
        return check_lock(v, call, reg_number);
    case BPF_ARG_TIMER:
        return check_timer(v, call, reg_number);
    case BPF_ARG_KPTR:
        return check_kptr(v, call, reg_number);
    case BPF_ARG_BTF_PERCPU:
        return check_percpu(v, call, reg_number);
    case BPF_ARG_BTF: {
        if (call->kptr_type != 0) {
            err = check_kptr_value(v, call, reg_number);
            break;
        }
        struct reg *r = state_reg(&v->state, reg_number);
        uint8_t may_be_null = r->may_be_null;
        if ((type & BPF_ARG_OR_NULL) != 0)
            r->may_be_null = 0;
        err = check_btf_object(v, call, reg_number, call->helper->btf_name);
        r->may_be_null = may_be_null;
        break;
    }
    default:
        return refuse(v, -EINVAL, BPF_REJECT_UNSUPPORTED, "",
                      "argument %u of bpf_%s() is of a kind that this verifier cannot check",
                      reg_number, call->name);
    }
    return err == 0 && (type & BPF_ARG_RELEASE) != 0 ? take(v, call, reg_number) : err;
}
