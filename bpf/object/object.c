/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Opening and closing of object files, and the maps' way from definition to existence. */
#include <axiom/errno.h>
#include <axiom/format.h>
#include <axiom/string.h>
#include <bpf_internal/core_relo.h>
#include <bpf_internal/object_extern.h>

struct pool_block {
    struct pool_block *next;
    uint64_t size_bytes;
} __attribute__((aligned(16)));

void *pool_alloc(struct pool *pool, uint64_t size_bytes)
{
    struct pool_block *block = bpf_env_alloc(pool->env, sizeof *block + size_bytes);
    if (block == NULL)
        return NULL;
    block->next = pool->blocks;
    block->size_bytes = sizeof *block + size_bytes;
    pool->blocks = block;
    return block + 1;
}

void pool_release(struct pool *pool)
{
    while (pool->blocks != NULL) {
        struct pool_block *block = pool->blocks;
        pool->blocks = block->next;
        bpf_env_free(pool->env, block, block->size_bytes);
    }
}

char *object_copy_string(struct object_loader *loader, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = pool_alloc(&loader->object->pool, size);
    if (copy != NULL)
        memcpy(copy, text, size);
    return copy;
}

static int read_btf(struct object_loader *loader)
{
    struct elf_section section;
    if (!elf_section_find(&loader->file, ".BTF", &section) || section.bytes == NULL)
        return 0;
    int err = bpf_btf_parse(loader->object->env, section.bytes, section.size, &loader->object->btf,
                            loader->error);
    if (err && loader->error != NULL && loader->error->offset != BPF_ERROR_NO_OFFSET)
        loader->error->offset += section.offset;
    return err;
}

static void read_license(struct object_loader *loader)
{
    struct elf_section section;
    struct bpf_object *object = loader->object;
    if (!elf_section_find(&loader->file, "license", &section) || section.bytes == NULL)
        return;
    size_t size =
        section.size < sizeof object->license - 1 ? section.size : sizeof object->license - 1;
    memcpy(object->license, section.bytes, size);
}

static int list_maps(struct object_loader *loader)
{
    struct bpf_object *object = loader->object;
    object->map_pointers = pool_alloc(&object->pool, object->map_count * sizeof(struct bpf_map *));
    if (object->map_pointers == NULL)
        return loader_fail(loader, -ENOMEM, BPF_ERROR_NO_OFFSET, "no memory for the list of maps");
    return 0;
}

static int load(struct object_loader *loader, const void *bytes, size_t size_bytes)
{
    int err = elf_file_open(&loader->file, bytes, size_bytes, loader->error);
    if (err == 0)
        err = read_btf(loader);
    if (err == 0)
        err = object_read_maps(loader);
    if (err == 0)
        err = object_read_struct_ops(loader);
    if (err == 0)
        err = object_read_externs(loader);
    if (err == 0)
        err = list_maps(loader);
    if (err == 0)
        err = object_read_functions(loader);
    if (err == 0)
        err = object_read_lines(loader);
    if (err == 0)
        err = object_link_programs(loader);
    if (err == 0)
        err = object_link_struct_ops(loader);
    if (err == 0)
        read_license(loader);
    return err;
}

/* Whether it may be opened at all; *size_bytes becomes the object's own, without a trailer. */
static int check_signature(struct bpf_object *object, const void *bytes, size_t *size_bytes,
                           const struct bpf_object_options *options, struct bpf_error *error)
{
    static const struct bpf_keyring nobody;
    const struct bpf_public_key *key;
    size_t size = *size_bytes;
    struct bpf_signature ignored;
    if (options->keyring == NULL && !options->require_signed) {
        bpf_signature_find(bytes, size, size_bytes, &ignored, NULL);
        return 0;
    }
    int err = bpf_signature_check(options->keyring != NULL ? options->keyring : &nobody, bytes,
                                  size, size_bytes, &key, error);
    if (err == -ENODATA)
        return !options->require_signed
                   ? 0
                   : bpf_error_set(error, -EACCES, BPF_ERROR_NO_OFFSET,
                                   "the object is not signed, and here only signed ones are taken: "
                                   "axiom bpf sign");
    if (err)
        return err;
    object->is_signed = true;
    memcpy(object->signer, key->name, sizeof object->signer);
    return 0;
}

int bpf_object_open(const struct bpf_env *env, const void *bytes, size_t size_bytes,
                    struct bpf_object **out, struct bpf_error *error)
{
    static const struct bpf_object_options none;
    return bpf_object_open_with(env, bytes, size_bytes, &none, out, error);
}

int bpf_object_open_with(const struct bpf_env *env, const void *bytes, size_t size_bytes,
                         const struct bpf_object_options *options, struct bpf_object **out,
                         struct bpf_error *error)
{
    struct bpf_object *object = bpf_env_alloc(env, sizeof *object);
    if (object == NULL)
        return bpf_error_set(error, -ENOMEM, BPF_ERROR_NO_OFFSET, "no memory for an object file");
    object->env = env;
    object->pool.env = env;
    object->ignore_budget = options->ignore_budget;
    object->kernel_btf = bpf_btf_get(options->kernel_btf);
    object->map_create = options->map_create != NULL ? options->map_create : bpf_map_create;
    struct object_loader loader = {
        .object = object, .options = options, .scratch = { .env = env }, .error = error
    };
    int err = check_signature(object, bytes, &size_bytes, options, error);
    if (err == 0)
        err = load(&loader, bytes, size_bytes);
    pool_release(&loader.scratch);
    if (err) {
        bpf_object_close(object);
        return err;
    }
    *out = object;
    return 0;
}

void bpf_object_close(struct bpf_object *object)
{
    if (object == NULL)
        return;
    for (uint32_t i = 0; i < object->map_count; i++)
        bpf_map_put(object->maps[i].map);
    bpf_btf_put(object->btf);
    bpf_btf_put(object->kernel_btf);
    pool_release(&object->pool);
    bpf_env_free(object->env, object, sizeof *object);
}

struct bpf_btf *bpf_object_btf(const struct bpf_object *object)
{
    return object->btf;
}

const char *bpf_object_signer(const struct bpf_object *object)
{
    return object->is_signed ? object->signer : NULL;
}

const char *bpf_object_license(const struct bpf_object *object)
{
    return object->license;
}

uint32_t bpf_object_map_count(const struct bpf_object *object)
{
    return object->map_count;
}

const struct bpf_map_spec *bpf_object_map_spec(const struct bpf_object *object, uint32_t index)
{
    return index < object->map_count ? &object->maps[index].spec : NULL;
}

int bpf_object_map_index(const struct bpf_object *object, const char *name)
{
    for (uint32_t i = 0; i < object->map_count; i++) {
        if (strcmp(object->maps[i].spec.name, name) == 0)
            return (int)i;
    }
    return -1;
}

struct bpf_map *bpf_object_map(const struct bpf_object *object, uint32_t index)
{
    return index < object->map_count ? object->maps[index].map : NULL;
}

int bpf_object_change_map(struct bpf_object *object, uint32_t index, uint32_t key_size,
                          uint32_t value_size, uint32_t max_entries)
{
    if (index >= object->map_count || object->maps[index].map != NULL ||
        object->maps[index].is_data)
        return -EINVAL;
    object->maps[index].spec.key_size = key_size;
    object->maps[index].spec.value_size = value_size;
    object->maps[index].spec.max_entries = max_entries;
    return 0;
}

bool bpf_object_map_is_pinned(const struct bpf_object *object, uint32_t index)
{
    return index < object->map_count && object->maps[index].is_pinned;
}

static void give_map(struct bpf_object *object, uint32_t index, struct bpf_map *map)
{
    object->maps[index].map = map;
    object->map_pointers[index] = map;
}

int bpf_object_set_map(struct bpf_object *object, uint32_t index, struct bpf_map *map,
                       struct bpf_error *error)
{
    if (index >= object->map_count || object->maps[index].map != NULL)
        return bpf_error_set(error, -EINVAL, BPF_ERROR_NO_OFFSET,
                             "map %u is not there or is set already", index);
    const struct bpf_map_spec *spec = &object->maps[index].spec;
    if (map->ops->type != spec->type || map->key_size != spec->key_size ||
        map->value_size != spec->value_size || map->max_entries != spec->max_entries ||
        map->flags != spec->flags)
        return bpf_error_set(error, -EINVAL, BPF_ERROR_NO_OFFSET,
                             "map %s is a %s of %u entries with %u-byte keys and %u-byte values: "
                             "not what the object has",
                             spec->name, map->ops->name, map->max_entries, map->key_size,
                             map->value_size);
    give_map(object, index, bpf_map_get(map));
    return 0;
}

/* As libbpf does: initial contents first, then constants are frozen, so that a verifier may rely on
 * them. */
static int create_map(struct bpf_object *object, uint32_t index, struct bpf_error *error)
{
    static const uint32_t first;
    struct object_map *definition = &object->maps[index];
    struct bpf_map *map;
    int err = object->map_create(object->env, &definition->spec, &map, error);
    if (err)
        return err;
    if (definition->data != NULL)
        bpf_map_update(map, &first, definition->data, BPF_ANY);
    if (definition->is_constant)
        err = bpf_map_freeze(map);
    give_map(object, index, map);
    definition->is_ours = true;
    return err == 0 ? 0
                    : bpf_error_set(error, err, BPF_ERROR_NO_OFFSET, "map %s cannot be frozen",
                                    definition->spec.name);
}

/* Maps of maps get what their definition says; programs come later (bpf_object_fill_programs). */
static int fill_maps(struct bpf_object *object, struct bpf_error *error)
{
    for (const struct object_slot *slot = object->slots; slot != NULL; slot = slot->next) {
        struct bpf_map *outer = object->maps[slot->map].map;
        if (object->maps[slot->map].spec.inner == NULL || !object->maps[slot->map].is_ours)
            continue;
        struct bpf_map *inner = object->maps[bpf_object_map_index(object, slot->name)].map;
        int err = bpf_map_set_object(outer, &slot->key, inner, BPF_ANY);
        if (err)
            return bpf_error_set(error, err, BPF_ERROR_NO_OFFSET,
                                 "map %s cannot take %s into slot %u: %s", outer->name, slot->name,
                                 slot->key,
                                 err == -E2BIG    ? "it has fewer slots"
                                 : err == -EINVAL ? "it is of another type or size"
                                                  : "it is refused");
    }
    return 0;
}

int bpf_object_create_maps(struct bpf_object *object, struct bpf_error *error)
{
    for (uint32_t i = 0; i < object->map_count; i++) {
        int err = object->maps[i].map != NULL ? 0 : create_map(object, i, error);
        if (err)
            return err;
    }
    return fill_maps(object, error);
}

int bpf_object_set_data(struct bpf_object *object, uint32_t index, uint32_t offset,
                        const void *bytes, uint32_t size_bytes)
{
    struct object_map *map = index < object->map_count ? &object->maps[index] : NULL;
    if (map == NULL || !map->is_data || map->map != NULL || offset > map->spec.value_size ||
        size_bytes > map->spec.value_size - offset)
        return -EINVAL;
    if (map->data == NULL)
        map->data = pool_alloc(&object->pool, map->spec.value_size);
    if (map->data == NULL)
        return -ENOMEM;
    memcpy(map->data + offset, bytes, size_bytes);
    return 0;
}

static const struct object_program *program_named(const struct bpf_object *object, const char *name,
                                                  uint32_t *index)
{
    for (uint32_t i = 0; i < object->program_count; i++) {
        if (strcmp(object->programs[i].public.name, name) == 0) {
            *index = i;
            return &object->programs[i];
        }
    }
    return NULL;
}

bool bpf_object_in_array(const struct bpf_object *object, uint32_t index)
{
    for (const struct object_slot *slot = object->slots; slot != NULL; slot = slot->next) {
        uint32_t program;
        if (object->maps[slot->map].spec.inner == NULL &&
            program_named(object, slot->name, &program) != NULL && program == index)
            return true;
    }
    return false;
}

/* Members of struct_ops. */
static int fill_struct_ops(struct bpf_object *object, struct bpf_prog *const *progs,
                           struct bpf_error *error)
{
    for (const struct object_ops_slot *slot = object->ops_slots; slot != NULL; slot = slot->next) {
        uint32_t program = 0;
        if (program_named(object, slot->name, &program) == NULL || progs[program] == NULL)
            continue;
        int err =
            bpf_struct_ops_set_prog(object->maps[slot->map].map, slot->offset, progs[program]);
        if (err)
            return bpf_error_set(error, err, BPF_ERROR_NO_OFFSET, "struct_ops %s cannot take %s",
                                 object->maps[slot->map].spec.name, slot->name);
    }
    return 0;
}

int bpf_object_register(struct bpf_object *object, uint32_t index, struct bpf_error *error)
{
    static const uint32_t first;
    const struct object_map *map = index < object->map_count ? &object->maps[index] : NULL;
    if (map == NULL || map->map == NULL || map->ops_value == NULL)
        return bpf_error_set(error, -EINVAL, BPF_ERROR_NO_OFFSET, "map %u is no struct_ops", index);
    int err = bpf_map_outer_update(map->map, &first, map->ops_value, BPF_ANY);
    return err == 0
               ? 0
               : bpf_error_set(error, err, BPF_ERROR_NO_OFFSET, "struct_ops %s: %s", map->spec.name,
                               err == -EBUSY        ? "it is registered already"
                               : err == -EOPNOTSUPP ? "this kernel calls no struct_ops"
                                                    : "the kernel refuses it");
}

int bpf_object_fill_programs(struct bpf_object *object, struct bpf_prog *const *progs,
                             struct bpf_error *error)
{
    int ops_err = fill_struct_ops(object, progs, error);
    if (ops_err)
        return ops_err;
    for (const struct object_slot *slot = object->slots; slot != NULL; slot = slot->next) {
        const struct object_map *array = &object->maps[slot->map];
        uint32_t program = 0;
        if (array->spec.inner != NULL)
            continue;
        if (program_named(object, slot->name, &program) == NULL)
            return bpf_error_set(error, -ENOENT, BPF_ERROR_NO_OFFSET,
                                 "map %s: slot %u is to hold %s, which is no program of the object",
                                 array->spec.name, slot->key, slot->name);
        if (progs[program] == NULL) /* libbpf leaves those out that are not loaded */
            continue;
        int err = bpf_map_set_object(array->map, &slot->key, progs[program], BPF_ANY);
        if (err)
            return bpf_error_set(
                error, err, BPF_ERROR_NO_OFFSET, "map %s cannot take %s into slot %u: %s",
                array->spec.name, slot->name, slot->key,
                err == -E2BIG ? "it has fewer slots"
                              : "programs that tail-call each other must be of one kind");
    }
    return 0;
}

uint32_t bpf_object_program_count(const struct bpf_object *object)
{
    return object->program_count;
}

const struct bpf_object_program *bpf_object_program(const struct bpf_object *object, uint32_t index)
{
    return index < object->program_count ? &object->programs[index].public : NULL;
}

void bpf_object_request(const struct bpf_object *object, uint32_t index,
                        struct bpf_verify_request *out)
{
    const struct bpf_object_program *program = &object->programs[index].public;
    *out = (struct bpf_verify_request){
        .env = object->env,
        .name = program->name,
        .insns = program->insns,
        .insn_count = program->insn_count,
        .maps = object->map_pointers,
        .map_count = object->map_count,
        .context = program->context,
        .debug = &program->debug,
        .btf = object->btf,
        .kernel_btf = object->kernel_btf,
        .attach_btf_id = program->attach_btf_id,
        .attach_member = program->attach_member,
        .sleepable = program->sleepable,
        .license = object->license,
        .ignore_budget = object->ignore_budget,
    };
}

static int refuse(struct bpf_verify_result *result, int code, enum bpf_reject reason,
                  const char *text)
{
    memset(result, 0, sizeof *result);
    result->reason = reason;
    string_copy(result->text, sizeof result->text, text);
    string_copy(result->what, sizeof result->what, text);
    return code;
}

/* The verifier met a call to nowhere that CO-RE left: says what is missing. */
static void explain_poison(const struct object_program *program, struct bpf_verify_result *result)
{
    const struct bpf_object_program *public = &program->public;
    uint32_t at = result->insn_index;
    if (at >= public->insn_count || public->insns[at].opcode != (BPF_JMP | BPF_CALL))
        return;
    for (uint32_t i = 0; i < program->poison_count; i++) {
        if (program->poisons[i].insn_index != at)
            continue;
        result->reason = BPF_REJECT_RELOCATION;
        format_text(result->text, sizeof result->text, "instruction %u of %s: %s", at, public->name,
                    program->poisons[i].text);
        string_copy(result->what, sizeof result->what, program->poisons[i].text);
        result->mend[0] = '\0';
        result->register_count = 0;
    }
}

int bpf_object_verify(const struct bpf_object *object, uint32_t index,
                      struct bpf_verify_result *result)
{
    if (index >= object->program_count)
        return refuse(result, -ENOENT, BPF_REJECT_EMPTY, "there is no such program in the object");
    const struct object_program *program = &object->programs[index];
    if (program->public.failure != NULL)
        return refuse(result, -EINVAL, BPF_REJECT_RELOCATION, program->public.failure);
    if (program->public.context == NULL)
        return refuse(result, -EINVAL, BPF_REJECT_UNSUPPORTED,
                      "the section's name is no attach point: it must begin with gpio/, iio/, "
                      "timer/, pwm/, guard/gpio "
                      "or guard/pwm");
    for (uint32_t i = 0; i < object->map_count; i++) {
        if (object->maps[i].map == NULL)
            return refuse(result, -EINVAL, BPF_REJECT_MAP,
                          "the object's maps were not created yet");
    }
    struct bpf_verify_request request;
    bpf_object_request(object, index, &request);
    return bpf_object_verify_request(object, index, &request, result);
}

int bpf_object_verify_request(const struct bpf_object *object, uint32_t index,
                              const struct bpf_verify_request *request,
                              struct bpf_verify_result *result)
{
    int err = bpf_verify(request, result);
    if (err)
        explain_poison(&object->programs[index], result);
    return err;
}
