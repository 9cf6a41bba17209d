/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* bpf_trace_printk(), bpf_trace_vprintk(), bpf_snprintf(): text from a program, numbers only.
 *
 * The format comes from the program's memory, so nothing about it is known: it is read up to
 * fmt_size, must end with a zero, and each conversion is taken apart and printed by itself. %s and
 * %p are refused: the one would read memory that nobody checked, the other would print an address,
 * which differs from run to run. */
#include <axiom/errno.h>
#include <axiom/format.h>
#include <axiom/string.h>
#include <bpf_internal/helper_body.h>
#include <bpf_internal/helpers.h>

#define LINE_MAX       LOG_LINE_MAX
#define ARGUMENT_MAX   12u /* Linux: MAX_BPRINTF_VARARGS */
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

/* Text that may be longer than its place: `length` counts all of it. */
struct text {
    char *to;
    size_t size, length;
};

static void put_char(struct text *text, char c)
{
    if (text->length + 1 < text->size)
        text->to[text->length] = c;
    text->length++;
}

static void put_number(struct text *text, struct conversion *conversion, uint64_t value)
{
    bool is_signed = conversion->letter == 'd' || conversion->letter == 'i';
    uint32_t unused = 64 - conversion->bits;
    size_t used = text->length < text->size ? text->length : text->size;
    value <<= unused;
    value = is_signed ? (uint64_t)((int64_t)value >> unused) : value >> unused;
    if (conversion->letter == 'c') {
        put_char(text, value >= 0x20 && value < 0x7f ? (char)value : '?');
        return;
    }
    char *tail = conversion->flags + conversion->flag_count;
    tail[0] = tail[1] = 'l';
    tail[2] = conversion->letter;
    tail[3] = '\0';
    char none;
    char *at = used < text->size ? text->to + used : &none;
    text->length += (size_t)format_text(at, text->size - used, conversion->flags, value);
}

/* -EINVAL for a format that is not one of ours, or wants more arguments than there are. */
static int print(struct text *text, const char *format, const uint64_t *arguments, uint32_t count)
{
    uint32_t used = 0;
    while (*format != '\0') {
        if (format[0] != '%' || format[1] == '%') {
            format += format[0] == '%';
            put_char(text, *format++);
            continue;
        }
        struct conversion conversion;
        format = parse(format, &conversion);
        if (format == NULL || used == count || !width_is_sane(&conversion))
            return -EINVAL;
        put_number(text, &conversion, arguments[used++]);
    }
    if (text->size > 0)
        text->to[text->length < text->size ? text->length : text->size - 1] = '\0';
    return 0;
}

/* One line to the log; gives its length. */
static uint64_t print_line(const struct bpf_run *run, const char *format, uint64_t format_size,
                           const uint64_t *arguments, uint32_t count)
{
    char line[LINE_MAX];
    struct text text = { line, sizeof line, 0 };
    if (format_size == 0 || memchr(format, '\0', (size_t)format_size) == NULL ||
        print(&text, format, arguments, count) != 0)
        return RESULT(-EINVAL);
    size_t length = text.length < sizeof line ? text.length : sizeof line - 1;
    /* One line: the newline that Linux's programs end with is the sink's business. */
    while (length > 0 && line[length - 1] == '\n')
        length--;
    line[length] = '\0';
    const struct bpf_env *env = bpf_prog_env(run->prog);
    if (env->platform != NULL && env->platform->trace_print != NULL)
        env->platform->trace_print(env->user, line);
    return length;
}

HELPER_BODY(bpf_helper_trace_printk)
{
    const uint64_t arguments[] = { r3, r4, r5 };
    return print_line(run, memory_of(r1), r2, arguments, ARRAY_SIZE(arguments));
}

/* The numbers of an array that may lie anywhere; false if there are too many. */
static bool read_arguments(uint64_t at, uint32_t size_bytes, uint64_t arguments[ARGUMENT_MAX])
{
    if (size_bytes % 8 != 0 || size_bytes > ARGUMENT_MAX * 8 || (size_bytes != 0 && at == 0))
        return false;
    if (size_bytes != 0)
        memcpy(arguments, memory_of(at), size_bytes);
    return true;
}

HELPER_BODY(bpf_helper_trace_vprintk)
{
    uint64_t arguments[ARGUMENT_MAX];
    if (!read_arguments(r3, U32(r4), arguments))
        return RESULT(-EINVAL);
    return print_line(run, memory_of(r1), U32(r2), arguments, U32(r4) / 8);
}

/* As Linux: what the whole text would take, the final 0 counted. */
HELPER_BODY(bpf_helper_snprintf)
{
    uint64_t arguments[ARGUMENT_MAX];
    struct text text = { memory_of(r1), r1 == 0 ? 0 : U32(r2), 0 };
    if (!read_arguments(r4, U32(r5), arguments) ||
        print(&text, memory_of(r3), arguments, U32(r5) / 8) != 0)
        return RESULT(-EINVAL);
    return text.length + 1;
}
