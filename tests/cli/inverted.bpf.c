/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* examples/button_led with a mistake in it: the LED starts the wrong way round. The name and maps are the same. */
#include <axiom/bpf.h>

#define LED_LINE    16
#define DEBOUNCE_NS 20000000ull

struct state {
    uint64_t last_press_ns;
    uint64_t presses;
    uint64_t led;
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, uint32_t);
    __type(value, struct state);
} button SEC(".maps");

SEC("gpio/chip0/line26/falling")
int button_led(struct axiom_gpio_ctx *ctx)
{
    uint32_t zero = 0;
    struct state *state = bpf_map_lookup_elem(&button, &zero);
    if (state == NULL)
        return 0;
    if (state->presses != 0 && ctx->time_ns - state->last_press_ns < DEBOUNCE_NS)
        return 0;
    state->last_press_ns = ctx->time_ns;
    state->presses++;
    bpf_gpio_set(0, LED_LINE, (uint32_t)state->led);
    state->led ^= 1;
    bpf_printk("press %llu: LED %llu", state->presses, state->led);
    return 0;
}
