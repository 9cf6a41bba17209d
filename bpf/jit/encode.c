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

struct rounds {
    const struct ir_form *form;
    uint32_t *labels, *old_labels;
    uint32_t label_count; /* with the functions' */
    size_t size;
    bool relax;
};

static int round_once(struct rounds *r, bool first, uint8_t *at, size_t capacity)
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
    return e.overflow ? -ENOSPC : 0;
}

/* After this old_labels is where everything will stand. */
static int settle(struct rounds *r)
{
    r->relax = true;
    for (uint32_t round = 0;; round++) {
        if (round == RELAX_ROUNDS)
            r->relax = false;
        size_t before = r->size;
        int err = round_once(r, round == 0, NULL, 0);
        if (err)
            return err;
        bool same = round != 0 && before == r->size &&
                    memcmp(r->labels, r->old_labels, r->label_count * sizeof *r->labels) == 0;
        uint32_t *swap = r->labels;
        r->labels = r->old_labels;
        r->old_labels = swap;
        if (same)
            return 0;
        if (round == RELAX_ROUNDS + 4)
            return -E2BIG;
    }
}

int encode_form(const struct ir_form *form, void *buffer, size_t buffer_size, size_t *size_out,
                uint32_t *function_places)
{
    struct rounds r = { .form = form, .label_count = form->label_count + form->function_count };
    const struct bpf_env *env = form->prog->env;
    size_t bytes = (size_t)r.label_count * sizeof(uint32_t);
    r.labels = bpf_env_alloc(env, bytes);
    r.old_labels = bpf_env_alloc(env, bytes);
    int err = r.labels == NULL || r.old_labels == NULL ? -ENOMEM : settle(&r);
    if (err == 0) {
        *size_out = r.size;
        if (function_places != NULL)
            memcpy(function_places, r.old_labels + form->label_count,
                   form->function_count * sizeof *function_places);
        if (buffer != NULL)
            err = round_once(&r, false, buffer, buffer_size);
    }
    bpf_env_free(env, r.labels, bytes);
    bpf_env_free(env, r.old_labels, bytes);
    return err;
}

int bpf_jit_encode(const struct ir_form *form, void *buffer, size_t buffer_size, size_t *size_out)
{
    return encode_form(form, buffer, buffer_size, size_out, NULL);
}
