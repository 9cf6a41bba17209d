/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Linking: each program becomes one piece of code, the functions that it calls behind it.
 *
 * First the relocations of all code sections are applied to a copy of their code, in terms that do
 * not depend on where a function ends up: maps become indexes, and a call keeps, in a table beside
 * the code, which function it calls. Then, for each program, functions are placed one after another
 * as calls to them turn up, and calls get their distances. */
#include <axiom/errno.h>
#include <axiom/string.h>
#include <bpf/insn.h>
#include <bpf_internal/object_extern.h>

#define NOT_PLACED UINT32_MAX

/* A function, and how far it was searched for calls. */
struct visit {
    const struct object_function *function;
    uint32_t next;
};

struct linker {
    struct object_loader *loader;
    struct object_code *codes; /* by ELF section */
    uint32_t *placed;          /* by function: where it begins in the program being linked */
    const struct object_function **order;
    uint32_t order_count;
    struct visit *visits; /* the functions that are being searched for calls, outermost first */
    uint32_t insn_count;
};

/* What a relocation is about, for messages. */
struct site {
    struct linker *linker;
    const struct elf_section *section;
    struct elf_relocation relocation;
    struct elf_symbol symbol;
    struct bpf_insn *insn;
    uint32_t index; /* in the section */
};

static int fail(const struct site *site, const char *what)
{
    return loader_fail(site->linker->loader, -EINVAL, site->relocation.file_offset,
                       "section %s, instruction %u, symbol '%s': %s", site->section->name,
                       site->index, site->symbol.name, what);
}

/* A kernel's name, or nothing that this object has. */
static int relocate_undefined(const struct site *site, bool is_lddw)
{
    struct object_loader *loader = site->linker->loader;
    const struct object_extern *external = object_extern_find(loader, site->symbol.name);
    bool is_kfunc_call = site->insn->opcode == (BPF_JMP | BPF_CALL);
    if (external == NULL)
        return fail(site, "it is not defined in this object: helpers are called by the names in "
                          "axiom/bpf.h");
    if (!is_lddw && !(is_kfunc_call && external->kind == EXTERN_KFUNC))
        return fail(site, "an extern is called or loaded in a way that is not known");
    struct object_function *function =
        object_function_around(loader, site->section->index, site->relocation.offset);
    if (external->failure != NULL && function != NULL && function->failure == NULL)
        function->failure = external->failure;
    object_relocate_extern(loader, external, site->insn);
    return 0;
}

static bool is_call(const struct bpf_insn *insn)
{
    return insn->opcode == (BPF_JMP | BPF_CALL) && insn->src_reg == BPF_CALL_LOCAL;
}

/* A call, or LDDW of a function's address: the place is the symbol's, plus the field for section
 * symbols. */
static int relocate_to_function(const struct site *site)
{
    struct object_loader *loader = site->linker->loader;
    int64_t addend = 0;
    if (site->symbol.type == ELF_STT_SECTION)
        addend = is_call(site->insn) ? ((int64_t)site->insn->imm + 1) * 8 : site->insn->imm;
    const struct object_function *function =
        object_function_at(loader, site->symbol.section, site->symbol.value + (uint64_t)addend);
    if (function == NULL)
        return fail(site, "it is no function of this object");
    struct object_code *code = &site->linker->codes[site->section->index];
    code->callees[site->index] = function;
    if (!is_call(site->insn)) {
        site->insn[0].src_reg = BPF_PSEUDO_FUNC & 0xf;
        site->insn[1].imm = 0;
    }
    return 0;
}

static int relocate_to_map(const struct site *site)
{
    struct bpf_object *object = site->linker->loader->object;
    /* A static variable is addressed by its section's symbol and an offset in imm. */
    uint64_t offset = site->symbol.value + (uint64_t)(int64_t)site->insn->imm;
    const struct object_map *map =
        object_map_of(site->linker->loader, site->symbol.section, offset);
    const struct object_map *arena = object_arena_of(site->linker->loader, site->symbol.section);
    bool is_value = arena != NULL || (map != NULL && map->is_data);
    if (map == NULL)
        map = arena;
    if (map == NULL)
        return fail(site, "it is neither a map, nor global data, nor a function");
    uint64_t size = elf_section_at(&site->linker->loader->file, site->symbol.section).size;
    if (map->is_data ? offset >= map->spec.value_size : is_value && offset > size)
        return fail(site, "it lies outside of its section's data");
    site->insn[0].imm = (int32_t)(map - object->maps);
    site->insn[0].src_reg = (is_value ? BPF_PSEUDO_MAP_IDX_VALUE : BPF_PSEUDO_MAP_IDX) & 0xf;
    site->insn[1].imm = is_value ? (int32_t)offset : 0;
    return 0;
}

static int relocate(struct linker *linker, const struct elf_section *section,
                    const struct elf_relocation *relocation)
{
    struct object_loader *loader = linker->loader;
    struct object_code *code = &linker->codes[section->index];
    struct site site = { .linker = linker,
                         .section = section,
                         .relocation = *relocation,
                         .index = (uint32_t)(relocation->offset / 8) };
    if (!elf_symbol_at(&loader->file, relocation->symbol, &site.symbol))
        return loader_fail(loader, -EINVAL, relocation->file_offset,
                           "relocation by symbol %u, which is not there", relocation->symbol);
    if (relocation->offset % 8 != 0 || relocation->offset / 8 >= code->count)
        return fail(&site, "the relocation lies outside of the code");
    site.insn = &code->insns[site.index];
    bool is_lddw = site.insn->opcode == BPF_LDDW && site.index + 1 < code->count;
    if (site.symbol.section == ELF_SHN_UNDEF)
        return relocate_undefined(&site, is_lddw);
    if (site.symbol.section >= loader->file.section_count)
        return fail(&site, "it is in no section");
    if (relocation->type == ELF_R_BPF_64_32 && is_call(site.insn))
        return relocate_to_function(&site);
    if (relocation->type != ELF_R_BPF_64_64 || !is_lddw)
        return fail(&site, "relocation of a kind or at an instruction that is not known");
    struct elf_section target = elf_section_at(&loader->file, site.symbol.section);
    return (target.flags & ELF_SHF_EXECINSTR) != 0 ? relocate_to_function(&site)
                                                   : relocate_to_map(&site);
}

/* Calls inside a section need no relocation: the compiler knew the distance. */
static int resolve_local_calls(struct linker *linker, const struct object_function *function)
{
    struct object_code *code = &linker->codes[function->section];
    for (uint32_t i = function->offset / 8; i < (function->offset + function->size) / 8;
         i += bpf_insn_slots(&code->insns[i])) {
        if (!is_call(&code->insns[i]) || code->callees[i] != NULL)
            continue;
        int64_t target = ((int64_t)i + 1 + code->insns[i].imm) * 8;
        code->callees[i] = object_function_at(linker->loader, function->section, (uint64_t)target);
        if (code->callees[i] == NULL)
            return loader_fail(linker->loader, -EINVAL, BPF_ERROR_NO_OFFSET,
                               "function %s, instruction %u: calls a place that is no function",
                               function->name, i - function->offset / 8);
    }
    return 0;
}

static int copy_code(struct linker *linker, uint32_t index)
{
    struct object_loader *loader = linker->loader;
    struct elf_section section = elf_section_at(&loader->file, index);
    struct object_code *code = &linker->codes[index];
    if (section.type != ELF_SHT_PROGBITS || (section.flags & ELF_SHF_EXECINSTR) == 0 ||
        section.size == 0)
        return 0;
    if (section.size % 8 != 0 || section.size / 8 > BPF_PROG_INSN_MAX)
        return loader_fail(loader, -EINVAL, section.offset,
                           "code section %s has %llu bytes: not 1 to %u instructions", section.name,
                           (unsigned long long)section.size, BPF_PROG_INSN_MAX);
    code->count = (uint32_t)(section.size / 8);
    code->insns = pool_alloc(&loader->scratch, section.size);
    code->callees = pool_alloc(&loader->scratch, (uint64_t)code->count * sizeof(void *));
    if (code->insns == NULL || code->callees == NULL)
        return loader_fail(loader, -ENOMEM, section.offset, "no memory for the code of section %s",
                           section.name);
    memcpy(code->insns, section.bytes, section.size);
    return 0;
}

static int relocate_section(struct linker *linker, const struct elf_section *relocations)
{
    struct object_loader *loader = linker->loader;
    if (relocations->type != ELF_SHT_REL || relocations->info >= loader->file.section_count ||
        linker->codes[relocations->info].count == 0)
        return 0;
    struct elf_section section = elf_section_at(&loader->file, relocations->info);
    for (uint32_t i = 0; i < elf_relocation_count(relocations); i++) {
        struct elf_relocation relocation = elf_relocation_at(relocations, i);
        int err = relocate(linker, &section, &relocation);
        if (err)
            return err;
    }
    return 0;
}

/* Sections that share bytes of the file would make the copies larger than the file: refused. */
static int check_code_size(struct linker *linker)
{
    const struct elf_file *file = &linker->loader->file;
    uint64_t total = 0;
    for (uint32_t i = 0; i < file->section_count; i++) {
        struct elf_section section = elf_section_at(file, i);
        if (section.type == ELF_SHT_PROGBITS && (section.flags & ELF_SHF_EXECINSTR) != 0)
            total += section.size;
        if (total > file->size)
            return loader_fail(linker->loader, -EINVAL, section.offset, "code sections overlap");
    }
    return 0;
}

static int read_code(struct linker *linker)
{
    struct object_loader *loader = linker->loader;
    int err = check_code_size(linker);
    for (uint32_t i = 0; err == 0 && i < loader->file.section_count; i++)
        err = copy_code(linker, i);
    if (err == 0)
        err = object_relocate_core(loader);
    for (uint32_t i = 0; err == 0 && i < loader->file.section_count; i++) {
        struct elf_section section = elf_section_at(&loader->file, i);
        err = relocate_section(linker, &section);
    }
    for (uint32_t i = 0; err == 0 && i < loader->function_count; i++)
        err = resolve_local_calls(linker, &loader->functions[i]);
    return err;
}

/* --- One program --- */

static int place(struct linker *linker, const struct object_function *function)
{
    struct object_loader *loader = linker->loader;
    uint32_t index = (uint32_t)(function - loader->functions);
    if (linker->placed[index] != NOT_PLACED)
        return 0;
    linker->placed[index] = linker->insn_count;
    linker->order[linker->order_count++] = function;
    linker->insn_count += function->size / 8;
    if (linker->insn_count > BPF_PROG_INSN_MAX ||
        loader->linked_insn_count + linker->insn_count > OBJECT_LINKED_INSN_MAX)
        return loader_fail(
            loader, -E2BIG, BPF_ERROR_NO_OFFSET,
            "the programs of this object are too large with the functions that they call");
    return 0;
}

/* The next function that `visit` calls and that has no place yet, or NULL. */
static const struct object_function *next_callee(const struct linker *linker, struct visit *visit)
{
    const struct object_function *function = visit->function;
    const struct object_code *code = &linker->codes[function->section];
    while (visit->next < function->size / 8) {
        const struct object_function *callee = code->callees[function->offset / 8 + visit->next++];
        if (callee != NULL && linker->placed[callee - linker->loader->functions] == NOT_PLACED)
            return callee;
    }
    return NULL;
}

/* Functions in the order of a walk into each call as it turns up: libbpf's order, so that both make
 * the same program. */
static int place_from(struct linker *linker, const struct object_function *first)
{
    uint32_t depth = 0;
    int err = place(linker, first);
    linker->visits[depth++] = (struct visit){ first, 0 };
    while (err == 0 && depth > 0) {
        const struct object_function *callee = next_callee(linker, &linker->visits[depth - 1]);
        if (callee == NULL) {
            depth--;
            continue;
        }
        err = place(linker, callee);
        linker->visits[depth++] = (struct visit){ callee, 0 };
    }
    return err;
}

/* What the program names as its exception callback, which nothing calls; NULL: nothing, or nothing that is there (the
 * verifier tells). */
static const struct object_function *exception_callback(const struct linker *linker,
                                                        const struct object_function *main)
{
    const struct object_loader *loader = linker->loader;
    const struct bpf_btf *btf = loader->object->btf;
    uint32_t id = btf == NULL ? 0 : bpf_btf_find(btf, main->name, BPF_BTF_FUNC);
    const char *name = id == 0 ? NULL : bpf_btf_decl_tag(btf, id, BPF_BTF_WHOLE, "exception_callback:");
    for (uint32_t i = 0; name != NULL && i < loader->function_count; i++)
        if (!loader->functions[i].is_program && strcmp(loader->functions[i].name, name) == 0)
            return &loader->functions[i];
    return NULL;
}

static int place_all(struct linker *linker, const struct object_function *main)
{
    for (uint32_t i = 0; i < linker->loader->function_count; i++)
        linker->placed[i] = NOT_PLACED;
    linker->order_count = linker->insn_count = 0;
    int err = place_from(linker, main);
    const struct object_function *callback = exception_callback(linker, main);
    bool more = callback != NULL && linker->placed[callback - linker->loader->functions] == NOT_PLACED;
    return err == 0 && more ? place_from(linker, callback) : err;
}

static void copy_function(const struct linker *linker, const struct object_function *function,
                          struct bpf_insn *to)
{
    const struct object_loader *loader = linker->loader;
    const struct object_code *code = &linker->codes[function->section];
    uint32_t first = function->offset / 8, start = linker->placed[function - loader->functions];
    memcpy(to + start, code->insns + first, function->size);
    for (uint32_t at = 0; at < function->size / 8; at++) {
        const struct object_function *callee = code->callees[first + at];
        if (callee != NULL)
            to[start + at].imm =
                (int32_t)(linker->placed[callee - loader->functions] - (start + at) - 1);
    }
}

static uint32_t count_lines(const struct linker *linker)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < linker->order_count; i++) {
        const struct object_function *function = linker->order[i];
        const struct object_line *lines;
        count += object_lines_of(linker->loader, function->section, function->offset,
                                 function->size, &lines);
    }
    return count;
}

static int describe(struct linker *linker, struct bpf_debug_info *out)
{
    struct object_loader *loader = linker->loader;
    uint32_t line_count = count_lines(linker), filled = 0;
    struct bpf_debug_func *funcs =
        pool_alloc(&loader->object->pool, linker->order_count * sizeof *funcs);
    struct bpf_debug_line *lines = pool_alloc(&loader->object->pool, line_count * sizeof *lines);
    if (funcs == NULL || lines == NULL)
        return loader_fail(loader, -ENOMEM, BPF_ERROR_NO_OFFSET, "no memory for line information");
    for (uint32_t i = 0; i < linker->order_count; i++) {
        const struct object_function *function = linker->order[i];
        uint32_t start = linker->placed[function - loader->functions];
        funcs[i] = (struct bpf_debug_func){ start, function->name, function->type_id,
                                            function->is_global };
        const struct object_line *from;
        uint32_t count =
            object_lines_of(loader, function->section, function->offset, function->size, &from);
        for (uint32_t line = 0; line < count; line++) {
            lines[filled] = from[line].line;
            lines[filled++].insn_index = start + (from[line].offset - function->offset) / 8;
        }
    }
    *out = (struct bpf_debug_info){ funcs, linker->order_count, lines, line_count };
    return 0;
}

/* Instructions that CO-RE poisoned, where they ended up. */
static int note_poisons(struct linker *linker, struct object_program *program)
{
    struct object_loader *loader = linker->loader;
    for (int pass = 0; pass < 2; pass++) {
        uint32_t count = 0;
        for (const struct object_poison *poison = loader->poisons; poison != NULL;
             poison = poison->next) {
            const struct object_function *function =
                object_function_around(loader, poison->section, (uint64_t)poison->index * 8);
            uint32_t start =
                function == NULL ? NOT_PLACED : linker->placed[function - loader->functions];
            if (start == NOT_PLACED)
                continue;
            if (pass == 1)
                program->poisons[count] =
                    (struct program_note){ start + poison->index - function->offset / 8,
                                           poison->text };
            count++;
        }
        program->poison_count = count;
        if (pass == 0 && count > 0)
            program->poisons = pool_alloc(&loader->object->pool, count * sizeof *program->poisons);
        if (count == 0)
            return 0;
        if (program->poisons == NULL)
            return loader_fail(loader, -ENOMEM, BPF_ERROR_NO_OFFSET, "no memory for CO-RE");
    }
    return 0;
}

static const char *first_failure(const struct linker *linker)
{
    for (uint32_t i = 0; i < linker->order_count; i++) {
        if (linker->order[i]->failure != NULL)
            return linker->order[i]->failure;
    }
    return NULL;
}

static int link_program(struct linker *linker, const struct object_function *main)
{
    struct object_loader *loader = linker->loader;
    struct bpf_object *object = loader->object;
    if (object->program_count == OBJECT_PROGRAM_MAX)
        return loader_fail(loader, -E2BIG, BPF_ERROR_NO_OFFSET, "more than %u programs",
                           OBJECT_PROGRAM_MAX);
    int err = place_all(linker, main);
    if (err)
        return err;
    loader->linked_insn_count += linker->insn_count;
    struct bpf_insn *insns = pool_alloc(&object->pool, linker->insn_count * sizeof *insns);
    if (insns == NULL)
        return loader_fail(loader, -ENOMEM, BPF_ERROR_NO_OFFSET, "no memory for program %s",
                           main->name);
    for (uint32_t i = 0; i < linker->order_count; i++)
        copy_function(linker, linker->order[i], insns);
    struct object_program *program = &object->programs[object->program_count++];
    program->public = (struct bpf_object_program){ .name = main->name,
                                                   .insns = insns,
                                                   .insn_count = linker->insn_count,
                                                   .failure = first_failure(linker) };
    err = object_read_section_name(loader, elf_section_at(&loader->file, main->section).name,
                                   &program->public);
    if (err == 0)
        err = note_poisons(linker, program);
    return err == 0 ? describe(linker, &program->public.debug) : err;
}

int object_link_programs(struct object_loader *loader)
{
    struct linker linker = { .loader = loader };
    struct bpf_object *object = loader->object;
    loader->codes = linker.codes =
        pool_alloc(&loader->scratch, loader->file.section_count * sizeof *linker.codes);
    linker.placed = pool_alloc(&loader->scratch, loader->function_count * sizeof *linker.placed);
    linker.order = pool_alloc(&loader->scratch, loader->function_count * sizeof(void *));
    linker.visits = pool_alloc(&loader->scratch, loader->function_count * sizeof *linker.visits);
    uint32_t program_count = 0;
    for (uint32_t i = 0; i < loader->function_count; i++)
        program_count += loader->functions[i].is_program;
    object->programs = pool_alloc(&object->pool, program_count * sizeof *object->programs);
    if (linker.codes == NULL || linker.placed == NULL || linker.order == NULL ||
        linker.visits == NULL || object->programs == NULL)
        return loader_fail(loader, -ENOMEM, BPF_ERROR_NO_OFFSET, "no memory for linking");
    int err = read_code(&linker);
    for (uint32_t i = 0; err == 0 && i < loader->function_count; i++) {
        if (loader->functions[i].is_program)
            err = link_program(&linker, &loader->functions[i]);
    }
    return err;
}
