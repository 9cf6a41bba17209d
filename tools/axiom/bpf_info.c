/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* axiom bpf info OBJECT...: what is in it, what it can cost, who signed it.
 * axiom bpf btf FILE...: its types. */
#include "bpf_project.h"
#include "btf_c.h"

#include "cli.h"
#include "desk.h"
#include "signing.h"
#include "verdict.h"

#include <axiom/errno.h>
#include <bpf/btf.h>
#include <bpf/elf.h>
#include <bpf/verifier.h>

#include <elf.h>
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
        printf("  map %-24s %-12s entries: %u, key %u, value %u bytes, %" PRIu64
               " bytes of memory\n",
               spec->name, map->ops->name, spec->max_entries, spec->key_size, spec->value_size,
               map->size_bytes);
    }
}

static void print_programs(const struct bpf_object *object)
{
    for (uint32_t i = 0; i < bpf_object_program_count(object); i++) {
        const struct bpf_object_program *program = bpf_object_program(object, i);
        struct bpf_verify_result *result = calloc(1, sizeof *result);
        if (result == NULL)
            return;
        printf("  program %-20s section %s, instructions: %u, functions: %u, source lines: %u\n",
               program->name, program->section, program->insn_count, program->debug.func_count,
               program->debug.line_count);
        if (bpf_object_verify(object, i, result) == 0) {
            printf("    at worst %" PRIu64 " instructions, %" PRIu64 " ns (rpi5), %u bytes of "
                   "stack, frames: %u\n",
                   result->bounds.worst_case_insns, verdict_worst_ns(&result->bounds),
                   result->bounds.stack_depth_bytes, result->bounds.call_depth);
            bpf_prog_destroy(result->prog);
        } else {
            printf("    refused: %s\n", result->text);
        }
        free(result);
    }
}

static int info(const char *path, const struct bpf_keyring *keyring)
{
    uint8_t *bytes;
    size_t size;
    struct bpf_object *object;
    int code = read_whole_file(path, FILE_SIZE_MAX, &bytes, &size);
    if (code != EXIT_OK)
        return code;
    code = desk_open(path, bytes, size, &object);
    if (code == EXIT_OK) {
        const struct bpf_btf *btf = bpf_object_btf(object);
        printf("%s: %zu bytes, license \"%s\"\n", path, size, bpf_object_license(object));
        if (btf != NULL)
            printf("  types: %u\n", bpf_btf_type_count(btf));
        else
            puts("  types: none (compile with -g)");
        if (!print_signature(bytes, size, keyring))
            code = EXIT_REFUSED;
        print_maps(object);
        print_programs(object);
        bpf_object_close(object);
    }
    free(bytes);
    return code;
}

int bpf_info(int argc, char **argv, const char *keyring_path)
{
    struct bpf_keyring keyring;
    int code = EXIT_OK;
    if (argc == 0)
        return complain_usage("bpf", "bpf info wants object files");
    if (keyring_path != NULL)
        code = signing_read_keyring(keyring_path, &keyring, NULL, NULL);
    for (int i = 0; i < argc && (code == EXIT_OK || code == EXIT_REFUSED); i++) {
        int now = info(argv[i], keyring_path != NULL ? &keyring : NULL);
        code = now != EXIT_OK ? now : code;
    }
    return code;
}

/* --- Types --- */

/* The section .BTF of an ELF file of any machine; false if there is none. */
static bool find_btf_section(const uint8_t *bytes, size_t size, const uint8_t **at, size_t *length)
{
    Elf64_Ehdr header;
    Elf64_Shdr names, section;
    if (size < sizeof header || memcmp(bytes, ELFMAG, SELFMAG) != 0 ||
        bytes[EI_CLASS] != ELFCLASS64)
        return false;
    memcpy(&header, bytes, sizeof header);
    size_t table = (size_t)header.e_shnum * sizeof section;
    if (header.e_shentsize != sizeof section || header.e_shoff > size ||
        table > size - header.e_shoff || header.e_shstrndx >= header.e_shnum)
        return false;
    memcpy(&names, bytes + header.e_shoff + header.e_shstrndx * sizeof names, sizeof names);
    if (names.sh_offset > size || names.sh_size > size - names.sh_offset)
        return false;
    for (size_t i = 0; i < header.e_shnum; i++) {
        memcpy(&section, bytes + header.e_shoff + i * sizeof section, sizeof section);
        if (section.sh_name > names.sh_size || names.sh_size - section.sh_name < sizeof ".BTF" ||
            memcmp(bytes + names.sh_offset + section.sh_name, ".BTF", sizeof ".BTF") != 0 ||
            section.sh_offset > size || section.sh_size > size - section.sh_offset)
            continue;
        *at = bytes + section.sh_offset;
        *length = section.sh_size;
        return true;
    }
    return false;
}

static void print_line(void *user, const char *line)
{
    (void)user;
    puts(line);
}

static int print_btf(const char *name, const uint8_t *bytes, size_t size, uint64_t offset,
                     bool as_c)
{
    struct bpf_btf *btf;
    struct bpf_error error = { .offset = BPF_ERROR_NO_OFFSET };
    if (bpf_btf_parse(desk_env(), bytes, size, &btf, &error) != 0)
        return complain(EXIT_INPUT, "%s: offset %" PRIu64 ": %s", name, error.offset + offset,
                        error.text);
    int code = EXIT_OK;
    if (as_c)
        code = btf_print_c(btf, name, stdout);
    else
        bpf_btf_print(btf, print_line, NULL);
    bpf_btf_put(btf);
    return code;
}

/* kernel_btf.S */
extern const uint8_t builtin_kernel_btf[], builtin_kernel_btf_end[];

void bpf_use_kernel_types(void)
{
    desk_set_kernel_types(builtin_kernel_btf, (size_t)((uintptr_t)builtin_kernel_btf_end -
                                                       (uintptr_t)builtin_kernel_btf));
}

int bpf_print_kernel_types(bool as_c)
{
    size_t size = (size_t)((uintptr_t)builtin_kernel_btf_end - (uintptr_t)builtin_kernel_btf);
    if (size == 0)
        return complain(EXIT_INPUT, "this axiom was built without pahole: it has no types of its "
                                    "kernel");
    return print_btf("the kernel", builtin_kernel_btf, size, 0, as_c);
}

static int print_types(const char *path, bool as_c)
{
    uint8_t *bytes;
    size_t size, length;
    int code = read_whole_file(path, FILE_SIZE_MAX, &bytes, &size);
    if (code != EXIT_OK)
        return code;
    const uint8_t *at = bytes;
    if (!find_btf_section(bytes, size, &at, &length))
        length = size; /* types by themselves: /sys/kernel/btf/vmlinux */
    code = print_btf(path, at, length, (uint64_t)(at - bytes), as_c);
    free(bytes);
    return code;
}

int bpf_print_types(int argc, char **argv, bool as_c)
{
    int code = EXIT_OK;
    if (argc == 0)
        return complain_usage("bpf", "bpf btf wants a file with types");
    for (int i = 0; i < argc && code == EXIT_OK; i++)
        code = print_types(argv[i], as_c);
    return code;
}
