/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The CPU contract, checked on the port of this image: interrupt masking, waiting, other CPUs,
 * guarded stacks, page tables and user copies, executable memory, poison. */
#include <arch/context.h>
#include <arch/cpu.h>
#include <arch/exec_mem.h>
#include <arch/irqflags.h>
#include <arch/mmu.h>
#include <arch/user.h>
#include <axiom/errno.h>
#include <fcntl.h>
#include <hw/sysreg.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <tests/check_main.h>
#include <unistd.h>

#include "fake_image.h"

/* Runs `main` as the kernel on `cpus` CPUs. */
static struct sim_result run_kernel(int (*main)(const struct boot_info *), uint32_t cpus)
{
    struct sim_config config = fake_config();
    struct sim_result result;
    config.cpu_count = cpus;
    config.end = SIM_END_HOLD;
    config.end_time_ns = 1000000000;
    fake_reset(main);
    ck_assert_int_eq(sim_run(&config, &result), 0);
    ck_assert_int_eq(result.kernel_error, 0);
    return result;
}

static struct phys_addr page_number(const struct boot_info *info, uint32_t index)
{
    return (struct phys_addr){ info->memory[0].base.value + (uint64_t)index * PAGE_SIZE };
}

/* --- interrupts --- */

static int masking_main(const struct boot_info *info)
{
    (void)info;
    struct mmio intc = fake_map(FAKE_INTC_BASE);
    ck_assert(arch_irqs_disabled());
    mmio_write32(&intc, INTC_SOFT, 1);
    ck_assert_uint_eq(fake.irq_count, 0);
    struct arch_irqflags outer = arch_irq_save();
    struct arch_irqflags inner = arch_irq_save();
    arch_irq_restore(inner);
    arch_irq_restore(outer);
    ck_assert_uint_eq(fake.irq_count, 0);
    ck_assert(arch_irqs_disabled());
    arch_irq_enable(); /* taken at the unmask */
    ck_assert_uint_eq(fake.irq_count, 1);
    ck_assert(!arch_irqs_disabled());
    mmio_write32(&intc, INTC_SOFT, 1); /* taken at the access */
    ck_assert_uint_eq(fake.irq_count, 2);
    struct arch_irqflags flags = arch_irq_save();
    mmio_write32(&intc, INTC_SOFT, 1);
    ck_assert_uint_eq(fake.irq_count, 2);
    arch_irq_restore(flags);
    ck_assert_uint_eq(fake.irq_count, 3);
    arch_irq_disable();
    return 0;
}

START_TEST(interrupts_are_taken_at_unmask_and_access_never_while_masked)
{
    run_kernel(masking_main, 1);
}
END_TEST

static int waiting_main(const struct boot_info *info)
{
    (void)info;
    struct mmio intc = fake_map(FAKE_INTC_BASE);
    struct mmio alarm = fake_map(FAKE_ALARM_BASE);
    mmio_write32(&intc, INTC_ENABLE, 1u << LINE_ALARM);
    mmio_write64(&alarm, ALARM_AT, 5000);
    arch_cpu_idle();
    ck_assert(arch_irqs_disabled());
    ck_assert_uint_eq(sim_time_ns(), 5000);
    ck_assert_uint_eq(fake.irq_count, 0); /* pending, taken when the caller unmasks */
    arch_cpu_idle();                      /* returns at once: it is still pending */
    ck_assert_uint_eq(sim_time_ns(), 5000);
    arch_irq_enable();
    ck_assert_uint_eq(fake.irq_count, 1);
    /* Unmasked polling takes interrupts on the way to its deadline. */
    mmio_write64(&alarm, ALARM_AT, 7000);
    while (sim_time_ns() < 9000)
        arch_cpu_relax(9000);
    ck_assert_uint_eq(fake.irq_count, 2);
    ck_assert_uint_eq(sim_time_ns(), 9000);
    /* Masked polling does not. */
    arch_irq_disable();
    mmio_write64(&alarm, ALARM_AT, 9500);
    while (sim_time_ns() < 9900)
        arch_cpu_relax(9900);
    ck_assert_uint_eq(fake.irq_count, 2);
    ck_assert_uint_eq(sim_time_ns(), 9900);
    arch_cpu_relax(9900); /* a deadline that is over does not wait */
    ck_assert_uint_eq(sim_time_ns(), 9900);
    return 0;
}

START_TEST(waits_end_with_an_interrupt_or_at_the_deadline)
{
    run_kernel(waiting_main, 1);
}
END_TEST

/* --- other CPUs --- */

static uint32_t secondary_seen[CPU_MAX];
static uint32_t turn;

static void secondary(void)
{
    ck_assert(arch_irqs_disabled());
    uint32_t me = arch_cpu_id();
    secondary_seen[me]++;
    /* A token goes round: each CPU waits for its turn by polling. */
    while (turn != me)
        arch_cpu_relax(TIME_NEVER);
    turn++;
    fake_idle_until_stop();
}

static int smp_main(const struct boot_info *info)
{
    memset(secondary_seen, 0, sizeof secondary_seen);
    uint32_t count = arch_cpu_count();
    ck_assert_uint_eq(arch_cpu_id(), 0);
    ck_assert_int_eq(arch_cpu_start(count, NULL, 0), -ENODEV);
    ck_assert_int_eq(arch_cpu_start(0, NULL, 0), -EBUSY);
    const size_t stack_size = 16 * PAGE_SIZE;
    void *stacks[CPU_MAX];
    turn = 99;
    for (uint32_t cpu = 1; cpu < count; cpu++) {
        ck_assert_int_eq(arch_stack_map(page_number(info, cpu * 16), stack_size, &stacks[cpu]), 0);
        ck_assert(arch_cpu_parked(cpu));
        ck_assert_int_eq(arch_cpu_start(cpu, stacks[cpu], stack_size), 0);
        ck_assert(!arch_cpu_parked(cpu));
        ck_assert_int_eq(arch_cpu_start(cpu, stacks[cpu], stack_size), -EBUSY);
    }
    turn = 1;
    while (turn != count)
        arch_cpu_relax(TIME_NEVER);
    ck_assert_uint_eq(sim_time_ns(), 0); /* nobody waited for time */
    fake_idle_until_stop();
    /* All of them look at fake.stopping when they are interrupted. */
    struct mmio intc = fake_map(FAKE_INTC_BASE);
    mmio_write32(&intc, INTC_SOFT, (1u << count) - 2);
    for (uint32_t cpu = 1; cpu < count; cpu++) {
        while (!arch_cpu_parked(cpu))
            arch_cpu_relax(TIME_NEVER);
        ck_assert_uint_eq(secondary_seen[cpu], 1);
        arch_stack_unmap(stacks[cpu], stack_size);
    }
    return 0;
}

START_TEST(cpus_start_poll_each_other_idle_and_park)
{
    for (uint32_t cpus = 1; cpus <= CPU_MAX; cpus++) {
        fake.secondary = NULL;
        struct sim_config config = fake_config();
        struct sim_result result;
        config.cpu_count = cpus;
        config.end = SIM_END_HOLD;
        config.end_time_ns = 1000;
        fake_reset(smp_main);
        fake.secondary = secondary;
        ck_assert_int_eq(sim_run(&config, &result), 0);
        ck_assert_int_eq(result.kernel_error, 0);
        ck_assert_uint_eq(result.leaked_stacks, 0);
    }
}
END_TEST

/* --- stacks --- */

static struct arch_context boot_context, thread;
static int thread_depth;

static void recurse(int depth)
{
    volatile char frame[512];
    frame[0] = (char)depth;
    thread_depth = depth;
    if (depth < 1000000) /* never: the stack ends long before */
        recurse(depth + 1);
    frame[1] = frame[0];
}

static void overflowing(void *argument)
{
    (void)argument;
    recurse(0);
    arch_context_exit(&thread, &boot_context);
}

static int overflow_main(const struct boot_info *info)
{
    void *stack;
    boot_context = (struct arch_context){ 0 };
    ck_assert_int_eq(arch_stack_map(page_number(info, 16), 16 * PAGE_SIZE, &stack), 0);
    arch_context_init(&thread, stack, 16 * PAGE_SIZE, overflowing, NULL);
    arch_context_switch(&boot_context, &thread);
    return 0;
}

static void run_overflow(void)
{
    run_kernel(overflow_main, 1);
}

static int guard_offset;

static int guard_main(const struct boot_info *info)
{
    char *stack;
    ck_assert_int_eq(arch_stack_map(page_number(info, 16), 4 * PAGE_SIZE, (void **)&stack), 0);
    stack[0] = stack[4 * PAGE_SIZE - 1] = 1;
    ((volatile char *)stack)[guard_offset] = 1;
    return 0;
}

static void run_guard(void)
{
    run_kernel(guard_main, 1);
}

/* True if the function dies of an invalid access: by signal, or as a sanitizer reports one. */
/* Children that are to fault only have to die: clang's report would start a symbolizer out of a forked child on a fiber's
 * stack, and now and then wait for it for ever. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "symbolize=0";
}

static bool faults(void (*function)(void))
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL);
        /* Not closed: a sanitizer that starts a symbolizer for its report would get the pipe's end as its stderr. */
        if (dup2(open("/dev/null", O_WRONLY), STDERR_FILENO) < 0)
            _exit(0);
        function();
        _exit(0);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status))
        return WTERMSIG(status) == SIGSEGV || WTERMSIG(status) == SIGABRT;
    return WEXITSTATUS(status) != 0;
}

START_TEST(a_stack_overflow_hits_the_guard_page)
{
    ck_assert(faults(run_overflow));
    guard_offset = -1;
    ck_assert(faults(run_guard));
    guard_offset = 4 * PAGE_SIZE;
    ck_assert(faults(run_guard));
    guard_offset = 1;
    ck_assert(!faults(run_guard));
}
END_TEST

static int alias_main(const struct boot_info *info)
{
    char *stack;
    struct phys_addr pages = page_number(info, 16);
    char *direct = arch_phys_to_virt(pages);
    ck_assert_uint_eq(arch_virt_to_phys(direct + 5).value, pages.value + 5);
    ck_assert_int_eq(arch_stack_map(pages, 2 * PAGE_SIZE, (void **)&stack), 0);
    strcpy(direct + PAGE_SIZE, "the same page");
    ck_assert_str_eq(stack + PAGE_SIZE, "the same page");
    arch_stack_unmap(stack, 2 * PAGE_SIZE);
    ck_assert_int_eq(arch_stack_map(pages, 2 * PAGE_SIZE, (void **)&stack), 0);
    return 0;
}

START_TEST(a_stack_shows_its_physical_pages_and_a_leak_is_counted)
{
    struct sim_result result = run_kernel(alias_main, 1);
    ck_assert_uint_eq(result.leaked_stacks, 1);
}
END_TEST

/* --- page tables and user copies --- */

static struct {
    const struct boot_info *info;
    uint32_t next, live, fail_after;
} pool;

static void *pool_alloc(void *context)
{
    (void)context;
    if (pool.fail_after != 0 && --pool.fail_after == 0)
        return NULL;
    void *page = arch_phys_to_virt(page_number(pool.info, pool.next++));
    memset(page, 0, PAGE_SIZE);
    pool.live++;
    return page;
}

static void pool_free(void *context, void *page)
{
    (void)context;
    (void)page;
    pool.live--;
}

static const struct mmu_pages pool_pages = { pool_alloc, pool_free, NULL };

#define AT(value) ((struct virt_addr){ value })
#define RW_USER   (MMU_READ | MMU_WRITE | MMU_USER)

static int page_table_main(const struct boot_info *info)
{
    pool.info = info;
    pool.next = 64;
    pool.live = pool.fail_after = 0;
    struct arch_page_table *table;
    struct phys_addr page;
    uint32_t flags;
    const uint64_t high = (UINT64_C(1) << 47) - PAGE_SIZE;
    ck_assert_int_eq(arch_mmu_create(&pool_pages, &table), 0);
    ck_assert_int_eq(arch_mmu_query(table, AT(0x1000), &page, &flags), -ENOENT);
    ck_assert_int_eq(arch_mmu_map(table, AT(0x1000), page_number(info, 1), RW_USER), 0);
    ck_assert_int_eq(arch_mmu_map(table, AT(0x1000), page_number(info, 2), RW_USER), -EEXIST);
    ck_assert_int_eq(arch_mmu_map(table, AT(high), page_number(info, 2), MMU_READ), 0);
    ck_assert_int_eq(arch_mmu_map(table, AT(high + PAGE_SIZE), page_number(info, 2), 0), -EINVAL);
    ck_assert_int_eq(arch_mmu_map(table, AT(0x1001), page_number(info, 2), 0), -EINVAL);
    ck_assert_int_eq(arch_mmu_map(table, AT(0x3000), (struct phys_addr){ 5 }, 0), -EINVAL);
    ck_assert_int_eq(arch_mmu_query(table, AT(0x1fff), &page, &flags), 0);
    ck_assert_uint_eq(page.value, page_number(info, 1).value);
    ck_assert_uint_eq(flags, RW_USER);
    ck_assert_int_eq(arch_mmu_protect(table, AT(0x1000), MMU_READ | MMU_USER), 0);
    arch_mmu_query(table, AT(0x1000), &page, &flags);
    ck_assert_uint_eq(flags, MMU_READ | MMU_USER);
    ck_assert_int_eq(arch_mmu_protect(table, AT(0x2000), 0), -ENOENT);
    ck_assert_int_eq(arch_mmu_unmap(table, AT(0x1000)), 0);
    ck_assert_int_eq(arch_mmu_unmap(table, AT(0x1000)), -ENOENT);
    arch_mmu_destroy(table);
    ck_assert_uint_eq(pool.live, 0);
    /* Every page that is missing is an error, and nothing leaks. */
    for (uint32_t n = 1; n <= 5; n++) {
        pool.fail_after = n;
        int err = arch_mmu_create(&pool_pages, &table);
        if (err == 0) {
            err = arch_mmu_map(table, AT(0x1000), page_number(info, 1), RW_USER);
            pool.fail_after = 0;
            arch_mmu_destroy(table);
        }
        ck_assert_int_eq(err, -ENOMEM);
        ck_assert_uint_eq(pool.live, 0);
        pool.fail_after = 0;
    }
    return 0;
}

START_TEST(page_tables_map_protect_query_and_give_everything_back)
{
    run_kernel(page_table_main, 1);
}
END_TEST

static int user_copy_main(const struct boot_info *info)
{
    pool.info = info;
    pool.next = 64;
    pool.live = pool.fail_after = 0;
    struct arch_page_table *table;
    ck_assert_int_eq(arch_mmu_create(&pool_pages, &table), 0);
    /* 0x10000 and 0x11000 writable, 0x12000 read only, 0x13000 of the kernel, 0x14000 no RAM. */
    arch_mmu_map(table, AT(0x10000), page_number(info, 3), RW_USER);
    arch_mmu_map(table, AT(0x11000), page_number(info, 1), RW_USER);
    arch_mmu_map(table, AT(0x12000), page_number(info, 2), MMU_READ | MMU_USER);
    arch_mmu_map(table, AT(0x13000), page_number(info, 4), MMU_READ | MMU_WRITE);
    arch_mmu_map(table, AT(0x14000), (struct phys_addr){ UINT64_C(1) << 40 }, RW_USER);
    static uint8_t out[5 * PAGE_SIZE], in[5 * PAGE_SIZE];
    for (size_t i = 0; i < sizeof out; i++)
        out[i] = (uint8_t)(i * 7);
    size_t done;
    ck_assert_int_eq(arch_copy_to_user(table, AT(0x10ffe), out, 5, &done), 0);
    ck_assert_uint_eq(done, 5);
    ck_assert_int_eq(arch_copy_from_user(table, in, AT(0x10ffe), 5, &done), 0);
    ck_assert_mem_eq(in, out, 5);
    ck_assert_int_eq(arch_copy_to_user(table, AT(0x10000), out, sizeof out, &done), -EFAULT);
    ck_assert_uint_eq(done, 2 * PAGE_SIZE);
    ck_assert_int_eq(arch_copy_from_user(table, in, AT(0x10000), sizeof in, &done), -EFAULT);
    ck_assert_uint_eq(done, 3 * PAGE_SIZE);
    ck_assert_mem_eq(in, out, 2 * PAGE_SIZE);
    const uint64_t bad[] = { 0, 0x13000, 0x14000, 0xffff000000000000, UINT64_MAX, 0x7ffffffff000 };
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        ck_assert_int_eq(arch_copy_from_user(table, in, AT(bad[i]), 16, &done), -EFAULT);
        ck_assert_uint_eq(done, 0);
        ck_assert_int_eq(arch_copy_to_user(table, AT(bad[i]), in, 16, &done), -EFAULT);
    }
    ck_assert_int_eq(arch_copy_from_user(table, in, AT(0), 0, &done), 0);
    enum user_exit how;
    ck_assert_int_eq(arch_user_enter(NULL, table, &how), -ENOSYS);
    arch_mmu_destroy(table);
    return 0;
}

START_TEST(user_copies_survive_every_pointer)
{
    run_kernel(user_copy_main, 1);
}
END_TEST

/* --- executable memory --- */

static int exec_main(const struct boot_info *info)
{
    (void)info;
#if defined(__x86_64__)
    static const uint8_t code[] = { 0xb8, 42, 0, 0, 0, 0xc3 }; /* mov eax, 42; ret */
#elif defined(__aarch64__)
    static const uint8_t code[] = { 0x40, 0x05, 0x80, 0x52, 0xc0, 0x03, 0x5f, 0xd6 };
#endif
    void *at;
    ck_assert_int_eq(arch_exec_alloc(4096, &at), 0);
    memcpy(at, code, sizeof code);
    ck_assert_int_eq(arch_exec_seal(at, 4096), 0);
    int (*function)(void) = (int (*)(void))at;
    ck_assert_int_eq(function(), 42);
    arch_exec_free(at, 4096);
    ck_assert_int_eq(arch_exec_alloc(0, &at), -EINVAL);
    return 0;
}

static int write_sealed_main(const struct boot_info *info)
{
    (void)info;
    void *at;
    arch_exec_alloc(4096, &at);
    arch_exec_seal(at, 4096);
    *(volatile char *)at = 1;
    return 0;
}

static int run_unsealed_main(const struct boot_info *info)
{
    (void)info;
    void *at;
    arch_exec_alloc(4096, &at);
    ((uint8_t *)at)[0] = 0xc3;
    ((void (*)(void))at)();
    return 0;
}

static void write_sealed(void)
{
    run_kernel(write_sealed_main, 1);
}

static void run_unsealed(void)
{
    run_kernel(run_unsealed_main, 1);
}

START_TEST(code_is_writable_or_executable_never_both)
{
    ck_assert_uint_eq(run_kernel(exec_main, 1).leaked_exec, 0);
    ck_assert(faults(write_sealed));
    ck_assert(faults(run_unsealed));
}
END_TEST

/* Whether this build has AddressSanitizer: gcc has a macro for it, clang a feature. */
#if defined(__SANITIZE_ADDRESS__)
#define AXIOM_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define AXIOM_ASAN 1
#endif
#endif
#ifndef AXIOM_ASAN
#define AXIOM_ASAN 0
#endif

/* --- poison --- */

static int poison_main(const struct boot_info *info)
{
    volatile char *page = arch_phys_to_virt(page_number(info, 9));
    arch_poison((const void *)(uintptr_t)page, PAGE_SIZE);
    arch_unpoison((const void *)(uintptr_t)page, 100);
    page[99] = 1;
    page[guard_offset] = 1;
    return 0;
}

static void run_poison(void)
{
    run_kernel(poison_main, 1);
}

START_TEST(a_sanitizer_sees_poisoned_memory)
{
    guard_offset = 50;
    ck_assert(!faults(run_poison));
    guard_offset = 104;
    ck_assert_int_eq(faults(run_poison), AXIOM_ASAN);
    /* The next boot finds nothing of it. */
    guard_offset = 60;
    run_kernel(poison_main, 1);
    run_kernel(poison_main, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("arch/contract");
    TCase *cases = tcase_create("contract");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, interrupts_are_taken_at_unmask_and_access_never_while_masked);
    tcase_add_test(cases, waits_end_with_an_interrupt_or_at_the_deadline);
    tcase_add_test(cases, cpus_start_poll_each_other_idle_and_park);
    tcase_add_test(cases, a_stack_overflow_hits_the_guard_page);
    tcase_add_test(cases, a_stack_shows_its_physical_pages_and_a_leak_is_counted);
    tcase_add_test(cases, page_tables_map_protect_query_and_give_everything_back);
    tcase_add_test(cases, user_copies_survive_every_pointer);
    tcase_add_test(cases, code_is_writable_or_executable_never_both);
    tcase_add_test(cases, a_sanitizer_sees_poisoned_memory);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
