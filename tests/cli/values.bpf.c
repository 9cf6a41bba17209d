/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Values of all kinds, in a map and in global data. */
#include <axiom/bpf.h>

enum state { IDLE, MOVING = 3, LOST = -1 };

struct deep {
    char name[8];
    enum state state;
    unsigned a : 3, b : 7;
    signed c : 5;
    struct {
        int x, y;
    } at[2];
    _Bool on;
    void *next;
    union {
        long word;
        char bytes[8];
    };
    __int128 huge;
    long list[20];
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 4);
    __type(key, enum state);
    __type(value, struct deep);
} deep SEC(".maps");

int limit = -5;
char text[8] = "hello";
const int factor = 3;
long none[3];

SEC("gpio/chip0/line26/both")
int values(struct axiom_gpio_ctx *ctx)
{
    enum state key = MOVING;
    struct deep d = { .name = "hi", .state = LOST, .a = 5, .b = 100, .c = -7, .on = 1, .huge = 5 };
    d.at[1].y = -2;
    d.word = 'B' | 'A' << 8;
    d.list[19] = limit;
    bpf_map_update_elem(&deep, &key, &d, 0);
    none[1] += factor;
    return text[ctx->line & 7];
}
