/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The declarations of a value change dump: time scale, scopes, variables. */
#include "vcd.h"

#include <stdio.h>
#include <stdlib.h>

struct scopes {
    char *name[VCD_DEPTH_MAX];
    uint32_t depth;
};

static int want_word(struct text_reader *reader, struct text_span *word, struct trace_error *error)
{
    int got = text_word(reader, word, error);
    if (got == 0)
        return text_fail(reader, error, "the file ends inside of its declarations");
    return got;
}

static int skip_to_end(struct text_reader *reader, struct trace_error *error)
{
    struct text_span word;
    int got;
    while ((got = want_word(reader, &word, error)) == 1 && !text_is(&word, "$end"))
        ;
    return got < 0 ? got : 0;
}

/* --- $timescale --- */

static int read_timescale(struct text_reader *reader, struct vcd_header *header,
                          struct trace_error *error)
{
    static const struct {
        const char *name;
        uint64_t numerator, denominator;
    } units[] = { { "s", 1000000000, 1 }, { "ms", 1000000, 1 }, { "us", 1000, 1 },
                  { "ns", 1, 1 },         { "ps", 1, 1000 },    { "fs", 1, 1000000 } };
    char text[24] = "";
    struct text_span word;
    int got;
    while ((got = want_word(reader, &word, error)) == 1 && !text_is(&word, "$end")) {
        size_t length = strlen(text);
        if (word.size >= sizeof text - length)
            return text_fail(reader, error, "$timescale %s: no such scale", text_quote(&word).text);
        memcpy(text + length, word.at, word.size);
        text[length + word.size] = '\0';
    }
    if (got < 0)
        return got;
    size_t digits = strspn(text, "0123456789");
    uint64_t number = 0;
    if (!text_number(text, digits, &number) || number == 0 || number > 1000)
        return text_fail(reader, error, "$timescale %.20s: it is 1, 10 or 100 of s, ms ... fs",
                         text);
    for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
        if (strcmp(text + digits, units[i].name) != 0)
            continue;
        header->numerator = number * units[i].numerator;
        header->denominator = units[i].denominator;
        return 0;
    }
    return text_fail(reader, error, "$timescale %.20s: the unit is none of s, ms, us, ns, ps, fs",
                     text);
}

/* --- $scope --- */

static int read_scope(struct text_reader *reader, struct scopes *scopes, struct trace_error *error)
{
    struct text_span word;
    int got = want_word(reader, &word, error);
    if (got == 1)
        got = want_word(reader, &word, error);
    if (got < 0)
        return got;
    if (scopes->depth == VCD_DEPTH_MAX)
        return text_fail(reader, error, "more than %d scopes inside of each other", VCD_DEPTH_MAX);
    size_t size = word.size < TRACE_NAME_MAX ? word.size : TRACE_NAME_MAX;
    char *name = strndup(word.at, size);
    if (name == NULL)
        return trace_fail(error, -ENOMEM, "%s: out of memory", reader->input->name);
    scopes->name[scopes->depth++] = name;
    return skip_to_end(reader, error);
}

static void scopes_pop(struct scopes *scopes)
{
    if (scopes->depth > 0)
        free(scopes->name[--scopes->depth]);
}

/* --- $var --- */

static char *scoped_name(const struct scopes *scopes, const char *name)
{
    char full[1024] = "";
    size_t length = 0;
    for (uint32_t i = 0; i < scopes->depth && length < sizeof full - 2 * TRACE_NAME_MAX; i++)
        length += (size_t)snprintf(full + length, sizeof full - length, "%s.", scopes->name[i]);
    snprintf(full + length, sizeof full - length, "%s", name);
    return strdup(full);
}

static uint32_t hash_id(const char *id, size_t size)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (uint8_t)id[i]) * 16777619u;
    return hash;
}

static uint32_t table_place(const struct vcd_header *header, const char *id, size_t size)
{
    uint32_t at = hash_id(id, size) & (header->table_size - 1);
    while (header->table[at] != 0) {
        const char *other = header->variable[header->table[at] - 1].id;
        if (strlen(other) == size && memcmp(other, id, size) == 0)
            break;
        at = (at + 1) & (header->table_size - 1);
    }
    return at;
}

struct vcd_variable *vcd_find(const struct vcd_header *header, const char *id, size_t size)
{
    if (header->count == 0 || size == 0 || size >= VCD_ID_MAX)
        return NULL;
    uint32_t place = header->table[table_place(header, id, size)];
    return place != 0 ? &header->variable[place - 1] : NULL;
}

static int grow(struct vcd_header *header)
{
    if (header->count < header->capacity)
        return 0;
    uint32_t capacity = header->capacity == 0 ? 64 : 2 * header->capacity;
    if (capacity > 2 * TRACE_CHANNEL_MAX)
        return -E2BIG;
    struct vcd_variable *grown = realloc(header->variable, capacity * sizeof *grown);
    if (grown == NULL)
        return -ENOMEM;
    header->variable = grown;
    header->capacity = capacity;
    free(header->table);
    header->table_size = 2 * capacity;
    header->table = calloc(header->table_size, sizeof *header->table);
    if (header->table == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < header->count; i++) {
        const char *id = header->variable[i].id;
        header->table[table_place(header, id, strlen(id))] = i + 1;
    }
    return 0;
}

static enum vcd_type type_of(const char *type, uint32_t size)
{
    static const char *const numbers[] = { "real", "realtime", "integer", "time", "parameter" };
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
        if (strcmp(type, numbers[i]) == 0)
            return VCD_NUMBER;
    if (strcmp(type, "event") == 0 || strcmp(type, "string") == 0 || size > VCD_VECTOR_MAX)
        return VCD_LEFT_OUT;
    return VCD_LINES;
}

/* "[7:0]" or "[3]", which may be glued to the name. */
static void take_range(struct vcd_variable *variable, const char *range)
{
    long long high, low;
    int got = sscanf(range, "[%lld:%lld]", &high, &low);
    if (got == 1 && variable->size == 1) {
        variable->ranged = true;
        variable->lsb = high;
    } else if (got == 2 && high > INT32_MIN && high < INT32_MAX && low > INT32_MIN &&
               low < INT32_MAX) {
        variable->ranged = true;
        variable->lsb = low;
        variable->descends = low > high;
    }
}

static int add_variable(struct text_reader *reader, struct vcd_header *header,
                        const struct scopes *scopes, struct vcd_variable *variable,
                        const char *name, struct trace_error *error)
{
    int err = grow(header);
    char *full = err == 0 ? scoped_name(scopes, name) : NULL;
    if (err == -E2BIG)
        return text_fail(reader, error, "more than %d variables", 2 * TRACE_CHANNEL_MAX);
    if (full == NULL)
        return trace_fail(error, -ENOMEM, "%s: out of memory", reader->input->name);
    uint32_t place = table_place(header, variable->id, strlen(variable->id));
    if (header->table[place] == 0) {
        variable->name = full;
        header->variable[header->count] = *variable;
        header->table[place] = ++header->count;
        return 0;
    }
    struct vcd_variable *first = &header->variable[header->table[place] - 1];
    if (first->size != variable->size || first->type != variable->type) {
        free(full);
        return text_fail(reader, error, "a second variable of code %.24s, of another size",
                         variable->id);
    }
    free(first->alias);
    first->alias = full;
    return 0;
}

/* type size code name [range] $end */
static int read_variable(struct text_reader *reader, struct vcd_header *header,
                         const struct scopes *scopes, struct trace_error *error)
{
    char part[4][TRACE_NAME_MAX];
    struct vcd_variable variable = { .channel = UINT32_MAX };
    struct text_span word;
    uint64_t size;
    int got;
    for (int i = 0; i < 4; i++) {
        if ((got = want_word(reader, &word, error)) < 0)
            return got;
        if (text_is(&word, "$end") || word.size >= (i == 2 ? VCD_ID_MAX : TRACE_NAME_MAX))
            return text_fail(reader, error, "$var wants type, size, code and name, not \"%s\"",
                             text_quote(&word).text);
        memcpy(part[i], word.at, word.size);
        part[i][word.size] = '\0';
        if (memchr(word.at, '\0', word.size) != NULL)
            return text_fail(reader, error, "a zero byte");
    }
    if (!text_number(part[1], strlen(part[1]), &size) || size == 0 || size > 1u << 20)
        return text_fail(reader, error, "$var %.20s has a size of \"%.20s\" bits", part[3],
                         part[1]);
    variable.size = (uint32_t)size;
    variable.type = type_of(part[0], variable.size);
    memcpy(variable.id, part[2], VCD_ID_MAX);
    char *bracket = strchr(part[3], '[');
    if (bracket != NULL && bracket != part[3]) {
        take_range(&variable, bracket);
        if (variable.ranged)
            *bracket = '\0';
    }
    while ((got = want_word(reader, &word, error)) == 1 && !text_is(&word, "$end")) {
        char range[32];
        if (word.size >= sizeof range || word.at[0] != '[')
            continue;
        memcpy(range, word.at, word.size);
        range[word.size] = '\0';
        take_range(&variable, range);
    }
    return got < 0 ? got : add_variable(reader, header, scopes, &variable, part[3], error);
}

/* --- all of it --- */

/* How many bytes of scopes all names begin with. */
static size_t shared_scopes(const struct vcd_header *header)
{
    size_t shared = SIZE_MAX;
    for (uint32_t i = 0; i < header->count; i++) {
        const char *name = header->variable[i].name, *first = header->variable[0].name;
        size_t same = 0;
        for (size_t at = 0; name[at] != '\0' && name[at] == first[at]; at++)
            if (name[at] == '.')
                same = at + 1;
        shared = same < shared ? same : shared;
    }
    return header->count > 0 ? shared : 0;
}

static void cut_shared_scopes(struct vcd_header *header)
{
    size_t shared = shared_scopes(header);
    for (uint32_t i = 0; i < header->count; i++) {
        char *name = header->variable[i].name;
        memmove(name, name + shared, strlen(name + shared) + 1);
    }
}

static int read_declaration(struct text_reader *reader, struct vcd_header *header,
                            struct scopes *scopes, const struct text_span *word,
                            struct trace_error *error)
{
    if (text_is(word, "$timescale"))
        return read_timescale(reader, header, error);
    if (text_is(word, "$scope"))
        return read_scope(reader, scopes, error);
    if (text_is(word, "$var"))
        return read_variable(reader, header, scopes, error);
    if (text_is(word, "$upscope"))
        scopes_pop(scopes);
    else if (word->at[0] != '$')
        return text_fail(reader, error, "\"%s\" among the declarations; is this a VCD file?",
                         text_quote(word).text);
    return skip_to_end(reader, error);
}

int vcd_header_read(struct text_reader *reader, struct vcd_header *header,
                    struct trace_error *error)
{
    struct scopes scopes = { .depth = 0 };
    struct text_span word;
    bool done = false;
    int err = 0;
    header->numerator = header->denominator = 1;
    while (err == 0 && !done) {
        int got = want_word(reader, &word, error);
        if (got < 0) {
            err = got;
            break;
        }
        done = text_is(&word, "$enddefinitions");
        err = read_declaration(reader, header, &scopes, &word, error);
    }
    while (scopes.depth > 0)
        scopes_pop(&scopes);
    if (err == 0)
        cut_shared_scopes(header);
    return err;
}

void vcd_header_free(struct vcd_header *header)
{
    for (uint32_t i = 0; i < header->count; i++) {
        free(header->variable[i].name);
        free(header->variable[i].alias);
    }
    free(header->variable);
    free(header->table);
    *header = (struct vcd_header){ 0 };
}
