/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* printf for those without libc: a cursor that counts past the end, and one function a conversion. */
#include <axiom/format.h>
#include <axiom/string.h>

struct cursor {
    char *to;
    size_t size;
    size_t length; /* what the whole text takes, whether it fits or not */
};

struct spec {
    bool left, zero, plus, space, alternate, upper;
    int width;
    int precision;  /* -1: none */
    int long_count; /* -2 hh, -1 h, 0 int, 1 long, 2 long long */
};

static void put(struct cursor *c, char byte)
{
    if (c->length + 1 < c->size)
        c->to[c->length] = byte;
    c->length++;
}

static void put_repeated(struct cursor *c, char byte, int count)
{
    for (; count > 0; count--)
        put(c, byte);
}

static void put_text(struct cursor *c, const struct spec *s, const char *text)
{
    if (text == NULL)
        text = "(null)";
    int length = (int)(s->precision >= 0 ? strnlen(text, (size_t)s->precision) : strlen(text));
    if (!s->left)
        put_repeated(c, ' ', s->width - length);
    for (int i = 0; i < length; i++)
        put(c, text[i]);
    if (s->left)
        put_repeated(c, ' ', s->width - length);
}

static void put_number(struct cursor *c, const struct spec *s, uint64_t magnitude, bool negative,
                       unsigned base)
{
    char digits[24];
    int count = 0;
    const char *alphabet = s->upper ? "0123456789ABCDEF" : "0123456789abcdef";
    bool zero_value = magnitude == 0;
    do {
        digits[count++] = alphabet[magnitude % base];
        magnitude /= base;
    } while (magnitude != 0);
    if (zero_value && s->precision == 0)
        count = 0;

    char prefix[3];
    int prefix_length = 0;
    if (negative)
        prefix[prefix_length++] = '-';
    else if (s->plus)
        prefix[prefix_length++] = '+';
    else if (s->space)
        prefix[prefix_length++] = ' ';
    if (s->alternate && base == 16 && !zero_value) {
        prefix[prefix_length++] = '0';
        prefix[prefix_length++] = s->upper ? 'X' : 'x';
    }
    int zeros = s->precision > count ? s->precision - count : 0;
    if (s->zero && !s->left && s->precision < 0 && s->width > prefix_length + count)
        zeros = s->width - prefix_length - count;
    int padding = s->width - prefix_length - zeros - count;

    if (!s->left)
        put_repeated(c, ' ', padding);
    for (int i = 0; i < prefix_length; i++)
        put(c, prefix[i]);
    put_repeated(c, '0', zeros);
    while (count > 0)
        put(c, digits[--count]);
    if (s->left)
        put_repeated(c, ' ', padding);
}

static int64_t take_signed(const struct spec *s, va_list *arguments)
{
    if (s->long_count >= 2)
        return va_arg(*arguments, long long);
    if (s->long_count == 1)
        return va_arg(*arguments, long);
    int value = va_arg(*arguments, int);
    return s->long_count == -1 ? (short)value : s->long_count == -2 ? (signed char)value : value;
}

static uint64_t take_unsigned(const struct spec *s, va_list *arguments)
{
    if (s->long_count >= 2)
        return va_arg(*arguments, unsigned long long);
    if (s->long_count == 1)
        return va_arg(*arguments, unsigned long);
    unsigned value = va_arg(*arguments, unsigned);
    return s->long_count == -1   ? (unsigned short)value
           : s->long_count == -2 ? (unsigned char)value
                                 : value;
}

static const char *parse_number(const char *at, int *out, va_list *arguments)
{
    if (*at == '*') {
        *out = va_arg(*arguments, int);
        return at + 1;
    }
    for (*out = 0; *at >= '0' && *at <= '9'; at++)
        *out = *out * 10 + (*at - '0');
    return at;
}

static const char *parse_spec(const char *at, struct spec *s, va_list *arguments)
{
    *s = (struct spec){ .precision = -1 };
    for (;; at++) {
        if (*at == '-')
            s->left = true;
        else if (*at == '0')
            s->zero = true;
        else if (*at == '+')
            s->plus = true;
        else if (*at == ' ')
            s->space = true;
        else if (*at == '#')
            s->alternate = true;
        else
            break;
    }
    at = parse_number(at, &s->width, arguments);
    if (s->width < 0) {
        s->left = true;
        s->width = -s->width;
    }
    if (*at == '.')
        at = parse_number(at + 1, &s->precision, arguments);
    for (; *at == 'h'; at++)
        s->long_count--;
    for (; *at == 'l'; at++)
        s->long_count++;
    if (*at == 'z' || *at == 't' || *at == 'j') {
        s->long_count = 2;
        at++;
    }
    return at;
}

int format_text_va(char *to, size_t size, const char *format, va_list arguments_in)
{
    struct cursor c = { to, size, 0 };
    va_list arguments;
    va_copy(arguments, arguments_in);
    for (const char *at = format; *at != '\0'; at++) {
        if (*at != '%') {
            put(&c, *at);
            continue;
        }
        struct spec s;
        at = parse_spec(at + 1, &s, &arguments);
        if (*at == '\0')
            break;
        switch (*at) {
        case 'd':
        case 'i': {
            int64_t value = take_signed(&s, &arguments);
            put_number(&c, &s, value < 0 ? -(uint64_t)value : (uint64_t)value, value < 0, 10);
            break;
        }
        case 'u':
            put_number(&c, &s, take_unsigned(&s, &arguments), false, 10);
            break;
        case 'o':
            put_number(&c, &s, take_unsigned(&s, &arguments), false, 8);
            break;
        case 'X':
            s.upper = true;
            put_number(&c, &s, take_unsigned(&s, &arguments), false, 16);
            break;
        case 'x':
            put_number(&c, &s, take_unsigned(&s, &arguments), false, 16);
            break;
        case 'p':
            s.alternate = true;
            put_number(&c, &s, (uint64_t)(uintptr_t)va_arg(arguments, void *), false, 16);
            break;
        case 'c': {
            char text[2] = { (char)va_arg(arguments, int), '\0' };
            put_text(&c, &s, text);
            break;
        }
        case 's':
            put_text(&c, &s, va_arg(arguments, const char *));
            break;
        default: /* %% and what we do not know: as it stands */
            put(&c, *at);
        }
    }
    va_end(arguments);
    if (size > 0)
        to[c.length < size ? c.length : size - 1] = '\0';
    return (int)c.length;
}

int format_text(char *to, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = format_text_va(to, size, format, arguments);
    va_end(arguments);
    return length;
}
