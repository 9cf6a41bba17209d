/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Linux's table tests of its verifier as a file: what tables_dump.c, which sees Linux's headers, writes, and
 * tables_judge.c, which sees this library's, reads. First a struct table_types, then of each case a struct table_case
 * and its instructions. */
#pragma once
#include <stdint.h>

#define TABLE_FIXUP_MAX 8
#define TABLE_RUN_MAX   8
#define TABLE_DATA_SIZE 64
#define TABLE_STRINGS   256
#define TABLE_TYPES     256

/* Maps that cases of 6.12 want: Linux's names of the members fixup_NAME. */
#define TABLE_MAPS(X)                                                                      \
    X(map_hash_8b)                                                                         \
    X(map_hash_48b) X(map_array_48b) X(map_array_small) X(map_event_output) X(map_ringbuf) \
        X(map_kptr)

enum table_map {
#define TABLE_MAP_NAME(name) TABLE_##name,
    TABLE_MAPS(TABLE_MAP_NAME)
#undef TABLE_MAP_NAME
        TABLE_MAP_COUNT
};

/* BTF of the maps' values. */
struct table_types {
    uint32_t type_bytes, string_bytes;
    uint32_t types[TABLE_TYPES];
    char strings[TABLE_STRINGS];
};

struct table_case {
    char file[48], name[160], message[200];
    uint32_t insn_count;
    uint32_t fixups[TABLE_MAP_COUNT][TABLE_FIXUP_MAX]; /* LDDW of that map; 0: no more */
    struct {
        char name[48]; /* "": no more */
        uint32_t insn_index;
    } kfuncs[TABLE_FIXUP_MAX];
    uint32_t accepted; /* by 6.12, privileged; else refused */
    uint32_t prog_type, attach_type, load_flags;
    uint32_t run_count; /* UINT32_MAX: it is not to be run */
    struct {
        uint32_t value; /* POINTER_VALUE: any */
        uint8_t packet[TABLE_DATA_SIZE];
    } runs[TABLE_RUN_MAX];
    char attach[64];
    uint32_t function_count;
    struct {
        uint32_t insn_index, type_id;
    } functions[TABLE_FIXUP_MAX];
    uint32_t type_bytes; /* 0: the program has no BTF */
    uint32_t types[TABLE_TYPES];
    char strings[TABLE_STRINGS];
};
