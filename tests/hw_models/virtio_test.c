/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The virtio models against VIRTIO 1.2, driven over MMIO with rings written by hand: the numbers are the
 * specification's. One queue of 8: descriptors at 0x1000 of RAM, available ring at 0x2000, used ring
 * at 0x3000, buffers from 0x4000 on. */
#include "suite.h"
#include <axiom/bits.h>
#include <string.h>
#include <tests/check_main.h>

#define DESC     0x1000u
#define AVAIL    0x2000u
#define USED     0x3000u
#define BUFFERS  0x4000u
#define NEXT     1u
#define WRITE    2u
#define INDIRECT 4u

static struct model *disk, *port;
static uint16_t available;

static void setup(void)
{
    static const struct env_property block[] = { { "axiom,device", "block", 0, { 0 } },
                                                 { "axiom,queue-size", NULL, 1, { 8 } },
                                                 { "axiom,bad-sector", NULL, 1, { 7 } },
                                                 { NULL, NULL, 0, { 0 } } };
    static const struct env_property console[] = { { "axiom,device", "console", 0, { 0 } },
                                                   { "axiom,queue-size", NULL, 1, { 8 } },
                                                   { NULL, NULL, 0, { 0 } } };
    static const struct model_node disk_node = { .name = "virtio@0", .properties = block };
    static const struct model_node port_node = { .name = "virtio@1", .properties = console };
    env_reset();
    disk = env_add(&virtio_mmio_model, &disk_node);
    port = env_add(&virtio_mmio_model, &port_node);
    env_start();
    available = 0;
}

static void teardown(void)
{
    env_free();
}

static uint32_t get(struct model *model, uint32_t offset)
{
    return env_read(model, 0, offset);
}

static void put(struct model *model, uint32_t offset, uint32_t value)
{
    env_write(model, 0, offset, value);
}

static void queue_up(struct model *model, uint32_t queue)
{
    put(model, 0x30, queue);
    ck_assert_uint_eq(get(model, 0x34), 8);
    put(model, 0x38, 8);
    put(model, 0x80, ENV_RAM_BASE + DESC);
    put(model, 0x90, ENV_RAM_BASE + AVAIL);
    put(model, 0xa0, ENV_RAM_BASE + USED);
    put(model, 0x44, 1);
}

/* 3.1.1, features VERSION_1 and (block) FLUSH. */
static void bring_up(struct model *model, uint32_t features, uint32_t queue)
{
    put(model, 0x70, 0);
    put(model, 0x70, 1);
    put(model, 0x70, 3);
    put(model, 0x24, 0);
    put(model, 0x20, features);
    put(model, 0x24, 1);
    put(model, 0x20, 1);
    put(model, 0x70, 0xb);
    ck_assert_uint_eq(get(model, 0x70), 0xb);
    queue_up(model, queue);
    put(model, 0x70, 0xf);
}

static void desc(uint32_t index, uint32_t at, uint32_t length, uint32_t flags, uint32_t next)
{
    uint8_t *to = env_ram + DESC + 16 * index;
    put_le64(to, (uint64_t)ENV_RAM_BASE + at);
    put_le32(to + 8, length);
    put_le16(to + 12, (uint16_t)flags);
    put_le16(to + 14, (uint16_t)next);
}

static void offer(struct model *model, uint32_t queue, uint32_t head)
{
    put_le16(env_ram + AVAIL + 4 + 2 * (available % 8), (uint16_t)head);
    put_le16(env_ram + AVAIL + 2, ++available);
    put(model, 0x50, queue);
    env_run_for(1000000);
}

static uint32_t used_index(void)
{
    return get_le16(env_ram + USED + 2);
}

static void header(uint32_t type, uint64_t sector)
{
    put_le32(env_ram + BUFFERS, type);
    put_le32(env_ram + BUFFERS + 4, 0);
    put_le64(env_ram + BUFFERS + 8, sector);
}

/* One request of three descriptors; the status byte. */
static uint8_t request(uint32_t type, uint64_t sector, uint32_t size, bool device_writes)
{
    uint32_t before = used_index();
    header(type, sector);
    desc(0, BUFFERS, 16, NEXT, size != 0 ? 1 : 2);
    desc(1, BUFFERS + 0x200, size, NEXT | (device_writes ? WRITE : 0), 2);
    desc(2, BUFFERS + 0x100, 1, WRITE, 0);
    env_ram[BUFFERS + 0x100] = 0xee;
    offer(disk, 0, 0);
    ck_assert_uint_eq(used_index(), (before + 1) & 0xffff);
    return env_ram[BUFFERS + 0x100];
}

START_TEST(registers_say_who_it_is)
{
    ck_assert_uint_eq(get(disk, 0x00), 0x74726976);
    ck_assert_uint_eq(get(disk, 0x04), 2);
    ck_assert_uint_eq(get(disk, 0x08), 2);
    ck_assert_uint_eq(get(port, 0x08), 3);
    put(disk, 0x14, 1);
    ck_assert_uint_eq(get(disk, 0x10), 1); /* VERSION_1 is bit 32 */
    put(disk, 0x14, 0);
    ck_assert_uint_eq(get(disk, 0x10), 1u << 9); /* FLUSH */
    ck_assert_uint_eq(get(disk, 0x100), 512);
    ck_assert_uint_eq(get(disk, 0x104), 0);
    ck_assert_uint_eq(get(disk, 0x70), 0);
    put(disk, 0x30, 1);
    ck_assert_uint_eq(get(disk, 0x34), 0); /* a disk has one queue */
    ck_assert_uint_eq(env_warnings(), 0);
}
END_TEST

START_TEST(features_that_were_not_offered_are_refused)
{
    put(disk, 0x70, 3);
    put(disk, 0x24, 1);
    put(disk, 0x20, 1);
    put(disk, 0x24, 0);
    put(disk, 0x20, 1u << 29);
    put(disk, 0x70, 0xb);
    ck_assert_uint_eq(get(disk, 0x70), 3);
    put(disk, 0x70, 0);
    put(disk, 0x70, 3);
    put(disk, 0x24, 0);
    put(disk, 0x20, 0); /* without VERSION_1 (6.2) */
    put(disk, 0x70, 0xb);
    ck_assert_uint_eq(get(disk, 0x70), 3);
}
END_TEST

START_TEST(sectors_are_written_and_read)
{
    bring_up(disk, 1u << 9, 0);
    memset(env_ram + BUFFERS + 0x200, 0xa5, 1024);
    ck_assert_uint_eq(request(1, 20, 1024, false), 0);
    ck_assert_uint_eq(get_le32(env_ram + USED + 4 + 4), 1); /* the status alone was written */
    ck_assert(env_line(disk, 0));
    ck_assert_uint_eq(get(disk, 0x60), 1);
    put(disk, 0x64, 1);
    ck_assert(!env_line(disk, 0));
    memset(env_ram + BUFFERS + 0x200, 0, 1024);
    ck_assert_uint_eq(request(0, 21, 512, true), 0);
    ck_assert_uint_eq(get_le32(env_ram + USED + 12 + 4), 513);
    for (uint32_t i = 0; i < 512; i++)
        ck_assert_uint_eq(env_ram[BUFFERS + 0x200 + i], 0xa5);
    ck_assert_uint_eq(request(4, 0, 0, false), 0);
    ck_assert_uint_eq(env_warnings(), 0);
}
END_TEST

START_TEST(errors_have_their_status)
{
    bring_up(disk, 0, 0);
    ck_assert_uint_eq(request(0, 7, 512, true), 1);    /* the bad one */
    ck_assert_uint_eq(request(0, 511, 1024, true), 1); /* beyond the end */
    ck_assert_uint_eq(request(0, UINT64_MAX, 512, true), 1);
    ck_assert_uint_eq(request(0, 0, 100, true), 1); /* no whole sector */
    ck_assert_uint_eq(request(4, 0, 0, false), 2);  /* flush was not negotiated */
    ck_assert_uint_eq(request(99, 0, 0, false), 2);
    ck_assert_uint_eq(request(0, 0, 512, true), 0);
}
END_TEST

/* 2.7.4.1: how a request is cut into descriptors means nothing. */
START_TEST(framing_is_arbitrary)
{
    bring_up(disk, 0, 0);
    header(1, 30);
    memset(env_ram + BUFFERS + 16, 0x3c, 512);
    desc(3, BUFFERS, 5, NEXT, 1);
    desc(1, BUFFERS + 5, 300, NEXT, 6);
    desc(6, BUFFERS + 305, 223, NEXT, 0);
    desc(0, BUFFERS + 0x800, 1, WRITE, 0);
    offer(disk, 0, 3);
    ck_assert_uint_eq(env_ram[BUFFERS + 0x800], 0);
    header(0, 30);
    desc(3, BUFFERS, 16, NEXT, 1);
    desc(1, BUFFERS + 0x900, 500, NEXT | WRITE, 2);
    desc(2, BUFFERS + 0xb00, 13, WRITE, 0); /* 12 of data, and the status */
    env_ram[BUFFERS + 0xb00 + 12] = 0xee;
    offer(disk, 0, 3);
    ck_assert_uint_eq(env_ram[BUFFERS + 0x900 + 499], 0x3c);
    ck_assert_uint_eq(env_ram[BUFFERS + 0xb00 + 11], 0x3c);
    ck_assert_uint_eq(env_ram[BUFFERS + 0xb00 + 12], 0);
    ck_assert_uint_eq(get_le32(env_ram + USED + 12), 3);
    ck_assert_uint_eq(get_le32(env_ram + USED + 12 + 4), 513);
}
END_TEST

static void needs_reset(uint32_t head)
{
    uint32_t before = used_index();
    (void)env_warnings();
    offer(disk, 0, head);
    ck_assert_uint_eq(used_index(), before);
    ck_assert_uint_gt(env_warnings(), 0);
    ck_assert_uint_eq(get(disk, 0x70), 0x4f);
    ck_assert_uint_eq(get(disk, 0x60) & 2, 2); /* a configuration interrupt (2.1.2) */
    available = 0;
    memset(env_ram + AVAIL, 0, 64);
    memset(env_ram + USED, 0, 128);
    bring_up(disk, 0, 0);
}

START_TEST(what_breaks_the_rules_needs_a_reset)
{
    bring_up(disk, 0, 0);
    header(0, 0);
    desc(0, BUFFERS, 16, NEXT, 0); /* loops */
    needs_reset(0);
    needs_reset(8); /* no such descriptor */
    desc(0, BUFFERS, 16, NEXT, 200);
    needs_reset(0);
    desc(0, BUFFERS, 16, INDIRECT, 0);
    needs_reset(0);
    desc(0, BUFFERS + 0x100, 1, WRITE | NEXT, 1);
    desc(1, BUFFERS, 16, 0, 0); /* to read after to write */
    needs_reset(0);
    desc(0, BUFFERS, 15, NEXT, 1); /* no whole header */
    desc(1, BUFFERS + 0x100, 1, WRITE, 0);
    needs_reset(0);
    desc(0, BUFFERS, 16, 0, 0); /* no status */
    needs_reset(0);
    desc(0, 0x7fffffff, 16, NEXT, 1); /* no RAM */
    needs_reset(0);
    available = 20; /* more than the queue has places */
    needs_reset(0);
    ck_assert_uint_eq(request(0, 0, 512, true), 0);
}
END_TEST

START_TEST(a_console_waits_for_something_to_receive)
{
    bring_up(port, 0, 0);
    put(port, 0x70, 0);
    bring_up(port, 0, 0);
    desc(0, BUFFERS, 4, WRITE, 0);
    offer(port, 0, 0);
    ck_assert_uint_eq(used_index(), 0);
    ck_assert(!env_line(port, 0));
    ck_assert_uint_eq(env_warnings(), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = { registers_say_who_it_is,
                                   features_that_were_not_offered_are_refused,
                                   sectors_are_written_and_read,
                                   errors_have_their_status,
                                   framing_is_arbitrary,
                                   what_breaks_the_rules_needs_a_reset,
                                   a_console_waits_for_something_to_receive };
    Suite *suite = suite_create("virtio");
    TCase *cases = tcase_create("virtio");
    tcase_add_checked_fixture(cases, setup, teardown);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(cases, tests[i]);
    suite_add_tcase(suite, cases);
    return check_main(suite);
}
