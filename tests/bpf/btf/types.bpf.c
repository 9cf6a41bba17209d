/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Types of every kind that clang writes for C. */
#include <axiom/bpf.h>

enum small { SMALL_A = -1, SMALL_B = 5 };
enum large { LARGE_A = 0x100000000ull, LARGE_B = 1 };

struct forward;
union forward_union;

struct bits {
    unsigned int a : 3;
    unsigned int b : 13;
    long long c : 33;
    struct {
        int inner;
        union {
            char byte;
            uint16_t half;
        };
    };
    int matrix[3][5];
    struct forward *pointer;
    union forward_union *other;
    const volatile char *restrict text;
    int (*callback)(struct bits *self, enum small way, ...);
    enum large large;
    float real;
    _Bool truth;
    struct bits *next __attribute__((btf_type_tag("tagged")));
    int tail[];
};

struct shape {
    int x;
};
struct shape___old {
    int y;
};
struct __attribute__((packed, aligned(2))) tight {
    char c;
    int i;
};
typedef struct tight tight_t;

struct bits bits __attribute__((btf_decl_tag("a_variable")));
struct shape shape;
struct shape___old old_shape;
tight_t tight __attribute__((section(".data.tight"))) = { 1, 2 };
static volatile int hidden = 4;

__noinline int global_function(struct shape *s __attribute__((btf_decl_tag("arg:nonnull"))))
{
    return s ? s->x : 0;
}

SEC("timer/10hz")
int program(struct axiom_timer_ctx *context)
{
    return global_function(&shape) + bits.tail[0] + old_shape.y + tight.i + hidden +
           (int)context->number;
}
