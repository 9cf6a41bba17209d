/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Boot modules to attached programs: open the object, make its maps, verify each program, attach
 * it. One bad program leaves its whole module out: half a controller is worse than none. */
#include <axiom/errno.h>
#include <axiom/format.h>
#include <axiom/log.h>
#include <axiom/string.h>
#include <core/mm.h>

#include "link.h"
#include "load.h"
#include "map_events.h"
#include "types.h"

#define REASON_SIZE LOG_LINE_MAX

/* Set up by each boot. */
static struct bpf_keyring keyring;
static bool require_signed;
static bool ignore_budget;
static enum engine_choice engine;

/* The build option AXIOM_BPF_REQUIRE_SIGNED: no boot of this kernel takes unsigned programs. */
#ifndef BPF_GLUE_ALWAYS_SIGNED
#define BPF_GLUE_ALWAYS_SIGNED 0
#endif

/* --- the steps --- */

static int ready(struct bpf_prog *prog, char *reason, size_t reason_size)
{
    struct bpf_error error = { 0 };
    int err = run_reserve(bpf_prog_stack_size(prog));
    if (err) {
        format_text(reason, reason_size, "no memory for %u bytes of stack on each CPU",
                    bpf_prog_stack_size(prog));
        return err;
    }
    err = engine_prepare(prog, engine, &error);
    if (err)
        format_text(reason, reason_size, "%s", error.text);
    return err;
}

int load_program(const struct boot_module *module, const struct bpf_object *object, uint32_t index,
                 struct bpf_prog **out, char *reason, size_t reason_size)
{
    (void)module;
    const struct bpf_object_program *program = bpf_object_program(object, index);
    if (program->context == NULL) {
        format_text(reason, reason_size, "section '%s' names no attach point", program->section);
        return -EINVAL;
    }
    struct bpf_verify_result *result = kzalloc(sizeof *result);
    if (result == NULL) {
        format_text(reason, reason_size, "no memory to verify it");
        return -ENOMEM;
    }
    int err = bpf_object_verify(object, index, result);
    if (err) {
        format_text(reason, reason_size, "refused: %s", result->text);
    } else {
        err = ready(result->prog, reason, reason_size);
        if (err)
            bpf_prog_put(result->prog);
        else
            *out = result->prog;
    }
    kfree(result);
    return err;
}

/* Maps that ask to be shared under their name (LIBBPF_PIN_BY_NAME) are those of the first object
 * that had them. */
static int take_shared_maps(struct bpf_object *object, struct bpf_error *error)
{
    int err = 0;
    for (uint32_t i = 0; i < bpf_object_map_count(object) && err == 0; i++) {
        struct bpf_map *map = bpf_object_map_is_pinned(object, i)
                                  ? map_events_shared(bpf_object_map_spec(object, i)->name)
                                  : NULL;
        if (map != NULL)
            err = bpf_object_set_map(object, i, map, error);
    }
    return err;
}

int load_maps(const struct boot_module *module, struct bpf_object *object, uint32_t *first,
              char *reason, size_t reason_size)
{
    (void)module;
    struct bpf_error error = { 0 };
    int err = take_shared_maps(object, &error);
    if (err == 0)
        err = bpf_object_create_maps(object, &error);
    if (err) {
        format_text(reason, reason_size, "%s", error.text);
        return err;
    }
    *first = map_events_count();
    for (uint32_t i = 0; i < bpf_object_map_count(object) && err == 0; i++)
        err = map_events_add(bpf_object_map(object, i), bpf_object_map_is_pinned(object, i));
    if (err) {
        format_text(reason, reason_size, "too many maps");
        map_events_forget(*first);
    }
    return err;
}

void load_forget_maps(uint32_t first)
{
    map_events_forget(first);
}

static int open_with(const struct boot_module *module, struct bpf_btf *types,
                     struct bpf_object **out, struct bpf_error *error)
{
    const struct bpf_object_options options = { .kernel_btf = types,
                                                .keyring = keyring.count != 0 ? &keyring : NULL,
                                                .require_signed = require_signed,
                                                .ignore_budget = ignore_budget };
    return bpf_object_open_with(glue_env(), module->data, module->size, &options, out, error);
}

static bool is_complete(const struct bpf_object *object)
{
    for (uint32_t i = 0; i < bpf_object_program_count(object); i++) {
        if (bpf_object_program(object, i)->failure != NULL)
            return false;
    }
    return true;
}

int load_open(const struct boot_module *module, struct bpf_object **out, char *reason,
              size_t reason_size)
{
    struct bpf_error error = { .offset = BPF_ERROR_NO_OFFSET };
    int err = open_with(module, NULL, out, &error);
    /* Most objects ask nothing of the kernel's types; one that does is opened again with them. */
    bool wants_types = err == -EINVAL || (err == 0 && !is_complete(*out));
    if (wants_types && types_get() != NULL) {
        if (err == 0)
            bpf_object_close(*out);
        err = open_with(module, types_get(), out, &error);
    }
    if (err)
        format_text(reason, reason_size, "%s", error.text);
    return err;
}

/* --- a module at boot --- */

static int verify(const struct boot_module *module, const struct bpf_object *object, uint32_t index,
                  char *reason, struct bpf_prog **out)
{
    int err = load_program(module, object, index, out, reason, REASON_SIZE);
    if (err)
        log_err("bpf: %s: %s: %s", module->name, bpf_object_program(object, index)->name, reason);
    return err;
}

/* The link takes *prog over. */
static int attach(const struct boot_module *module, const struct bpf_object_program *program,
                  struct bpf_prog **prog)
{
    char reason[LINK_TARGET_REASON_MAX] = "";
    int err = link_attach(*prog, program->section, reason, sizeof reason);
    if (err) {
        log_err("bpf: %s: %s: %s", module->name, program->name, reason);
        return err;
    }
    *prog = NULL;
    log_info("bpf: %s: %s attached at %s", module->name, program->name, program->section);
    return 0;
}

/* SEC("?..."): not attached on its own; loaded if a program array of the object holds it. */
static bool is_wanted(const struct bpf_object *object, uint32_t index)
{
    return bpf_object_program(object, index)->autoload || bpf_object_in_array(object, index);
}

static int fill(const struct boot_module *module, struct bpf_object *object,
                struct bpf_prog *const *progs)
{
    struct bpf_error error = { 0 };
    int err = bpf_object_fill_programs(object, progs, &error);
    if (err)
        log_err("bpf: %s: %s", module->name, error.text);
    return err;
}

static int load_programs(const struct boot_module *module, struct bpf_object *object)
{
    uint32_t count = bpf_object_program_count(object), first_link = link_count();
    if (count == 0) {
        log_err("bpf: %s has no program", module->name);
        return -EINVAL;
    }
    struct bpf_prog **progs = kcalloc(count, sizeof *progs);
    if (progs == NULL)
        return -ENOMEM;
    char reason[REASON_SIZE] = "";
    int err = 0;
    for (uint32_t i = 0; i < count && err == 0; i++) {
        if (is_wanted(object, i))
            err = verify(module, object, i, reason, &progs[i]);
    }
    if (err == 0)
        err = fill(module, object, progs);
    for (uint32_t i = 0; i < count && err == 0; i++)
        if (bpf_object_program(object, i)->autoload)
            err = attach(module, bpf_object_program(object, i), &progs[i]);
    if (err)
        link_detach_from(first_link);
    for (uint32_t i = 0; i < count; i++) {
        if (progs[i] != NULL)
            bpf_prog_destroy(progs[i]);
    }
    kfree(progs);
    return err;
}

static int load_object(const struct boot_module *module, struct bpf_object *object)
{
    char reason[REASON_SIZE] = "";
    uint32_t first_map;
    int err = load_maps(module, object, &first_map, reason, sizeof reason);
    if (err) {
        log_err("bpf: %s: %s", module->name, reason);
        return err;
    }
    err = load_programs(module, object);
    if (err)
        load_forget_maps(first_map);
    return err;
}

static int load_module(const struct boot_module *module)
{
    char reason[REASON_SIZE] = "";
    struct bpf_object *object;
    int err = load_open(module, &object, reason, sizeof reason);
    if (err) {
        log_err("bpf: %s: %s", module->name, reason);
        return err;
    }
    err = load_object(module, object);
    bpf_object_close(object);
    return err;
}

static bool is_keyring(const struct boot_module *module)
{
    return strcmp(module->name, BPF_GLUE_KEYRING) == 0;
}

/* Who is trusted is fixed here, before the first program. A keyring that cannot be read trusts
 * nobody. */
static int read_keyring(const struct boot_module *modules, uint32_t module_count)
{
    struct bpf_error error = { .offset = BPF_ERROR_NO_OFFSET };
    keyring.count = 0;
    for (uint32_t i = 0; i < module_count; i++) {
        if (!is_keyring(&modules[i]))
            continue;
        int err = bpf_keyring_parse(&keyring, modules[i].data, modules[i].size, &error);
        if (err) {
            log_err("bpf: %s: offset %llu: %s; only signed programs are taken, and no key is known",
                    modules[i].name, (unsigned long long)error.offset, error.text);
            require_signed = true;
        }
        return err;
    }
    return 0;
}

int bpf_glue_init(const struct boot_module *modules, uint32_t module_count, uint32_t flags)
{
    bool required = (flags & BPF_GLUE_REQUIRED) != 0;
    ignore_budget = (flags & BPF_GLUE_IGNORE_BUDGET) != 0;
    require_signed = BPF_GLUE_ALWAYS_SIGNED || (flags & BPF_GLUE_SIGNED) != 0;
    engine = (flags & BPF_GLUE_JIT) != 0           ? ENGINE_JIT
             : (flags & BPF_GLUE_INTERPRETER) != 0 ? ENGINE_INTERPRETER
                                                   : ENGINE_BEST;
    if (engine == ENGINE_JIT && engine_exec == NULL) {
        log_err("bpf: bpf.engine=jit: the profile '%s' links no JIT", bpf_profile_name);
        if (required)
            return -EOPNOTSUPP;
    }
    int keyring_err = read_keyring(modules, module_count);
    if (keyring_err && required)
        return keyring_err;
    glue_env_init();
    run_init();
    link_table_init();
    map_events_init();
    types_init(modules, module_count);
    for (uint32_t i = 0; i < module_count; i++) {
        bool is_object = !is_keyring(&modules[i]) && !types_is_module(&modules[i]);
        int err = is_object ? load_module(&modules[i]) : 0;
        if (err) /* why is on the lines before, unless memory for saying so was missing, too */
            log_err("bpf: %s is left out (error %d)", modules[i].name, err);
        if (err && required) {
            bpf_glue_exit();
            return err;
        }
    }
    link_go_live();
    return 0;
}

void bpf_glue_exit(void)
{
    link_table_exit();
    map_events_exit();
    types_exit();
    run_exit();
}
