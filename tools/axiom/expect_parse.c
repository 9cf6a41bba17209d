/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The language of expectations: words separated by blanks, `:` between what is matched and what is
 * asked of it. */
#include "expect.h"
#include "expect_internal.h"

#include <axiom/errno.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct parser {
    const char *at, *end; /* of the line */
    char word[EXPECT_WORD_MAX];
    bool quoted; /* the word stood in quotes: it is a text, whatever it looks like */
    struct expect_error *error;
};

__attribute__((format(printf, 2, 3))) static int refuse(struct parser *p, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(p->error->text, sizeof p->error->text, format, arguments);
    va_end(arguments);
    return -EINVAL;
}

/* Takes the next word; "" at the end. `:` ends a word when a blank follows, and is a word of its
 * own. */
static int next_word(struct parser *p)
{
    while (p->at < p->end && (*p->at == ' ' || *p->at == '\t' || *p->at == '\r'))
        p->at++;
    size_t length = 0;
    p->quoted = p->at < p->end && *p->at == '"';
    if (p->quoted)
        p->at++;
    while (p->at < p->end) {
        char c = *p->at;
        if (p->quoted ? c == '"' : c == ' ' || c == '\t' || c == '\r')
            break;
        bool colon =
            !p->quoted && c == ':' && (p->at + 1 == p->end || p->at[1] == ' ' || p->at[1] == '\t');
        if (colon && length > 0)
            break;
        if (length + 1 >= sizeof p->word)
            return refuse(p, "a word is longer than %zu characters", sizeof p->word - 1);
        p->word[length++] = c;
        p->at++;
        if (colon)
            break;
    }
    if (p->quoted) {
        if (p->at == p->end)
            return refuse(p, "a quote is not closed");
        p->at++;
    }
    p->word[length] = '\0';
    return 0;
}

static bool peek_is(struct parser *p, const char *word)
{
    struct parser saved = *p;
    bool is = next_word(p) == 0 && !p->quoted && strcmp(p->word, word) == 0;
    if (!is)
        *p = saved;
    return is;
}

static int parse_number(const char *word, int64_t *out)
{
    static const struct {
        const char *suffix;
        int64_t factor;
    } units[] = { { "", 1 }, { "ns", 1 }, { "us", 1000 }, { "ms", 1000000 }, { "s", 1000000000 } };
    char *end;
    long long value = strtoll(word, &end, 0);
    if (end == word)
        return -EINVAL;
    for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
        if (strcmp(end, units[i].suffix) == 0)
            return __builtin_mul_overflow(value, units[i].factor, out) ? -ERANGE : 0;
    }
    return -EINVAL;
}

static int parse_comparison(struct parser *p, enum comparison *out)
{
    static const char *const names[] = {
        [COMPARE_EQ] = "==", [COMPARE_NE] = "!=", [COMPARE_LT] = "<",
        [COMPARE_LE] = "<=", [COMPARE_GT] = ">",  [COMPARE_GE] = ">=",
    };
    int err = next_word(p);
    if (err)
        return err;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (strcmp(p->word, names[i]) == 0) {
            *out = (enum comparison)i;
            return 0;
        }
    }
    return refuse(p, "'%s' is no comparison: use == != < <= > >=", p->word);
}

static int parse_conditions(struct parser *p, struct condition *list, uint32_t *count)
{
    do {
        if (*count == EXPECT_CONDITION_MAX)
            return refuse(p, "more than %d conditions", EXPECT_CONDITION_MAX);
        struct condition *c = &list[(*count)++];
        int err = next_word(p);
        if (err)
            return err;
        if (p->word[0] == '\0')
            return refuse(p, "a field's name is missing");
        memcpy(c->field, p->word, sizeof c->field);
        err = parse_comparison(p, &c->op);
        if (!err)
            err = next_word(p);
        if (err)
            return err;
        if (p->word[0] == '\0' && !p->quoted)
            return refuse(p, "a value is missing after '%s'", c->field);
        memcpy(c->text, p->word, sizeof c->text);
        c->is_number = !p->quoted && parse_number(p->word, &c->number) == 0;
    } while (peek_is(p, "and"));
    return 0;
}

static int parse_match(struct parser *p, struct match *m)
{
    int err = next_word(p);
    if (err)
        return err;
    if (p->word[0] != '/')
        return refuse(p, "'%s' is no topic: topics begin with / (axiom trace info FILE lists them)",
                      p->word);
    memcpy(m->topic, p->word, sizeof m->topic);
    return peek_is(p, "where") ? parse_conditions(p, m->where, &m->where_count) : 0;
}

static int expect_word(struct parser *p, const char *word)
{
    return peek_is(p, word)
               ? 0
               : refuse(p, "'%s' is missing before '%.*s'", word, (int)(p->end - p->at), p->at);
}

static int parse_count(struct parser *p, struct assertion *a)
{
    int err = parse_match(p, &a->match);
    if (!err)
        err = expect_word(p, ":");
    if (!err)
        err = parse_comparison(p, &a->count_op);
    if (!err)
        err = next_word(p);
    if (err)
        return err;
    return parse_number(p->word, &a->count) == 0 ? 0 : refuse(p, "'%s' is no number", p->word);
}

static int parse_never(struct parser *p, struct assertion *a)
{
    int err = parse_match(p, &a->match);
    if (err)
        return err;
    a->armed = !peek_is(p, "after");
    return a->armed ? 0 : parse_match(p, &a->after);
}

static int parse_within(struct parser *p, struct assertion *a)
{
    int err = next_word(p);
    if (err)
        return err;
    int64_t ns;
    if (parse_number(p->word, &ns) != 0 || ns < 0)
        return refuse(p, "'%s' is no duration: say 2ms", p->word);
    a->within_ns = (uint64_t)ns;
    err = expect_word(p, "after");
    if (!err)
        err = parse_match(p, &a->after);
    if (!err)
        err = expect_word(p, ":");
    return err ? err : parse_match(p, &a->match);
}

static int parse_must(struct parser *p, struct assertion *a)
{
    int err = parse_match(p, &a->match);
    if (!err)
        err = expect_word(p, ":");
    return err ? err : parse_conditions(p, a->must, &a->must_count);
}

static int parse_assertion(struct parser *p, struct assertion *a)
{
    static const struct {
        const char *word;
        enum assertion_kind kind;
        int (*parse)(struct parser *p, struct assertion *a);
    } rows[] = {
        { "count", ASSERT_COUNT, parse_count },    { "never", ASSERT_NEVER, parse_never },
        { "every", ASSERT_EVERY, parse_must },     { "last", ASSERT_LAST, parse_must },
        { "within", ASSERT_WITHIN, parse_within },
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (strcmp(p->word, rows[i].word) != 0)
            continue;
        a->kind = rows[i].kind;
        int err = rows[i].parse(p, a);
        if (!err)
            err = next_word(p);
        if (!err && (p->word[0] != '\0' || p->quoted))
            err = refuse(p, "'%s' is too much here", p->word);
        return err;
    }
    return refuse(p, "'%s' is no assertion: use count, never, every, last or within", p->word);
}

static int add_line(struct expect *expect, const char *at, const char *end, uint32_t line,
                    struct expect_error *error)
{
    struct parser p = { .at = at, .end = end, .error = error };
    int err = next_word(&p);
    if (err)
        return err;
    if ((p.word[0] == '\0' && !p.quoted) || p.word[0] == '#')
        return 0;
    if (expect->count == expect->capacity) {
        uint32_t capacity = expect->capacity ? expect->capacity * 2 : 8;
        struct assertion *grown = realloc(expect->assertions, capacity * sizeof *grown);
        if (grown == NULL)
            return -ENOMEM;
        expect->assertions = grown;
        expect->capacity = capacity;
    }
    struct assertion *a = &expect->assertions[expect->count];
    memset(a, 0, sizeof *a);
    a->line = line;
    err = parse_assertion(&p, a);
    if (err)
        return err;
    a->source = strndup(at, (size_t)(end - at));
    if (a->source == NULL)
        return -ENOMEM;
    expect->count++;
    return 0;
}

int expect_parse(const char *text, size_t size, struct expect **out, struct expect_error *error)
{
    *error = (struct expect_error){ 0 };
    struct expect *expect = calloc(1, sizeof *expect);
    if (expect == NULL)
        return -ENOMEM;
    const char *at = text, *end = text + size;
    for (uint32_t line = 1; at < end; line++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *line_end = newline ? newline : end;
        int err = add_line(expect, at, line_end, line, error);
        if (err) {
            error->line = line;
            expect_free(expect);
            return err;
        }
        at = newline ? newline + 1 : end;
    }
    *out = expect;
    return 0;
}

void expect_free(struct expect *expect)
{
    if (expect == NULL)
        return;
    for (uint32_t i = 0; i < expect->count; i++)
        free(expect->assertions[i].source);
    free(expect->assertions);
    free(expect);
}
