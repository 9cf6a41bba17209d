/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Bodies of helpers about the machine and the moment: times, random numbers, the running process,
 * memory of the kernel; and loop, csum_diff, tail_call. */
#include <axiom/errno.h>
#include <axiom/string.h>
#include <bpf_internal/helper_body.h>
#include <bpf_internal/helpers.h>

/* --- Times: one clock, which never stops and is never set --- */

#define NS_PER_JIFFY 1000000u

static uint64_t now_ns(const struct bpf_run *run)
{
    void *user;
    const struct bpf_platform_ops *platform = platform_of(run, &user);
    return platform->clock_ns == NULL ? 0 : platform->clock_ns(user);
}

HELPER_BODY(bpf_helper_ktime_get_ns)
{
    return now_ns(run);
}

HELPER_BODY(bpf_helper_jiffies64)
{
    return now_ns(run) / NS_PER_JIFFY;
}

/* --- Who and where --- */

HELPER_BODY(bpf_helper_get_prandom_u32)
{
    void *user;
    const struct bpf_platform_ops *platform = platform_of(run, &user);
    return platform->random == NULL ? 0 : platform->random(user);
}

HELPER_BODY(bpf_helper_get_numa_node_id)
{
    return 0;
}

HELPER_BODY(bpf_helper_get_current_pid_tgid)
{
    void *user;
    const struct bpf_platform_ops *platform = platform_of(run, &user);
    return platform->current_pid_tgid == NULL ? 0 : platform->current_pid_tgid(user);
}

HELPER_BODY(bpf_helper_get_current_uid_gid)
{
    void *user;
    const struct bpf_platform_ops *platform = platform_of(run, &user);
    return platform->current_uid_gid == NULL ? 0 : platform->current_uid_gid(user);
}

HELPER_BODY(bpf_helper_get_current_comm)
{
    void *user;
    char comm[16] = { 0 };
    const struct bpf_platform_ops *platform = platform_of(run, &user);
    uint32_t size = U32(r2), copied = size < sizeof comm ? size : (uint32_t)sizeof comm;
    if (platform->current_comm != NULL)
        platform->current_comm(user, comm);
    memset(memory_of(r1), 0, size);
    memcpy(memory_of(r1), comm, copied);
    if (size > 0)
        ((char *)memory_of(r1))[size - 1] = '\0';
    return platform->current_comm == NULL ? RESULT(-EOPNOTSUPP) : 0;
}

/* --- Memory of the kernel: what cannot be read is zeros --- */

static int read_kernel(struct bpf_run *run, void *to, uint64_t from, uint32_t size)
{
    void *user;
    const struct bpf_platform_ops *platform = platform_of(run, &user);
    if (platform->read_kernel == NULL)
        return -EOPNOTSUPP;
    return size == 0 ? 0 : platform->read_kernel(user, to, memory_of(from), size);
}

HELPER_BODY(bpf_helper_probe_read_kernel)
{
    int err = read_kernel(run, memory_of(r1), r3, U32(r2));
    if (err != 0)
        memset(memory_of(r1), 0, U32(r2));
    return RESULT(err);
}

/* Byte by byte: the string may end right before memory that is not there. */
HELPER_BODY(bpf_helper_probe_read_kernel_str)
{
    char *to = memory_of(r1);
    uint32_t size = U32(r2), length = 0;
    int err = 0;
    while (length < size && err == 0) {
        err = read_kernel(run, &to[length], r3 + length, 1);
        if (err == 0 && to[length++] == '\0')
            break;
    }
    if (err != 0)
        length = 0;
    else if (length > 0)
        to[length - 1] = '\0';
    memset(to + length, 0, size - length);
    return err != 0 ? RESULT(err) : length;
}

/* --- Others --- */

#define LOOPS_MAX (1u << 23) /* Linux: BPF_MAX_LOOPS */

HELPER_BODY(bpf_helper_loop)
{
    uint32_t count = U32(r1);
    if (r4 != 0)
        return RESULT(-EINVAL);
    if (count > LOOPS_MAX)
        return RESULT(-E2BIG);
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t arguments[5] = { i, r3 };
        if (bpf_call_function(run, r2, arguments) != 0 || run->error != 0)
            return i + 1;
    }
    return count;
}

/* The engines do it themselves; this is for callx, which has no next instruction to go to. */
HELPER_BODY(bpf_helper_tail_call)
{
    return RESULT(-EINVAL);
}

/* One's complement sum of 32-bit words, carries kept above. */
static uint64_t sum_words(const uint8_t *at, uint32_t size, bool inverted)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < size; i += 4) {
        uint32_t word;
        memcpy(&word, at + i, 4);
        sum += inverted ? ~word : word;
    }
    return sum;
}

/* The sum of `to` less that of `from`, from `seed` on, folded to 16 bits (Linux since 6.14: the same
 * on every CPU). */
HELPER_BODY(bpf_helper_csum_diff)
{
    uint32_t from_size = U32(r2), to_size = U32(r4);
    if (((from_size | to_size) & 3) != 0)
        return RESULT(-EINVAL);
    uint64_t sum = U32(r5);
    sum += sum_words(memory_of(r1), from_size, true);
    sum += sum_words(memory_of(r3), to_size, false);
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}
