/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a BPF program in C includes, and what the kernel must agree with: event contexts, helpers,
 * map types.
 *
 *     clang -target bpf -O2 -g -I include/uapi -c prog.bpf.c -o prog.o
 *
 * Everything here is ABI: numbers are never reused, slots never move (tests/bpf/abi_test.c holds
 * them). Numbers that Linux has are Linux's (include/uapi/linux/bpf.h); Axiom's own helpers and map
 * types start at AXIOM_BPF_BASE, far above Linux's. Contexts are made of 64-bit slots only, at most
 * 12, the same under every section name. */
#pragma once

#ifdef __BPF__
/* Clang's stdint.h looks for libc's, which has no BPF port. */
typedef __INT8_TYPE__ int8_t;
typedef __INT16_TYPE__ int16_t;
typedef __INT32_TYPE__ int32_t;
typedef __INT64_TYPE__ int64_t;
typedef __UINT8_TYPE__ uint8_t;
typedef __UINT16_TYPE__ uint16_t;
typedef __UINT32_TYPE__ uint32_t;
typedef __UINT64_TYPE__ uint64_t;
/* Linux's names, with Linux's types (asm-generic/int-ll64.h), so that habits and formats carry
 * over. */
typedef signed char __s8;
typedef unsigned char __u8;
typedef short __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;
#else
#include <stdint.h>
#endif

#define AXIOM_BPF_BASE             0x10000
#define AXIOM_BPF_CONTEXT_SLOT_MAX 12

/* --- Event contexts ---
 * A program gets a pointer to one of these in its first argument. Reads of 1, 2, 4 or 8 aligned
 * bytes inside a slot are fine; writes are 8 bytes, to the slots that the section's row in
 * bpf/context.c names as writable. */

/* Section gpio/chipC/lineL/rising|falling|both: an edge on a line. The return value is ignored.
 * Sections .../high and .../low, for levels, are reserved: the kernel refuses them. */
enum axiom_gpio_edge {
    AXIOM_GPIO_RISING = 1, /* as GPIO_V2_LINE_EVENT_RISING_EDGE */
    AXIOM_GPIO_FALLING = 2,
    AXIOM_GPIO_LEVEL_HIGH = 3,
    AXIOM_GPIO_LEVEL_LOW = 4,
};

struct axiom_gpio_ctx {
    uint64_t time_ns;    /* when the kernel took the interrupt */
    uint64_t chip;       /* 0 for gpio/chip0 */
    uint64_t line;       /* the GPIO number */
    uint64_t edge;       /* enum axiom_gpio_edge */
    uint64_t level;      /* of the line after the edge: 0 or 1 */
    uint64_t bank;       /* of the line in the chip */
    uint64_t bank_level; /* all lines of the bank; bit = line within the bank */
    uint64_t sequence; /* 1 for this line's first event since boot; a gap means events were lost */
};

/* Section iio/NAME/CHANNEL: one sample of a sensor's channel. Return 0 to drop it before user space
 * sees it, 1 to keep. */
struct axiom_iio_ctx {
    uint64_t time_ns; /* of the sample, by the driver's clock */
    uint64_t device;  /* index of the IIO device */
    uint64_t channel; /* enum iio_quantity: 0..2 acceleration x y z, 3..5 angular velocity x y z, 6
                         temperature, 7 humidity */
    int64_t value;    /* as read from the device */
    int64_t scale_nano; /* one step of `value` in 1e-9 SI units, rounded */
    int64_t nano;       /* the quantity itself in 1e-9 SI units, offset and exact scale applied */
    uint64_t sequence;  /* 1 for this channel's first sample since boot */
};

/* Section timer/RATEhz or timer/oneshot. The return value is ignored. */
struct axiom_timer_ctx {
    uint64_t scheduled_ns; /* when it should have run */
    uint64_t now_ns;       /* when it runs */
    uint64_t number;       /* which timer: the link's number */
    uint64_t period_ns;    /* 0 for oneshot */
    uint64_t sequence;     /* 1 for the first expiry of this link */
};

/* Who writes an actuator. */
enum axiom_origin {
    AXIOM_ORIGIN_KERNEL = 0,
    AXIOM_ORIGIN_USER = 1,
    AXIOM_ORIGIN_BPF = 2,
};

/* Section pwm/chipC/channelN: a policy, run before a PWM channel changes. Return 0 to let it pass
 * (with the four new values as the program left them: write them to clamp), a negative errno to
 * refuse. Section guard/pwm: runs after the policies, with the values that would be latched; may
 * only refuse. */
struct axiom_pwm_ctx {
    uint64_t time_ns;
    uint64_t chip;
    uint64_t channel;
    uint64_t origin; /* enum axiom_origin */
    uint64_t old_period_ns;
    uint64_t old_duty_ns;
    uint64_t old_polarity; /* 0 normal, 1 inverted */
    uint64_t old_enabled;
    uint64_t period_ns; /* this and the next three: writable in pwm/, not in guard/pwm */
    uint64_t duty_ns;
    uint64_t polarity;
    uint64_t enabled;
};

/* Section guard/gpio: runs before every write of an output line. Return 0 to allow, a negative
 * errno to refuse. */
struct axiom_guard_gpio_ctx {
    uint64_t time_ns;
    uint64_t chip;
    uint64_t line;
    uint64_t origin;    /* enum axiom_origin */
    uint64_t old_level; /* what is driven now */
    uint64_t level;     /* what would be driven */
};

/* --- Records that helpers fill --- */

/* bpf_pwm_get() */
struct axiom_pwm_state {
    uint64_t period_ns;
    uint64_t duty_ns;
    uint64_t polarity;
    uint64_t enabled;
};

/* The value type of a time-series map: its __type(value, ...). */
struct axiom_sample {
    uint64_t time_ns;
    int64_t value;
};

/* bpf_timeseries_window(): over the samples not older than the start of the window. */
struct axiom_window {
    uint64_t count; /* 0: all the rest is 0 */
    int64_t min;
    int64_t max;
    int64_t mean; /* rounded toward zero */
    uint64_t first_ns;
    uint64_t last_ns;
};

/* --- Map types and flags --- */
enum bpf_map_type {
    BPF_MAP_TYPE_UNSPEC = 0,
    BPF_MAP_TYPE_HASH = 1,
    BPF_MAP_TYPE_ARRAY = 2,
    BPF_MAP_TYPE_PROG_ARRAY = 3,
    BPF_MAP_TYPE_PERCPU_HASH = 5,
    BPF_MAP_TYPE_PERCPU_ARRAY = 6,
    BPF_MAP_TYPE_LRU_HASH = 9,
    BPF_MAP_TYPE_LRU_PERCPU_HASH = 10,
    BPF_MAP_TYPE_LPM_TRIE = 11,
    BPF_MAP_TYPE_ARRAY_OF_MAPS = 12,
    BPF_MAP_TYPE_HASH_OF_MAPS = 13,
    BPF_MAP_TYPE_QUEUE = 22,
    BPF_MAP_TYPE_STACK = 23,
    BPF_MAP_TYPE_STRUCT_OPS = 26,
    BPF_MAP_TYPE_RINGBUF = 27,
    BPF_MAP_TYPE_BLOOM_FILTER = 30,
    /* key uint32_t (age: 0 is the newest), value struct axiom_sample; keeps the newest max_entries
       samples. */
    AXIOM_MAP_TYPE_TIMESERIES = AXIOM_BPF_BASE,
};

/* Flags of bpf_map_update_elem(). */
enum {
    BPF_ANY = 0,     /* create or replace */
    BPF_NOEXIST = 1, /* -EEXIST if it is there */
    BPF_EXIST = 2,   /* -ENOENT if it is not */
    BPF_F_LOCK = 4,  /* under the struct bpf_spin_lock in the value */
};

/* map_flags of a map. Every map is pre-allocated; NO_PREALLOC is accepted where Linux accepts it
 * (and asked for where Linux asks for it, in LPM tries). */
enum {
    BPF_F_NO_PREALLOC = 1 << 0,
    BPF_F_NO_COMMON_LRU = 1 << 1, /* accepted; there is one LRU list all the same */
    BPF_F_NUMA_NODE = 1 << 2,     /* numa_node counts: only node 0 is there */
    BPF_F_RDONLY = 1 << 3,        /* system calls may only read */
    BPF_F_WRONLY = 1 << 4,        /* system calls may only write */
    BPF_F_ZERO_SEED = 1 << 6,     /* accepted; hashes have no seed here */
    BPF_F_RDONLY_PROG = 1 << 7,   /* programs may only read */
    BPF_F_WRONLY_PROG = 1 << 8,   /* programs may only write */
    BPF_F_MMAPABLE = 1 << 10,     /* an array's values begin on a page of their own */
    BPF_F_INNER_MAP = 1 << 12,    /* an array whose max_entries need not be its template's */
    BPF_F_LINK = 1 << 13,         /* a struct_ops that goes live with its link, not by its update */
};

/* In a map's value, once and at its top: bpf_spin_lock() and bpf_spin_unlock() around what belongs
 * together. */
struct bpf_spin_lock {
    uint32_t val;
};

/* LPM trie: what its keys begin with; the bytes behind are in network order. */
struct bpf_lpm_trie_key_hdr {
    uint32_t prefixlen;
};

/* Flags of bpf_ringbuf_submit(), _discard(), _output(), and of bpf_ringbuf_query(). */
enum {
    BPF_RB_NO_WAKEUP = 1 << 0,
    BPF_RB_FORCE_WAKEUP = 1 << 1,
};
enum {
    BPF_RB_AVAIL_DATA = 0,
    BPF_RB_RING_SIZE = 1,
    BPF_RB_CONS_POS = 2,
    BPF_RB_PROD_POS = 3,
};

/* A record in the ring: this header, then the data, padded to 8 bytes (Linux:
 * kernel/bpf/ringbuf.c). */
#define BPF_RINGBUF_BUSY_BIT    (1u << 31)
#define BPF_RINGBUF_DISCARD_BIT (1u << 30)
#define BPF_RINGBUF_HDR_SZ      8

/* --- Helpers ---
 * X(name, number, return type, parameters). The semantics that the verifier knows are the row of
 * the same number in bpf/helper_table.c. Helpers that return long give 0 or a negative errno unless
 * said otherwise.
 *
 * map_lookup_elem         a pointer to the value, or NULL: test it. Valid for the rest of the run.
 * trace_printk            fmt_size counts the final 0; %d %i %u %x %X %o %c %% with flags, width, h
 * hh l ll. No %s or %p: an address would make two equal runs differ. Gives the length of the text
 * ringbuf_reserve         memory for a record, or NULL: test it. Must be submitted or discarded on
 * every path. ringbuf_query           flags BPF_RB_AVAIL_DATA...; a number gpio_get 0 or 1 pwm_set
 * enables the channel with this waveform; keeps its polarity motor_emergency_stop    every actuator
 * to its safe state now, latched until a privileged re-arm timeseries_push         time must not go
 * backwards: -EINVAL timeseries_last         copies the newest size_bytes / 16 samples, newest
 * first; how many timeseries_window       statistics of the samples with time_ns >= since_ns
 * map_push_elem, map_pop_elem, map_peek_elem    queues and stacks; peek of a bloom filter asks
 * whether the value may be in (0) or is not (-ENOENT)
 * for_each_map_elem       function(map, key, value, context) for each entry until it returns 1; how
 * many
 * loop                    function(i, context) for i = 0, 1, ... count - 1 until it returns 1; how
 * many
 * snprintf, trace_vprintk  as trace_printk, the numbers in an array of uint64_t
 * strtol, strtoul         base 0 (by the prefix), 8, 10 or 16; how many characters, or -EINVAL,
 * -ERANGE
 * get_prandom_u32         of the run's seeded generator: the same in each run
 * jiffies64               of 1 ms
 * probe_read_kernel       -EOPNOTSUPP in simulation: what it would read differs from run to run
 * sensor_last_timestamp   time of the last sample of an IIO channel; 0 if there was none */
// clang-format off
#define AXIOM_BPF_HELPERS(X)                                                                                           \
    X(map_lookup_elem, 1, void *, (const void *map, const void *key))                                                  \
    X(map_update_elem, 2, long, (const void *map, const void *key, const void *value, uint64_t flags))                 \
    X(map_delete_elem, 3, long, (const void *map, const void *key))                                                    \
    X(ktime_get_ns, 5, uint64_t, (void))                                                                               \
    X(trace_printk, 6, long, (const char *fmt, uint32_t fmt_size, ...))                                                \
    X(get_prandom_u32, 7, uint32_t, (void))                                                                            \
    X(get_smp_processor_id, 8, uint32_t, (void))                                                                       \
    X(tail_call, 12, long, (void *ctx, const void *prog_array, uint32_t index))                                        \
    X(get_current_pid_tgid, 14, uint64_t, (void))                                                                      \
    X(get_current_uid_gid, 15, uint64_t, (void))                                                                       \
    X(get_current_comm, 16, long, (void *comm, uint32_t size_bytes))                                                   \
    X(csum_diff, 28, int64_t, (const void *from, uint32_t from_size, const void *to, uint32_t to_size, uint32_t seed)) \
    X(get_numa_node_id, 42, long, (void))                                                                              \
    X(map_push_elem, 87, long, (const void *map, const void *value, uint64_t flags))                                   \
    X(map_pop_elem, 88, long, (const void *map, void *value))                                                          \
    X(map_peek_elem, 89, long, (const void *map, void *value))                                                         \
    X(spin_lock, 93, long, (struct bpf_spin_lock * lock))                                                              \
    X(spin_unlock, 94, long, (struct bpf_spin_lock * lock))                                                            \
    X(strtol, 105, long, (const char *text, uint64_t size_bytes, uint64_t base, int64_t *value))                       \
    X(strtoul, 106, long, (const char *text, uint64_t size_bytes, uint64_t base, uint64_t *value))                     \
    X(probe_read_kernel, 113, long, (void *to, uint32_t size_bytes, const void *from))                                 \
    X(probe_read_kernel_str, 115, long, (void *to, uint32_t size_bytes, const void *from))                             \
    X(jiffies64, 118, uint64_t, (void))                                                                                \
    X(ktime_get_boot_ns, 125, uint64_t, (void))                                                                        \
    X(ringbuf_output, 130, long, (const void *ringbuf, const void *data, uint64_t size_bytes, uint64_t flags))         \
    X(ringbuf_reserve, 131, void *, (const void *ringbuf, uint64_t size_bytes, uint64_t flags))                        \
    X(ringbuf_submit, 132, void, (void *data, uint64_t flags))                                                         \
    X(ringbuf_discard, 133, void, (void *data, uint64_t flags))                                                        \
    X(ringbuf_query, 134, uint64_t, (const void *ringbuf, uint64_t flags))                                             \
    X(ktime_get_coarse_ns, 160, uint64_t, (void))                                                                      \
    X(for_each_map_elem, 164, long, (const void *map, void *function, void *context, uint64_t flags))                  \
    X(snprintf, 165, long, (char *to, uint32_t size_bytes, const char *fmt, uint64_t *data, uint32_t data_size))       \
    X(trace_vprintk, 177, long, (const char *fmt, uint32_t fmt_size, const void *data, uint32_t data_size))            \
    X(loop, 181, long, (uint32_t count, void *function, void *context, uint64_t flags))                                \
    X(strncmp, 182, long, (const char *a, uint32_t a_size, const char *b))                                             \
    X(map_lookup_percpu_elem, 195, void *, (const void *map, const void *key, uint32_t cpu))                           \
    X(ktime_get_tai_ns, 208, uint64_t, (void))                                                                         \
    X(gpio_get, AXIOM_BPF_BASE + 0, long, (uint32_t chip, uint32_t line))                                              \
    X(gpio_set, AXIOM_BPF_BASE + 1, long, (uint32_t chip, uint32_t line, uint32_t level))                              \
    X(pwm_get, AXIOM_BPF_BASE + 2, long,                                                                               \
      (uint32_t chip, uint32_t channel, struct axiom_pwm_state * state, uint32_t size_bytes))                          \
    X(pwm_set, AXIOM_BPF_BASE + 3, long, (uint32_t chip, uint32_t channel, uint64_t period_ns, uint64_t duty_ns))      \
    X(motor_emergency_stop, AXIOM_BPF_BASE + 4, long, (uint64_t reason))                                               \
    X(timeseries_push, AXIOM_BPF_BASE + 5, long, (const void *map, uint64_t time_ns, int64_t value))                   \
    X(timeseries_last, AXIOM_BPF_BASE + 6, long, (const void *map, struct axiom_sample * to, uint32_t size_bytes))     \
    X(timeseries_window, AXIOM_BPF_BASE + 7, long,                                                                     \
      (const void *map, uint64_t since_ns, struct axiom_window *window, uint32_t size_bytes))                          \
    X(sensor_last_timestamp, AXIOM_BPF_BASE + 8, uint64_t, (uint32_t device, uint32_t channel))
// clang-format on

#define AXIOM_BPF_HELPER_ID(name, number, returns, parameters) BPF_FUNC_##name = (number),
enum bpf_func_id { AXIOM_BPF_HELPERS(AXIOM_BPF_HELPER_ID) };
#undef AXIOM_BPF_HELPER_ID

/* --- Only in programs --- */
#ifdef __BPF__

/* A helper is called through a constant address that is its number. */
#define AXIOM_BPF_HELPER_POINTER(name, number, returns, parameters)        \
    static returns(*const bpf_##name) parameters __attribute__((unused)) = \
        (returns(*) parameters)(number);
AXIOM_BPF_HELPERS(AXIOM_BPF_HELPER_POINTER)
#undef AXIOM_BPF_HELPER_POINTER

/* The section names the attach point: SEC("gpio/chip0/line17/rising"). */
#define SEC(name) __attribute__((section(name), used))

/* The members of a map's definition, read from BTF by the loader:
 *     struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 4); __type(key, uint32_t);
 * __type(value, long); } counts SEC(".maps"); */
#define __uint(name, value) int(*name)[value]
#define __type(name, value) __typeof__(value) *name
/* What a map of maps or of programs holds, and at the start:
 *     ... __array(values, struct counts_type); } outer SEC(".maps") = { .values = { [0] = &counts } };
 * For a program array: __array(values, int(void *)). */
#define __array(name, value) __typeof__(value) *name[]

/* __uint(pinning, LIBBPF_PIN_BY_NAME): objects of one kernel share the map. */
enum libbpf_pin_type { LIBBPF_PIN_NONE, LIBBPF_PIN_BY_NAME };

/* Declarations of what the object does not have itself (docs/BPF.md). */
#define __kconfig __attribute__((section(".kconfig")))
#define __ksym    __attribute__((section(".ksyms")))
#ifndef __weak
#define __weak __attribute__((weak))
#endif
#ifndef __hidden
#define __hidden __attribute__((visibility("hidden")))
#endif

#ifndef NULL
#define NULL ((void *)0)
#endif
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#ifndef __noinline
#define __noinline __attribute__((noinline))
#endif

/* bpf_printk("edge %d at %llu", n, t): at most three numbers. Those that are not given are passed
 * as 0: the verifier refuses a call while an address is left in their registers. */
#define bpf_printk(format, ...)                                      \
    ({                                                               \
        static const char bpf_printk_format[] = format;              \
        AXIOM_BPF_PRINTK(bpf_printk_format, ##__VA_ARGS__, 0, 0, 0); \
    })
#define AXIOM_BPF_PRINTK(format, a, b, c, ...)                                               \
    _Static_assert(sizeof((const long long[]){ 0, ##__VA_ARGS__ }) <= 4 * sizeof(long long), \
                   "bpf_printk takes at most three numbers");                                \
    bpf_trace_printk(format, sizeof(format), a, b, c)
#endif
