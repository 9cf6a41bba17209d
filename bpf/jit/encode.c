/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* From a form to bytes: a round that counts, one that writes; as long as labels moved, others in
 * between. */
#include <axiom/errno.h>
#include <axiom/string.h>

#include "emit.h"
#include "encode.h"
#include <bpf_internal/prog.h>

/* Rounds until short forms are given up: each round shortens, so a handful is usual; padding can
 * make jumps longer again, for ever in theory. */
#define RELAX_ROUNDS 12u

static size_t label_bytes(const struct encode_plan *plan)
{
    return (size_t)plan->label_count * sizeof(uint32_t);
}

/* One round into `at`, or only counting. *moved: not all labels stand where they stood before. */
static int round_once(struct encode_plan *r, uint8_t *at, size_t capacity, bool *moved)
{
    if (r->round == RELAX_ROUNDS)
        r->relax = false;
    struct emit e = { .at = at,
                      .capacity = capacity,
                      .relax = r->relax,
                      .first_round = r->round == 0,
                      .labels = r->labels,
                      .old_labels = r->old_labels,
                      .label_count = r->form->label_count };
    for (uint32_t i = 0; i < r->form->function_count; i++) {
        int err = r->form->target->encode(r->form, i, &e);
        if (err)
            return err;
    }
    /* What asks for no distance is the same whatever it is. */
    *moved = e.asked && (r->round == 0 || r->size != e.size ||
                         memcmp(r->labels, r->old_labels, label_bytes(r)) != 0);
    r->size = e.size;
    r->round++;
    uint32_t *swap = r->labels;
    r->labels = r->old_labels;
    r->old_labels = swap;
    return e.overflow && !*moved ? -ENOSPC : 0;
}

/* Counts until nothing moves: then old_labels is where everything will stand. */
static int settle(struct encode_plan *r)
{
    bool moved = true;
    int err = 0;
    while (moved && err == 0)
        err = r->round > RELAX_ROUNDS + 4 ? -E2BIG : round_once(r, NULL, 0, &moved);
    return err;
}

int encode_plan(struct encode_plan *plan, const struct ir_form *form)
{
    const struct bpf_env *env = form->prog->env;
    *plan = (struct encode_plan){ .form = form,
                                  .label_count = form->label_count + form->function_count,
                                  .relax = true };
    plan->labels = bpf_env_alloc(env, label_bytes(plan));
    plan->old_labels = bpf_env_alloc(env, label_bytes(plan));
    bool moved;
    return plan->labels == NULL || plan->old_labels == NULL ? -ENOMEM
                                                            : round_once(plan, NULL, 0, &moved);
}

int encode_write(struct encode_plan *plan, void *buffer, size_t size)
{
    bool moved;
    int err = round_once(plan, buffer, size, &moved);
    if (err != 0 || !moved)
        return err;
    err = settle(plan);
    return err == 0 ? -EAGAIN : err;
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
    if (err == 0 && buffer == NULL)
        err = settle(&plan);
    else if (err == 0)
        err = encode_write(&plan, buffer, buffer_size);
    if (err == -EAGAIN)
        err = encode_write(&plan, buffer, buffer_size);
    if (err == 0)
        *size_out = plan.size;
    encode_free(&plan);
    return err;
}
