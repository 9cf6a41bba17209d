/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Disks and consoles, where the machine has any that are ours to write: disk number i is one if its first
 * sector begins with "axiom test disk" (tests/image/disk_test.sh makes such images, and looks at them after). */
#include "ktest.h"

#include <axiom/format.h>
#include <axiom/string.h>
#include <core/block.h>
#include <core/console.h>
#include <core/mm.h>
#include <core/thread.h>
#include <core/time.h>

#define MAGIC       "axiom test disk"
#define FIRST       8u
#define PER_THREAD  24u
#define THREADS     4u
#define INPUT_LINES 40u
#define INPUT_SIZE  20u

static struct block_device *disk;
static uint8_t *bytes; /* THREADS times PER_THREAD sectors, twice */

/* The byte at `at` of sector `sector`: what the host's script expects too. */
static uint8_t pattern(uint64_t sector, uint32_t at)
{
    return (uint8_t)(sector * 7 + at * 3 + (at >> 8));
}

static struct block_device *disk_find(uint32_t index)
{
    static uint8_t sector[BLOCK_SECTOR_SIZE];
    struct block_device *device = block_device_at(index);
    bool ours = device != NULL && block_read(device, 0, 1, sector) == 0 &&
                memcmp(sector, MAGIC, sizeof MAGIC - 1) == 0;
    return ours ? device : NULL;
}

static int disk_worker(void *argument)
{
    uint32_t me = *(const uint32_t *)argument;
    uint64_t sector = FIRST + (uint64_t)me * PER_THREAD;
    uint8_t *mine = bytes + (size_t)me * 2 * PER_THREAD * BLOCK_SECTOR_SIZE;
    uint8_t *back = mine + PER_THREAD * BLOCK_SECTOR_SIZE;
    for (uint32_t i = 0; i < PER_THREAD * BLOCK_SECTOR_SIZE; i++)
        mine[i] = pattern(sector + i / BLOCK_SECTOR_SIZE, i % BLOCK_SECTOR_SIZE);
    if (block_write(disk, sector, PER_THREAD, mine) != 0)
        return 1;
    if (block_read(disk, sector, PER_THREAD, back) != 0)
        return 2;
    return memcmp(mine, back, PER_THREAD * BLOCK_SECTOR_SIZE) == 0 ? 0 : 3;
}

static int workers_run(void)
{
    static const uint32_t numbers[THREADS] = { 0, 1, 2, 3 };
    struct thread *threads[THREADS];
    int result = 0;
    for (uint32_t i = 0; i < THREADS; i++) {
        const struct thread_options options = { .name = "disk",
                                                .entry = disk_worker,
                                                .argument = (void *)(uintptr_t)&numbers[i],
                                                .sched = { .policy = SCHED_POLICY_FIFO,
                                                           .priority = 20 } };
        if (thread_create(&options, &threads[i]) != 0)
            return -1;
    }
    for (uint32_t i = 0; i < THREADS; i++)
        result |= thread_join(threads[i]);
    return result;
}

static void disk_keeps_what_is_written(void)
{
    uint32_t order = page_order(THREADS * 2 * PER_THREAD * BLOCK_SECTOR_SIZE);
    uint32_t found = 0;
    int result = 0, flushed = 0, beyond = -1;
    for (uint32_t i = 0; i < BLOCK_DEVICE_MAX; i++) {
        disk = disk_find(i);
        if (disk == NULL)
            continue;
        found++;
        bytes = page_alloc(order);
        if (bytes == NULL)
            break;
        result |= workers_run();
        flushed |= block_flush(disk);
        beyond = block_read(disk, disk->sector_count, 1, bytes);
        page_free(bytes, order);
    }
    KTEST(result == 0);
    KTEST(flushed == 0);
    KTEST(found == 0 || beyond < 0);
    if (found == 0)
        ktest_note("SKIP no test disk");
}

/* What the host sends back is not known; what is sent is in its file. */
static void console_sends(void)
{
    static const char text[] = "axiom test console\n";
    uint32_t found = 0;
    for (uint32_t i = 0; i < CONSOLE_DEVICE_MAX; i++) {
        struct console_device *console = console_device_at(i);
        if (console == NULL)
            continue;
        found++;
        for (uint32_t k = 0; k < 50; k++)
            KTEST(console_write(console, text, sizeof text - 1) == 0);
    }
    /* A UART sends on by itself, and may be the one that carries the results: not into their lines. */
    thread_sleep_for(200 * NSEC_PER_MSEC);
    if (found == 0)
        ktest_note("SKIP no console device");
}

/* What comes until nothing does for a while. */
static uint32_t receive(struct console_device *console, char *to, uint32_t size)
{
    uint64_t patience_ns = 50 * NSEC_PER_MSEC;
    uint32_t count = 0;
    while (count < size) {
        int more = console_read(console, to + count, size - count, ktime_get_ns() + patience_ns);
        if (more <= 0)
            break;
        count += (uint32_t)more;
        patience_ns = 300 * NSEC_PER_MSEC;
    }
    return count;
}

/* By interrupt, what the host sends since before the boot (tests/image/uart_test.sh): the first of it
 * may have been thrown away with the firmware's FIFOs, but from where it begins nothing is missing. */
static void console_receives(void)
{
    static char sent[INPUT_LINES * INPUT_SIZE + 1], got[sizeof sent];
    uint32_t size = INPUT_LINES * INPUT_SIZE, count = 0;
    for (uint32_t i = 0; i < INPUT_LINES; i++)
        format_text(sent + i * INPUT_SIZE, INPUT_SIZE + 1, "axiom test input %02u\n", i);
    for (uint32_t i = 0; i < CONSOLE_DEVICE_MAX && count == 0; i++) {
        struct console_device *console = console_device_at(i);
        if (console == NULL)
            continue;
        count = receive(console, got, sizeof got);
        KTEST(console->lost_count == 0);
    }
    if (count == 0) {
        ktest_note("SKIP no input");
        return;
    }
    KTEST(count > size / 2 && count <= size);
    KTEST(count <= size && memcmp(got, sent + size - count, count) == 0);
}

const struct ktest ktest_disk[] = {
    { "disk_keeps_what_is_written", disk_keeps_what_is_written, 1 },
    { "console_sends", console_sends, 1 },
    { "console_receives", console_receives, 1 },
    { NULL, NULL, 0 },
};
