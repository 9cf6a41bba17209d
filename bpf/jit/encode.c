/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* From a form to bytes: rounds of counting until no label moves, then the bytes. */
#include <axiom/errno.h>
#include <axiom/string.h>

#include "emit.h"
#include "encode.h"
#include <bpf_internal/prog.h>

/* Rounds until short forms are given up: each round shortens, so a handful is usual; padding can
 * make jumps longer again, for ever in theory. */
#define RELAX_ROUNDS 12u

static int round_once(struct encode_plan *r, bool first, uint8_t *at, size_t capacity, bool *asked)
{
    struct emit e = { .at = at,
                      .capacity = capacity,
                      .relax = r->relax,
                      .first_round = first,
                      .labels = r->labels,
                      .old_labels = r->old_labels,
                      .label_count = r->form->label_count };
    for (uint32_t i = 0; i < r->form->function_count; i++) {
        int err = r->form->target->encode(r->form, i, &e);
        if (err)
            return err;
    }
    r->size = e.size;
    *asked = e.asked;
    return e.overflow ? -ENOSPC : 0;
}

/* After this old_labels is where everything will stand. */
static int settle(struct encode_plan *r)
{
    r->relax = true;
    for (uint32_t round = 0;; round++) {
        bool asked;
        if (round == RELAX_ROUNDS)
            r->relax = false;
        size_t before = r->size;
        int err = round_once(r, round == 0, NULL, 0, &asked);
        if (err)
            return err;
        /* What asks for no distance is the same whatever it is. */
        bool same =
            !asked || (round != 0 && before == r->size &&
                       memcmp(r->labels, r->old_labels, r->label_count * sizeof *r->labels) == 0);
        uint32_t *swap = r->labels;
        r->labels = r->old_labels;
        r->old_labels = swap;
        if (same)
            return 0;
        if (round == RELAX_ROUNDS + 4)
            return -E2BIG;
    }
}

static size_t label_bytes(const struct encode_plan *plan)
{
    return (size_t)plan->label_count * sizeof(uint32_t);
}

int encode_plan(struct encode_plan *plan, const struct ir_form *form)
{
    const struct bpf_env *env = form->prog->env;
    *plan = (struct encode_plan){ .form = form,
                                  .label_count = form->label_count + form->function_count };
    plan->labels = bpf_env_alloc(env, label_bytes(plan));
    plan->old_labels = bpf_env_alloc(env, label_bytes(plan));
    return plan->labels == NULL || plan->old_labels == NULL ? -ENOMEM : settle(plan);
}

int encode_write(struct encode_plan *plan, void *buffer, size_t size)
{
    bool asked;
    return round_once(plan, false, buffer, size, &asked);
}

void encode_free(struct encode_plan *plan)
{
    const struct bpf_env *env = plan->form->prog->env;
    bpf_env_free(env, plan->labels, label_bytes(plan));
    bpf_env_free(env, plan->old_labels, label_bytes(plan));
}

int bpf_jit_encode(const struct ir_form *form, void *buffer, size_t buffer_size, size_t *size_out)
{
    struct encode_plan plan;
    int err = encode_plan(&plan, form);
    if (err == 0) {
        *size_out = plan.size;
        if (buffer != NULL)
            err = encode_write(&plan, buffer, buffer_size);
    }
    encode_free(&plan);
    return err;
}
