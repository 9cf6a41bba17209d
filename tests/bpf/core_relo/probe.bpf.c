/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Every kind of CO-RE relocation, each in a program of its own, so that what fails fails alone. The
 * types are those of some older target. */
#include <axiom/bpf.h>

#define RELOCATED __attribute__((preserve_access_index))

enum field_info { OFFSET, SIZE, EXISTS, SIGNED, LSHIFT, RSHIFT };

enum mode { MODE_A, MODE_B };
enum mode___flavor { MODE_B___other = 1, MODE_GONE = 2 };
enum missing_enum { NEVER = 1 };

struct inner {
    long deep;
    char text[8];
} RELOCATED;

struct sensor {
    char *name;
    uint32_t grows;
    uint32_t shrinks;
    int signed_grows;
    uint32_t hidden;
    uint8_t hidden_bytes[4];
    uint32_t low_bits : 3, middle_bits : 9;
    int32_t signed_bits : 5;
    uint64_t far_bits : 20;
    struct inner inner_array[2];
    struct inner *pointer;
    int matrix[2][3];
    enum mode mode;
    int gone;
    struct inner *name_by_other_type;
    int tail[];
} RELOCATED;

struct flavored___old {
    int one;
} RELOCATED;
struct flavored___other {
    int two, three;
} RELOCATED;

struct missing {
    int x;
} RELOCATED;

union either {
    char c;
} RELOCATED;

typedef struct RELOCATED {
    int second;
} record_t;

typedef int (*callback_t)(struct sensor *sensor, enum mode mode);
typedef int (*other_callback_t)(int only_one);

uint64_t results[8];

#define PROGRAM(name, ...)                \
    SEC("socket")                         \
    int name(void *context)               \
    {                                     \
        struct sensor *s = context;       \
        uint64_t *r = results;            \
        (void)s;                          \
        __VA_ARGS__;                      \
        return (int)r[0];                 \
    }

#define INFO(expression)                                            \
    r[0] = __builtin_preserve_field_info(expression, OFFSET);       \
    r[1] = __builtin_preserve_field_info(expression, SIZE);         \
    r[2] = __builtin_preserve_field_info(expression, EXISTS);       \
    r[3] = __builtin_preserve_field_info(expression, SIGNED);       \
    r[4] = __builtin_preserve_field_info(expression, LSHIFT);       \
    r[5] = __builtin_preserve_field_info(expression, RSHIFT)

PROGRAM(info_plain, INFO(s->shrinks))
PROGRAM(offset_pointer, r[0] = __builtin_preserve_field_info(s->name, OFFSET))
PROGRAM(info_nested, INFO(s->inner_array[1].deep))
PROGRAM(info_hidden, INFO(s->hidden))
PROGRAM(info_low_bits, INFO(s->low_bits))
PROGRAM(info_middle_bits, INFO(s->middle_bits))
PROGRAM(info_signed_bits, INFO(s->signed_bits))
PROGRAM(info_far_bits, INFO(s->far_bits))
PROGRAM(info_enum, INFO(s->mode))
PROGRAM(info_typedef, record_t *t = context; INFO(t->second))
PROGRAM(info_union, union either *e = context; INFO(e->c))

PROGRAM(offset_element, r[0] = __builtin_preserve_field_info(s->matrix[1][2], OFFSET))
PROGRAM(offset_tail, r[0] = __builtin_preserve_field_info(s->tail[9], OFFSET))
PROGRAM(offset_of_array, r[0] = __builtin_preserve_field_info(s[2].grows, OFFSET))
PROGRAM(exists_gone, r[0] = __builtin_preserve_field_info(s->gone, EXISTS))
PROGRAM(poison_gone, r[0] = __builtin_preserve_field_info(s->gone, OFFSET))
PROGRAM(load_gone, r[0] = (uint64_t)s->gone)
PROGRAM(load_grows, r[0] = s->grows)
PROGRAM(load_shrinks, r[0] = s->shrinks)
PROGRAM(load_signed_grows, r[0] = (uint64_t)s->signed_grows)
PROGRAM(load_name, r[0] = (uint64_t)s->name)
PROGRAM(load_chain, r[0] = (uint64_t)s->pointer->deep)
PROGRAM(store_grows, s->grows = 5)
PROGRAM(load_text, r[0] = (uint64_t)s->inner_array[1].text[3])
PROGRAM(load_old_flavor, struct flavored___old *f = context; r[0] = (uint64_t)f->one)
PROGRAM(load_other_flavor, struct flavored___other *f = context; r[0] = (uint64_t)f->two)
PROGRAM(poison_other_flavor, struct flavored___other *f = context; r[0] = (uint64_t)f->three)
PROGRAM(load_missing, struct missing *m = context; r[0] = (uint64_t)m->x)

#define TYPE_INFO(type)                                       \
    r[0] = __builtin_preserve_type_info(*(type *)0, 0);       \
    r[1] = __builtin_preserve_type_info(*(type *)0, 1);       \
    r[2] = __builtin_btf_type_id(*(type *)0, 1)

PROGRAM(type_struct, TYPE_INFO(struct sensor))
PROGRAM(type_missing, TYPE_INFO(struct missing))
PROGRAM(type_union, TYPE_INFO(union either))
PROGRAM(type_enum, TYPE_INFO(enum mode))
PROGRAM(type_typedef, TYPE_INFO(record_t))
PROGRAM(type_flavor, TYPE_INFO(struct flavored___old))
PROGRAM(type_callback, r[0] = __builtin_preserve_type_info(*(callback_t *)0, 0))
PROGRAM(type_local, r[0] = __builtin_btf_type_id(*(struct sensor *)0, 0))
#if __clang_major__ >= 15
PROGRAM(match_struct, r[0] = __builtin_preserve_type_info(*(struct sensor *)0, 2))
PROGRAM(match_flavor, r[0] = __builtin_preserve_type_info(*(struct flavored___old *)0, 2))
PROGRAM(match_enum, r[0] = __builtin_preserve_type_info(*(enum mode *)0, 2))
PROGRAM(match_callback, r[0] = __builtin_preserve_type_info(*(callback_t *)0, 2))
PROGRAM(match_inner, r[0] = __builtin_preserve_type_info(*(struct inner *)0, 2))
#endif

/* The compiler wants a pointer that was made of the enumerator, as bpf_core_enum_value() does. */
PROGRAM(enum_there, r[0] = __builtin_preserve_enum_value(*(typeof(enum mode) *)MODE_B, 0);
        r[1] = __builtin_preserve_enum_value(*(typeof(enum mode) *)MODE_B, 1))
PROGRAM(enum_flavor,
        r[0] = __builtin_preserve_enum_value(*(typeof(enum mode___flavor) *)MODE_B___other, 1))
PROGRAM(enum_gone, r[0] = __builtin_preserve_enum_value(*(typeof(enum mode___flavor) *)MODE_GONE, 0))
PROGRAM(enum_gone_value,
        r[0] = __builtin_preserve_enum_value(*(typeof(enum mode___flavor) *)MODE_GONE, 1))
PROGRAM(enum_missing,
        r[0] = __builtin_preserve_enum_value(*(typeof(enum missing_enum) *)NEVER, 0))

char LICENSE[] SEC("license") = "Dual MIT/GPL";
