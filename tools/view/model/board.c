/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "board.h"

#include "model.h"

#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 32

// clang-format off
/* Raspberry Pi documentation, "GPIO and the 40-pin header"; the same since model B+. */
const struct header_pin board_header[40] = {
    { -1, "3V3" }, { -1, "5V" },
    { 2, NULL },   { -1, "5V" },
    { 3, NULL },   { -1, "GND" },
    { 4, NULL },   { 14, NULL },
    { -1, "GND" }, { 15, NULL },
    { 17, NULL },  { 18, NULL },
    { 27, NULL },  { -1, "GND" },
    { 22, NULL },  { 23, NULL },
    { -1, "3V3" }, { 24, NULL },
    { 10, NULL },  { -1, "GND" },
    { 9, NULL },   { 25, NULL },
    { 11, NULL },  { 8, NULL },
    { -1, "GND" }, { 7, NULL },
    { 0, NULL },   { 1, NULL },
    { 5, NULL },   { -1, "GND" },
    { 6, NULL },   { 12, NULL },
    { 13, NULL },  { -1, "GND" },
    { 19, NULL },  { 16, NULL },
    { 26, NULL },  { 20, NULL },
    { -1, "GND" }, { 21, NULL },
};
// clang-format on

/* RP1 peripherals §3.1.1, function select: which PWM channel a pin carries. */
static const struct {
    uint8_t line;
    int8_t chip, channel;
} pwm_pin[] = {
    { 12, 0, 0 }, { 13, 0, 1 }, { 14, 0, 2 }, { 15, 0, 3 },
    { 18, 0, 2 }, { 19, 0, 3 }, { 45, 1, 3 },
};

static const char *string_of(const void *fdt, int node, const char *property)
{
    int size;
    const char *text = fdt_getprop(fdt, node, property, &size);
    return text != NULL && size > 0 && text[size - 1] == '\0' ? text : NULL;
}

static bool cells_of(const void *fdt, int node, const char *property, uint32_t *cells,
                     uint32_t count)
{
    int size;
    const fdt32_t *at = fdt_getprop(fdt, node, property, &size);
    if (at == NULL || size < (int)(count * sizeof *at))
        return false;
    for (uint32_t i = 0; i < count; i++)
        cells[i] = fdt32_to_cpu(at[i]);
    return true;
}

/* A pin configuration: its function and pull on each of its pins. */
static void read_pins(struct board *board, const void *fdt, int node)
{
    int size;
    const char *function = string_of(fdt, node, "function");
    const char *pins = fdt_getprop(fdt, node, "pins", &size);
    if (function == NULL || pins == NULL || size <= 0 || pins[size - 1] != '\0')
        return;
    for (const char *pin = pins; pin < pins + size; pin += strlen(pin) + 1) {
        char *end;
        if (strncmp(pin, "gpio", 4) != 0)
            continue;
        unsigned long line = strtoul(pin + 4, &end, 10);
        if (*end != '\0' || line >= BOARD_LINES)
            continue;
        struct board_line *to = &board->line[line];
        printable(to->function, sizeof to->function, function);
        to->pull = fdt_getprop(fdt, node, "bias-pull-up", NULL) != NULL     ? BOARD_PULL_UP
                   : fdt_getprop(fdt, node, "bias-pull-down", NULL) != NULL ? BOARD_PULL_DOWN
                                                                            : BOARD_PULL_NONE;
        for (size_t i = 0; strncmp(function, "pwm", 3) == 0 && i < ARRAY_SIZE(pwm_pin); i++) {
            if (pwm_pin[i].line == line) {
                to->pwm_chip = pwm_pin[i].chip;
                to->pwm_channel = pwm_pin[i].channel;
            }
        }
    }
}

static void read_line_names(struct board *board, const void *fdt, int node)
{
    for (uint32_t i = 0; i < BOARD_LINES; i++) {
        const char *name = fdt_stringlist_get(fdt, node, "gpio-line-names", (int)i, NULL);
        if (name != NULL)
            printable(board->line[i].name, sizeof board->line[i].name, name);
    }
}

/* The number of a bus or chip: "/aliases" has "i2c1" for its path; 0 if none. */
static uint8_t alias_number(const void *fdt, int node, const char *prefix)
{
    for (uint8_t i = 0; i < 16; i++) {
        char name[16];
        snprintf(name, sizeof name, "%s%u", prefix, i);
        const char *path = fdt_get_alias(fdt, name);
        if (path != NULL && fdt_path_offset(fdt, path) == node)
            return i;
    }
    return 0;
}

static void read_sensor(struct board *board, const void *fdt, int node, int parent)
{
    uint32_t address, interrupt[2];
    const char *label = string_of(fdt, node, "label"), *compatible;
    const char *bus = parent >= 0 ? fdt_get_name(fdt, parent, NULL) : NULL;
    if (label == NULL || bus == NULL || strncmp(bus, "i2c@", 4) != 0 ||
        board->sensor_count == BOARD_SENSORS || !cells_of(fdt, node, "reg", &address, 1))
        return;
    struct board_sensor *to = &board->sensor[board->sensor_count++];
    printable(to->label, sizeof to->label, label);
    compatible = string_of(fdt, node, "compatible");
    printable(to->compatible, sizeof to->compatible, compatible != NULL ? compatible : "");
    to->bus = alias_number(fdt, parent, "i2c");
    to->address = (uint8_t)address;
    if (cells_of(fdt, node, "interrupts", interrupt, 2) && interrupt[0] < BOARD_LINES &&
        board->line[interrupt[0]].name[0] == '\0') {
        char name[BOARD_NAME_MAX + 8];
        snprintf(name, sizeof name, "%s INT", to->label);
        printable(board->line[interrupt[0]].name, BOARD_NAME_MAX, name);
    }
}

static void read_actuator(struct board *board, const void *fdt, int node)
{
    uint32_t cell[3];
    const char *name = fdt_get_name(fdt, node, NULL), *state = string_of(fdt, node, "safe-state");
    if (name == NULL || board->actuator_count == BOARD_ACTUATORS)
        return;
    struct board_actuator to = { .is_pwm = false };
    printable(to.name, sizeof to.name, name);
    printable(to.safe_state, sizeof to.safe_state, state != NULL ? state : "?");
    if (cells_of(fdt, node, "gpios", cell, 2)) {
        to.line = (uint8_t)cell[1];
        if (cell[1] < BOARD_LINES) {
            struct board_line *line = &board->line[cell[1]];
            line->safe_listed = true;
            if (line->name[0] == '\0')
                memcpy(line->name, to.name, sizeof line->name);
        }
    } else if (cells_of(fdt, node, "pwms", cell, 3)) {
        int chip = fdt_node_offset_by_phandle(fdt, cell[0]);
        to.is_pwm = true;
        to.chip = chip >= 0 ? alias_number(fdt, chip, "pwm") : 0;
        to.line = (uint8_t)cell[1];
    } else {
        return;
    }
    board->actuator[board->actuator_count++] = to;
}

static void read_node(struct board *board, const void *fdt, int node, int parent)
{
    const char *name = fdt_get_name(fdt, node, NULL);
    uint32_t hz;
    read_pins(board, fdt, node);
    read_sensor(board, fdt, node, parent);
    if (fdt_getprop(fdt, node, "gpio-controller", NULL) != NULL)
        read_line_names(board, fdt, node);
    if (name != NULL && strncmp(name, "i2c@", 4) == 0 && ++board->bus_count <= BOARD_BUSES &&
        cells_of(fdt, node, "clock-frequency", &hz, 1)) {
        uint8_t bus = alias_number(fdt, node, "i2c");
        if (bus < BOARD_BUSES)
            board->bus_hz[bus] = hz;
    }
    if (parent >= 0 && fdt_node_check_compatible(fdt, parent, "axiom,interlock") == 0)
        read_actuator(board, fdt, node);
}

void board_read(struct board *board, const void *fdt, size_t size)
{
    int path[DEPTH_MAX] = { 0 }, depth = 0;
    for (uint32_t i = 0; i < BOARD_LINES; i++)
        board->line[i].pwm_chip = board->line[i].pwm_channel = -1;
    if (fdt == NULL || size < sizeof(struct fdt_header) || fdt_check_full(fdt, size) != 0)
        return;
    board->known = true;
    const char *model = string_of(fdt, 0, "model");
    printable(board->model, sizeof board->model, model != NULL ? model : "board");
    /* fdt_parent_offset() would walk the tree for each node: the way down is kept instead. */
    for (int node = fdt_next_node(fdt, -1, &depth); node >= 0 && depth >= 0;
         node = fdt_next_node(fdt, node, &depth)) {
        if (depth >= DEPTH_MAX)
            continue;
        path[depth] = node;
        read_node(board, fdt, node, depth > 0 ? path[depth - 1] : -1);
    }
}
