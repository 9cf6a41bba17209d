/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A module's programs replaced while the kernel runs.
 *
 * Each link keeps its place, number and count of events; its program pointer is changed by one
 * store. A run takes the pointer when it begins, so an event has either the old program or the new
 * one, never both and never none. The old programs go when no CPU is inside of one any more. What
 * could fail (opening, verifying, memory) is done before the first link changes. */
#include <axiom/errno.h>
#include <axiom/format.h>
#include <axiom/string.h>
#include <core/mm.h>

#include "link.h"
#include "load.h"

struct replacement {
    struct bpf_link *link;
    struct bpf_prog *prog; /* the new one, then the old one */
};

/* The first link of that attach point and program name which has no replacement yet. */
static struct bpf_link *find_link(const struct replacement *chosen, uint32_t count,
                                  const char *attach_point, const char *name)
{
    for (uint32_t number = 0; number < link_count(); number++) {
        struct bpf_link *link = link_at(number);
        bool taken = false;
        for (uint32_t i = 0; i < count; i++)
            taken |= chosen[i].link == link;
        if (!taken && strcmp(link->attach_point, attach_point) == 0 &&
            strcmp(bpf_prog_name(link->prog), name) == 0)
            return link;
    }
    return NULL;
}

static int choose_links(struct replacement *all, uint32_t count, const struct bpf_object *object,
                        char *reason, size_t reason_size)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct bpf_object_program *program = bpf_object_program(object, i);
        all[i].link = find_link(all, i, program->section, program->name);
        if (all[i].link == NULL) {
            format_text(reason, reason_size, "no program '%s' is attached at %s", program->name,
                        program->section);
            return -ENOENT;
        }
    }
    return 0;
}

static void swap(struct replacement *r)
{
    const struct bpf_prog *old = __atomic_exchange_n(&r->link->prog, r->prog, __ATOMIC_ACQ_REL);
    r->prog = (struct bpf_prog *)(uintptr_t)old;
}

static int replace_all(struct replacement *all, uint32_t count, const struct boot_module *module,
                       struct bpf_object *object, char *reason, size_t reason_size)
{
    int err = choose_links(all, count, object, reason, reason_size);
    for (uint32_t i = 0; i < count && err == 0; i++)
        err = load_program(module, object, i, &all[i].prog, reason, reason_size);
    if (err == 0) {
        for (uint32_t i = 0; i < count; i++)
            swap(&all[i]);
        run_synchronize();
    }
    for (uint32_t i = 0; i < count; i++)
        bpf_prog_put(all[i].prog);
    return err;
}

static int replace_with(const struct boot_module *module, struct bpf_object *object, char *reason,
                        size_t reason_size)
{
    uint32_t count = bpf_object_program_count(object);
    if (count == 0) {
        format_text(reason, reason_size, "%s has no program", module->name);
        return -EINVAL;
    }
    uint32_t first_map;
    int err = load_maps(module, object, &first_map, reason, reason_size);
    if (err)
        return err;
    struct replacement *all = kcalloc(count, sizeof *all);
    if (all == NULL) {
        format_text(reason, reason_size, "no memory for %u programs", count);
        err = -ENOMEM;
    } else {
        err = replace_all(all, count, module, object, reason, reason_size);
        kfree(all);
    }
    if (err)
        load_forget_maps(first_map);
    return err;
}

int bpf_glue_replace(const struct boot_module *module, char *reason, size_t reason_size)
{
    struct bpf_object *object;
    int err = load_open(module, &object, reason, reason_size);
    if (err)
        return err;
    err = replace_with(module, object, reason, reason_size);
    bpf_object_close(object);
    return err;
}
