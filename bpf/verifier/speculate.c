/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Speculation: the walk goes on with a state that covers more than what there is (a loop summarised,
 * paths merged). If all of it is accepted, so is what there is. If not, nothing is proved: the walk
 * comes back, takes back all it made since, and goes on with what there is.
 *
 * Speculations are a stack, like the states that wait: one is over when all paths begun after it are
 * walked. What fails is laid to the newest. So that this ends soon, a place where it failed is not
 * tried again, and after many failures nothing is. */
#include "walk.h"

#define RETREATS_MAX 256u
/* Of the memory for ways back. When there are more, the oldest go: a refusal is then one for want of
 * memory. */
#define MEMORY_SHARE 5u

static size_t size_of(const struct speculation *s)
{
    return sizeof *s + s->state->size_bytes;
}

/* Is it the way back of a loop or region that the walk is in? */
static bool is_needed(const struct verifier *v, const struct speculation *s)
{
    for (const struct loop *l = v->here.loop; l != NULL; l = l->outer)
        if (l->speculation == s)
            return true;
    return region_needs(v, s);
}

static bool forget_but(struct verifier *v, const struct speculation *kept)
{
    struct speculation **oldest = NULL;
    for (struct speculation **at = &v->here.speculations; *at != NULL; at = &(*at)->below)
        if (*at != kept && !is_needed(v, *at))
            oldest = at;
    if (oldest == NULL)
        return false;
    struct speculation *s = *oldest;
    *oldest = s->below;
    v->here.speculation_bytes -= size_of(s);
    v->ways_back_lost = true;
    pending_put(v, s->state);
    verifier_free(v, s, sizeof *s);
    return true;
}

bool speculation_forget(struct verifier *v)
{
    return forget_but(v, NULL);
}

int speculate(struct verifier *v, struct pending *state, uint32_t pending_count, bool of_loop)
{
    struct speculation *s = verifier_alloc(v, sizeof *s);
    if (s == NULL) {
        pending_put(v, state);
        return refuse_memory(v);
    }
    s->below = v->here.speculations;
    s->state = state;
    s->pending_count = pending_count;
    s->checkpoint_count = v->checkpoint_count;
    s->completed_count = v->completed_count;
    s->region = v->here.region;
    s->loop = v->here.loop;
    s->exit_count = s->loop != NULL ? s->loop->exit_count : 0;
    s->of_loop = of_loop;
    s->dear = false;
    v->here.speculations = s;
    v->here.speculation_bytes += size_of(s);
    while (v->here.speculation_bytes > v->memory_limit / MEMORY_SHARE)
        if (!forget_but(v, s))
            break;
    return 0;
}

static void pop(struct verifier *v)
{
    struct speculation *s = v->here.speculations;
    v->here.speculations = s->below;
    v->here.speculation_bytes -= size_of(s);
    pending_put(v, s->state);
    verifier_free(v, s, sizeof *s);
}

void speculation_commit_above(struct verifier *v, const struct speculation *s)
{
    while (v->here.speculations != s)
        pop(v);
}

void speculation_undo(struct verifier *v, const struct speculation *s)
{
    speculation_commit_above(v, s);
    region_drop(v, s->region);
    pending_truncate(v, s->pending_count);
    prune_truncate(v, s->checkpoint_count, s->completed_count);
}

bool speculation_retreat(struct verifier *v, struct speculation *s)
{
    if (s == NULL)
        s = v->here.speculations;
    if (s == NULL)
        return false;
    /* Much was tried in vain: the rest is walked as it is. */
    if (++v->retreats > RETREATS_MAX)
        while (s->below != NULL)
            s = s->below;
    speculation_undo(v, s);
    loop_drop(v, s->loop);
    if (s->loop != NULL)
        loop_truncate_exits(v, s->loop, s->exit_count);
    uint32_t pc = s->state->pc;
    pending_restore(v, s->state);
    if (s->of_loop && !s->merged) {
        v->info[pc].no_summary = 1;
    } else if (s->dear && !v->info[pc].short_merge) {
        v->info[pc].short_merge = 1;
        v->info[pc].meet = MEET_UNKNOWN;
    } else {
        v->info[pc].no_merge = 1;
    }
    /* The jump is decided, and counted, again. */
    v->state.insns -= s->state->at_jump;
    pop(v);
    return true;
}

void speculation_give_up(struct verifier *v)
{
    v->retreats = RETREATS_MAX;
}

bool speculation_allowed(const struct verifier *v)
{
    return v->retreats <= RETREATS_MAX && (v->probe == NULL || !v->probe->never_prune);
}

void speculation_commit(struct verifier *v, uint32_t pending)
{
    while (v->here.speculations != NULL && v->here.speculations->pending_count >= pending)
        pop(v);
}

void speculation_destroy(struct verifier *v)
{
    while (v->here.speculations != NULL)
        pop(v);
}
