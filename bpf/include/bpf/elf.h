/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Object files: what `clang -target bpf -O2 -g -c` writes, libbpf-style.
 *
 * Maps come from the BTF of the section .maps, global data (.data, .rodata, .bss and .rodata.*)
 * becomes one array map a section, calls into .text and between sections bring the called functions
 * along behind the program, and .BTF.ext gives names and source lines. The file is hostile:
 * whatever is wrong gives an errno, the offset, and a reason.
 *
 *     bpf_object_open(...)          parse, relocate
 *     bpf_object_create_maps(...)   make the maps (or bpf_object_set_map() with existing ones
 * first) bpf_object_verify(...)        one program bpf_object_close(...)         programs and maps
 * made from it stay */
#pragma once
#include <axiom/types.h>
#include <bpf/env.h>
#include <bpf/error.h>
#include <bpf/map.h>
#include <bpf/sign.h>
#include <bpf/verifier.h>

struct bpf_object;

struct bpf_object_program {
    const char *name;    /* the C function's */
    const char *section; /* "gpio/chip0/line17/rising" */
    const struct bpf_context_layout
        *context;                 /* by the section; NULL if no attach point has this name */
    const struct bpf_insn *insns; /* with the functions it calls */
    uint32_t insn_count;
    struct bpf_debug_info debug;
    const char *failure;    /* why it cannot be loaded (a relocation that failed), or NULL */
    const char *target;     /* what it attaches to, out of the section: "vfs_read"; or "" */
    uint32_t attach_btf_id; /* of `target` in the kernel's BTF, where its kind needs it and it is
                               there; else 0 */
    uint32_t attach_member; /* of a struct_ops program: which member of the type attach_btf_id */
    bool sleepable;         /* a section like "fentry.s/..." */
    bool autoload;          /* false for a section that begins with '?' */
};

struct bpf_object_options {
    /* Types of the kernel that the programs are for: CO-RE, kfuncs and typed ksyms are looked up
     * there. May be NULL. A reference is taken. */
    struct bpf_btf *kernel_btf;
    /* Its configuration, lines NAME=VALUE as in .config; what libbpf makes up
     * (LINUX_KERNEL_VERSION, ...) are lines too. May be NULL. */
    const char *kconfig;
    /* The address of a kernel symbol without type; 0 if there is none. May be NULL. */
    uint64_t (*ksym_address)(void *user, const char *name);
    void *user;
    /* What a section's name means; NULL: bpf_context_by_section() (Axiom's attach points). */
    const struct bpf_context_layout *(*context_by_section)(const char *section);
    /* Whose signatures count (sign.h). NULL: a signature is not looked at. Given, a wrong one is
     * refused; with require_signed, none at all too: -EACCES. */
    const struct bpf_keyring *keyring;
    bool require_signed;
    /* Programs are taken though one run may exceed their attach point's budget: for those who may say so. */
    bool ignore_budget;
    /* What makes its maps; NULL: bpf_map_create(). */
    int (*map_create)(const struct bpf_env *env, const struct bpf_map_spec *spec,
                      struct bpf_map **out, struct bpf_error *error);
};

/* `bytes` are not needed after the call. */
int bpf_object_open(const struct bpf_env *env, const void *bytes, size_t size_bytes,
                    struct bpf_object **out, struct bpf_error *error);
int bpf_object_open_with(const struct bpf_env *env, const void *bytes, size_t size_bytes,
                         const struct bpf_object_options *options, struct bpf_object **out,
                         struct bpf_error *error);
void bpf_object_close(struct bpf_object *object);

struct bpf_btf *bpf_object_btf(const struct bpf_object *object); /* NULL without -g */
/* The name of the key that signed it; NULL: nobody whose key was in the keyring. */
const char *bpf_object_signer(const struct bpf_object *object);
const char *bpf_object_license(const struct bpf_object *object); /* "" if there is none */

uint32_t bpf_object_map_count(const struct bpf_object *object);
const struct bpf_map_spec *bpf_object_map_spec(const struct bpf_object *object, uint32_t index);
/* -1 if there is none of that name. */
int bpf_object_map_index(const struct bpf_object *object, const char *name);
/* Other sizes than the object says, before it is created (what libbpf's bpf_map__set_max_entries()
 * and its like are for). Type and name stay. */
int bpf_object_change_map(struct bpf_object *object, uint32_t index, uint32_t key_size,
                          uint32_t value_size, uint32_t max_entries);
/* Whether the object asks for a map that is shared under its name (LIBBPF_PIN_BY_NAME). */
bool bpf_object_map_is_pinned(const struct bpf_object *object, uint32_t index);
/* Use an existing map (a reference is taken) in place of a new one: its type and sizes must match
 * the spec. */
int bpf_object_set_map(struct bpf_object *object, uint32_t index, struct bpf_map *map,
                       struct bpf_error *error);
/* Other initial contents of a section of global data, before it is created: what a loader writes to
 * `const volatile` variables. -EINVAL: no such bytes. */
int bpf_object_set_data(struct bpf_object *object, uint32_t index, uint32_t offset,
                        const void *bytes, uint32_t size_bytes);
/* Creates those not set, gives global data their initial contents, freezes .rodata and .kconfig, and
 * puts maps into maps of maps as their definitions say. */
int bpf_object_create_maps(struct bpf_object *object, struct bpf_error *error);
/* Whether a program array of the object holds program `index` at the start. */
bool bpf_object_in_array(const struct bpf_object *object, uint32_t index);
/* Makes a struct_ops, whose programs are in, known to the kernel (or, in .struct_ops.link, ready for
 * its link). */
int bpf_object_register(struct bpf_object *object, uint32_t index, struct bpf_error *error);
/* Puts programs into program arrays and struct_ops as their definitions say. progs[i] was made of program i of the
 * object; NULL: it was not, its slots stay empty. A reference is taken. */
int bpf_object_fill_programs(struct bpf_object *object, struct bpf_prog *const *progs,
                             struct bpf_error *error);
/* The map, owned by the object, or NULL before bpf_object_create_maps(). */
struct bpf_map *bpf_object_map(const struct bpf_object *object, uint32_t index);

uint32_t bpf_object_program_count(const struct bpf_object *object);
const struct bpf_object_program *bpf_object_program(const struct bpf_object *object,
                                                    uint32_t index);
/* What the program attaches to, where only the one who loads it knows (libbpf's
 * bpf_program__set_attach_target()). -ENOENT: its kind has no such target in the kernel's types. */
int bpf_object_set_target(struct bpf_object *object, uint32_t index, const char *target);
/* A request for program `index`, its context that of the section; change it before bpf_verify() as
 * needed. Points into the object. */
void bpf_object_request(const struct bpf_object *object, uint32_t index,
                        struct bpf_verify_request *out);
int bpf_object_verify(const struct bpf_object *object, uint32_t index,
                      struct bpf_verify_result *result);
/* The same with a request made by bpf_object_request() and changed by the caller. */
int bpf_object_verify_request(const struct bpf_object *object, uint32_t index,
                              const struct bpf_verify_request *request,
                              struct bpf_verify_result *result);
