/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The text of one type in C: its name, its declaration, its body. btf_c.c says which and in what order. */
#pragma once
#include <bpf/btf.h>
#include <stdio.h>

#define ALIGN_UNKNOWN 255u

enum progress { UNSEEN, BEGUN, DONE };

struct note {
    uint8_t progress; /* enum progress */
    uint8_t align;    /* ALIGN_UNKNOWN, or what alignment() says */
    bool is_declared; /* as an incomplete type */
    bool is_used;     /* another type refers to it */
};

struct used_name {
    const char *name;
    uint32_t count;
};

struct printer {
    const struct bpf_btf *btf;
    FILE *out;
    struct note *notes;       /* by id */
    struct used_name *values; /* names of enumerators: a hash table, value_mask + 1 places */
    size_t value_mask;
    uint32_t depth, work;
    uint64_t written;    /* bytes of members and what lies between them, about */
    const char *problem; /* the first one; nothing more is printed then */
};

/* Around what may nest; false: too deep, or too much, and p->problem says so. */
bool printer_enter(struct printer *p);
void printer_leave(struct printer *p);

/* Texts are the caller's to free; NULL: p->problem, or no memory. */

char *printer_text(struct printer *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* With ___2 and so on where an earlier type has it; "" if it has none. */
char *printer_name(struct printer *p, const struct bpf_btf_type *type);
/* "inner" declared as a type: "int (*inner)(void)". Takes `inner`, frees it. */
char *printer_declare(struct printer *p, uint32_t id, char *inner, uint32_t indent);
/* "struct x { ... }", without an end. */
void printer_body(struct printer *p, FILE *to, const struct bpf_btf_type *type, uint32_t indent);

/* Structs, unions, enums. */
bool btf_has_tag(enum bpf_btf_kind kind);
bool btf_is_identifier(const char *name);
const char *btf_tag_word(enum bpf_btf_kind kind); /* "struct" */
