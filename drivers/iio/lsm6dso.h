/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the LSM6DSO driver's two files share: registers by I2C. lsm6dso.c has sampling and probe,
 * lsm6dso_self_test.c the self-test. */
#pragma once
#include <core/i2c.h>

struct lsm6dso_port {
    struct i2c_adapter *adapter;
    uint16_t address;
    const char *name; /* of the sensor, for messages */
};

struct lsm6dso_setting {
    uint8_t reg;
    uint8_t value;
};

/* Process context; errors of i2c_transfer(). */
int lsm6dso_read(const struct lsm6dso_port *port, uint8_t reg, uint8_t *to, uint16_t size);
int lsm6dso_write(const struct lsm6dso_port *port, uint8_t reg, uint32_t value);
/* In order, until one fails. */
int lsm6dso_write_settings(const struct lsm6dso_port *port, const struct lsm6dso_setting *settings,
                           size_t count);
/* Sleeps, or relaxes where there is no clock interrupt yet. */
void lsm6dso_pause(uint64_t duration_ns);

/* -EIO with a log line: an axis does not answer the force as it should. The sensor is off before and
 * after. */
int lsm6dso_self_test(const struct lsm6dso_port *port);
