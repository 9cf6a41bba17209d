#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# axiom bpf: programs at a desk. Verdicts with the source line, the disassembly beside the source, runs on contexts made up here.
. "$(dirname "$0")/lib.sh"
button=$examples/button_led.bpf.o
unsafe=$build/tests/cli/unsafe.bpf.o

check "accepted" 0 "accepted  button_led +gpio/chip0/line26/falling" "$axiom" bpf verify "$button"
check "every program of an object" 0 "limit_y +gpio/chip0/line21/rising" "$axiom" bpf verify "$examples/position.bpf.o"
is "is listed" "$(grep -c ^accepted output)" 5
check "refused, with the source" 4 "unsafe.bpf.c:[0-9]+: \*count \+= 1;" "$axiom" bpf verify "$unsafe"
for words in "may be NULL" "usually mended so: test it first"; do
    grep -q "$words" output
    is "and says '$words'" $? 0
done
check "one bad object spoils the verdict" 4 "accepted  button_led" "$axiom" bpf verify "$button" "$unsafe"
check "not one of Linux's" 4 "section 'gpio/chip0/line26/falling' names no attach point" "$axiom" bpf verify --linux "$button"
cat > packet.bpf.c << 'END'
struct xdp_md { unsigned data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex; };
__attribute__((section("xdp"), used)) int first_byte(struct xdp_md *xdp)
{
    unsigned char *at = (unsigned char *)(long)xdp->data;
    return at + 1 <= (unsigned char *)(long)xdp->data_end && *at == 1 ? 1 : 2;
}
__attribute__((section("xdp"), used)) int unchecked(struct xdp_md *xdp)
{
    return *(unsigned char *)(long)xdp->data & 1;
}
char _license[] __attribute__((section("license"), used)) = "GPL";
END
check "built" 0 "" "$axiom" bpf build packet.bpf.c -o packet.o
check "Linux's: a packet with its bound" 4 "accepted  first_byte" "$axiom" bpf verify --linux packet.o
grep -q "REFUSED   unchecked" output
is "and without" $? 0
check "as JSON" 4 '"accepted": false' "$axiom" bpf verify --json "$unsafe"
grep -q '"line": 17' output
is "with the line" $? 0

check "disassembled" 0 "call bpf_map_lookup_elem#1" "$axiom" bpf disasm "$button"
grep -q "^; state->presses++; @ button_led.bpf.c:33" output
is "beside the source" $? 0
check "none of them" 3 "has no program 'x'; it has:" "$axiom" bpf disasm --program x "$button"
if command -v llvm-objdump-14 > /dev/null || command -v llvm-objdump > /dev/null; then
    objdump=$(command -v llvm-objdump-14 || command -v llvm-objdump)
    "$axiom" bpf disasm "$examples/lidar.bpf.o" | sed -n 's/^ *\([0-9][0-9]*\): .*/\1/p' > ours
    "$objdump" -d "$examples/lidar.bpf.o" --no-show-raw-insn | sed -n 's/^ *\([0-9][0-9]*\):.*/\1/p' > theirs
    is "one line for each of LLVM's instructions" "$(cmp ours theirs 2>&1)" ""
else
    echo "skipped: llvm-objdump is not installed"
fi

cat > kfunc.bpf.c << 'END'
struct task_struct { int pid; } __attribute__((preserve_access_index));
extern void bpf_rcu_read_lock(void) __attribute__((section(".ksyms")));
extern void bpf_rcu_read_unlock(void) __attribute__((section(".ksyms")));
__attribute__((section("tp_btf/task_newtask"), used)) int on_task(unsigned long long *ctx)
{
    bpf_rcu_read_lock();
    int pid = ((struct task_struct *)ctx[0])->pid;
    bpf_rcu_read_unlock();
    static long (*send_signal)(unsigned) = (void *)109;
    return pid == 1 ? (int)send_signal(9) : 0;
}
char _license[] __attribute__((section("license"), used)) = "GPL";
END
if [[ -r /sys/kernel/btf/vmlinux ]]; then
    check "built for Linux" 0 "" "$axiom" bpf build kfunc.bpf.c -o kfunc.o
    check "disassembled with Linux's helpers" 0 "call bpf_send_signal#109" "$axiom" bpf disasm --linux kfunc.o
    grep -q "call bpf_rcu_read_lock#[0-9]" output
    is "and its functions" $? 0
    check "what is in it" 0 "program on_task +section tp_btf/task_newtask" "$axiom" bpf info --linux kfunc.o
else
    echo "skipped: this kernel has no types"
fi

check "which of several" 2 "has 5 programs: say which, with --program NAME" "$axiom" bpf run "$examples/position.bpf.o"
grep -q "^  limit_y  *gpio/chip0/line21/rising" output
is "and lists them" $? 0
check "run once" 0 "trace_printk: press 1: LED 1" "$axiom" bpf run "$button" --context time_ns=1000000,line=26,edge=2
grep -qF "button[0] = { .last_press_ns = 1000000, .presses = 1, .led = 1 }" output
is "what it left in its map: the time, one press, the LED" $? 0
cp output interpreted
check "compiled" 0 "trace_printk: press 1: LED 1" "$axiom" bpf run --jit "$button" --context time_ns=1000000,line=26,edge=2
is "with the same result, instructions and maps" "$(cmp output interpreted 2>&1)" ""
check "bounces do not count" 0 "presses = 1, .led = 1" "$axiom" bpf run "$button" --repeat 9 --context time_ns=1000000
check "steps count" 0 "position\[0\] = . .x = 7, .y = 0, .x_steps = 7," \
    "$axiom" bpf run "$examples/position.bpf.o" --program step_x --repeat 7 --context line=17,bank_level=0x8020000
check "and have a direction" 0 "position\[0\] = . .x = -7," \
    "$axiom" bpf run "$examples/position.bpf.o" --program step_x --repeat 7 --context line=17,bank_level=0x20000
check "what all kinds of values hold" 0 "" "$axiom" bpf run "$build/tests/cli/values.bpf.o"
sed -n '/^  /p' output | sort > said
sort > wanted << 'END'
  .data[00000000] = { .limit = -5, .text = "hello" }
  .rodata[00000000] = { .factor = 3 }
  .bss[00000000] = { .none = { 0, 3, 0 } }
  deep[MOVING] = { .name = "hi", .state = LOST, .a = 5, .b = 100, .c = -7, .at = { { .x = 0, .y = 0 }, { .x = 0, .y = -2 } }, .on = true, .next = 0x0, { .word = 16706, .bytes = "BA" }, .huge = 0x00000000000000000000000000000005, .list = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ... } }
END
is "are told in the words of their types" "$(diff wanted said)" ""
check "actuators are not at a desk" 0 "returned 0" "$axiom" bpf run "$examples/position.bpf.o" --program limit_x
check "a refused program does not run" 4 "may be null" "$axiom" bpf run "$unsafe"
check "no such program" 3 "no program 'frob'" "$axiom" bpf run "$button" --program frob
check "no such slot" 2 "axiom_gpio_ctx: time_ns chip line edge" "$axiom" bpf run "$button" --context colour=3
check "no number" 2 "is not NAME=NUMBER" "$axiom" bpf run "$button" --context line=blue
check "no BPF" 3 "not an ELF file" "$axiom" bpf disasm "$source_dir/README.md"
check "another machine's ELF" 3 "$(basename "$axiom")" "$axiom" bpf verify "$axiom"

# Two objects with one map, a map of maps, and a tail call, in the kernel.
cat > shared.h << 'END'
#include <axiom/bpf.h>
char LICENSE[] SEC("license") = "Dual MIT/GPL";
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, uint32_t);
    __type(value, uint64_t);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} presses SEC(".maps");
static inline uint64_t *the_count(void)
{
    uint32_t zero = 0;
    return bpf_map_lookup_elem(&presses, &zero);
}
END
cat > writer.bpf.c << 'END'
#include "shared.h"
int follow(struct axiom_gpio_ctx *ctx);
struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, 2);
    __uint(key_size, 4);
    __array(values, int(struct axiom_gpio_ctx *));
} next SEC(".maps") = { .values = { [1] = &follow } };
SEC("gpio/chip0/line26/falling")
int writer(struct axiom_gpio_ctx *ctx)
{
    uint64_t *count = the_count();
    if (count != NULL)
        *count += 3;
    bpf_tail_call(ctx, &next, 1);
    return 0;
}
SEC("?gpio/chip0/line26/falling")
int follow(struct axiom_gpio_ctx *ctx)
{
    bpf_printk("followed on line %llu", ctx->line);
    return 0;
}
END
cat > reader.bpf.c << 'END'
#include "shared.h"
SEC("gpio/chip0/line26/falling")
int reader(struct axiom_gpio_ctx *ctx)
{
    uint64_t *count = the_count();
    if (count != NULL)
        bpf_printk("counted %llu", *count);
    return 0;
}
END
check "shared: built" 0 "" "$axiom" bpf build writer.bpf.c -o writer.o
check "shared: built" 0 "" "$axiom" bpf build reader.bpf.c -o reader.o
check "shared: between objects" 0 "counted 3" "$axiom" run "$source_dir/examples/button_led/button.csv" \
    --bind button=gpio/chip0/26 --bpf writer.o --bpf reader.o --record shared.mcap
grep -q "followed on line 26" output
is "shared: a program array is filled" $? 0
check "shared: replayed" 0 "" "$axiom" replay shared.mcap

# Compiled against a context that is laid out otherwise and has a field that this kernel's lacks.
cat > older.bpf.c << 'END'
#include <axiom/bpf.h>
struct axiom_gpio_ctx___older {
    uint64_t removed, line, chip;
} __attribute__((preserve_access_index));
SEC("gpio/chip0/line26/falling")
int older(struct axiom_gpio_ctx *ctx)
{
    struct axiom_gpio_ctx___older *ours = (void *)ctx;
    if (__builtin_preserve_field_info(ours->removed, 2 /* exists */))
        return (int)ours->removed;
    bpf_printk("on line %llu", ours->line);
    return 0;
}
char LICENSE[] SEC("license") = "Dual MIT/GPL";
END
if [[ -n $("$axiom" bpf btf --kernel 2> /dev/null | head -1) ]]; then
    check "relocated: built" 0 "" "$axiom" bpf build older.bpf.c -o older.o
    check "relocated: at a desk" 0 "trace_printk: on line 26" "$axiom" bpf run older.o --context line=26
    check "relocated: in the kernel" 0 "on line 26" "$axiom" run "$source_dir/examples/button_led/button.csv" \
        --bind button=gpio/chip0/26 --bpf older.o --record older.mcap
    check "relocated: replayed" 0 "" "$axiom" replay older.mcap
else
    echo "skipped: this axiom has no types of its kernel"
fi
# What the kernel would refuse to attach, the desk refuses, too.
cat > nowhere.bpf.c << 'END'
#include <axiom/bpf.h>
SEC("gpio/chip0/line3/sideways") int sideways(struct axiom_gpio_ctx *ctx) { return 0; }
SEC("timer/0hz") int never(struct axiom_timer_ctx *ctx) { return 0; }
char LICENSE[] SEC("license") = "GPL";
END
check "nowhere: built" 0 "" "$axiom" bpf build nowhere.bpf.c -o nowhere.o
check "nowhere: a line's edge" 4 "'gpio/chip0/line3/sideways' names no attach point: say gpio" "$axiom" bpf verify nowhere.o
check "nowhere: a timer's rate" 4 "'timer/0hz' names no attach point: say timer/1000hz" "$axiom" bpf verify nowhere.o
finish
