/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* LPM trie: values by prefixes of bit strings; a lookup finds the longest prefix that matches
 * (Linux: kernel/bpf/lpm_trie.c, whose keys, errno and order of walking these are).
 *
 * A binary trie without chains: a node has its whole prefix, and each child's is longer and begins
 * with it. Where two prefixes part and nobody entered what they share, stands an intermediate node;
 * such a node always has two children, so N prefixes need at most 2N - 1 nodes, all allocated
 * beforehand. A walk goes through the children before their parent, 0 before 1: more specific
 * prefixes first.
 *
 * Readers take no lock: they look again when the sequence number moved. Whatever they meet while
 * it moves, each step leads to a longer prefix or ends the search. */
#include <bpf_internal/map.h>

#define NO_NODE           0u
#define KEY_DATA_SIZE_MAX 256u

struct lpm_node {
    uint32_t child[2]; /* numbers from 1 */
    uint32_t is_intermediate;
    uint32_t prefix_length; /* from here on as in a key */
    uint64_t prefix[];      /* the bytes, padded with zeros to 8; then the value */
};
_Static_assert(offsetof(struct lpm_node, prefix) == offsetof(struct lpm_node, prefix_length) + 4,
               "a key in one piece");

struct lpm_map {
    struct bpf_map map;
    uint32_t sequence; /* sequence lock over everything below */
    uint32_t root, free_node, entry_count;
    uint32_t data_size; /* bytes of a key behind prefixlen */
    uint32_t value_offset, stride;
    uint8_t *nodes;
};

static struct lpm_map *lpm_of(const struct bpf_map *map)
{
    return CONTAINER_OF(map, struct lpm_map, map);
}

static uint32_t value_offset(uint32_t key_size)
{
    return (uint32_t)align_up64(sizeof(struct lpm_node) + key_size - 4, 8);
}

static uint64_t node_stride(uint32_t key_size, uint32_t value_size)
{
    return align_up64((uint64_t)value_offset(key_size) + value_size, 8);
}

static int lpm_check(const struct bpf_map_spec *spec, uint32_t cpu_count, uint64_t *size_bytes,
                     struct bpf_error *error)
{
    (void)cpu_count;
    if ((spec->flags & BPF_F_NO_PREALLOC) == 0)
        return map_refuse(spec, error, "an LPM trie needs map_flags BPF_F_NO_PREALLOC");
    if (spec->key_size < 5 || spec->key_size > 4 + KEY_DATA_SIZE_MAX)
        return map_refuse(spec, error,
                          "an LPM trie's key is uint32_t prefixlen and 1 to %u bytes, not %u",
                          KEY_DATA_SIZE_MAX, spec->key_size);
    if (spec->value_size == 0)
        return map_refuse(spec, error, "value_size must be 1 or more");
    *size_bytes = align_up64(sizeof(struct lpm_map), 16) +
                  2 * (uint64_t)spec->max_entries * node_stride(spec->key_size, spec->value_size);
    return 0;
}

static struct lpm_node *node_at(const struct lpm_map *lpm, uint32_t number)
{
    return (struct lpm_node *)(void *)(lpm->nodes + (size_t)(number - 1) * lpm->stride);
}

static void lpm_init(struct bpf_map *map, const struct bpf_map_spec *spec)
{
    (void)spec;
    struct lpm_map *lpm = lpm_of(map);
    lpm->data_size = map->key_size - 4;
    lpm->value_offset = value_offset(map->key_size);
    lpm->stride = (uint32_t)node_stride(map->key_size, map->value_size);
    lpm->nodes = (uint8_t *)map + align_up64(sizeof(struct lpm_map), 16);
    for (uint32_t number = 1; number < 2 * map->max_entries; number++)
        node_at(lpm, number)->child[0] = number + 1;
    lpm->free_node = 1;
}

static void *value_of(const struct lpm_map *lpm, uint32_t number)
{
    return (uint8_t *)node_at(lpm, number) + lpm->value_offset;
}

/* --- Keys --- */

struct lpm_key {
    uint32_t length; /* bits that count */
    const uint8_t *data;
    uint32_t data_size;
    uint64_t first; /* its first eight bytes, as key_word() gives them */
};

static uint32_t max_length(const struct lpm_map *lpm)
{
    return lpm->data_size * 8;
}

/* Up to eight bytes as a number whose highest bit is the first of the string. */
static uint64_t word_of(const uint8_t *data, uint32_t size)
{
    uint64_t word = 0;
    if (size >= 8)
        return __builtin_bswap64(get_le64(data));
    if (size == 4)
        return (uint64_t)__builtin_bswap32(get_le32(data)) << 32;
    for (uint32_t i = 0; i < size; i++)
        word |= (uint64_t)data[i] << (56 - 8 * i);
    return word;
}

static struct lpm_key make_key(uint32_t length, const uint8_t *data, uint32_t data_size)
{
    return (struct lpm_key){ length, data, data_size, word_of(data, data_size) };
}

static struct lpm_key key_of(const struct lpm_map *lpm, const void *key)
{
    return make_key(get_le32(key), (const uint8_t *)key + 4, lpm->data_size);
}

static uint64_t key_word(const struct lpm_key *key, uint32_t index)
{
    return index == 0 ? key->first : word_of(key->data + index * 8, key->data_size - index * 8);
}

static uint32_t key_bit(const struct lpm_key *key, uint32_t bit)
{
    return (uint32_t)(key_word(key, bit / 64) >> (63 - bit % 64)) & 1u;
}

static uint32_t node_bit(const struct lpm_node *node, uint32_t bit)
{
    uint64_t word = __builtin_bswap64(map_get64(&node->prefix[bit / 64]));
    return (uint32_t)(word >> (63 - bit % 64)) & 1u;
}

/* How many bits the node's prefix and the key have in common, at most as many as both have. */
static uint32_t common_length(const struct lpm_node *node, const struct lpm_key *key)
{
    uint32_t limit = map_get32(&node->prefix_length);
    limit = key->length < limit ? key->length : limit;
    for (uint32_t bits = 0; bits < limit; bits += 64) {
        uint64_t differs =
            __builtin_bswap64(map_get64(&node->prefix[bits / 64])) ^ key_word(key, bits / 64);
        if (differs == 0)
            continue;
        bits += (uint32_t)__builtin_clzll(differs);
        return bits < limit ? bits : limit;
    }
    return limit;
}

static bool is_entry(const struct lpm_node *node)
{
    return map_get32(&node->is_intermediate) == 0;
}

/* --- Lookup --- */

static uint32_t find_longest(const struct lpm_map *lpm, const struct lpm_key *key)
{
    uint32_t number = map_get32(&lpm->root), found = NO_NODE, reached = 0;
    while (number != NO_NODE) {
        const struct lpm_node *node = node_at(lpm, number);
        uint32_t common = common_length(node, key), length = map_get32(&node->prefix_length);
        if (common == max_length(lpm))
            return number;
        if (common < length)
            break;
        if (is_entry(node))
            found = number;
        /* Only while the trie changes can a step not lead further. */
        if (length < reached || length >= key->length || length >= max_length(lpm))
            break;
        reached = length + 1;
        number = map_get32(&node->child[key_bit(key, length)]);
    }
    return found;
}

/* The same for keys of at most 8 bytes, so addresses of IPv4: a prefix is one word, and either the key
 * begins with it or the search ends. */
static uint32_t find_longest_word(const struct lpm_map *lpm, const struct lpm_key *key)
{
    uint32_t number = map_get32(&lpm->root), found = NO_NODE, reached = 0;
    while (number != NO_NODE) {
        const struct lpm_node *node = node_at(lpm, number);
        uint32_t length = map_get32(&node->prefix_length);
        uint64_t differs = __builtin_bswap64(map_get64(&node->prefix[0])) ^ key->first;
        if (length > key->length || (length != 0 && differs >> (64 - length) != 0))
            break;
        if (is_entry(node))
            found = number;
        if (length < reached || length >= key->length)
            break;
        reached = length + 1;
        number = map_get32(&node->child[key->first >> (63 - length) & 1]);
    }
    return found;
}

static void *lpm_lookup(struct bpf_map *map, const void *key)
{
    const struct lpm_map *lpm = lpm_of(map);
    struct lpm_key wanted = key_of(lpm, key);
    if (wanted.length > max_length(lpm))
        return NULL;
    bool is_word = lpm->data_size <= 8;
    for (;;) {
        uint32_t begun = map_read_begin(&lpm->sequence);
        uint32_t number =
            is_word ? find_longest_word(lpm, &wanted) : find_longest(lpm, &wanted);
        if (!map_read_retry(&lpm->sequence, begun))
            return number == NO_NODE ? NULL : value_of(lpm, number);
    }
}

static int lpm_copy(struct bpf_map *map, const void *key, void *value)
{
    const struct lpm_map *lpm = lpm_of(map);
    for (;;) {
        uint32_t begun = map_read_begin(&lpm->sequence);
        const void *from = lpm_lookup(map, key);
        if (from != NULL)
            map_value_load(map, value, from, false);
        if (!map_read_retry(&lpm->sequence, begun))
            return from == NULL ? -ENOENT : 0;
    }
}

/* --- Update; the lock is held --- */

static uint32_t node_alloc(struct lpm_map *lpm)
{
    uint32_t number = lpm->free_node;
    lpm->free_node = node_at(lpm, number)->child[0];
    return number;
}

static void node_free(struct lpm_map *lpm, uint32_t number)
{
    map_set32(&node_at(lpm, number)->child[0], lpm->free_node);
    lpm->free_node = number;
}

/* Bits behind the prefix are kept as they come, like Linux's: they show in keys that are read. */
static void set_bytes(struct lpm_node *node, const struct lpm_key *key)
{
    for (uint32_t i = 0; i * 8 < key->data_size; i++)
        map_set64(&node->prefix[i], __builtin_bswap64(key_word(key, i)));
}

static void set_prefix(struct lpm_node *node, const struct lpm_key *key, uint32_t length)
{
    set_bytes(node, key);
    map_set32(&node->prefix_length, length);
    map_set32(&node->child[0], NO_NODE);
    map_set32(&node->child[1], NO_NODE);
}

static uint32_t make_entry(struct lpm_map *lpm, const struct lpm_key *key, const void *value)
{
    uint32_t number = node_alloc(lpm);
    struct lpm_node *node = node_at(lpm, number);
    set_prefix(node, key, key->length);
    map_set32(&node->is_intermediate, 0);
    map_value_store(&lpm->map, value_of(lpm, number), value, false);
    lpm->entry_count++;
    return number;
}

/* The link at which the key is, or has to come in; *common is what the node there shares with it. */
static uint32_t *find_link(struct lpm_map *lpm, const struct lpm_key *key, uint32_t *common)
{
    uint32_t *link = &lpm->root;
    *common = 0;
    while (*link != NO_NODE) {
        struct lpm_node *node = node_at(lpm, *link);
        *common = common_length(node, key);
        if (node->prefix_length != *common || node->prefix_length == key->length ||
            node->prefix_length == max_length(lpm))
            break;
        link = &node->child[key_bit(key, node->prefix_length)];
    }
    return link;
}

/* A new entry above, or beside, the node at the link. */
static void put_in_between(struct lpm_map *lpm, uint32_t *link, const struct lpm_key *key,
                           uint32_t common, const void *value)
{
    uint32_t below = *link, number = make_entry(lpm, key, value);
    uint32_t side = node_bit(node_at(lpm, below), common);
    if (common == key->length) {
        map_set32(&node_at(lpm, number)->child[side], below);
        map_set32(link, number);
        return;
    }
    uint32_t fork = node_alloc(lpm);
    struct lpm_node *node = node_at(lpm, fork);
    set_prefix(node, key, common);
    map_set32(&node->is_intermediate, 1);
    map_set32(&node->child[side], below);
    map_set32(&node->child[1 - side], number);
    map_set32(link, fork);
}

static int update_locked(struct lpm_map *lpm, const struct lpm_key *key, const void *value,
                         uint64_t flags)
{
    uint32_t common;
    uint32_t *link = find_link(lpm, key, &common);
    struct lpm_node *node = *link == NO_NODE ? NULL : node_at(lpm, *link);
    bool is_there = node != NULL && node->prefix_length == common && common == key->length;
    if (is_there && is_entry(node)) {
        if (flags == BPF_NOEXIST)
            return -EEXIST;
        set_bytes(node, key);
        map_value_store(&lpm->map, value_of(lpm, *link), value, false);
        return 0;
    }
    if (flags == BPF_EXIST)
        return -ENOENT;
    if (lpm->entry_count == lpm->map.max_entries)
        return -ENOSPC;
    if (is_there) {
        set_bytes(node, key);
        map_value_store(&lpm->map, value_of(lpm, *link), value, false);
        map_set32(&node->is_intermediate, 0);
        lpm->entry_count++;
    } else if (node == NULL) {
        map_set32(link, make_entry(lpm, key, value));
    } else {
        put_in_between(lpm, link, key, common, value);
    }
    return 0;
}

static int lpm_update(struct bpf_map *map, const void *key, const void *value, uint64_t flags)
{
    struct lpm_map *lpm = lpm_of(map);
    struct lpm_key wanted = key_of(lpm, key);
    if (flags > BPF_EXIST || wanted.length > max_length(lpm))
        return -EINVAL;
    uint64_t state = map_write_begin(map->env, &lpm->sequence);
    int err = update_locked(lpm, &wanted, value, flags);
    map_write_end(map->env, &lpm->sequence, state);
    return err;
}

/* --- Delete --- */

static int delete_locked(struct lpm_map *lpm, const struct lpm_key *key)
{
    uint32_t *link = &lpm->root, *parent_link = NULL;
    struct lpm_node *node = NULL;
    for (; *link != NO_NODE; link = &node->child[key_bit(key, node->prefix_length)]) {
        node = node_at(lpm, *link);
        if (common_length(node, key) != node->prefix_length || node->prefix_length == key->length)
            break;
        parent_link = link;
    }
    if (*link == NO_NODE || node->prefix_length != key->length ||
        common_length(node, key) != key->length || !is_entry(node))
        return -ENOENT;
    lpm->entry_count--;
    if (node->child[0] != NO_NODE && node->child[1] != NO_NODE) {
        map_set32(&node->is_intermediate, 1);
        return 0;
    }
    uint32_t number = *link, only = node->child[0] | node->child[1];
    map_set32(link, only);
    node_free(lpm, number);
    if (only != NO_NODE || parent_link == NULL)
        return 0;
    /* A fork that has lost one side goes, too. */
    uint32_t fork = *parent_link;
    struct lpm_node *parent = node_at(lpm, fork);
    if (is_entry(parent))
        return 0;
    map_set32(parent_link, parent->child[0] | parent->child[1]);
    node_free(lpm, fork);
    return 0;
}

static int lpm_delete(struct bpf_map *map, const void *key)
{
    struct lpm_map *lpm = lpm_of(map);
    struct lpm_key wanted = key_of(lpm, key);
    if (wanted.length > max_length(lpm))
        return -EINVAL;
    uint64_t state = map_write_begin(map->env, &lpm->sequence);
    int err = delete_locked(lpm, &wanted);
    map_write_end(map->env, &lpm->sequence, state);
    return err;
}

/* --- Walks; the lock is held, or nobody changes the map --- */

/* The first of the trie below `number` in the order of walking: a leaf, which is always an entry. */
static uint32_t first_below(const struct lpm_map *lpm, uint32_t number)
{
    for (;;) {
        const struct lpm_node *node = node_at(lpm, number);
        uint32_t down = node->child[0] != NO_NODE ? node->child[0] : node->child[1];
        if (down == NO_NODE)
            return number;
        number = down;
    }
}

/* The first entry after the key, whether or not the key is there. On the way down, each ancestor is
 * a candidate: what it holds on the other side, or itself. Deeper ones come first. */
static uint32_t next_after(const struct lpm_map *lpm, const struct lpm_key *key)
{
    uint32_t number = lpm->root, candidate = NO_NODE;
    while (number != NO_NODE) {
        const struct lpm_node *node = node_at(lpm, number);
        uint32_t common = common_length(node, key);
        if (common < node->prefix_length) {
            /* They part, or the key is a prefix of the node's and comes after it. */
            bool node_follows = common < key->length && key_bit(key, common) == 0;
            return node_follows ? first_below(lpm, number) : candidate;
        }
        if (node->prefix_length == key->length)
            return candidate;
        uint32_t side = key_bit(key, node->prefix_length);
        if (side == 0 && node->child[1] != NO_NODE)
            candidate = first_below(lpm, node->child[1]);
        else if (is_entry(node))
            candidate = number;
        number = node->child[side];
    }
    return candidate;
}

static uint32_t next_node(const struct lpm_map *lpm, const void *key)
{
    if (lpm->root == NO_NODE)
        return NO_NODE;
    if (key == NULL || get_le32(key) > max_length(lpm))
        return first_below(lpm, lpm->root);
    struct lpm_key after = key_of(lpm, key);
    return next_after(lpm, &after);
}

static void write_key(const struct lpm_map *lpm, const struct lpm_node *node, void *key)
{
    put_le32(key, node->prefix_length);
    memcpy((uint8_t *)key + 4, node->prefix, lpm->data_size);
}

static int lpm_next(struct bpf_map *map, const void *key, void *next_key)
{
    struct lpm_map *lpm = lpm_of(map);
    uint64_t state = map_write_begin(map->env, &lpm->sequence);
    uint32_t number = next_node(lpm, key);
    if (number != NO_NODE)
        write_key(lpm, node_at(lpm, number), next_key);
    map_write_end(map->env, &lpm->sequence, state);
    return number == NO_NODE ? -ENOENT : 0;
}

/* The cursor is the number of the last node. */
static bool lpm_iterate(const struct bpf_map *map, uint64_t *cursor, struct bpf_map_entry *out)
{
    const struct lpm_map *lpm = lpm_of(map);
    uint32_t number;
    if (*cursor == 0) {
        number = next_node(lpm, NULL);
    } else {
        const struct lpm_node *node = node_at(lpm, (uint32_t)*cursor);
        const struct lpm_key key =
            make_key(node->prefix_length, (const uint8_t *)node->prefix, lpm->data_size);
        number = next_after(lpm, &key);
    }
    if (number == NO_NODE)
        return false;
    *cursor = number;
    const struct lpm_node *node = node_at(lpm, number);
    *out = (struct bpf_map_entry){ .key = (const uint8_t *)node +
                                          offsetof(struct lpm_node, prefix_length),
                                   .key_size = map->key_size,
                                   .value = value_of(lpm, number),
                                   .value_size = map->value_size,
                                   .value_count = 1 };
    return true;
}

static bool lpm_holds(const struct bpf_map *map, uint64_t offset, uint64_t size_bytes)
{
    const struct lpm_map *lpm = lpm_of(map);
    uint64_t start = (uintptr_t)lpm->nodes - (uintptr_t)map;
    if (offset < start || (offset - start) / lpm->stride >= 2 * (uint64_t)map->max_entries)
        return false;
    uint64_t at = (offset - start) % lpm->stride;
    return at >= lpm->value_offset && size_bytes <= map->value_size &&
           at - lpm->value_offset <= map->value_size - size_bytes;
}

const struct bpf_map_ops bpf_lpm_trie_ops = {
    .type = BPF_MAP_TYPE_LPM_TRIE,
    .name = "lpm_trie",
    .bit = BPF_MAP_BIT_LPM_TRIE,
    .flags = BPF_F_NO_PREALLOC | BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY | BPF_F_RDONLY_PROG |
             BPF_F_WRONLY_PROG,
    .check = lpm_check,
    .init = lpm_init,
    .lookup = lpm_lookup,
    .copy = lpm_copy,
    .update = lpm_update,
    .delete = lpm_delete,
    .next = lpm_next,
    .iterate = lpm_iterate,
    .holds = lpm_holds,
};
