/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The board as its device tree tells it: the 40-pin header, who uses which pin, sensors, actuators under the
 * interlock. Out of a tree that nobody vouches for. */
#pragma once
#include <axiom/types.h>

#define BOARD_LINES     64u
#define BOARD_SENSORS   16u
#define BOARD_ACTUATORS 32u
#define BOARD_NAME_MAX  32u
#define BOARD_BUSES     16u

enum board_pull { BOARD_PULL_NONE, BOARD_PULL_UP, BOARD_PULL_DOWN };

struct board_line {
    char name[BOARD_NAME_MAX]; /* gpio-line-names, a binding, or what hangs on it: "x-enable"; "" */
    char function[BOARD_NAME_MAX]; /* "i2c1", "pwm0"; "" is plain GPIO */
    uint8_t pull;                  /* enum board_pull */
    bool safe_listed;              /* the interlock has a safe state for it */
    int8_t pwm_chip, pwm_channel;  /* of the function pwm; -1 */
};

struct board_sensor {
    char label[BOARD_NAME_MAX];
    char compatible[BOARD_NAME_MAX];
    uint8_t bus, address;
};

struct board_actuator {
    char name[BOARD_NAME_MAX];
    char safe_state[8];
    bool is_pwm;
    uint8_t chip, line; /* or channel */
};

struct board {
    bool known;
    char model[64];
    struct board_line line[BOARD_LINES]; /* chip0 */
    struct board_sensor sensor[BOARD_SENSORS];
    uint32_t sensor_count;
    struct board_actuator actuator[BOARD_ACTUATORS];
    uint32_t actuator_count;
    uint32_t bus_count;           /* of I2C */
    uint32_t bus_hz[BOARD_BUSES]; /* 0: unknown */
};

/* Reads what it can; a tree that is none leaves the board unknown. */
void board_read(struct board *board, const void *fdt, size_t size);

/* The 40-pin header of every Raspberry Pi: what pin 1..40 is. line: GPIO number, or -1 with a text ("3V3", "GND"). */
struct header_pin {
    int8_t line;
    const char *text;
};
extern const struct header_pin board_header[40];
