/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Loading what clang writes: maps, global data, subprograms, lines; and files that are damaged in
 * every way. */
#include "host_env.h"
#include <axiom/errno.h>
#include <bpf/elf.h>
#include <bpf_unverified/unverified.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tests/check_main.h>

static struct host_env host;
static uint8_t *file_bytes;
static size_t file_size;
static _Alignas(16) uint8_t stack[BPF_RUN_STACK_SIZE];

static void read_object(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/tests/bpf/%s", AXIOM_BINARY_DIR, name);
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s", path);
    fseek(file, 0, SEEK_END);
    file_size = (size_t)ftell(file);
    rewind(file);
    file_bytes = malloc(file_size);
    ck_assert_uint_eq(fread(file_bytes, 1, file_size, file), file_size);
    fclose(file);
}

static void setup(void)
{
    host_env_init(&host);
    read_object("features.bpf.o");
}

static void teardown(void)
{
    free(file_bytes);
    ck_assert_int_eq(host.live_bytes, 0);
}

static struct bpf_object *open_good(void)
{
    struct bpf_object *object;
    struct bpf_error error;
    int err = bpf_object_open(&host.env, file_bytes, file_size, &object, &error);
    ck_assert_msg(err == 0, "%s", error.text);
    return object;
}

static uint32_t program_index(const struct bpf_object *object, const char *name)
{
    for (uint32_t i = 0; i < bpf_object_program_count(object); i++) {
        if (strcmp(bpf_object_program(object, i)->name, name) == 0)
            return i;
    }
    ck_abort_msg("no program %s", name);
    return 0;
}

static struct bpf_prog *make(struct bpf_object *object, const char *name)
{
    struct bpf_verify_request request;
    struct bpf_prog *prog;
    struct bpf_error error;
    bpf_object_request(object, program_index(object, name), &request);
    int err = bpf_prog_create_unverified(&request, &prog, &error);
    ck_assert_msg(err == 0, "%s", error.text);
    return prog;
}

static uint64_t run(const struct bpf_prog *prog, void *context, size_t size)
{
    struct bpf_run state = { .stack = stack, .stack_size = sizeof stack, .insn_limit = 100000 };
    const struct bpf_region region = { context, size, true };
    uint64_t r0 = bpf_prog_run_checked(prog, context, 0, &region, 1, &state);
    ck_assert_int_eq(state.error, 0);
    return r0;
}

START_TEST(object_lists_its_parts)
{
    struct bpf_object *object = open_good();
    ck_assert_uint_eq(bpf_object_program_count(object), 4);
    ck_assert_str_eq(bpf_object_license(object), "Dual MIT/GPL");
    const struct bpf_object_program *edge =
        bpf_object_program(object, program_index(object, "on_edge"));
    ck_assert_str_eq(edge->section, "gpio/chip0/line17/rising");
    ck_assert_int_eq(edge->context->attach_type, BPF_ATTACH_GPIO);
    static const struct {
        const char *name;
        uint32_t type, key_size, value_size, max_entries, flags;
    } maps[] = {
        { "counts", BPF_MAP_TYPE_ARRAY, 4, 8, 4, 0 },
        { "lines", BPF_MAP_TYPE_HASH, 8, 16, 16, 0 },
        { "events", BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0 },
        { "series", AXIOM_MAP_TYPE_TIMESERIES, 4, 16, 8, 0 },
        { ".rodata", BPF_MAP_TYPE_ARRAY, 4, 8, 1, BPF_F_RDONLY_PROG },
        { ".data", BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0 },
        { ".bss", BPF_MAP_TYPE_ARRAY, 4, 12, 1, 0 },
    };
    for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
        int index = bpf_object_map_index(object, maps[i].name);
        ck_assert_msg(index >= 0, "%s", maps[i].name);
        const struct bpf_map_spec *spec = bpf_object_map_spec(object, (uint32_t)index);
        ck_assert_uint_eq(spec->type, maps[i].type);
        ck_assert_uint_eq(spec->key_size, maps[i].key_size);
        if (strcmp(maps[i].name, ".rodata") != 0)
            ck_assert_uint_eq(spec->value_size, maps[i].value_size);
        ck_assert_uint_eq(spec->max_entries, maps[i].max_entries);
        ck_assert_uint_eq(spec->flags, maps[i].flags);
    }
    bpf_object_close(object);
}
END_TEST

START_TEST(program_uses_maps_data_and_subprograms)
{
    struct bpf_object *object = open_good();
    ck_assert_int_eq(bpf_object_create_maps(object, NULL), 0);
    struct bpf_prog *edge = make(object, "on_edge"), *timer = make(object, "statistics");
    struct axiom_gpio_ctx context = { .time_ns = 1000, .line = 17 };
    /* total = 100 + 17 * 7 + 18 * 7 */
    ck_assert_uint_eq(run(edge, &context, sizeof context), 345);
    context = (struct axiom_gpio_ctx){ .time_ns = 2000, .line = 3 };
    ck_assert_uint_eq(run(edge, &context, sizeof context), 345 + 49);

    uint32_t index = 2;
    struct bpf_map *counts =
        bpf_object_map(object, (uint32_t)bpf_object_map_index(object, "counts"));
    ck_assert_uint_eq(*(uint64_t *)bpf_map_lookup(counts, &index), 2);
    struct bpf_map *lines = bpf_object_map(object, (uint32_t)bpf_object_map_index(object, "lines"));
    uint64_t line = 17;
    ck_assert_uint_eq(*(uint64_t *)bpf_map_lookup(lines, &line), 1000);
    struct bpf_map *events =
        bpf_object_map(object, (uint32_t)bpf_object_map_index(object, "events"));
    const void *data;
    uint32_t size;
    ck_assert(bpf_ringbuf_peek(events, &data, &size));
    ck_assert_uint_eq(size, 16);
    ck_assert_uint_eq(((const uint64_t *)data)[1], 17);
    ck_assert_uint_eq(host.notify_count, 1); /* the reader had not caught up at the second */
    struct bpf_map *bss = bpf_object_map(object, (uint32_t)bpf_object_map_index(object, ".bss"));
    ck_assert_uint_eq(bpf_map_generation(bss), 1); /* since the last look */

    struct axiom_timer_ctx tick = { .scheduled_ns = 1500 };
    ck_assert_uint_eq(run(timer, &tick, sizeof tick), 3);
    ck_assert_uint_eq(host.gpio_level[5], 0);
    tick.scheduled_ns = 500;
    ck_assert_uint_eq(run(timer, &tick, sizeof tick), 10);
    ck_assert_uint_eq(host.gpio_level[5], 1);
    bpf_object_close(object); /* programs hold their maps */
    context = (struct axiom_gpio_ctx){ .time_ns = 3000, .line = 0 };
    ck_assert_uint_eq(run(edge, &context, sizeof context), 345 + 49 + 7);
    bpf_prog_destroy(edge);
    bpf_prog_destroy(timer);
}
END_TEST

START_TEST(other_programs_of_the_object_run)
{
    struct bpf_object *object = open_good();
    ck_assert_int_eq(bpf_object_create_maps(object, NULL), 0);
    struct bpf_prog *filter = make(object, "filter"), *clamp = make(object, "clamp");
    struct axiom_iio_ctx sample = { .value = -5, .channel = 2 };
    ck_assert(!bpf_result_keeps(run(filter, &sample, sizeof sample)));
    ck_assert_str_eq(host.printed, "value -5 of channel 2");
    sample.value = 5;
    ck_assert(bpf_result_keeps(run(filter, &sample, sizeof sample)));
    struct axiom_pwm_ctx pwm = { .period_ns = 1000, .duty_ns = 900, .enabled = 1 };
    ck_assert_int_eq(bpf_result_errno(run(clamp, &pwm, sizeof pwm)), 0);
    ck_assert_uint_eq(pwm.duty_ns, 500);
    pwm.enabled = 0;
    ck_assert_int_eq(bpf_result_errno(run(clamp, &pwm, sizeof pwm)), -EINVAL);
    bpf_prog_destroy(filter);
    bpf_prog_destroy(clamp);
    bpf_object_close(object);
}
END_TEST

/* What the kernel does: open, create maps, verify, run. */
START_TEST(verified_programs_of_the_object_run)
{
    struct bpf_object *object = open_good();
    ck_assert_int_eq(bpf_object_create_maps(object, NULL), 0);
    struct bpf_verify_result result;
    for (uint32_t i = 0; i < bpf_object_program_count(object); i++) {
        int err = bpf_object_verify(object, i, &result);
        ck_assert_msg(err == 0, "%s: %s", bpf_object_program(object, i)->name, result.text);
        bpf_prog_destroy(result.prog);
    }
    ck_assert_int_eq(bpf_object_verify(object, program_index(object, "on_edge"), &result), 0);
    struct axiom_gpio_ctx context = { .time_ns = 1000, .line = 17 };
    struct bpf_run state = { .stack = stack, .stack_size = sizeof stack };
    ck_assert_uint_eq(bpf_prog_run(result.prog, &context, &state), 345);
    ck_assert_int_eq(state.error, 0);
    ck_assert_uint_le(state.insn_count, bpf_prog_bounds(result.prog)->worst_case_insns);
    bpf_prog_destroy(result.prog);
    bpf_object_close(object);
}
END_TEST

START_TEST(functions_and_lines_are_named)
{
    struct bpf_object *object = open_good();
    const struct bpf_object_program *edge =
        bpf_object_program(object, program_index(object, "on_edge"));
    const struct bpf_debug_info *debug = &edge->debug;
    ck_assert_uint_eq(debug->func_count, 3);
    ck_assert_str_eq(debug->funcs[0].name, "on_edge");
    ck_assert_str_eq(debug->funcs[1].name, "twice_scaled");
    ck_assert_str_eq(debug->funcs[2].name, "scaled");
    const struct bpf_debug_line *line = bpf_debug_line_at(debug, debug->funcs[2].insn_index);
    ck_assert_ptr_nonnull(line);
    ck_assert_str_eq(line->file, "./tests/bpf/objects/features.bpf.c");
    ck_assert(strstr(line->text, "return value * factor;") != NULL);
    /* Each instruction of a function has a line of that function. */
    for (uint32_t i = 0; i < edge->insn_count; i++) {
        line = bpf_debug_line_at(debug, i);
        ck_assert_ptr_nonnull(line);
        ck_assert_uint_ge(line->insn_index, bpf_debug_func_at(debug, i)->insn_index);
    }
    bpf_object_close(object);
}
END_TEST

START_TEST(maps_can_be_shared_between_objects)
{
    struct bpf_object *first = open_good(), *second = open_good();
    ck_assert_int_eq(bpf_object_create_maps(first, NULL), 0);
    uint32_t counts = (uint32_t)bpf_object_map_index(first, "counts");
    struct bpf_error error;
    ck_assert_int_eq(bpf_object_set_map(second, counts, bpf_object_map(first, counts), &error), 0);
    ck_assert_int_eq(bpf_object_set_map(second, counts + 1, bpf_object_map(first, counts), &error),
                     -EINVAL);
    ck_assert_int_eq(bpf_object_create_maps(second, NULL), 0);
    ck_assert_ptr_eq(bpf_object_map(first, counts), bpf_object_map(second, counts));
    bpf_object_close(first);
    bpf_object_close(second);
}
END_TEST

/* Opens hostile bytes from memory of exactly their size, so that the sanitizer sees any access
 * outside; when they are taken, everything that follows is done too. */
static bool survives(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size == 0 ? 1 : size);
    memcpy(copy, bytes, size);
    struct bpf_object *object;
    struct bpf_error error = { 0 };
    int err = bpf_object_open(&host.env, copy, size, &object, &error);
    free(copy);
    if (err) {
        ck_assert_int_eq(error.error, err);
        ck_assert_int_gt((int)strlen(error.text), 0);
    } else {
        if (bpf_object_create_maps(object, &error) == 0) {
            for (uint32_t i = 0; i < bpf_object_program_count(object); i++) {
                struct bpf_verify_request request;
                struct bpf_prog *prog;
                bpf_object_request(object, i, &request);
                if (bpf_prog_create_unverified(&request, &prog, &error) == 0)
                    bpf_prog_destroy(prog);
            }
        }
        bpf_object_close(object);
    }
    ck_assert_int_eq(host.live_bytes, 0);
    return err == 0;
}

START_TEST(file_cut_at_every_byte_is_refused)
{
    ck_assert(survives(file_bytes, file_size));
    for (size_t size = 0; size < file_size; size++)
        ck_assert(!survives(file_bytes, size)); /* the section headers are at the end */
}
END_TEST

START_TEST(file_with_flipped_bits_does_no_harm)
{
    uint8_t *copy = malloc(file_size);
    srand(7);
    for (size_t i = 0; i < file_size * 8; i += 7) {
        memcpy(copy, file_bytes, file_size);
        copy[i / 8] ^= (uint8_t)(1u << i % 8);
        survives(copy, file_size);
    }
    for (int round = 0; round < 2000; round++) {
        memcpy(copy, file_bytes, file_size);
        for (int change = rand() % 8; change >= 0; change--) {
            static const uint8_t nasty[] = { 0, 1, 0x7f, 0x80, 0xff };
            copy[(size_t)rand() % file_size] = nasty[(size_t)rand() % sizeof nasty];
        }
        survives(copy, file_size);
    }
    free(copy);
}
END_TEST

START_TEST(every_allocation_may_fail)
{
    struct bpf_error error;
    for (uint32_t n = 1;; n++) {
        struct bpf_object *object;
        host.allocation_count = 0;
        host.fail_at = n;
        int err = bpf_object_open(&host.env, file_bytes, file_size, &object, &error);
        if (err == 0) {
            err = bpf_object_create_maps(object, &error);
            bpf_object_close(object);
        }
        ck_assert_int_eq(host.live_bytes, 0);
        if (err == 0) {
            ck_assert_uint_gt(n, 20);
            break;
        }
        ck_assert_int_eq(err, -ENOMEM);
    }
    host.fail_at = 0;
}
END_TEST

static void refused_with(const char *object_name, const char *words)
{
    struct bpf_object *object;
    struct bpf_error error;
    free(file_bytes);
    read_object(object_name);
    ck_assert_int_lt(bpf_object_open(&host.env, file_bytes, file_size, &object, &error), 0);
    ck_assert_msg(strstr(error.text, words) != NULL, "%s", error.text);
}

START_TEST(refusals_say_what_to_do)
{
    struct bpf_object *object;
    struct bpf_error error;
    ck_assert_int_eq(bpf_object_open(&host.env, "hello", 5, &object, &error), -EINVAL);
    ck_assert(strstr(error.text, "clang -target bpf") != NULL);
    file_bytes[18] = 62;
    ck_assert_int_eq(bpf_object_open(&host.env, file_bytes, file_size, &object, &error), -EINVAL);
    ck_assert_uint_eq(error.offset, 18);
    ck_assert(strstr(error.text, "machine 62") != NULL);
    refused_with("bad_extern.bpf.o", "'missing_function': it is not defined");
    refused_with("bad_pointer_table.bpf.o", "initialised pointers");
    refused_with("bad_arena.bpf.o", "arena small has 2 pages, too few for 12288 bytes");
    refused_with("bad_two_arenas.bpf.o", "one arena per object");
    refused_with("bad_no_arena.bpf.o", "section .addr_space.1 holds variables of an arena");
    refused_with("bad_map_member.bpf.o", "map odd: member colour is not known");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bpf objects");
    TCase *tcase = tcase_create("object");
    tcase_set_timeout(tcase, 110);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, object_lists_its_parts);
    tcase_add_test(tcase, program_uses_maps_data_and_subprograms);
    tcase_add_test(tcase, other_programs_of_the_object_run);
    tcase_add_test(tcase, verified_programs_of_the_object_run);
    tcase_add_test(tcase, functions_and_lines_are_named);
    tcase_add_test(tcase, maps_can_be_shared_between_objects);
    tcase_add_test(tcase, file_cut_at_every_byte_is_refused);
    tcase_add_test(tcase, file_with_flipped_bits_does_no_harm);
    tcase_add_test(tcase, every_allocation_may_fail);
    tcase_add_test(tcase, refusals_say_what_to_do);
    suite_add_tcase(suite, tcase);
    return check_main(suite);
}
