/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Value change dump, private parts (IEEE 1364-2001 section 18).
 *
 * A wire becomes a line; a vector of up to 64 bits one line for each bit, "bus[3]"; a real, an integer
 * or a time a number. Scopes are written before a name with dots; those that all names share are left
 * out. Two variables of one identifier code are one channel, whose note says the other name. */
#pragma once
#include "text_reader.h"

#define VCD_ID_MAX     24
#define VCD_VECTOR_MAX 64u
#define VCD_DEPTH_MAX  64

enum vcd_type { VCD_LINES, VCD_NUMBER, VCD_LEFT_OUT };

struct vcd_variable {
    char id[VCD_ID_MAX];
    char *name; /* with its scopes; until the channels are made */
    char *alias;
    enum vcd_type type;
    uint32_t size; /* bits; lines */
    int64_t lsb;   /* index of bit 0 in the name */
    bool descends; /* [0:7]: bit 0 is the last index */
    bool ranged;
    uint32_t channel;             /* of bit 0; the others follow */
    int8_t level[VCD_VECTOR_MAX]; /* so far, -1: unknown */
};

struct vcd_header {
    struct vcd_variable *variable;
    uint32_t count, capacity;
    uint32_t *table; /* hash of codes -> index + 1 */
    uint32_t table_size;
    uint64_t numerator, denominator; /* ns a unit of time */
};

/* Reads up to and with $enddefinitions. */
int vcd_header_read(struct text_reader *reader, struct vcd_header *header,
                    struct trace_error *error);
struct vcd_variable *vcd_find(const struct vcd_header *header, const char *id, size_t size);
void vcd_header_free(struct vcd_header *header);
