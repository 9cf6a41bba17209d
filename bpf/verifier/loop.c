/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Loops summarised: one round for all of them.
 *
 * The first rounds are walked as they are. Then the state at the loop's head is widened: what the
 * last round changed goes to the next constant that the loop compares with (merge.c). From this
 * state the body is walked once. If whatever comes back to the head is covered by it, it is an
 * invariant: it covers every later round, and the paths that leave the loop from it are all that
 * can leave it. If not, it is widened further and the body walked again.
 *
 * That it ends is another matter. A number that the loop changes gets an origin at the head, and
 * what is added to it is counted (reg_added()). If every way round adds at least `least` > 0, and
 * the invariant keeps it within `span`, there are no more than span / least + 1 rounds: it can
 * neither leave the interval nor come round in 64 bits. The same for numbers that shrink, and for
 * offsets of pointers. What progress.c counts ends a loop too: passes of may_goto, rounds of callbacks,
 * elements of iterators. A loop with neither is not summarised.
 *
 * What moves along with such a number, a pointer beside a counter, needs no bound of its own: from its first
 * value, its step and the number of rounds follows what it may be. Each round must add just that step.
 *
 * A path that leaves the loop waits until all of those inside are walked. Then ways out to one place go
 * on as one state, where they can be (region.c).
 *
 * All of it is speculation (speculate.c): a refusal of what the widened state allows means that the
 * loop is walked round by round. */
#include <axiom/string.h>

#include "walk.h"

/* So many rounds are walked first: short loops are seen as they are. */
#define ROUNDS_WALKED   4u
#define ROUNDS_TRIED    12u
#define ATTEMPTS_MAX    16u
#define ATTEMPTS_LIMITS 8u /* after so many the thresholds were of no use */
/* More are not walked one by one. */
#define ROUNDS_WALKED_OUT 1000000u

/* --- Thresholds: what the loop compares with --- */

static void add_threshold(struct merge *m, uint64_t value, uint32_t place)
{
    for (uint32_t i = 0; i < m->threshold_count; i++)
        if (m->thresholds[i].value == value && m->thresholds[i].place == place)
            return;
    if (m->threshold_count < THRESHOLD_MAX)
        m->thresholds[m->threshold_count++] = (struct threshold){ value, place };
}

/* What the rounds leave alone may be what they compare with; and sizes of objects. */
static void add_value(const struct reg *old, const struct reg *now, void *user)
{
    struct merge *m = user;
    if (reg_is_pointer(now) && now->size != 0)
        add_threshold(m, now->size, PLACE_ANY);
    if (old->type != REG_NUMBER || now->type != REG_NUMBER || !scalar_equal(&old->n, &now->n))
        return;
    if (now->n.umax <= INT64_MAX)
        add_threshold(m, now->n.umax, PLACE_ANY);
    if (now->n.smin < 0 && now->n.smin != INT64_MIN)
        add_threshold(m, (uint64_t)now->n.smin, PLACE_ANY);
}

static void add_compared(struct verifier *v, uint32_t first, uint32_t last, struct merge *m)
{
    v->work += last - first;
    for (uint32_t pc = first; pc <= last && pc < v->insn_count;
         pc += bpf_insn_slots(&v->insns[pc])) {
        const struct bpf_insn *insn = &v->insns[pc];
        const struct bpf_insn_row *row = insn_row(v, pc);
        if ((row->fields & BPF_JUMPS) == 0 || (row->fields & BPF_ENDS) != 0 ||
            BPF_SRC(insn->opcode) != BPF_K)
            continue;
        add_threshold(m, (uint64_t)(int64_t)insn->imm, insn->dst_reg);
        add_threshold(m, (uint32_t)insn->imm, insn->dst_reg);
    }
}

/* Of a call that calls back, the callback is the loop's body. */
static void add_callback(struct verifier *v, struct merge *m)
{
    for (uint32_t r = 1; r <= BPF_CALL_ARG_COUNT; r++) {
        const struct reg *argument = state_reg(&v->state, r);
        if (argument->type != REG_FUNCTION)
            continue;
        uint32_t index = function_at(v, argument->function);
        uint32_t end =
            index + 1 < v->function_count ? v->functions[index + 1].start : v->insn_count;
        add_compared(v, argument->function, end - 1, m);
    }
}

static void find_thresholds(struct verifier *v, const struct loop *l, const uint8_t *before,
                            struct merge *m)
{
    add_compared(v, l->first, l->last, m);
    if (insn_row(v, l->pc)->op == BPF_OP_CALL_HELPER)
        add_callback(v, m);
    state_each_pair(v, before, add_value, m);
}

/* --- What a round adds --- */

void reg_added(struct reg *result, const struct reg *dst, const struct reg *src, bool subtract,
               bool half)
{
    const struct reg *base = dst, *amount = src;
    result->origin = 0;
    if (dst->origin == 0 && !subtract) {
        base = src;
        amount = dst;
    }
    if (base->origin == 0 || amount->origin != 0 || amount->type != REG_NUMBER)
        return;
    int64_t min = half ? amount->n.smin32 : amount->n.smin;
    int64_t max = half ? amount->n.smax32 : amount->n.smax;
    const int64_t far = INT64_C(1) << 40;
    if (min < -far || max > far)
        return;
    if (subtract) {
        int64_t was = min;
        min = -max;
        max = -was;
    }
    /* In 32 bits nothing may be cut off, before or after. */
    if (half && (base->n.umax > UINT32_MAX || (int64_t)base->n.umin + min < 0 ||
                 (int64_t)base->n.umax + max > UINT32_MAX))
        return;
    min += base->added_min;
    max += base->added_max;
    if (min < -far || max > far)
        return;
    result->origin = base->origin;
    result->added_min = min;
    result->added_max = max;
}

bool loop_origin_is_open(const struct verifier *v, uint32_t origin)
{
    for (const struct loop *l = v->here.loop; l != NULL; l = l->outer)
        if (origin - l->tag_first < l->tag_count)
            return true;
    return false;
}

struct round {
    struct loop *loop;
    uint32_t seen; /* bit mask of tags */
};

/* `old`: at the loop's head, `now`: the same place a round later. */
static void note_added(const struct reg *old, const struct reg *now, void *user)
{
    struct round *round = user;
    uint32_t tag = old->origin - round->loop->tag_first;
    if (old->origin == 0 || tag >= round->loop->tag_count || now->origin != old->origin ||
        round->loop->tags[tag].is_counted)
        return;
    bool down = now->added_max < 0;
    if (!down && now->added_min <= 0)
        return;
    struct loop_tag *t = &round->loop->tags[tag];
    uint64_t least = down ? 0 - (uint64_t)now->added_max : (uint64_t)now->added_min;
    uint64_t span = old->n.umax - old->n.umin;
    uint64_t signed_span = (uint64_t)old->n.smax - (uint64_t)old->n.smin;
    t->span = span < signed_span ? span : signed_span;
    /* What is added is far below 2^63: it cannot come round to where it was. */
    if (t->span > INT64_MAX || (round->loop->came_round && t->down != down))
        return;
    if (!round->loop->came_round || least < t->least)
        t->least = least;
    t->down = down;
    round->seen |= 1u << tag;
}

/* --- What follows from the number of rounds --- */

/* More would take a pointer out of every object. */
#define COUNTED_ROUNDS_MAX ((uint64_t)1 << 24)

struct counting {
    const struct merge *m;
    uint64_t rounds;
    uint32_t done; /* bit mask of tags */
};

static uint64_t span_of(const struct scalar *n)
{
    uint64_t span = n->umax - n->umin, signed_span = (uint64_t)n->smax - (uint64_t)n->smin;
    return span < signed_span ? span : signed_span;
}

static uint64_t size_of_step(const struct step *s)
{
    return s->by < 0 ? 0 - (uint64_t)s->by : (uint64_t)s->by;
}

/* So many rounds at most leave what the loop compares between its bounds; UINT64_MAX: nothing says. */
static uint64_t rounds_compared(const struct verifier *v, const struct merge *m)
{
    uint64_t rounds = UINT64_MAX;
    for (uint32_t tag = 0; tag < v->tags_made - m->tag_first; tag++) {
        const struct step *s = &m->steps[tag];
        if (!s->is_exact || !s->is_compared || s->by == 0)
            continue;
        uint64_t size = size_of_step(s), span = span_of(&s->widened);
        /* A step that can jump over what is outside of the bounds comes round. */
        if (size <= UINT64_MAX - span && span / size < rounds)
            rounds = span / size;
    }
    return rounds;
}

/* first + step * (0 .. rounds) */
static void count_value(struct reg *r, void *user)
{
    struct counting *c = user;
    uint32_t tag = r->origin - c->m->tag_first;
    if (r->origin == 0 || tag >= TAG_MAX)
        return;
    const struct step *s = &c->m->steps[tag];
    uint64_t size = size_of_step(s);
    if (!s->is_exact || !s->may_count || s->by == 0 || size >= (uint64_t)OFFSET_LIMIT ||
        c->rounds * size >= (uint64_t)OFFSET_LIMIT)
        return;
    struct scalar step = scalar_const((uint64_t)s->by, BITS);
    struct scalar rounds = scalar_between(0, c->rounds, BITS);
    struct scalar moved = scalar_alu(ALU_MUL, &step, &rounds, BITS);
    r->n = scalar_alu(ALU_ADD, &s->first, &moved, BITS);
    c->done |= 1u << tag;
}

/* Variables that move along with one that the loop compares: what they may be follows from how many
 * rounds that one leaves, in whichever way they are used. */
static void count_along(struct verifier *v, const struct merge *m, struct counting *c)
{
    *c = (struct counting){ m, rounds_compared(v, m), 0 };
    if (c->rounds <= COUNTED_ROUNDS_MAX)
        state_each_value(&v->state, count_value, c);
}

bool loop_counted(const struct verifier *v, const struct reg *old, const struct reg *now)
{
    const struct loop *l = v->returning;
    if (l == NULL || old->origin == 0 || old->origin - l->tag_first >= l->tag_count ||
        now->origin != old->origin)
        return false;
    const struct loop_tag *tag = &l->tags[old->origin - l->tag_first];
    return tag->is_counted && now->added_min == tag->step && now->added_max == tag->step;
}

/* --- A loop's life --- */

static uint32_t level_of(const struct loop *l)
{
    return l != NULL ? l->level : 0;
}

static int refuse_endless(struct verifier *v)
{
    return refuse(v, -EINVAL, BPF_REJECT_LOOP,
                  "let a counter of the loop itself end it: for (int i = 0; i < 100; i++)",
                  "no number is seen that makes this loop end");
}

/* The state, widened already, becomes the head. */
static int set_head(struct verifier *v, struct loop *l, const struct counting *c)
{
    const struct merge *m = c->m;
    l->tag_first = m->tag_first;
    l->tag_count = v->tags_made - m->tag_first;
    l->came_round = false;
    l->alive = 0;
    l->progress.count = 0;
    memset(l->tags, 0, sizeof l->tags);
    l->counted_rounds = c->done != 0 ? c->rounds : UINT64_MAX;
    for (uint32_t tag = 0; tag < l->tag_count; tag++)
        l->tags[tag] = (struct loop_tag){ .is_counted = (c->done >> tag & 1) != 0,
                                          .step = m->steps[tag].by,
                                          .first = m->steps[tag].first };
    int err = prune_make(v, 0, 0, true);
    l->number = v->checkpoint_count;
    return err;
}

/* The lowest address of the block that goes back to its head from `from`, where that stands before
 * the head: compilers turn loops so that they are entered in the middle. */
static uint32_t find_first(const struct verifier *v, uint32_t head, uint32_t from)
{
    uint32_t first = from < head ? from : head;
    while (first < head && first > 0 && head - first < LOOP_WINDOW / 2) {
        uint32_t before = first - 1 - (v->info[first - 1].second ? 1 : 0);
        if ((insn_row(v, before)->fields & BPF_ENDS) != 0)
            break;
        first = before;
    }
    return first;
}

/* Where its instructions lie, when a round came back from `from`: up to the furthest that jumps back
 * there. Blocks may stand behind what seems its end. */
static void find_extent(const struct verifier *v, struct loop *l, uint32_t from)
{
    uint32_t first = find_first(v, l->pc, from), last = from > l->last ? from : l->last;
    if (first < l->first)
        l->first = first;
    for (uint32_t pc = last; pc < v->insn_count && pc - l->first < LOOP_WINDOW;
         pc += bpf_insn_slots(&v->insns[pc])) {
        if ((insn_row(v, pc)->fields & BPF_JUMPS) == 0)
            continue;
        int64_t target = (int64_t)pc + 1 + bpf_jump_distance(&v->insns[pc]);
        if (target >= l->first && target <= last)
            last = pc;
    }
    l->last = last;
}

static bool loop_has(const struct loop *l, uint32_t pc)
{
    uint32_t at = pc - l->first;
    if (pc < l->first || pc > l->last)
        return false;
    return at >= LOOP_WINDOW || (l->body[at / 32] >> at % 32 & 1) != 0;
}

static void add_to_body(struct loop *l, uint32_t pc)
{
    uint32_t at = pc - l->first;
    if (at < LOOP_WINDOW)
        l->body[at / 32] |= 1u << at % 32;
}

/* Does a way lead from there round the loop: to its head, or to what does? */
static bool leads_round(const struct verifier *v, const struct loop *l, uint32_t pc)
{
    uint32_t next[2], count = cfg_successors(v, pc, next);
    for (uint32_t i = 0; i < count; i++)
        if (next[i] == l->pc ? v->info[pc].goes_back : loop_has(l, next[i]))
            return true;
    return false;
}

/* Backwards from what goes back to the head: a loop's exits, and loops around it, may stand among its
 * instructions. */
static void find_body(struct verifier *v, struct loop *l, uint32_t from)
{
    bool more = true;
    find_extent(v, l, from);
    memset(l->body, 0, sizeof l->body);
    add_to_body(l, l->pc);
    add_to_body(l, from);
    while (more) {
        more = false;
        uint32_t end = l->last - l->first < LOOP_WINDOW ? l->last + 1 : l->first + LOOP_WINDOW;
        v->work += end - l->first;
        for (uint32_t pc = end; pc-- > l->first;) {
            if (v->info[pc].second || loop_has(l, pc) || !leads_round(v, l, pc))
                continue;
            add_to_body(l, pc);
            more = true;
        }
    }
}

/* Widens the state by what the last round changed, and summarises the loop from here. */
static int loop_open(struct verifier *v, struct checkpoint *before)
{
    struct merge m = { .how = MERGE_WIDEN, .tag_first = v->tags_made };
    struct pending *p = pending_make(v, false);
    if (p == NULL)
        return -ENOMEM;
    struct loop *l = verifier_alloc(v, sizeof *l);
    if (l == NULL) {
        pending_put(v, p);
        return refuse_memory(v);
    }
    l->pc = l->first = l->last = v->state.pc;
    find_body(v, l, v->here.from);
    l->frame_count = v->state.frame_count;
    l->outer = v->here.loop;
    l->level = level_of(v->here.loop) + 1;
    find_thresholds(v, l, checkpoint_snapshot(before), &m);
    struct progress progress;
    progress_since(v, checkpoint_snapshot(before), &progress);
    bool merged = state_merge(v, checkpoint_snapshot(before), &m);
    bool ends = v->tags_made != m.tag_first || progress.count != 0;
    if (!merged || !ends || l->level > LOOP_LEVEL_MAX) {
        pending_restore(v, p);
        pending_put(v, p);
        verifier_free(v, l, sizeof *l);
        return 0;
    }
    struct counting counting;
    count_along(v, &m, &counting);
    int err = speculate(v, p, v->here.pending_count, true);
    if (err != 0) {
        verifier_free(v, l, sizeof *l);
        return err;
    }
    before->pinned = false;
    l->speculation = v->here.speculations;
    l->pending_count = v->here.pending_count;
    l->completed_count = v->completed_count;
    v->here.loop = l;
    return set_head(v, l, &counting);
}

/* What came back is not covered: once more from a wider state. */
static int loop_again(struct verifier *v, struct loop *l, struct checkpoint *head)
{
    struct merge m = { .how = MERGE_AGAIN,
                       .tag_first = v->tags_made,
                       .old_first = l->tag_first,
                       .old_count = l->tag_count,
                       .old_tags = l->tags,
                       .attempt = l->attempts,
                       .unlimited = l->attempts > ATTEMPTS_LIMITS };
    if (++l->attempts > ATTEMPTS_MAX)
        return refuse_endless(v);
    find_thresholds(v, l, checkpoint_snapshot(head), &m);
    if (!state_merge(v, checkpoint_snapshot(head), &m))
        return refuse_endless(v);
    struct counting counting;
    count_along(v, &m, &counting);
    const struct pending *p = l->speculation->state;
    speculation_undo(v, l->speculation);
    loop_drop(v, l);
    loop_truncate_exits(v, l, 0);
    v->state.insns = p->path.insns;
    v->state.ns = p->path.ns;
    v->state.calls = p->path.calls;
    v->state.decisions = p->decisions;
    if (prune_newest(v)->number != p->newest)
        snapshot_lose_deps(&v->state);
    return set_head(v, l, &counting);
}

/* A round is over. */
static int loop_return(struct verifier *v, struct loop *l, struct checkpoint *head, bool *done)
{
    uint64_t deps;
    struct round round = { .loop = l };
    struct progress progress;
    if (!loop_has(l, v->here.from))
        find_body(v, l, v->here.from);
    v->returning = l;
    bool covered = snapshot_covers(v, checkpoint_snapshot(head), COVERS_ALL, &deps);
    v->returning = NULL;
    if (!covered)
        return loop_again(v, l, head);
    state_each_pair(v, checkpoint_snapshot(head), note_added, &round);
    progress_since(v, checkpoint_snapshot(head), &progress);
    l->alive = l->came_round ? l->alive & round.seen : round.seen;
    if (l->came_round)
        progress_meet(&l->progress, &progress);
    else
        l->progress = progress;
    l->came_round = true;
    if (l->alive == 0 && l->progress.count == 0)
        return refuse_endless(v);
    mark_precise(v, deps);
    const struct cost nothing = { 0 };
    prune_note(v, l->level, &nothing);
    *done = true;
    return 0;
}

int loop_visit(struct verifier *v, struct checkpoint *before, bool *done)
{
    *done = false;
    for (struct loop *l = v->here.loop; l != NULL; l = l->outer)
        if (l->number == before->number) {
            int err = loop_return(v, l, before, done);
            v->here.blamed = err != 0 ? l->speculation : NULL;
            return err;
        }
    if (before->rounds + 1u < ROUNDS_WALKED || v->info[v->state.pc].no_summary ||
        !speculation_allowed(v))
        return 0;
    /* Its rounds differ in more than numbers. */
    if (before->rounds + 1u >= ROUNDS_TRIED)
        v->info[v->state.pc].no_summary = 1;
    return loop_open(v, before);
}

static uint64_t times(uint64_t rounds, uint64_t each)
{
    uint64_t product;
    bool over = __builtin_mul_overflow(rounds, each, &product) || product > COST_MAX;
    return over ? COST_MAX : product;
}

/* The limits of an attach point; walked round by round it may be less. */
static bool over_budget(const struct verifier *v, const struct checkpoint *head, uint64_t rounds,
                        const struct cost *round)
{
    const struct bpf_context_layout *context = v->context;
    if (v->request->ignore_budget)
        return false;
    uint64_t ns =
        times(rounds, round->ns) + times(rounds, round->insns) / 1000u * v->env->insn_cost_ps;
    return (context->insn_budget != 0 &&
            head->path.insns + times(rounds, round->insns) > context->insn_budget) ||
           (context->time_budget_ns != 0 && ns > context->time_budget_ns);
}

static int refuse_rounds(struct verifier *v, const struct checkpoint *head, uint64_t rounds,
                         uint64_t insns)
{
    v->state.pc = head->pc;
    return refuse(
        v, -E2BIG, BPF_REJECT_BUDGET, "bound the loop by a smaller constant, or do less per event",
        "this loop may go round %llu times, %llu instructions each: more than the budget "
        "of '%s'",
        (unsigned long long)rounds, (unsigned long long)insns, v->context->section_prefix);
}

static int count_rounds(struct verifier *v, struct checkpoint *head, struct cost *all)
{
    const struct loop *l = v->here.loop;
    const struct cost round = head->tails[l->level];
    uint64_t rounds = UINT64_MAX;
    for (uint32_t tag = 0; tag < l->tag_count; tag++)
        if ((l->alive >> tag & 1) && l->tags[tag].span / l->tags[tag].least < rounds)
            rounds = l->tags[tag].span / l->tags[tag].least;
    if (progress_rounds(&l->progress) < rounds)
        rounds = progress_rounds(&l->progress);
    if (!l->came_round)
        rounds = 0;
    if (rounds > l->counted_rounds) {
        v->here.blamed = l->speculation;
        return refuse_endless(v);
    }
    if (l->came_round && over_budget(v, head, rounds, &round)) {
        v->here.blamed = l->speculation;
        /* Walked round by round, a loop that only may_goto ends would not take less. */
        v->final = l->alive == 0 && progress_rounds(&l->progress) > ROUNDS_WALKED_OUT;
        return refuse_rounds(v, head, rounds, round.insns);
    }
    *all = (struct cost){ times(rounds, round.insns), times(rounds, round.ns),
                          times(rounds, round.calls) };
    return 0;
}

static void pop(struct verifier *v)
{
    struct loop *l = v->here.loop;
    v->here.loop = l->outer;
    loop_truncate_exits(v, l, 0);
    verifier_free(v, l, sizeof *l);
}

int loop_close(struct verifier *v, struct checkpoint *head)
{
    struct cost all;
    uint32_t level = v->here.loop->level;
    int err = count_rounds(v, head, &all);
    if (err != 0)
        return err;
    head->tails[level] = (struct cost){ 0 };
    prune_close_loop(v, head, level, &all);
    pop(v);
    return 0;
}

/* The level of the innermost loop that a state at `pc` is still in, 0: none. */
static uint32_t level_at(const struct verifier *v, uint32_t pc, uint32_t frame_count)
{
    const struct loop *l = v->here.loop;
    while (l != NULL &&
           !(frame_count > l->frame_count || (frame_count == l->frame_count && loop_has(l, pc))))
        l = l->outer;
    return level_of(l);
}

void loop_truncate_exits(struct verifier *v, struct loop *l, uint32_t count)
{
    while (l->exit_count > count) {
        struct pending *p = l->exits;
        l->exits = p->below;
        l->exit_count--;
        pending_put(v, p);
    }
}

/* Every path inside comes first: only then it is known how many rounds went before what these do, and
 * what of it can be walked as one. */
int loop_left(struct verifier *v, bool *left)
{
    struct loop *l = v->here.loop;
    *left = level_at(v, v->state.pc, v->state.frame_count) < l->level;
    if (!*left)
        return 0;
    const struct checkpoint *head = prune_find_open(v, l->number);
    prune_depend_on(v, head);
    struct pending *p = pending_make(v, false);
    if (p == NULL)
        return -ENOMEM;
    p->newest = head->number;
    p->below = l->exits;
    l->exits = p;
    l->exit_count++;
    return 0;
}

int loop_leave(struct verifier *v, struct checkpoint *head)
{
    struct loop *l = v->here.loop;
    struct speculation *s = l->speculation;
    struct cost all;
    int err = count_rounds(v, head, &all);
    if (err != 0)
        return err;
    for (struct pending *p = l->exits; p != NULL; p = p->below) {
        p->path.insns += all.insns;
        p->path.ns += all.ns;
        p->path.calls += all.calls;
    }
    speculation_commit_above(v, s);
    prune_leave_loop(v, head, l->level, &all);
    struct pending *exits = l->exits;
    l->exits = NULL;
    l->exit_count = 0;
    pop(v);
    return region_let_wait(v, exits, !v->info[head->pc].no_merge, &s->merged);
}

void loop_drop(struct verifier *v, struct loop *until)
{
    while (v->here.loop != until)
        pop(v);
}

bool loop_is_inside(const struct verifier *v)
{
    return v->here.loop != NULL &&
           level_at(v, v->state.pc, v->state.frame_count) == v->here.loop->level;
}

bool loop_taken_first(const struct verifier *v)
{
    const struct loop *l = v->here.loop;
    uint32_t pc = v->state.pc;
    if ((insn_row(v, pc)->fields & BPF_JUMPS) == 0)
        return false;
    if (l == NULL || v->state.frame_count != l->frame_count || !loop_has(l, pc))
        return false;
    int64_t target = (int64_t)pc + 1 + bpf_jump_distance(&v->insns[pc]);
    return loop_has(l, (uint32_t)target) && !loop_has(l, pc + 1);
}
