/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Memory and strings. Prototypes are C11's; the bodies are libc's where an image is a host process, our own elsewhere. */
#pragma once
#include <axiom/types.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *at, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
void *memchr(const void *at, int byte, size_t size);
size_t strlen(const char *text);
size_t strnlen(const char *text, size_t size);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t size);
char *strchr(const char *text, int character);
char *strrchr(const char *text, int character);

/* Freestanding code is compiled without builtins; a copy of a few bytes need not be a call. */
#if !__STDC_HOSTED__
#define memcpy(to, from, size)  __builtin_memcpy(to, from, size)
#define memmove(to, from, size) __builtin_memmove(to, from, size)
#define memset(at, byte, size)  __builtin_memset(at, byte, size)
#define strlen(text)            __builtin_strlen(text)
#endif

/* Copies at most size - 1 bytes and always terminates; true if all of `from` fitted. size is at least 1. */
static inline bool string_copy(char *to, size_t size, const char *from)
{
    size_t length = strlen(from);
    size_t take = length < size ? length : size - 1;
    memcpy(to, from, take);
    to[take] = '\0';
    return take == length;
}

static inline bool string_starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}
