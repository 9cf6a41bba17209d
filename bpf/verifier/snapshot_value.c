/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Numbers and registers as bytes (the form: snapshot.h). */
#include "snapshot.h"

/* Small negative constants are as frequent as small positive ones. */
static uint64_t zigzag(uint64_t value)
{
    return value << 1 ^ (uint64_t)((int64_t)value >> 63);
}

static uint64_t unzigzag(uint64_t value)
{
    return value >> 1 ^ (0 - (value & 1));
}

static bool is_any(const struct scalar *n)
{
    struct scalar any = scalar_unknown(BITS);
    return n->t.mask == UINT64_MAX && scalar_equal(n, &any);
}

/* Is all that is known the unsigned interval? Where it is small that is seen at once: nothing but
 * tnum_range()'s bits follows from it. */
static bool is_interval(const struct scalar *n)
{
    if (n->smin < 0)
        return false;
    if (n->umax > INT32_MAX) {
        struct scalar plain = scalar_between(n->umin, n->umax, BITS);
        return scalar_equal(n, &plain);
    }
    struct tnum bits = tnum_range(n->umin, n->umax);
    struct range whole = { bits, n->umin, n->umax, (int64_t)n->umin, (int64_t)n->umax };
    struct scalar plain = scalar_pack(&whole, &whole);
    return n->t.mask == bits.mask && scalar_equal(n, &plain);
}

static uint8_t *put_scalar(uint8_t *at, uint8_t *head, const struct scalar *n)
{
    if (scalar_is_const(n)) {
        *head |= FORM_CONST;
        return put_number(at, zigzag(n->umin));
    }
    if (is_any(n)) {
        *head |= FORM_ANY;
        return at;
    }
    if (is_interval(n)) {
        *head |= FORM_BETWEEN;
        at = put_number(at, n->umin);
        return put_number(at, n->umax - n->umin);
    }
    struct scalar bits = scalar_of_bits(n->t, BITS);
    *head |= FORM_OTHER;
    if (scalar_equal(n, &bits)) {
        *at++ = OTHER_BITS;
        return put_word(put_word(at, n->t.value), n->t.mask);
    }
    *at++ = OTHER_FULL;
    memcpy(at, n, sizeof *n);
    return at + sizeof *n;
}

static const uint8_t *get_scalar(const uint8_t *at, uint8_t head, struct scalar *n)
{
    switch (head & HEAD_FORM) {
    case FORM_ANY:
        *n = scalar_unknown(BITS);
        break;
    case FORM_CONST:
        *n = scalar_const(unzigzag(get_number(&at)), BITS);
        break;
    case FORM_BETWEEN: {
        uint64_t min = get_number(&at);
        uint64_t span = get_number(&at);
        *n = scalar_between(min, min + span, BITS);
        break;
    }
    default:
        if (*at++ == OTHER_BITS) {
            uint64_t value = get_word(&at);
            *n = scalar_of_bits((struct tnum){ value, get_word(&at) }, BITS);
            break;
        }
        memcpy(n, at, sizeof *n);
        at += sizeof *n;
        break;
    }
    return at;
}

/* Most registers are numbers, which have none of these. */
static bool has_fields(const struct reg *r)
{
    return (r->may_be_null | r->map | r->size | r->ref | r->attr | (uint32_t)r->fixed | r->origin |
            (uint16_t)r->stack_offset) != 0;
}

static void flag_fields(uint8_t *flags, uint8_t *more, const struct reg *r)
{
    *more = (uint8_t)((r->fixed != 0 ? MORE_FIXED : 0) | (r->origin != 0 ? MORE_ORIGIN : 0) |
                      (r->stack_offset != 0 ? MORE_STACK : 0));
    *flags |= (uint8_t)((r->may_be_null ? FLAG_NULL : 0) | (r->map != 0 ? FLAG_MAP : 0) |
                        (r->size != 0 ? FLAG_SIZE : 0) | (r->ref != 0 ? FLAG_REF : 0) |
                        (r->attr != 0 ? FLAG_ATTR : 0) | (*more != 0 ? FLAG_MORE : 0));
}

static uint8_t *put_fields(uint8_t *at, const struct reg *r)
{
    if (r->map != 0)
        at = put_number(at, r->map);
    if (r->size != 0)
        at = put_number(at, r->size);
    if (r->ref != 0)
        at = put_number(at, r->ref);
    if (r->attr != 0)
        at = put_number(at, r->attr);
    if (r->fixed != 0)
        at = put_number(at, zigzag((uint64_t)(int64_t)r->fixed));
    if (r->stack_offset != 0) {
        *at++ = r->frame;
        at = put_number(at, zigzag((uint64_t)(int64_t)r->stack_offset));
    }
    if (r->origin == 0)
        return at;
    at = put_number(at, r->origin);
    at = put_number(at, zigzag((uint64_t)r->added_min));
    return put_number(at, zigzag((uint64_t)r->added_max));
}

static const uint8_t *get_fields(const uint8_t *at, uint8_t flags, uint8_t more, struct reg *r)
{
    r->may_be_null = (flags & FLAG_NULL) != 0;
    if (flags & FLAG_MAP)
        r->map = (uint32_t)get_number(&at);
    if (flags & FLAG_SIZE)
        r->size = (uint32_t)get_number(&at);
    if (flags & FLAG_REF)
        r->ref = (uint32_t)get_number(&at);
    if (flags & FLAG_ATTR)
        r->attr = (uint16_t)get_number(&at);
    if (more & MORE_FIXED)
        r->fixed = (int32_t)unzigzag(get_number(&at));
    if (more & MORE_STACK) {
        r->frame = *at++;
        r->stack_offset = (int16_t)unzigzag(get_number(&at));
    }
    if ((more & MORE_ORIGIN) == 0)
        return at;
    r->origin = (uint32_t)get_number(&at);
    r->added_min = (int64_t)unzigzag(get_number(&at));
    r->added_max = (int64_t)unzigzag(get_number(&at));
    return at;
}

uint8_t *snapshot_put_reg(uint8_t *at, const struct reg *r)
{
    uint8_t *head = at, more = 0;
    bool fields = has_fields(r);
    head[0] = (uint8_t)(r->type | (r->precise ? HEAD_PRECISE : 0));
    head[1] = (uint8_t)((r->id != 0 ? FLAG_ID : 0) | (r->deps != 0 ? FLAG_DEPS : 0));
    at += REG_HEAD;
    if (fields)
        flag_fields(&head[1], &more, r);
    if (more != 0)
        *at++ = more;
    if (r->deps != 0)
        at = put_word(at, r->deps);
    if (r->id != 0)
        at = put_number(at, r->id);
    if (r->type == REG_STACK)
        *at++ = r->frame;
    if (fields)
        at = put_fields(at, r);
    at = put_scalar(at, head, &r->n);
    head[2] = (uint8_t)(at - head);
    return at;
}

const uint8_t *snapshot_get_reg(const uint8_t *at, struct reg *r)
{
    uint8_t head = at[0], flags = at[1], more = 0;
    at += REG_HEAD;
    if (flags & FLAG_MORE)
        more = *at++;
    reg_forget(r);
    r->type = head & HEAD_TYPE;
    r->precise = (head & HEAD_PRECISE) != 0;
    r->deps = (flags & FLAG_DEPS) != 0 ? get_word(&at) : 0;
    if (flags & FLAG_ID)
        r->id = (uint32_t)get_number(&at);
    if (r->type == REG_STACK)
        r->frame = *at++;
    if ((flags & (uint8_t) ~(FLAG_ID | FLAG_DEPS)) != 0)
        at = get_fields(at, flags, more, r);
    return get_scalar(at, head, &r->n);
}
