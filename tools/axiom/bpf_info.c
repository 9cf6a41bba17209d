/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* axiom bpf info OBJECT...: what is in it, what it can cost, who signed it.
 * axiom bpf disasm OBJECT...: its instructions, beside the source.
 * axiom bpf btf FILE...: its types. */
#include "bpf_verb.h"
#include "btf_c.h"
#include "btf_file.h"
#include "clean.h"
#include "cli.h"
#include "desk.h"
#include "signing.h"
#include "verdict.h"

#include <axiom/errno.h>
#include <bpf/btf.h>
#include <bpf/disasm.h>
#include <bpf/elf.h>
#include <bpf/verifier.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_SIZE_MAX (64u << 20)

/* false if there is a signature that the keyring does not bear out. */
static bool print_signature(const uint8_t *bytes, size_t size, const struct bpf_keyring *keyring)
{
    struct bpf_signature signature;
    struct bpf_error error = { 0 };
    const struct bpf_public_key *key;
    size_t object_size;
    int err = bpf_signature_find(bytes, size, &object_size, &signature, &error);
    if (err) {
        printf("  signature: %s\n", err == -ENODATA ? "none" : error.text);
        return err == -ENODATA || keyring == NULL;
    }
    printf("  signature: by key ");
    for (int i = 0; i < BPF_KEY_ID_SIZE; i++)
        printf("%02x", signature.key_id[i]);
    if (keyring == NULL)
        puts(" (not checked: --keyring FILE)");
    else if (bpf_signature_check(keyring, bytes, size, &object_size, &key, &error) == 0)
        printf(", '%s': good\n", key->name);
    else
        return printf(": REFUSED: %s\n", error.text), false;
    return true;
}

static void print_maps(const struct bpf_object *object)
{
    for (uint32_t i = 0; i < bpf_object_map_count(object); i++) {
        const struct bpf_map_spec *spec = bpf_object_map_spec(object, i);
        const struct bpf_map *map = bpf_object_map(object, i);
        struct clean name;
        printf("  map %-24s %-12s entries: %u, key %u, value %s, %s of memory\n",
               clean(&name, spec->name), map->ops->name, spec->max_entries, spec->key_size,
               counted(spec->value_size, "byte"), counted(map->size_bytes, "byte"));
    }
}

static void print_bounds(const struct bpf_object_program *program,
                         const struct bpf_prog_bounds *bounds)
{
    printf("    at worst %s", counted(bounds->worst_case_insns, "instruction"));
    if (verdict_has_time(program))
        printf(", %s ns (rpi5)", grouped(verdict_worst_ns(bounds)));
    printf(", %s of stack, frames: %u\n", counted(bounds->stack_depth_bytes, "byte"),
           bounds->call_depth);
}

static void print_cost(const struct bpf_object *object, uint32_t index,
                       const struct bpf_options *options)
{
    const struct bpf_object_program *program = bpf_object_program(object, index);
    struct bpf_verify_result *result = calloc(1, sizeof *result);
    struct clean text;
    if (result == NULL)
        return;
    if (program->context == NULL)
        puts(options->of_linux ? "    its section names no attach point of Linux's"
                               : "    its section names no attach point (of Linux's: --linux)");
    else if (bpf_verify_one(object, index, options, result) != 0)
        printf("    refused: %s\n", clean(&text, result->text));
    else
        print_bounds(program, &result->bounds);
    if (result->prog != NULL)
        bpf_prog_destroy(result->prog);
    free(result);
}

static void print_programs(const struct bpf_object *object, const struct bpf_options *options)
{
    for (uint32_t i = 0; i < bpf_object_program_count(object); i++) {
        const struct bpf_object_program *program = bpf_object_program(object, i);
        struct clean name, section;
        printf("  program %-20s section %s, instructions: %u, functions: %u, source lines: %u\n",
               clean(&name, program->name), clean(&section, program->section), program->insn_count,
               program->debug.func_count, program->debug.line_count);
        print_cost(object, i, options);
    }
}

static int info(const char *path, const struct bpf_options *options,
                const struct bpf_keyring *keyring)
{
    uint8_t *bytes;
    size_t size;
    struct bpf_object *object;
    struct clean license;
    int code = read_whole_file(path, FILE_SIZE_MAX, &bytes, &size);
    if (code != EXIT_OK)
        return code;
    code = bpf_open_file(path, options, &object);
    if (code == EXIT_OK) {
        const struct bpf_btf *btf = bpf_object_btf(object);
        printf("%s: %s, license \"%s\"\n", path, counted(size, "byte"),
               clean(&license, bpf_object_license(object)));
        if (btf != NULL)
            printf("  types: %u\n", bpf_btf_type_count(btf));
        else
            puts("  types: none (compile with -g)");
        if (!print_signature(bytes, size, keyring))
            code = EXIT_REFUSED;
        print_maps(object);
        print_programs(object, options);
        bpf_object_close(object);
    }
    free(bytes);
    return code;
}

int bpf_info_verb(int argc, char **argv, const struct bpf_options *options)
{
    struct bpf_keyring keyring;
    bool has_keyring = options->keyring != NULL;
    int code = has_keyring ? signing_read_keyring(options->keyring, &keyring, NULL, NULL) : EXIT_OK;
    for (int i = 0; i < argc && (code == EXIT_OK || code == EXIT_REFUSED); i++) {
        int now = info(argv[i], options, has_keyring ? &keyring : NULL);
        code = now != EXIT_OK ? now : code;
    }
    return code;
}

/* --- Instructions --- */

static void disasm_program(const struct bpf_object *object, uint32_t index)
{
    const struct bpf_object_program *program = bpf_object_program(object, index);
    struct bpf_disasm_names names;
    struct clean name, section;
    desk_disasm_names(object, program, &names);
    printf("%s: section %s\n", clean(&name, program->name), clean(&section, program->section));
    bpf_disasm_program(program->insns, program->insn_count, &names, verdict_log_line, NULL);
}

static int disasm_file(const char *path, const struct bpf_options *options)
{
    struct bpf_object *object;
    uint32_t only = 0;
    int code = bpf_open_file(path, options, &object);
    if (code != EXIT_OK)
        return code;
    if (options->program != NULL)
        code = bpf_find_program(object, path, options->program, &only);
    for (uint32_t i = 0; code == EXIT_OK && i < bpf_object_program_count(object); i++) {
        if (options->program != NULL && i != only)
            continue;
        if (i > 0 && options->program == NULL)
            putchar('\n');
        disasm_program(object, i);
    }
    bpf_object_close(object);
    return code;
}

int bpf_disasm_verb(int argc, char **argv, const struct bpf_options *options)
{
    int code = EXIT_OK;
    for (int file = 0; file < argc && code == EXIT_OK; file++) {
        if (file > 0)
            putchar('\n');
        code = disasm_file(argv[file], options);
    }
    return code;
}

/* --- Types --- */

static void print_line(void *user, const char *line)
{
    (void)user;
    puts(line);
}

static int print_btf(const char *name, const struct bpf_btf *btf, bool as_c)
{
    if (as_c)
        return btf_print_c(btf, name, stdout);
    bpf_btf_print(btf, print_line, NULL);
    return EXIT_OK;
}

/* kernel_btf.S */
extern const uint8_t builtin_kernel_btf[], builtin_kernel_btf_end[];

void bpf_use_kernel_types(void)
{
    desk_set_kernel_types(builtin_kernel_btf, (size_t)((uintptr_t)builtin_kernel_btf_end -
                                                       (uintptr_t)builtin_kernel_btf));
}

static int print_kernel_types(bool as_c)
{
    struct bpf_btf *btf;
    size_t size = (size_t)((uintptr_t)builtin_kernel_btf_end - (uintptr_t)builtin_kernel_btf);
    if (size == 0)
        return complain(EXIT_INPUT, "this axiom was built without pahole: it has no types of its "
                                    "kernel");
    int code = btf_of_bytes("the kernel", builtin_kernel_btf, size, 0, NULL, &btf);
    if (code != EXIT_OK)
        return code;
    code = print_btf("the kernel", btf, as_c);
    bpf_btf_put(btf);
    return code;
}

static int print_types(const char *path, struct bpf_btf *base, bool as_c)
{
    struct bpf_btf *btf;
    int code = btf_of_file(path, base, &btf);
    if (code != EXIT_OK)
        return code;
    code = print_btf(path, btf, as_c);
    bpf_btf_put(btf);
    return code;
}

int bpf_btf_verb(int argc, char **argv, const struct bpf_options *options)
{
    struct bpf_btf *base = NULL;
    int code = options->of_kernel ? print_kernel_types(options->as_c) : EXIT_OK;
    if (options->base != NULL)
        code = btf_of_file(options->base, NULL, &base);
    for (int i = 0; i < argc && code == EXIT_OK; i++)
        code = print_types(argv[i], base, options->as_c);
    if (base != NULL)
        bpf_btf_put(base);
    return code;
}
