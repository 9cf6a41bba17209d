/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The I2C decoder. UM10204 (I2C-bus specification) section 3.1; the order of the tests at one time is in
 * the header.
 *
 *              SDA falls, SCL high
 *   FIND_START --------------------> FIND_ADDRESS --8 bits--> FIND_ACK --1 bit--> FIND_DATA
 *        ^                                ^                      ^                 |  |  |
 *        |                                |                      +-----8 bits------+  |  |
 *        |                                +----------- SDA falls, SCL high -----------+  |
 *        +------------------------------- SDA rises, SCL high ---------------------------+
 *
 * A transaction is handed out in buffers of its own, because one input can end it and begin the next. */
#include <traces/i2c_decode.h>

#include <string.h>

void i2c_decoder_init(struct i2c_decoder *decoder, uint8_t scl, uint8_t sda, uint8_t *memory)
{
    *decoder = (struct i2c_decoder){ .scl = scl, .sda = sda };
    decoder->write = memory;
    decoder->read = memory + I2C_DECODE_BYTES;
    decoder->done_write = memory + 2 * (size_t)I2C_DECODE_BYTES;
    decoder->done_read = memory + 3 * (size_t)I2C_DECODE_BYTES;
}

/* Closes the transaction in work and swaps the buffers. */
static void hand_out(struct i2c_decoder *d, bool stopped)
{
    uint8_t *write = d->write, *read = d->read;
    d->done = d->transaction;
    d->done.stopped = stopped;
    d->done.write_data = write;
    d->done.read_data = read;
    d->write = d->done_write;
    d->read = d->done_read;
    d->done_write = write;
    d->done_read = read;
    d->open = false;
}

/* START or repeated START. Whether the transaction goes on is known when the address is. */
static void take_start(struct i2c_decoder *d, uint64_t time_ns)
{
    d->state = I2C_FIND_ADDRESS;
    d->bit_count = 0;
    d->byte = 0;
    d->address_known = false;
    d->start_ns = time_ns;
}

static bool take_stop(struct i2c_decoder *d)
{
    bool any = d->open;
    d->state = I2C_FIND_START;
    d->address_known = false;
    if (any)
        hand_out(d, true);
    return any;
}

/* True: this address begins a new transaction, and the one before it is handed out. */
static bool take_address(struct i2c_decoder *d)
{
    uint8_t address = d->byte >> 1;
    d->reading = d->byte & 1;
    d->address_known = true;
    struct trace_i2c *t = &d->transaction;
    bool goes_on = d->open && t->address == address && d->reading && !t->has_read;
    bool ended = d->open && !goes_on;
    if (ended)
        hand_out(d, false);
    if (!goes_on)
        *t = (struct trace_i2c){ .start_ns = d->start_ns, .address = address };
    d->open = true;
    if (d->reading)
        t->has_read = true;
    else
        t->has_write = true;
    return ended;
}

static void take_data(struct i2c_decoder *d)
{
    struct trace_i2c *t = &d->transaction;
    uint32_t *size = d->reading ? &t->read_size : &t->write_size;
    if (*size == I2C_DECODE_BYTES) {
        t->truncated = true;
        return;
    }
    (d->reading ? d->read : d->write)[(*size)++] = d->byte;
}

static bool take_bit(struct i2c_decoder *d, uint8_t sda)
{
    d->byte = (uint8_t)(d->byte << 1 | sda);
    if (++d->bit_count < 8)
        return false;
    bool ended = false;
    d->in_address = d->state == I2C_FIND_ADDRESS;
    if (d->in_address)
        ended = take_address(d);
    else
        take_data(d);
    d->bit_count = 0;
    d->byte = 0;
    d->state = I2C_FIND_ACK;
    return ended;
}

static void take_ack(struct i2c_decoder *d, uint8_t sda)
{
    d->state = I2C_FIND_DATA;
    if (d->in_address)
        d->transaction.address_nack = sda;
    else if (!d->reading)
        d->transaction.write_nack = sda;
    /* A NACK behind a read byte is the master's way to end the read: no fault. */
}

bool i2c_decode(struct i2c_decoder *d, uint64_t time_ns, uint8_t scl, uint8_t sda,
                struct trace_i2c *out)
{
    bool clock_rises = scl && !d->scl;
    bool sda_falls = !sda && d->sda, sda_rises = sda && !d->sda;
    d->scl = scl;
    d->sda = sda;
    bool ended = false;
    switch (d->state) {
    case I2C_FIND_START:
        if (scl && sda_falls)
            take_start(d, time_ns);
        break;
    case I2C_FIND_ADDRESS:
        if (clock_rises)
            ended = take_bit(d, sda);
        break;
    case I2C_FIND_ACK:
        if (clock_rises)
            take_ack(d, sda);
        break;
    case I2C_FIND_DATA:
        if (clock_rises)
            ended = take_bit(d, sda);
        else if (scl && sda_falls)
            take_start(d, time_ns);
        else if (scl && sda_rises)
            ended = take_stop(d);
        break;
    }
    if (ended)
        *out = d->done;
    return ended;
}

bool i2c_decode_finish(struct i2c_decoder *d, struct trace_i2c *out)
{
    if (!d->open)
        return false;
    hand_out(d, false);
    d->state = I2C_FIND_START;
    *out = d->done;
    return true;
}
