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
#include "line_decoder.h"
#include <traces/i2c_decode.h>

#include <stdlib.h>
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

/* --- as a line decoder ------------------------------------------------------------------------- */

#define I2C_SCL 1u
#define I2C_SDA 2u

struct i2c_lines {
    struct i2c_decoder decoder;
    bool ready; /* decoder.done waits, since ready_ns */
    uint64_t ready_ns;
    uint8_t *memory;
};

static struct line_decoder *i2c_create(struct line_arguments *arguments, uint8_t given,
                                       const char **reason)
{
    (void)arguments, (void)given, (void)reason;
    struct i2c_lines *lines = calloc(1, sizeof *lines);
    uint8_t *memory = malloc(4 * (size_t)I2C_DECODE_BYTES);
    if (lines == NULL || memory == NULL) {
        free(lines);
        free(memory);
        return NULL;
    }
    lines->memory = memory;
    return (struct line_decoder *)lines;
}

static void i2c_restart(struct line_decoder *decoder, uint8_t levels)
{
    struct i2c_lines *lines = (struct i2c_lines *)decoder;
    lines->ready = false;
    i2c_decoder_init(&lines->decoder, (levels & I2C_SCL) != 0, (levels & I2C_SDA) != 0,
                     lines->memory);
}

static void i2c_change(struct line_decoder *decoder, uint64_t time_ns, uint8_t levels)
{
    struct i2c_lines *lines = (struct i2c_lines *)decoder;
    struct trace_i2c done;
    lines->ready_ns = time_ns;
    lines->ready = i2c_decode(&lines->decoder, time_ns, (levels & I2C_SCL) != 0,
                              (levels & I2C_SDA) != 0, &done);
}

static bool i2c_advance(struct line_decoder *decoder, uint64_t until_ns,
                        struct trace_record *record)
{
    (void)until_ns;
    struct i2c_lines *lines = (struct i2c_lines *)decoder;
    if (!lines->ready)
        return false;
    lines->ready = false;
    *record = (struct trace_record){ .time_ns = lines->ready_ns, .i2c = lines->decoder.done };
    return true;
}

static bool i2c_finish(struct line_decoder *decoder, uint64_t end_ns, struct trace_record *record)
{
    struct i2c_lines *lines = (struct i2c_lines *)decoder;
    struct trace_i2c done;
    if (!i2c_decode_finish(&lines->decoder, &done))
        return false;
    *record = (struct trace_record){ .time_ns = end_ns, .i2c = done };
    return true;
}

static void i2c_destroy(struct line_decoder *decoder)
{
    free(((struct i2c_lines *)decoder)->memory);
    free(decoder);
}

const struct line_decoder_type line_i2c = {
    .word = "i2c:",
    .name = "i2c",
    .usage = "i2c:scl=LINE,sda=LINE, with name=BUS if you like",
    .kind = TRACE_I2C,
    .line = { "scl", "sda" },
    .required = I2C_SCL | I2C_SDA,
    .idle = I2C_SCL | I2C_SDA,
    .create = i2c_create,
    .restart = i2c_restart,
    .change = i2c_change,
    .advance = i2c_advance,
    .finish = i2c_finish,
    .destroy = i2c_destroy,
};
