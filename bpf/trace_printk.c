/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* bpf_trace_printk(): one line from a program, numbers only.
 *
 * The format comes from the program's memory, so nothing about it is known: it is read up to
 * fmt_size, must end with a zero, and each conversion is taken apart and printed by itself. %s and
 * %p are refused: the one would read memory that nobody checked, the other would print an address,
 * which differs from run to run. */
#include <axiom/errno.h>
#include <axiom/format.h>
#include <axiom/string.h>
#include <bpf/interp.h>
#include <bpf_internal/helpers.h>

#define LINE_MAX       LOG_LINE_MAX
#define ARGUMENT_MAX   3
#define CONVERSION_MAX 12

struct conversion {
    char flags[CONVERSION_MAX]; /* "%-08" */
    size_t flag_count;
    uint32_t bits;
    char letter;
};

/* At a '%': reads one conversion; where it ends, or NULL if it is not one of ours. */
static const char *parse(const char *at, struct conversion *out)
{
    *out = (struct conversion){ .bits = 32 };
    do {
        if (out->flag_count + 1 >= CONVERSION_MAX - 3)
            return NULL;
        out->flags[out->flag_count++] = *at++;
    } while (*at != '\0' && strchr("-+ #0123456789", *at) != NULL);
    if (at[0] == 'l') {
        out->bits = 64;
        at += at[1] == 'l' ? 2 : 1;
    } else if (at[0] == 'h') {
        out->bits = at[1] == 'h' ? 8 : 16;
        at += at[1] == 'h' ? 2 : 1;
    }
    out->letter = *at;
    return *at != '\0' && strchr("diuxXoc", *at) != NULL ? at + 1 : NULL;
}

/* Widths of two digits at most: a wide one would only fill the line with blanks, but let it not be
 * a number game. */
static bool width_is_sane(const struct conversion *conversion)
{
    size_t digits = 0;
    for (size_t i = 0; i < conversion->flag_count; i++)
        digits += conversion->flags[i] >= '0' && conversion->flags[i] <= '9';
    return digits <= 3;
}

static int print_number(char *to, size_t size, struct conversion *conversion, uint64_t value)
{
    bool is_signed = conversion->letter == 'd' || conversion->letter == 'i';
    uint32_t unused = 64 - conversion->bits;
    value <<= unused;
    value = is_signed ? (uint64_t)((int64_t)value >> unused) : value >> unused;
    if (conversion->letter == 'c')
        return format_text(to, size, "%c", value >= 0x20 && value < 0x7f ? (int)value : '?');
    char *tail = conversion->flags + conversion->flag_count;
    tail[0] = tail[1] = 'l';
    tail[2] = conversion->letter;
    tail[3] = '\0';
    return format_text(to, size, conversion->flags, value);
}

static int print(char *to, size_t size, const char *format, const uint64_t arguments[ARGUMENT_MAX])
{
    size_t length = 0;
    uint32_t used = 0;
    while (*format != '\0' && length + 1 < size) {
        if (format[0] != '%' || format[1] == '%') {
            format += format[0] == '%';
            to[length++] = *format++;
            continue;
        }
        struct conversion conversion;
        format = parse(format, &conversion);
        if (format == NULL || used == ARGUMENT_MAX || !width_is_sane(&conversion))
            return -EINVAL;
        length += (size_t)print_number(to + length, size - length, &conversion, arguments[used++]);
    }
    length = length < size ? length : size - 1;
    /* One line: the newline that Linux's programs end with is the sink's business. */
    while (length > 0 && to[length - 1] == '\n')
        length--;
    to[length] = '\0';
    return (int)length;
}

uint64_t bpf_helper_trace_printk(struct bpf_run *run, uint64_t r1, uint64_t r2, uint64_t r3,
                                 uint64_t r4, uint64_t r5)
{
    const char *format = (const char *)(uintptr_t)r1;
    const uint64_t arguments[ARGUMENT_MAX] = { r3, r4, r5 };
    char line[LINE_MAX];
    if (r2 == 0 || memchr(format, '\0', (size_t)r2) == NULL)
        return (uint64_t)-EINVAL;
    int length = print(line, sizeof line, format, arguments);
    const struct bpf_env *env = bpf_prog_env(run->prog);
    if (length >= 0 && env->platform != NULL && env->platform->trace_print != NULL)
        env->platform->trace_print(env->user, line);
    return (uint64_t)length;
}
