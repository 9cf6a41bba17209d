/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "linux_maps.h"
#include "linux_attr.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int element(struct backend *backend, enum linux_command command, const void *key,
                   const void *value, uint64_t flags)
{
    struct linux_backend *map = (struct linux_backend *)(void *)backend;
    struct linux_map_element attributes = { (uint32_t)map->fd, 0, linux_address(key),
                                            linux_address(value), flags };
    return linux_bpf(command, &attributes, sizeof attributes);
}

/* Maps without keys want none. */
static const void *key_or_none(struct backend *backend, const void *key);

static int linux_lookup(struct backend *backend, const void *key, void *value, uint64_t flags)
{
    return element(backend, LINUX_MAP_LOOKUP, key_or_none(backend, key), value, flags);
}

static int linux_update(struct backend *backend, const void *key, const void *value, uint64_t flags)
{
    return element(backend, LINUX_MAP_UPDATE, key_or_none(backend, key), value, flags);
}

static int linux_delete(struct backend *backend, const void *key)
{
    return element(backend, LINUX_MAP_DELETE, key_or_none(backend, key), NULL, 0);
}

static int linux_next(struct backend *backend, const void *key, void *next_key)
{
    return element(backend, LINUX_MAP_NEXT, key, next_key, 0);
}

static int linux_lookup_and_delete(struct backend *backend, const void *key, void *value,
                                   uint64_t flags)
{
    return element(backend, LINUX_MAP_LOOKUP_AND_DELETE, key_or_none(backend, key), value, flags);
}

static int linux_freeze(struct backend *backend)
{
    uint32_t fd = (uint32_t)((struct linux_backend *)(void *)backend)->fd;
    return linux_bpf(LINUX_MAP_FREEZE, &fd, sizeof fd);
}

static int batch_of(struct backend *backend, enum linux_command command,
                    struct bpf_map_batch *batch)
{
    struct linux_backend *map = (struct linux_backend *)(void *)backend;
    struct linux_map_batch attributes = {
        .in_batch = linux_address(batch->in_position),
        .out_batch = linux_address(batch->out_position),
        .keys = linux_address(batch->keys),
        .values = linux_address(batch->values),
        .count = batch->count,
        .map_fd = (uint32_t)map->fd,
        .elem_flags = batch->element_flags,
    };
    int err = linux_bpf(command, &attributes, sizeof attributes);
    batch->count = attributes.count;
    return err;
}

static int linux_lookup_batch(struct backend *backend, struct bpf_map_batch *batch)
{
    return batch_of(backend, LINUX_MAP_LOOKUP_BATCH, batch);
}

static int linux_update_batch(struct backend *backend, struct bpf_map_batch *batch)
{
    return batch_of(backend, LINUX_MAP_UPDATE_BATCH, batch);
}

static int linux_delete_batch(struct backend *backend, struct bpf_map_batch *batch)
{
    struct bpf_map_batch keys_only = *batch;
    keys_only.values = NULL;
    int err = batch_of(backend, LINUX_MAP_DELETE_BATCH, &keys_only);
    batch->count = keys_only.count;
    return err;
}

static const struct backend without_keys = { .name = "linux (keyless)" };
static const struct backend with_keys = { .name = "linux" };

static const void *key_or_none(struct backend *backend, const void *key)
{
    return backend->name == without_keys.name ? NULL : key;
}

int linux_backend_open(struct linux_backend *linux_map, const struct shape *shape)
{
    struct linux_map_create create = { .type = shape->type,
                                       .key_size = shape->key_size,
                                       .value_size = shape->value_size,
                                       .max_entries = shape->max_entries,
                                       .flags = shape->flags,
                                       .extra = shape->map_extra };
    int fd = linux_bpf(LINUX_MAP_CREATE, &create, sizeof create);
    if (fd < 0)
        return fd;
    *linux_map = (struct linux_backend){
        .backend = { .name = shape->key_size == 0 ? without_keys.name : with_keys.name,
                     .lookup = linux_lookup,
                     .update = linux_update,
                     .delete = linux_delete,
                     .next = linux_next,
                     .lookup_and_delete = linux_lookup_and_delete,
                     .freeze = linux_freeze,
                     .lookup_batch = linux_lookup_batch,
                     .update_batch = linux_update_batch,
                     .delete_batch = linux_delete_batch },
        .fd = fd,
    };
    return 0;
}

void linux_backend_close(struct linux_backend *linux_map)
{
    close(linux_map->fd);
}

uint32_t linux_cpu_count(void)
{
    FILE *file = fopen("/sys/devices/system/cpu/possible", "r");
    unsigned first = 0, last = 0;
    int found = file == NULL ? 0 : fscanf(file, "%u-%u", &first, &last);
    if (file != NULL)
        fclose(file);
    return found == 2 ? last + 1 : 1;
}
