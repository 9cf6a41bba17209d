/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a program's section says: "?fentry.s/vfs_read" is a sleepable program, not loaded unless
 * asked for, that attaches to the function vfs_read, whose type it is checked against. */
#include <axiom/errno.h>
#include <axiom/format.h>
#include <axiom/string.h>
#include <bpf_internal/object.h>

/* Kinds that attach to something with a type: what it is called in the kernel's BTF. */
static const struct {
    const char *kind;   /* without ".s" */
    const char *prefix; /* of the target's name */
    enum bpf_btf_kind btf_kind;
} typed_kinds[] = {
    { "tp_btf", "btf_trace_", BPF_BTF_TYPEDEF },
    { "fentry", "", BPF_BTF_FUNC },
    { "fexit", "", BPF_BTF_FUNC },
    { "fmod_ret", "", BPF_BTF_FUNC },
    { "lsm", "bpf_lsm_", BPF_BTF_FUNC },
    { "lsm_cgroup", "bpf_lsm_", BPF_BTF_FUNC },
    { "iter", "bpf_iter_", BPF_BTF_FUNC },
};

static size_t kind_length(const char *section)
{
    const char *slash = strchr(section, '/');
    size_t length = slash == NULL ? strlen(section) : (size_t)(slash - section);
    bool sleepable = length > 2 && section[length - 2] == '.' && section[length - 1] == 's';
    return sleepable ? length - 2 : length;
}

static uint32_t find_target(const struct bpf_btf *kernel, const char *section, size_t length,
                            const char *target)
{
    char name[256];
    if (kernel == NULL || target[0] == '\0')
        return 0;
    for (size_t i = 0; i < ARRAY_SIZE(typed_kinds); i++) {
        if (strlen(typed_kinds[i].kind) != length ||
            strncmp(typed_kinds[i].kind, section, length) != 0)
            continue;
        format_text(name, sizeof name, "%s%s", typed_kinds[i].prefix, target);
        return bpf_btf_find(kernel, name, typed_kinds[i].btf_kind);
    }
    return 0;
}

int object_read_section_name(struct object_loader *loader, const char *name,
                             struct bpf_object_program *program)
{
    program->autoload = name[0] != '?';
    char *section = object_copy_string(loader, program->autoload ? name : name + 1);
    if (section == NULL)
        return loader_fail(loader, -ENOMEM, BPF_ERROR_NO_OFFSET, "no memory for program %s",
                           program->name);
    program->section = section;
    const char *slash = strchr(section, '/');
    size_t length = kind_length(section);
    program->target = slash == NULL ? "" : slash + 1;
    program->sleepable = strncmp(section + length, ".s", 2) == 0;
    program->attach_btf_id =
        find_target(loader->object->kernel_btf, section, length, program->target);
    program->context = loader->options->context_by_section == NULL
                           ? bpf_context_by_section(section)
                           : loader->options->context_by_section(section);
    return 0;
}

int bpf_object_set_target(struct bpf_object *object, uint32_t index, const char *target)
{
    if (index >= object->program_count)
        return -EINVAL;
    struct bpf_object_program *program = &object->programs[index].public;
    uint32_t id =
        find_target(object->kernel_btf, program->section, kind_length(program->section), target);
    if (id == 0)
        return -ENOENT;
    program->attach_btf_id = id;
    return 0;
}
