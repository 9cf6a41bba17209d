/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Bodies of helpers about text: strncmp, strtol, strtoul. (Printing: trace_printk.c.) */
#include <axiom/errno.h>
#include <axiom/string.h>
#include <bpf_internal/helper_body.h>
#include <bpf_internal/helpers.h>

HELPER_BODY(bpf_helper_strncmp)
{
    return RESULT(strncmp(memory_of(r1), memory_of(r3), U32(r2)));
}

#define BASE_MASK  0x1fu
#define DIGITS_MAX 63u /* Linux copies so many characters of a number, no more */

struct number {
    uint64_t magnitude;
    bool is_negative;
    uint32_t length; /* characters read */
};

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* 16 and more: not a digit. */
static uint32_t digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return (uint32_t)(c - '0');
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10 : 16;
}

/* 0x before hexadecimal digits, 0 before octal ones; gives how long the prefix is. */
static uint32_t find_base(const char *text, uint32_t size, uint32_t *base)
{
    bool hex =
        size > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X') && digit_of(text[2]) < 16;
    if (*base == 0)
        *base = hex ? 16 : size > 0 && text[0] == '0' ? 8 : 10;
    bool skip = *base == 16 && size > 1 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    return skip ? 2 : 0;
}

static int read_digits(const char *text, uint32_t size, uint32_t base, struct number *out)
{
    uint32_t first = find_base(text, size, &base), at = first;
    for (; at < size && digit_of(text[at]) < base; at++) {
        uint64_t scaled, digit = digit_of(text[at]);
        if (__builtin_mul_overflow(out->magnitude, (uint64_t)base, &scaled) ||
            __builtin_add_overflow(scaled, digit, &out->magnitude))
            return -ERANGE;
    }
    out->length += at;
    return at == first ? -EINVAL : 0;
}

static int read_number(const char *text, uint32_t size, uint64_t flags, struct number *out)
{
    uint32_t base = (uint32_t)flags & BASE_MASK;
    *out = (struct number){ 0 };
    if (size == 0 || (flags & ~(uint64_t)BASE_MASK) != 0 ||
        (base != 0 && base != 8 && base != 10 && base != 16))
        return -EINVAL;
    while (out->length < size && is_space(text[out->length]))
        out->length++;
    out->is_negative = out->length < size && text[out->length] == '-';
    out->length += out->is_negative;
    uint32_t left = size - out->length;
    if (left == 0)
        return -EINVAL;
    return read_digits(text + out->length, left < DIGITS_MAX ? left : DIGITS_MAX, base, out);
}

HELPER_BODY(bpf_helper_strtol)
{
    struct number number;
    int64_t value = 0;
    int err = read_number(memory_of(r1), U32(r2), r3, &number);
    uint64_t limit = (uint64_t)INT64_MAX + (err == 0 && number.is_negative);
    if (err == 0 && number.magnitude > limit)
        err = -ERANGE;
    if (err == 0)
        value = (int64_t)(number.is_negative ? 0 - number.magnitude : number.magnitude);
    memcpy(memory_of(r4), &value, sizeof value);
    return err != 0 ? RESULT(err) : number.length;
}

HELPER_BODY(bpf_helper_strtoul)
{
    struct number number;
    uint64_t value = 0;
    int err = read_number(memory_of(r1), U32(r2), r3, &number);
    if (err == 0 && number.is_negative)
        err = -EINVAL;
    if (err == 0)
        value = number.magnitude;
    memcpy(memory_of(r4), &value, sizeof value);
    return err != 0 ? RESULT(err) : number.length;
}
