/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Helpers called from programs: queues and stacks, per-CPU values, walks with callbacks, text, numbers,
 * times. What Linux gives is written out; the texts of strtol's cases are Linux's own rules. */
#include "host_env.h"
#include "prog_builder.h"
#include <axiom/errno.h>
#include <bpf/helper.h>
#include <bpf/map.h>
#include <bpf_unverified/unverified.h>

#include <string.h>
#include <tests/check_main.h>

static struct host_env host;
static _Alignas(16) uint8_t stack[BPF_RUN_STACK_SIZE];

static void setup(void)
{
    host_env_init(&host);
    host.env.cpu_count = 4; /* host_env's CPU is number 3 */
}

static void teardown(void)
{
    ck_assert_int_eq(host.live_bytes, 0);
}

static struct bpf_map *make(uint32_t type, uint32_t key_size, uint32_t value_size, uint32_t entries)
{
    const struct bpf_map_spec spec = MAP_SPEC("map", type, key_size, value_size, entries, 0);
    struct bpf_map *map;
    struct bpf_error error;
    ck_assert_msg(bpf_map_create(&host.env, &spec, &map, &error) == 0, "%s", error.text);
    return map;
}

static uint64_t at(const void *memory)
{
    return (uint64_t)(uintptr_t)memory;
}

static int64_t call(uint32_t id, uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5)
{
    const struct bpf_insn insns[] = { LDDW(1, r1), LDDW(2, r2), LDDW(3, r3), LDDW(4, r4),
                                      LDDW(5, r5), CALL(id),    EXIT() };
    const struct bpf_verify_request request = { .env = &host.env,
                                                .insns = insns,
                                                .insn_count = ARRAY_SIZE(insns) };
    struct bpf_prog *prog;
    struct bpf_run run = { .stack = stack, .stack_size = sizeof stack };
    ck_assert_int_eq(bpf_prog_create_unverified(&request, &prog, NULL), 0);
    int64_t r0 = (int64_t)bpf_prog_run(prog, NULL, &run);
    ck_assert_int_eq(run.error, 0);
    bpf_prog_destroy(prog);
    return r0;
}

START_TEST(queues_and_stacks_by_helpers)
{
    struct bpf_map *queue = make(BPF_MAP_TYPE_QUEUE, 0, 8, 2);
    uint64_t value = 11, got = 99;
    ck_assert_int_eq(call(BPF_FUNC_map_peek_elem, at(queue), at(&got), 0, 0, 0), -ENOENT);
    ck_assert_uint_eq(got, 0); /* the verifier counts it as written */
    ck_assert_int_eq(call(BPF_FUNC_map_push_elem, at(queue), at(&value), 0, 0, 0), 0);
    value = 22;
    ck_assert_int_eq(call(BPF_FUNC_map_push_elem, at(queue), at(&value), 0, 0, 0), 0);
    ck_assert_int_eq(call(BPF_FUNC_map_push_elem, at(queue), at(&value), 0, 0, 0), -E2BIG);
    ck_assert_int_eq(call(BPF_FUNC_map_push_elem, at(queue), at(&value), BPF_NOEXIST, 0, 0),
                     -EINVAL);
    ck_assert_int_eq(call(BPF_FUNC_map_peek_elem, at(queue), at(&got), 0, 0, 0), 0);
    ck_assert_uint_eq(got, 11);
    value = 33;
    ck_assert_int_eq(call(BPF_FUNC_map_push_elem, at(queue), at(&value), BPF_EXIST, 0, 0), 0);
    ck_assert_int_eq(call(BPF_FUNC_map_pop_elem, at(queue), at(&got), 0, 0, 0), 0);
    ck_assert_uint_eq(got, 22);
    bpf_map_put(queue);
    struct bpf_map *bloom = make(BPF_MAP_TYPE_BLOOM_FILTER, 0, 8, 100);
    ck_assert_int_eq(call(BPF_FUNC_map_peek_elem, at(bloom), at(&value), 0, 0, 0), -ENOENT);
    ck_assert_uint_eq(value, 33); /* only asked about */
    ck_assert_int_eq(call(BPF_FUNC_map_push_elem, at(bloom), at(&value), 0, 0, 0), 0);
    ck_assert_int_eq(call(BPF_FUNC_map_peek_elem, at(bloom), at(&value), 0, 0, 0), 0);
    ck_assert_int_eq(call(BPF_FUNC_map_pop_elem, at(bloom), at(&value), 0, 0, 0), -EOPNOTSUPP);
    bpf_map_put(bloom);
}
END_TEST

START_TEST(values_of_other_cpus)
{
    struct bpf_map *map = make(BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, 2);
    uint32_t key = 1;
    uint64_t all[4] = { 10, 11, 12, 13 };
    ck_assert_int_eq(bpf_map_outer_update(map, &key, all, BPF_ANY), 0);
    const uint64_t *own =
        (void *)(uintptr_t)call(BPF_FUNC_map_lookup_elem, at(map), at(&key), 0, 0, 0);
    ck_assert_uint_eq(*own, 13);
    for (uint32_t cpu = 0; cpu < 4; cpu++) {
        const uint64_t *value =
            (void *)(uintptr_t)call(BPF_FUNC_map_lookup_percpu_elem, at(map), at(&key), cpu, 0, 0);
        ck_assert_uint_eq(*value, 10 + cpu);
    }
    ck_assert_int_eq(call(BPF_FUNC_map_lookup_percpu_elem, at(map), at(&key), 4, 0, 0), 0);
    bpf_map_put(map);
}
END_TEST

/* for_each over `map`: the function adds key and value to a sum on the caller's stack, stops when the
 * key is `last`, and deletes the key if asked. Gives the count; the sum comes back in *sum. */
static int64_t walk(struct bpf_map *map, int32_t last, bool remove, uint64_t *sum)
{
    const struct bpf_insn insns[] = {
        MOV_X(7, 1), /* 0: where the sum goes at the end */
        ST(BPF_DW, 10, -8, 0),
        LDDW_MAP(1, 0),
        LDDW_FUNC(2, 7), /* 4: the function is at 13 */
        MOV_X(3, 10),
        ALU_K(BPF_ADD, 3, -8),
        MOV_K(4, 0),
        CALL(BPF_FUNC_for_each_map_elem),
        LDX(BPF_DW, 1, 10, -8),
        STX(BPF_DW, 7, 0, 1),
        EXIT(),      /* 12 */
        MOV_X(8, 1), /* 13: r1 map, r2 key, r3 value, r4 where */
        LDX(BPF_W, 6, 2, 0),
        LDX(BPF_DW, 1, 3, 0),
        ALU_X(BPF_ADD, 1, 6),
        LDX(BPF_DW, 5, 4, 0),
        ALU_X(BPF_ADD, 5, 1),
        STX(BPF_DW, 4, 0, 5),
        MOV_X(1, 8),
        JUMP_K(BPF_JEQ, 6, last, remove ? 4 : 2),
        remove ? CALL(BPF_FUNC_map_delete_elem) : MOV_K(0, 0),
        remove ? MOV_K(0, 0) : EXIT(),
        remove ? EXIT() : MOV_K(0, 1),
        remove ? MOV_K(0, 1) : EXIT(),
        remove ? MOV_K(0, 1) : MOV_K(0, 0),
        EXIT(),
    };
    struct bpf_insn fixed[ARRAY_SIZE(insns)];
    memcpy(fixed, insns, sizeof insns);
    fixed[4].imm = 13 - 5;
    const struct bpf_verify_request request = { .env = &host.env,
                                                .insns = fixed,
                                                .insn_count = ARRAY_SIZE(fixed),
                                                .maps = &map,
                                                .map_count = 1 };
    const struct bpf_region out = { sum, sizeof *sum, true };
    struct bpf_prog *prog;
    struct bpf_error error;
    struct bpf_run run = { .stack = stack, .stack_size = sizeof stack };
    ck_assert_msg(bpf_prog_create_unverified(&request, &prog, &error) == 0, "%s", error.text);
    int64_t count = (int64_t)bpf_prog_run_checked(prog, sum, 0, &out, 1, &run);
    ck_assert_int_eq(run.error, 0);
    bpf_prog_destroy(prog);
    return count;
}

START_TEST(every_entry_is_walked)
{
    static const uint32_t types[] = { BPF_MAP_TYPE_HASH,         BPF_MAP_TYPE_ARRAY,
                                      BPF_MAP_TYPE_LRU_HASH,     BPF_MAP_TYPE_PERCPU_HASH,
                                      BPF_MAP_TYPE_PERCPU_ARRAY, BPF_MAP_TYPE_LRU_PERCPU_HASH };
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        struct bpf_map *map = make(types[i], 4, 8, 10);
        for (uint32_t key = 0; key < 10; key++) {
            uint64_t value = 100 * key;
            ck_assert_int_eq(bpf_map_update(map, &key, &value, BPF_ANY), 0);
        }
        uint64_t sum = 0;
        ck_assert_int_eq(walk(map, -1, false, &sum), 10);
        ck_assert_uint_eq(sum, 45 + 4500);
        bpf_map_put(map);
    }
    struct bpf_map *array = make(BPF_MAP_TYPE_ARRAY, 4, 8, 10);
    uint64_t sum;
    ck_assert_int_eq(walk(array, 3, false, &sum), 4); /* stopped at key 3, which counts */
    bpf_map_put(array);
    struct bpf_map *hash = make(BPF_MAP_TYPE_HASH, 4, 8, 10);
    for (uint32_t key = 0; key < 10; key++)
        bpf_map_update(hash, &key, &(uint64_t){ 1 }, BPF_ANY);
    ck_assert_int_eq(walk(hash, -1, true, &sum), 10); /* deletes what it stands on */
    ck_assert_uint_eq(sum, 45 + 10);
    ck_assert_int_eq(walk(hash, -1, false, &sum), 0);
    ck_assert_int_eq(call(BPF_FUNC_for_each_map_elem, at(hash), 0, 0, 1, 0), -EINVAL);
    bpf_map_put(hash);
}
END_TEST

START_TEST(loops_run_so_often)
{
    const struct bpf_insn insns[] = {
        MOV_K(1, 100),       LDDW_FUNC(2, 0), MOV_K(3, 0), MOV_K(4, 0),
        CALL(BPF_FUNC_loop), EXIT(),          MOV_K(0, 0), JUMP_K(BPF_JNE, 1, 41, 1),
        MOV_K(0, 1),         EXIT(),
    };
    struct bpf_insn fixed[ARRAY_SIZE(insns)];
    memcpy(fixed, insns, sizeof insns);
    fixed[1].imm = 7 - 2;
    const struct bpf_verify_request request = { .env = &host.env,
                                                .insns = fixed,
                                                .insn_count = ARRAY_SIZE(fixed) };
    struct bpf_prog *prog;
    struct bpf_run run = { .stack = stack, .stack_size = sizeof stack };
    ck_assert_int_eq(bpf_prog_create_unverified(&request, &prog, NULL), 0);
    ck_assert_uint_eq(bpf_prog_run(prog, NULL, &run), 42);
    bpf_prog_destroy(prog);
    ck_assert_int_eq(call(BPF_FUNC_loop, 1, 0, 0, 1, 0), -EINVAL);
    ck_assert_int_eq(call(BPF_FUNC_loop, (1u << 23) + 1, 0, 0, 0, 0), -E2BIG);
    ck_assert_int_eq(call(BPF_FUNC_loop, 0, 0, 0, 0, 0), 0);
}
END_TEST

START_TEST(text_becomes_numbers)
{
    static const struct {
        const char *text;
        uint64_t base;
        int64_t read, value, read_unsigned;
    } cases[] = {
        { "123", 10, 3, 123, 3 },
        { "  -42x", 0, 5, -42, -EINVAL },
        { "0x1fg", 0, 4, 0x1f, 4 },
        { "0x", 0, 1, 0, 1 },
        { "0x", 16, -EINVAL, 0, -EINVAL },
        { "0xzz", 16, -EINVAL, 0, -EINVAL },
        { "0777", 0, 4, 511, 4 },
        { "0778", 8, 3, 63, 3 },
        { "", 10, -EINVAL, 0, -EINVAL },
        { "-", 10, -EINVAL, 0, -EINVAL },
        { "abc", 16, 3, 0xabc, 3 },
        { "abc", 10, -EINVAL, 0, -EINVAL },
        { "1", 7, -EINVAL, 0, -EINVAL },
        { "1", 32, -EINVAL, 0, -EINVAL },
        { "9223372036854775807", 10, 19, INT64_MAX, 19 },
        { "9223372036854775808", 10, -ERANGE, 0, 19 },
        { "-9223372036854775808", 10, 20, INT64_MIN, -EINVAL },
        { "18446744073709551616", 10, -ERANGE, 0, -ERANGE },
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        int64_t value = 77;
        size_t size = strlen(cases[i].text);
        int64_t read = call(BPF_FUNC_strtol, at(cases[i].text), size, cases[i].base, at(&value), 0);
        ck_assert_msg(read == cases[i].read && value == cases[i].value, "%s: %lld, %lld",
                      cases[i].text, (long long)read, (long long)value);
        value = 77;
        read = call(BPF_FUNC_strtoul, at(cases[i].text), size, cases[i].base, at(&value), 0);
        ck_assert_msg(read == cases[i].read_unsigned, "%s: %lld", cases[i].text, (long long)read);
        ck_assert(read >= 0 || value == 0);
    }
    ck_assert_int_eq(call(BPF_FUNC_strncmp, at("abc"), 3, at("abc"), 0, 0), 0);
    ck_assert_int_lt(call(BPF_FUNC_strncmp, at("abb"), 3, at("abc"), 0, 0), 0);
    ck_assert_int_eq(call(BPF_FUNC_strncmp, at("abX"), 2, at("abc"), 0, 0), 0);
}
END_TEST

START_TEST(text_is_printed_into_memory)
{
    char to[16];
    const uint64_t numbers[] = { 7, (uint64_t)-8, 0xbeef };
    memset(to, 'x', sizeof to);
    ck_assert_int_eq(call(BPF_FUNC_snprintf, at(to), sizeof to, at("%d,%lld,%lx"), at(numbers), 24),
                     10);
    ck_assert_str_eq(to, "7,-8,beef");
    ck_assert_int_eq(call(BPF_FUNC_snprintf, at(to), 4, at("%d,%lld,%lx"), at(numbers), 24), 10);
    ck_assert_str_eq(to, "7,-");
    ck_assert_int_eq(call(BPF_FUNC_snprintf, 0, 0, at("%300d"), at(numbers), 8), 301);
    ck_assert_int_eq(call(BPF_FUNC_snprintf, at(to), 16, at("%d"), 0, 0), -EINVAL);
    ck_assert_int_eq(call(BPF_FUNC_snprintf, at(to), 16, at("%s"), at(numbers), 8), -EINVAL);
    ck_assert_int_eq(call(BPF_FUNC_snprintf, at(to), 16, at("x"), at(numbers), 7), -EINVAL);
    ck_assert_int_eq(call(BPF_FUNC_snprintf, at(to), 16, at("x"), at(numbers), 104), -EINVAL);
    ck_assert_int_eq(call(BPF_FUNC_trace_vprintk, at("%u %u %u\n"), 10, at(numbers), 24, 0), 18);
    ck_assert_str_eq(host.printed, "7 4294967288 48879");
    ck_assert_int_eq(call(BPF_FUNC_trace_vprintk, at("none"), 5, 0, 0, 0), 4);
}
END_TEST

/* RFC 1071's own example, and what it must hold for: diffs add up. */
START_TEST(checksums_are_those_of_rfc_1071)
{
    const uint8_t bytes[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };
    uint16_t sum = (uint16_t)call(BPF_FUNC_csum_diff, 0, 0, at(bytes), 8, 0);
    ck_assert_uint_eq(sum, __builtin_bswap16(0xddf2));
    uint8_t changed[8];
    memcpy(changed, bytes, 8);
    changed[5] = 0x11;
    uint64_t diff = (uint64_t)call(BPF_FUNC_csum_diff, at(bytes), 8, at(changed), 8, sum);
    ck_assert_uint_eq(diff, (uint64_t)call(BPF_FUNC_csum_diff, 0, 0, at(changed), 8, 0));
    ck_assert_int_eq(call(BPF_FUNC_csum_diff, at(bytes), 3, 0, 0, 0), -EINVAL);
}
END_TEST

static uint32_t host_random(void *user)
{
    (void)user;
    return 0xdecade;
}

static uint64_t host_pid(void *user)
{
    (void)user;
    return UINT64_C(12) << 32 | 34;
}

static void host_comm(void *user, char comm[16])
{
    (void)user;
    strcpy(comm, "controller");
}

static int host_read(void *user, void *to, const void *from, size_t size)
{
    (void)user;
    if (from == NULL)
        return -EFAULT;
    memcpy(to, from, size);
    return 0;
}

START_TEST(the_machine_is_asked)
{
    host.now_ns = 2500000;
    ck_assert_int_eq(call(BPF_FUNC_ktime_get_boot_ns, 0, 0, 0, 0, 0), 2500000);
    ck_assert_int_eq(call(BPF_FUNC_ktime_get_coarse_ns, 0, 0, 0, 0, 0), 2500000);
    ck_assert_int_eq(call(BPF_FUNC_ktime_get_tai_ns, 0, 0, 0, 0, 0), 2500000);
    ck_assert_int_eq(call(BPF_FUNC_jiffies64, 0, 0, 0, 0, 0), 2);
    ck_assert_int_eq(call(BPF_FUNC_get_numa_node_id, 0, 0, 0, 0, 0), 0);
    ck_assert_int_eq(call(BPF_FUNC_get_prandom_u32, 0, 0, 0, 0, 0), 0);
    ck_assert_int_eq(call(BPF_FUNC_get_current_pid_tgid, 0, 0, 0, 0, 0), 0);
    ck_assert_int_eq(call(BPF_FUNC_get_current_uid_gid, 0, 0, 0, 0, 0), 0);
    char comm[16], text[8];
    memset(comm, 'x', sizeof comm);
    ck_assert_int_eq(call(BPF_FUNC_get_current_comm, at(comm), 16, 0, 0, 0), -EOPNOTSUPP);
    ck_assert_str_eq(comm, "");
    ck_assert_int_eq(call(BPF_FUNC_probe_read_kernel, at(text), 8, at("abcdefg"), 0, 0),
                     -EOPNOTSUPP);
    host.ops.random = host_random;
    host.ops.current_pid_tgid = host_pid;
    host.ops.current_uid_gid = host_pid;
    host.ops.current_comm = host_comm;
    host.ops.read_kernel = host_read;
    ck_assert_int_eq(call(BPF_FUNC_get_prandom_u32, 0, 0, 0, 0, 0), 0xdecade);
    ck_assert_int_eq(call(BPF_FUNC_get_current_pid_tgid, 0, 0, 0, 0, 0), (int64_t)host_pid(NULL));
    ck_assert_int_eq(call(BPF_FUNC_get_current_uid_gid, 0, 0, 0, 0, 0), (int64_t)host_pid(NULL));
    ck_assert_int_eq(call(BPF_FUNC_get_current_comm, at(comm), 16, 0, 0, 0), 0);
    ck_assert_str_eq(comm, "controller");
    ck_assert_int_eq(call(BPF_FUNC_get_current_comm, at(comm), 5, 0, 0, 0), 0);
    ck_assert_str_eq(comm, "cont");
    ck_assert_int_eq(call(BPF_FUNC_probe_read_kernel, at(text), 8, at("abcdefg"), 0, 0), 0);
    ck_assert_str_eq(text, "abcdefg");
    ck_assert_int_eq(call(BPF_FUNC_probe_read_kernel, at(text), 8, 0, 0, 0), -EFAULT);
    ck_assert_mem_eq(text, "\0\0\0\0\0\0\0", 8);
    ck_assert_int_eq(call(BPF_FUNC_probe_read_kernel_str, at(text), 8, at("abc"), 0, 0), 4);
    ck_assert_str_eq(text, "abc");
    ck_assert_int_eq(call(BPF_FUNC_probe_read_kernel_str, at(text), 4, at("abcdef"), 0, 0), 4);
    ck_assert_str_eq(text, "abc");
    ck_assert_int_eq(call(BPF_FUNC_probe_read_kernel_str, at(text), 8, 0, 0, 0), -EFAULT);
}
END_TEST

START_TEST(value_locks_are_taken_and_given)
{
    uint32_t lock = 0;
    call(BPF_FUNC_spin_lock, at(&lock), 0, 0, 0, 0);
    ck_assert_uint_ne(lock, 0);
    call(BPF_FUNC_spin_unlock, at(&lock), 0, 0, 0, 0);
    ck_assert_uint_eq(lock, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bpf map helpers");
    TCase *tcase = tcase_create("helper");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, queues_and_stacks_by_helpers);
    tcase_add_test(tcase, values_of_other_cpus);
    tcase_add_test(tcase, every_entry_is_walked);
    tcase_add_test(tcase, loops_run_so_often);
    tcase_add_test(tcase, text_becomes_numbers);
    tcase_add_test(tcase, text_is_printed_into_memory);
    tcase_add_test(tcase, checksums_are_those_of_rfc_1071);
    tcase_add_test(tcase, the_machine_is_asked);
    tcase_add_test(tcase, value_locks_are_taken_and_given);
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
