/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Lines and words of a text file, with the line's number for messages. A reader is its input and a
 * place; copying the struct keeps a place to come back to. What it hands out points into the input's
 * window and is valid until the next call. */
#pragma once
#include "source_internal.h"

#define TEXT_MAX (64u << 10) /* the longest line or word */

struct text_reader {
    struct trace_input *input;
    uint64_t offset; /* of what comes next */
    uint64_t line;   /* of what was handed out last, from 1; 0 before */
    bool newline;    /* words: the last one was followed by the line's end */
};

struct text_span {
    const char *at; /* not terminated */
    size_t size;
    bool last; /* nothing follows, not even a line's end: a cut file may have ended inside */
};

/* 1: the next line without its end (CR LF or LF); 0: the end of the file; else the error. */
int text_line(struct text_reader *reader, struct text_span *line, struct trace_error *error);
/* The same for the next word between blanks and line ends. */
int text_word(struct text_reader *reader, struct text_span *word, struct trace_error *error);
/* "FILE:LINE: ..."; returns -EBADMSG. */
int text_fail(const struct text_reader *reader, struct trace_error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static inline bool text_is(const struct text_span *span, const char *text)
{
    return strlen(text) == span->size && memcmp(span->at, text, span->size) == 0;
}

/* What a person may see of it in a message: cut, and without control characters. */
struct text_quote {
    char text[44];
};
struct text_quote text_quote(const struct text_span *span);

/* All of it as a decimal number; false if it is none or beyond 64 bits. */
bool text_number(const char *at, size_t size, uint64_t *out);
