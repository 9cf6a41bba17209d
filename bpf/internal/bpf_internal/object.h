/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The inside of the object loader: what its files hand each other while a file is opened.
 *
 * open:  elf_file -> maps (.maps, global data) -> functions -> lines -> programs (each function it
 * calls linked behind it)
 *
 * Everything is allocated from pools, so that every failure releases all of it in one place. Work
 * and memory are bounded by the file's size and the limits below, whatever the file says. */
#pragma once
#include <bpf/btf.h>
#include <bpf/elf.h>
#include <bpf_internal/elf_file.h>

#define OBJECT_FUNCTION_MAX    4096u
#define OBJECT_PROGRAM_MAX     1024u
#define OBJECT_LINE_LIST_MAX   1024u
#define OBJECT_LINKED_INSN_MAX (2u * BPF_PROG_INSN_MAX) /* of all programs together */
#define OBJECT_DATA_MAX        (64u << 20)              /* global data of all sections together */

struct pool_block;
struct object_extern;
struct core_relocator;
struct core_candidates;
struct object_program;

struct pool {
    const struct bpf_env *env;
    struct pool_block *blocks;
};

/* Zeroed, or NULL. */
void *pool_alloc(struct pool *pool, uint64_t size_bytes);
void pool_release(struct pool *pool);

/* One map: a definition in .maps, or a section of global data. */
struct object_map {
    struct bpf_map_spec spec;
    uint32_t section; /* ELF index */
    uint64_t offset;  /* in .maps; 0 for data */
    uint64_t size;    /* there */
    bool has_values;  /* it is filled from `values_at` bytes behind `offset` on */
    uint32_t values_at;
    bool is_pinned; /* asks to be shared under its name: the caller's business */
    bool is_data;
    bool is_ours;        /* it was created, not handed in */
    bool is_constant;    /* .rodata, .kconfig: frozen once filled */
    uint8_t *ops_value;  /* of a struct_ops: its value but for the programs */
    uint8_t *data;       /* initial bytes, NULL for zeros */
    struct bpf_map *map; /* the object holds a reference */
};

/* A function in a code section. Sorted by section, then offset; never overlapping. */
struct object_function {
    const char *name; /* in the object's pool */
    uint32_t section;
    uint32_t offset, size; /* bytes */
    bool is_program;
    bool is_hidden;      /* by its symbol: not seen by others, so not checked on its own */
    uint32_t type_id;    /* of its FUNC; 0: not known */
    bool is_global;      /* by its type */
    const char *failure; /* why no program that has it can be loaded, or NULL */
};

/* A code section's copy. */
struct object_code {
    struct bpf_insn *insns;
    const struct object_function *
        *callees; /* of the instruction: what it calls or takes the address of; or NULL */
    uint32_t count;
};

/* An instruction that CO-RE made a call to nowhere, and what that means. */
struct object_poison {
    struct object_poison *next;
    uint32_t section, index;
    const char *text;
};

/* A line record of .BTF.ext. */
struct object_line {
    uint32_t offset; /* bytes from the start of the code section */
    struct bpf_debug_line line;
};

/* The lines of one code section, in the order of its code. Lists are sorted by section. */
struct object_line_list {
    uint32_t section;
    struct object_line *lines;
    uint32_t count;
};

/* What a map of maps or programs holds at the start. */
struct object_slot {
    struct object_slot *next;
    uint32_t map, key;
    const char *name; /* of the map or program */
};

/* Which program a member of a struct_ops is. */
struct object_ops_slot {
    struct object_ops_slot *next;
    uint32_t map, offset;    /* in the map's value */
    uint32_t btf_id, member; /* of the kernel's struct */
    const char *name;        /* of the program */
};

struct bpf_object {
    const struct bpf_env *env;
    struct pool pool;
    struct bpf_btf *btf;        /* NULL without -g; holds the strings of lines */
    struct bpf_btf *kernel_btf; /* NULL, or what it was opened with */
    int (*map_create)(const struct bpf_env *env, const struct bpf_map_spec *spec,
                      struct bpf_map **out, struct bpf_error *error);
    char license[64];
    char signer[sizeof(((struct bpf_public_key *)NULL)->name)];
    bool ignore_budget;
    bool is_signed;
    struct object_map *maps; /* map_capacity of them in the pool */
    uint32_t map_count, map_capacity;
    struct bpf_map **map_pointers; /* map_count of them, for requests */
    struct object_slot *slots;
    struct object_ops_slot *ops_slots;
    struct object_program *programs;
    uint32_t program_count;
};

/* A program, and what of it is nobody else's business. */
struct object_program {
    struct bpf_object_program public;
    struct program_note {
        uint32_t insn_index;
        const char *text;
    } * poisons; /* sorted by insn_index */
    uint32_t poison_count;
};

/* While opening. */
struct object_loader {
    struct bpf_object *object;
    struct elf_file file;
    struct pool scratch;
    const struct bpf_object_options *options;
    struct object_function *functions;
    uint32_t function_count;
    struct object_code *codes; /* by ELF section */
    struct object_extern *externs;
    uint32_t extern_count;
    uint32_t kconfig_map; /* index */
    struct core_relocator *core;
    struct core_candidates **candidates; /* by local type id */
    struct object_poison *poisons;
    struct object_line_list *line_lists;
    uint32_t line_list_count;
    struct object_line_list *line_list; /* the one that is being read */
    uint32_t linked_insn_count;
    struct bpf_error *error;
};

/* Sets loader->error and gives the errno. */
#define loader_fail(loader, code, offset, ...) \
    bpf_error_set((loader)->error, code, offset, __VA_ARGS__)

int object_read_maps(struct object_loader *loader);
/* map_definition.c: a map's type in BTF into its spec. */
int object_read_map_definition(struct object_loader *loader, struct object_map *map,
                               uint32_t type_id);
/* special.c: locks, timers, kernel pointers, ... in the value's type, into the spec. */
int object_find_special_fields(struct object_loader *loader, struct bpf_map_spec *spec);
/* Those of the variables in a section of data. */
int object_find_special_variables(struct object_loader *loader, uint32_t section, struct bpf_map_spec *spec);
int object_read_functions(struct object_loader *loader);
int object_read_lines(struct object_loader *loader);
/* struct_ops.c: sections .struct_ops and .struct_ops.link; the programs in them, once they are linked. */
bool object_is_struct_ops(const char *section);
int object_read_struct_ops(struct object_loader *loader);
int object_link_struct_ops(struct object_loader *loader);
/* On the copies of the code. */
int object_relocate_core(struct object_loader *loader);
/* What the section says: attach point, target, ... */
int object_read_section_name(struct object_loader *loader, const char *name,
                             struct bpf_object_program *program);
int object_link_programs(struct object_loader *loader);

/* arena.c: the arena whose variables the section holds, or NULL. */
const struct object_map *object_arena_of(const struct object_loader *loader, uint32_t section);
bool object_is_arena_section(const struct elf_file *file, uint32_t index);
/* Once all maps are read: one arena at most, large enough. */
int object_check_arena(struct object_loader *loader);
/* The map that the symbol's place belongs to, or NULL. */
const struct object_map *object_map_of(const struct object_loader *loader, uint32_t section,
                                       uint64_t offset);
/* The function that begins there, or NULL. */
struct object_function *object_function_at(const struct object_loader *loader, uint32_t section,
                                           uint64_t offset);
/* The function that the place lies in, or NULL. */
struct object_function *object_function_around(const struct object_loader *loader, uint32_t section,
                                               uint64_t offset);
/* A new map of this name; NULL after an error was told. */
struct object_map *object_add_map(struct object_loader *loader, const char *name, uint32_t section,
                                  uint64_t where);
/* Makes it an array of one value; `data` (NULL: zeros) stays the caller's. */
void object_describe_data(struct object_map *map, uint8_t *data, uint32_t size_bytes,
                          bool read_only);
/* The lines of a stretch of code: how many, from *first on. */
uint32_t object_lines_of(const struct object_loader *loader, uint32_t section, uint32_t offset,
                         uint32_t size, const struct object_line **first);
char *object_copy_string(struct object_loader *loader, const char *text);
