/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* axiom bpf run: one program at a desk, on a context that is made up on the command line. */
#include "bpf_verb.h"
#include "btf_value.h"
#include "clean.h"
#include "cli.h"
#include "verdict.h"

#include <bpf/interp.h>
#include <bpf/jit.h>
#include <bpf/map.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --context line=17,level=1: values of slots by name, others 0. */
static bool fill_context(const struct bpf_context_layout *layout, const char *text, uint64_t *slots)
{
    char copy[512];
    if (strlen(text) >= sizeof copy) {
        complain(EXIT_USAGE, "--context is too long");
        return false;
    }
    strcpy(copy, text);
    char *rest = copy;
    for (char *word = strsep(&rest, ","); word != NULL; word = strsep(&rest, ",")) {
        if (*word == '\0')
            continue;
        char *value = strchr(word, '=');
        if (value != NULL)
            *value++ = '\0';
        uint32_t slot = 0;
        while (slot < layout->slot_count && strcmp(layout->slot_names[slot], word) != 0)
            slot++;
        char *end = value;
        uint64_t number = 0;
        errno = 0; /* as a 64-bit word: -1 and 18446744073709551615 are the same */
        if (value != NULL)
            number = *value == '-' ? (uint64_t)strtoll(value, &end, 0) : strtoull(value, &end, 0);
        if (slot == layout->slot_count || value == NULL || *value == '\0' || *end != '\0' ||
            errno != 0) {
            fprintf(stderr,
                    "axiom: --context: '%s' is not NAME=NUMBER, 64 bits, with a NAME of %s:", word,
                    layout->struct_name);
            for (uint32_t i = 0; i < layout->slot_count; i++)
                fprintf(stderr, " %s", layout->slot_names[i]);
            fputc('\n', stderr);
            return false;
        }
        slots[slot] = number;
    }
    return true;
}

/* Compiled for this machine, with what the interpreter counts. */
static int run_compiled(const struct bpf_prog *prog, uint64_t *slots, uint64_t repeat,
                        struct bpf_run *run, uint64_t *r0)
{
    const struct bpf_jit_options options = { .count_insns = true };
    struct bpf_jit *jit;
    struct bpf_error error;
    if (bpf_jit_create(prog, NULL, &options, &jit, &error) != 0)
        return complain(EXIT_REFUSED, "%s", error.text);
    for (uint64_t i = 0; i < repeat; i++)
        *r0 = bpf_jit_run(jit, slots, run);
    bpf_jit_destroy(jit);
    return EXIT_OK;
}

static int run_program(struct bpf_object *object, uint32_t index, const struct bpf_options *options)
{
    static _Alignas(16) uint8_t stack[BPF_RUN_STACK_SIZE];
    const struct bpf_object_program *program = bpf_object_program(object, index);
    uint64_t slots[AXIOM_BPF_CONTEXT_SLOT_MAX] = { 0 };
    if (program->context == NULL)
        return complain(EXIT_REFUSED, "section '%s' names no attach point", program->section);
    if (options->context != NULL && !fill_context(program->context, options->context, slots))
        return EXIT_USAGE;
    struct bpf_verify_result result = { 0 };
    if (bpf_object_verify(object, index, &result) != 0) {
        verdict_print(object, program, &result);
        return EXIT_REFUSED;
    }
    struct bpf_run run = { .stack = stack, .stack_size = sizeof stack };
    uint64_t r0 = 0;
    int code = EXIT_OK;
    if (options->compiled)
        code = run_compiled(result.prog, slots, options->repeat, &run, &r0);
    for (uint64_t i = 0; i < options->repeat && !options->compiled; i++)
        r0 = bpf_prog_run(result.prog, slots, &run);
    if (code != EXIT_OK) {
        bpf_prog_destroy(result.prog);
        return code;
    }
    printf("%s returned %" PRId64 " (0x%" PRIx64 ") after %s%s\n", program->name, (int64_t)r0, r0,
           counted(run.insn_count, "instruction"), run.error ? ", ended early" : "");
    bpf_prog_destroy(result.prog);
    return EXIT_OK;
}

static void print_bytes(const uint8_t *bytes, uint32_t size)
{
    for (uint32_t b = 0; b < size && b < 64; b++)
        printf("%s%02x", b % 8 == 0 && b != 0 ? " " : "", bytes[b]);
    if (size > 64)
        printf(" ...");
}

static void print_value(const struct bpf_btf *btf, const struct elf_symbols *symbols,
                        const struct bpf_map *map, const struct bpf_map_entry *entry)
{
    if (!btf_print_value(stdout, btf, map->btf_value_type_id, entry->value, entry->value_size) &&
        !btf_print_section(stdout, btf, map->name, symbols, entry->value, entry->value_size))
        print_bytes(entry->value, entry->value_size);
}

static void print_maps(const struct bpf_object *object, const struct elf_symbols *symbols)
{
    const struct bpf_btf *btf = bpf_object_btf(object);
    for (uint32_t i = 0; i < bpf_object_map_count(object); i++) {
        struct bpf_map *map = bpf_object_map(object, i);
        struct bpf_map_entry entry;
        struct clean name;
        uint64_t cursor = 0;
        for (int shown = 0; shown < 16 && bpf_map_iterate(map, &cursor, &entry); shown++) {
            printf("  %s[", clean(&name, map->name));
            if (!btf_print_value(stdout, btf, map->btf_key_type_id, entry.key, entry.key_size))
                print_bytes(entry.key, entry.key_size);
            printf("] = ");
            print_value(btf, symbols, map, &entry);
            putchar('\n');
        }
    }
}

int bpf_find_program(const struct bpf_object *object, const char *path, const char *name,
                     uint32_t *out)
{
    uint32_t count = bpf_object_program_count(object), index = 0;
    if (count == 0)
        return complain(EXIT_INPUT, "%s: no program in it", path);
    while (index < count && name != NULL &&
           strcmp(bpf_object_program(object, index)->name, name) != 0)
        index++;
    if (index < count && (name != NULL || count == 1)) {
        *out = index;
        return EXIT_OK;
    }
    int code = name != NULL
                   ? complain(EXIT_INPUT, "%s has no program '%s'; it has:", path, name)
                   : complain(EXIT_USAGE,
                              "%s has %u programs: say which, with --program NAME:", path, count);
    for (uint32_t i = 0; i < count; i++) {
        struct clean a, b;
        fprintf(stderr, "  %-20s %s\n", clean(&a, bpf_object_program(object, i)->name),
                clean(&b, bpf_object_program(object, i)->section));
    }
    return code;
}

int bpf_run_verb(int argc, char **argv, const struct bpf_options *options)
{
    (void)argc;
    struct bpf_object *object;
    struct elf_symbols symbols;
    uint8_t *file = NULL;
    uint32_t index = 0;
    int code = bpf_open_file(argv[0], options, &object);
    if (code != EXIT_OK)
        return code;
    code = bpf_find_program(object, argv[0], options->program, &index);
    if (code == EXIT_OK)
        code = run_program(object, index, options);
    if (code == EXIT_OK)
        code = read_whole_file(argv[0], OBJECT_SIZE_MAX, &file, &symbols.size);
    if (code == EXIT_OK) {
        symbols.file = file;
        print_maps(object, &symbols);
    }
    free(file);
    bpf_object_close(object);
    return code;
}
