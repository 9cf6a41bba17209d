/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The few functions of string.h that an image needs (axiom/string.h, libfdt, the compiler itself).
 *
 * Compiled without the optimisation that turns such loops into calls of these very functions. Words
 * where both sides are aligned alike, bytes otherwise. */
#include <axiom/string.h>

#undef memcpy
#undef memmove
#undef memset
#undef strlen

typedef uint64_t __attribute__((may_alias)) word;
#define WORD sizeof(word)

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    unsigned char *t = to;
    const unsigned char *f = from;
    if (((uintptr_t)t ^ (uintptr_t)f) % WORD == 0) {
        for (; size != 0 && (uintptr_t)t % WORD != 0; size--)
            *t++ = *f++;
        for (; size >= WORD; size -= WORD, t += WORD, f += WORD)
            *(word *)t = *(const word *)f;
    }
    while (size-- != 0)
        *t++ = *f++;
    return to;
}

void *memmove(void *to, const void *from, size_t size)
{
    unsigned char *t = to;
    const unsigned char *f = from;
    if ((uintptr_t)t - (uintptr_t)f >= size)
        return memcpy(to, from, size);
    while (size-- != 0)
        t[size] = f[size];
    return to;
}

void *memset(void *at, int byte, size_t size)
{
    unsigned char *t = at;
    word pattern = (word)(unsigned char)byte * UINT64_C(0x0101010101010101);
    for (; size != 0 && (uintptr_t)t % WORD != 0; size--)
        *t++ = (unsigned char)byte;
    for (; size >= WORD; size -= WORD, t += WORD)
        *(word *)t = pattern;
    while (size-- != 0)
        *t++ = (unsigned char)byte;
    return at;
}

int memcmp(const void *a, const void *b, size_t size)
{
    const unsigned char *x = a, *y = b;
    for (size_t i = 0; i < size; i++) {
        if (x[i] != y[i])
            return x[i] < y[i] ? -1 : 1;
    }
    return 0;
}

void *memchr(const void *at, int byte, size_t size)
{
    const unsigned char *x = at;
    for (size_t i = 0; i < size; i++) {
        if (x[i] == (unsigned char)byte)
            return (void *)(uintptr_t)(x + i);
    }
    return NULL;
}

size_t strlen(const char *text)
{
    size_t length = 0;
    while (text[length] != '\0')
        length++;
    return length;
}

size_t strnlen(const char *text, size_t size)
{
    size_t length = 0;
    while (length < size && text[length] != '\0')
        length++;
    return length;
}

int strcmp(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b)
        a++, b++;
    return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t size)
{
    for (; size != 0; size--, a++, b++) {
        if (*a != *b || *a == '\0')
            return (unsigned char)*a - (unsigned char)*b;
    }
    return 0;
}

char *strchr(const char *text, int character)
{
    for (;; text++) {
        if (*text == (char)character)
            return (char *)(uintptr_t)text;
        if (*text == '\0')
            return NULL;
    }
}

char *strrchr(const char *text, int character)
{
    const char *last = NULL;
    for (;; text++) {
        if (*text == (char)character)
            last = text;
        if (*text == '\0')
            return (char *)(uintptr_t)last;
    }
}
