/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Statements with dynptrs: one is made, used by some calls, and one of a record given back on every way, or now and then
 * not.
 *
 * What matters are pointers to what it shows: how far they go, until when they are good, and that a packet's slice may
 * be the buffer on the stack that was given for it. So R7 becomes such a pointer for a while, which all other statements
 * use and hand to functions, and one is kept on the stack until after the end. */
#include "generator_inside.h"

#define PLACE  (-96) /* of the dynptr */
#define CLONE  (-112)
#define BUFFER (-32) /* what helpers read and fill: other statements look at it, too */
#define KEPT   (-40)

/* include/uapi/linux/bpf.h */
enum { FROM_MEM = 197, RESERVE, SUBMIT, DISCARD, READ, WRITE, DATA };

enum shown { MEMORY, RECORD, PACKET };

struct scope {
    enum shown shown;
    uint32_t size; /* about */
    bool wrong, has_clone, keeps;
    bool in_caller;            /* it lies in the caller's frame */
    uint32_t leaves[4], count; /* jumps to where it is given back */
};

static void place_of(struct generator *g, const struct scope *s, uint32_t r, int32_t at)
{
    if (s->in_caller)
        caller_address(g, r, at - 64); /* below the caller's own */
    else
        stack_address(g, r, at);
}

static void on_dynptr(struct generator *g, const struct scope *s, uint32_t r)
{
    int32_t place = s->has_clone && one_in(g, 3) ? CLONE : PLACE;
    place_of(g, s, r, s->wrong && one_in(g, 12) ? place + 8 : place);
}

static void offset_argument(struct generator *g, const struct scope *s, uint32_t r)
{
    if (one_in(g, 4))
        move(g, r, reg_of(g, K_NUMBER));
    else
        set(g, r, one_in(g, 2) ? 0 : pick(g, s->size));
}

/* --- Made
 * --------------------------------------------------------------------------------------------------------------- */

static void show_memory(struct generator *g, struct scope *s)
{
    uses(g, GENERATED_dynptr_memory);
    s->size = 32;
    if (g->kinds[7] == K_VALUE && g->sizes[7] >= 8 && one_in(g, 2)) {
        move(g, 1, 7);
        s->size = g->sizes[7];
    } else {
        emit(g, BPF_LDDW, 1, BPF_PSEUDO_MAP_IDX_VALUE, 0,
             one_in(g, 16) ? GENERATOR_RODATA : GENERATOR_BSS);
        emit(g, 0, 0, 0, 0, 0);
    }
    set(g, 2, one_in(g, 16) ? s->size + 8 : s->size);
    set(g, 3, one_in(g, 16));
    place_of(g, s, 4, PLACE);
    call_helper(g, FROM_MEM);
}

static void show_record(struct generator *g, struct scope *s)
{
    uses(g, GENERATED_dynptr_record);
    s->size = 8 * (1 + pick(g, 5));
    if (one_in(g, 8))
        move(g, 2, reg_of(g, K_NUMBER));
    else
        set(g, 2, s->size);
    emit(g, BPF_LDDW, 1, BPF_PSEUDO_MAP_IDX, 0, GENERATOR_RING);
    emit(g, 0, 0, 0, 0, 0);
    set(g, 3, 0);
    place_of(g, s, 4, PLACE);
    call_helper(g, RESERVE);
}

static void show_packet(struct generator *g, struct scope *s)
{
    uses(g, GENERATED_dynptr_packet);
    s->size = 24;
    move(g, 1, 9);
    set(g, 2, 0);
    place_of(g, s, 3, PLACE);
    call_kfunc(g, g->out->kind == GENERATED_XDP ? GENERATED_KFUNC_dynptr_from_xdp
                                                : GENERATED_KFUNC_dynptr_from_skb);
}

/* --- Used
 * --------------------------------------------------------------------------------------------------------------- */

static void copy_from(struct generator *g, const struct scope *s)
{
    stack_address(g, 1, BUFFER);
    set(g, 2, 8 * pick(g, 5));
    on_dynptr(g, s, 3);
    offset_argument(g, s, 4);
    set(g, 5, 0);
    call_helper(g, READ);
}

static void copy_to(struct generator *g, const struct scope *s)
{
    offset_argument(g, s, 2);
    on_dynptr(g, s, 1);
    stack_address(g, 3, BUFFER);
    set(g, 4, 8 * pick(g, 5));
    set(g, 5, 0);
    call_helper(g, WRITE);
}

static void ask(struct generator *g, const struct scope *s)
{
    static const enum generated_kfunc questions[] = { GENERATED_KFUNC_dynptr_size,
                                                      GENERATED_KFUNC_dynptr_is_null,
                                                      GENERATED_KFUNC_dynptr_is_rdonly };
    on_dynptr(g, s, 1);
    call_kfunc(g, questions[pick(g, 3)]);
}

static void cut(struct generator *g, const struct scope *s)
{
    offset_argument(g, s, 2);
    set(g, 3, pick(g, s->size + 1));
    on_dynptr(g, s, 1);
    call_kfunc(g, GENERATED_KFUNC_dynptr_adjust);
}

static void make_clone(struct generator *g, struct scope *s)
{
    place_of(g, s, 1, PLACE);
    place_of(g, s, 2, CLONE);
    call_kfunc(g, GENERATED_KFUNC_dynptr_clone);
    s->has_clone = true;
}

/* A store over the dynptr, which is none any more. */
static void overwrite(struct generator *g, const struct scope *s)
{
    if (s->in_caller)
        return;
    int32_t at = (s->has_clone && one_in(g, 2) ? CLONE : PLACE) + 8 * (int32_t)pick(g, 2);
    uses(g, GENERATED_dynptr_wrong);
    emit(g, BPF_ST | BPF_MEM | (one_in(g, 2) ? BPF_DW : BPF_B), 10, 0, at, number(g));
}

/* R0 = memory of the size given back, or NULL. */
static uint32_t slice(struct generator *g, const struct scope *s, bool writes)
{
    uint32_t size =
        one_in(g, 4) ? 1 + pick(g, 32) : 8 * (1 + pick(g, s->size < 32 ? s->size / 8 : 4));
    uses(g, GENERATED_dynptr_slice);
    offset_argument(g, s, 2);
    on_dynptr(g, s, 1);
    if (one_in(g, 3)) {
        set(g, 3, 0);
    } else {
        uses(g, GENERATED_dynptr_slice_buffer);
        if (g->kinds[6] == K_STACK && one_in(g, 3))
            caller_address(g, 3, size > 24 ? BUFFER - 8 : BUFFER);
        else
            stack_address(g, 3,
                          size > 24       ? BUFFER - 8
                          : one_in(g, 12) ? PLACE + 8
                                          : BUFFER + 8 * (int32_t)pick(g, 2));
    }
    set(g, 4, size);
    call_kfunc(g, writes ? GENERATED_KFUNC_dynptr_slice_rdwr : GENERATED_KFUNC_dynptr_slice);
    return size;
}

static uint32_t data(struct generator *g, const struct scope *s)
{
    uint32_t size = 8 * (1 + pick(g, s->size < 32 ? s->size / 8 : 4));
    offset_argument(g, s, 2);
    on_dynptr(g, s, 1);
    set(g, 3, size);
    call_helper(g, DATA);
    return size;
}

/* A pointer to what it shows, in R7 while other statements are made. */
static void look(struct generator *g, struct scope *s)
{
    enum kind kinds[BPF_REG_COUNT];
    uint32_t sizes[BPF_REG_COUNT], dst;
    bool direct = s->shown != PACKET && one_in(g, 2), writes = one_in(g, 2) || direct;
    memcpy(kinds, g->kinds, sizeof kinds);
    memcpy(sizes, g->sizes, sizeof sizes);
    uint32_t size = direct ? data(g, s) : slice(g, s, writes);
    if (!one_in(g, 24)) {
        s->leaves[s->count++] = jump_on(g, BPF_JEQ, 0, 0);
        g->kinds[0] = K_VALUE;
        g->sizes[0] = size;
    }
    if (s->keeps)
        emit(g, BPF_STX | BPF_MEM | BPF_DW, 10, 0, KEPT, 0);
    if (leaves_pointer(g) && !one_in(g, 3)) /* the caller goes on with it */
        emit(g, BPF_STX | BPF_MEM | BPF_DW, 6, 0, 0, 0);
    dst = 1 + pick(g, 4);
    emit(g, BPF_LDX | BPF_MEM | BPF_B, dst, 0, (int32_t)pick(g, size + (s->wrong ? 1 : 0)), 0);
    set_number(g, dst);
    if (!writes) {
        g->kinds[0] = K_UNSET;
        return;
    }
    uint32_t spilled = !direct && one_in(g, 3) ? 1 + pick(g, 3) : 0;
    int32_t spilled_at = BUFFER + 8 * (int32_t)pick(g, 3);
    if (spilled > 1 && kinds[7] == K_VALUE) /* the buffer may be what changes next */
        emit(g, BPF_STX | BPF_MEM | BPF_DW, 10, 7, spilled_at, 0);
    else if (spilled != 0)
        emit(g, BPF_ST | BPF_MEM | BPF_DW, 10, 0, spilled_at, number(g));
    if (s->wrong && one_in(g, 2)) /* which may begin at any byte of the packet */
        emit(g, BPF_STX | BPF_ATOMIC | BPF_DW, 0, dst, 8 * (int32_t)pick(g, size / 8), BPF_ADD);
    else if (one_in(g, 2))
        emit(g, BPF_STX | BPF_MEM | BPF_B, 0, dst, (int32_t)pick(g, size), 0);
    else
        emit(g, BPF_ST | BPF_MEM | BPF_DW, 0, 0, 8 * (int32_t)pick(g, size / 8), number(g));
    if (spilled > 1 && kinds[7] == K_VALUE) {
        emit(g, BPF_LDX | BPF_MEM | BPF_DW, 5, 10, spilled_at, 0);
        if (one_in(g, 4))
            emit(g, BPF_LDX | BPF_MEM | BPF_B, 5, 5, 0, 0);
        emit(g, BPF_ST | BPF_MEM | BPF_DW, 10, 0, spilled_at, 1);
    }
    if (kinds[7] == K_VALUE && one_in(g, 2)) {
        move(g, 7, 0);
        g->kinds[7] = K_VALUE;
        g->sizes[7] = size;
        statements(g, 1 + pick(g, 2));
        if (!s->wrong || !one_in(g, 3))
            same_as_before(g, kinds, sizes);
    }
}

static void use(struct generator *g, struct scope *s)
{
    switch (pick(g, 12)) {
    case 0:
        copy_from(g, s);
        break;
    case 1:
        copy_to(g, s);
        break;
    case 2:
        ask(g, s);
        break;
    case 3:
        cut(g, s);
        break;
    case 4:
        if (s->wrong && one_in(g, 2))
            overwrite(g, s);
        else
            make_clone(g, s);
        break;
    case 5:
    case 6:
        statements(g, 1);
        break;
    default:
        if (s->count < 3)
            look(g, s);
        break;
    }
}

/* --- All of it
 * -------------------------------------------------------------------------------------------------------------- */

static void begin(struct generator *g, struct scope *s)
{
    bool packet = has_packets(g) && has_context(g);
    s->shown = (enum shown)pick(g, !packet ? 2 : leaves_pointer(g) ? 8 : 4);
    if (s->shown > PACKET)
        s->shown = PACKET;
    if (s->keeps)
        emit(g, BPF_STX | BPF_MEM | BPF_DW, 10, 7, KEPT, 0);
    if (s->shown == MEMORY)
        show_memory(g, s);
    else if (s->shown == RECORD)
        show_record(g, s);
    else
        show_packet(g, s);
}

static void give_record_back(struct generator *g, const struct scope *s)
{
    if (s->wrong && one_in(g, 2)) { /* not always, or twice */
        uses(g, GENERATED_dynptr_wrong);
        if (one_in(g, 4))
            return;
        if (one_in(g, 2)) {
            emit(g, BPF_JMP | BPF_JGT | BPF_K, reg_of(g, K_NUMBER), 0, 4, number(g));
        } else {
            on_dynptr(g, s, 1);
            set(g, 2, 0);
            call_helper(g, DISCARD);
        }
    }
    on_dynptr(g, s, 1);
    set(g, 2, 0);
    call_helper(g, one_in(g, 2) ? SUBMIT : DISCARD);
}

void dynptr(struct generator *g)
{
    struct scope s = { .wrong = one_in(g, g->careful ? 20 : 8) };
    enum kind kinds[BPF_REG_COUNT];
    uint32_t sizes[BPF_REG_COUNT];
    if (g->has_dynptr || g->patch_count > 0 || g->held != K_UNSET) {
        helper(g);
        return;
    }
    memcpy(kinds, g->kinds, sizeof kinds);
    memcpy(sizes, g->sizes, sizeof sizes);
    s.in_caller = g->kinds[6] == K_STACK && one_in(g, 3);
    s.keeps = g->kinds[7] == K_VALUE && one_in(g, 6);
    begin(g, &s);
    g->has_dynptr = true;
    g->depth++;
    g->open += s.shown == RECORD;
    for (uint32_t count = 1 + pick(g, 3); count > 0; count--)
        use(g, &s);
    g->depth--;
    g->open -= s.shown == RECORD;
    g->has_dynptr = false;
    same_as_before(g, kinds, sizes);
    for (uint32_t i = 0; i < s.count; i++)
        lands_here(g, s.leaves[i]);
    for (uint32_t r = 0; r <= 5; r++)
        g->kinds[r] = K_UNSET;
    /* The clone is made on some ways only. */
    s.has_clone = s.has_clone && s.count == 0;
    if (s.shown == RECORD)
        give_record_back(g, &s);
    if (s.keeps) {
        if (one_in(g, s.shown == MEMORY
                          ? 2
                          : 4)) { /* that of a record is gone, of a packet not always */
            emit(g, BPF_LDX | BPF_MEM | BPF_DW, 5, 10, KEPT, 0);
            emit(g, BPF_LDX | BPF_MEM | BPF_B, 5, 5, 0, 0);
        }
        emit(g, BPF_ST | BPF_MEM | BPF_DW, 10, 0, KEPT, 1);
    }
    load_any(g, 0);
}
