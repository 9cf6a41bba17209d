/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* I2C transactions out of the levels of SCL and SDA.
 *
 * The decoder is fed once for each time at which a line changed, with both levels after that time:
 * changes of both lines at one time are one call, as a sampling instrument cannot tell their order.
 * Then SCL decides: a rising SCL is a data bit with SDA's new level, and only without one is a
 * change of SDA under a high SCL a START or STOP. That is how sigrok's decoder reads it, and what
 * hardware meant, since SDA changes shortly after SCL falls or before it rises. */
#pragma once
#include <traces/source.h>

#define I2C_DECODE_BYTES 65535u

struct i2c_decoder {
    enum { I2C_FIND_START, I2C_FIND_ADDRESS, I2C_FIND_ACK, I2C_FIND_DATA } state;
    uint8_t scl, sda;
    uint8_t bit_count, byte;
    bool in_address, reading; /* what the byte in work is */
    bool address_known;       /* the current message has its address */
    bool open;                /* `transaction` holds something */
    uint64_t start_ns;        /* of the message in work */
    struct trace_i2c transaction;
    uint8_t *write, *read; /* I2C_DECODE_BYTES each; the caller's */
    struct trace_i2c done; /* what i2c_decode() handed out; its bytes are in the other pair */
    uint8_t *done_write, *done_read;
};

/* The lines' levels before the first change, and 4 * I2C_DECODE_BYTES bytes of the caller's. */
void i2c_decoder_init(struct i2c_decoder *decoder, uint8_t scl, uint8_t sda, uint8_t *memory);

/* True: a transaction ended here; *out is valid until the next call. */
bool i2c_decode(struct i2c_decoder *decoder, uint64_t time_ns, uint8_t scl, uint8_t sda,
                struct trace_i2c *out);

/* True: the trace ended inside a transaction that has at least its address. */
bool i2c_decode_finish(struct i2c_decoder *decoder, struct trace_i2c *out);
