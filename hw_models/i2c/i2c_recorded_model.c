/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* An I2C target that is a recording: each transaction that a bus capture has of a device is queued, and
 * the nth transaction of the bus is held against the nth of them. Reads are answered with the recorded
 * bytes. A client that writes other bytes, more, fewer, reads more or fewer, or comes when nothing is
 * left, is told of once a transaction, with the recorded transaction's number and time; the next one is
 * compared with the next. So a driver can be tried against any device of which there is a capture, and
 * no datasheet. */
#include <axiom/string.h>
#include <hw_models/models.h>

#define QUEUE_SIZE 256u
#define BYTES_MAX  256u /* of a transaction, each way */

struct recorded {
    uint64_t time_ns; /* in the recording */
    uint32_t write_size, read_size;
    uint8_t write[BYTES_MAX], read[BYTES_MAX];
};

struct i2c_recorded {
    struct model model;
    uint32_t head, count;
    struct recorded queue[QUEUE_SIZE];
    bool active; /* in a transaction of the bus */
    bool have;   /* `now` is what is recorded of it */
    bool told;   /* it deviates, and that was said */
    struct recorded now;
    uint32_t written, given; /* bytes of it */
    uint32_t number;         /* of transactions, from 1 */
    uint32_t deviations;
};

static struct i2c_recorded *recorded_of(struct model *model)
{
    return CONTAINER_OF(model, struct i2c_recorded, model);
}

static void deviates(struct i2c_recorded *r, const char *what, uint32_t came, uint32_t wanted)
{
    if (r->told)
        return;
    r->told = true;
    model_reg_set(&r->model, &r->deviations, r->deviations + 1);
    model_warn(&r->model,
               "transaction %u, recorded at %llu.%09llu s: %s 0x%02x, the recording has 0x%02x",
               r->number, (unsigned long long)(r->now.time_ns / NSEC_PER_SEC),
               (unsigned long long)(r->now.time_ns % NSEC_PER_SEC), what, came, wanted);
}

static void begin(struct i2c_recorded *r)
{
    r->active = true;
    r->told = false;
    r->written = r->given = 0;
    r->have = r->count > 0;
    model_reg_set(&r->model, &r->number, r->number + 1);
    if (!r->have) {
        model_reg_set(&r->model, &r->deviations, r->deviations + 1);
        model_warn(&r->model, "transaction %u: the recording has no more at this time", r->number);
        return;
    }
    r->now = r->queue[r->head];
    r->head = (r->head + 1) % QUEUE_SIZE;
    r->count--;
}

static bool recorded_start(struct model *model, bool read)
{
    struct i2c_recorded *r = recorded_of(model);
    if (!r->active)
        begin(r);
    if (r->have && read && r->now.read_size == 0)
        deviates(r, "the client reads; bytes at least, and the recorded number:", 1, 0);
    return r->have;
}

static bool recorded_write(struct model *model, uint8_t byte)
{
    struct i2c_recorded *r = recorded_of(model);
    uint32_t at = r->written++;
    if (at >= r->now.write_size)
        deviates(r, "the client writes more bytes; their number and the recorded one:", at + 1,
                 r->now.write_size);
    else if (byte != r->now.write[at])
        deviates(r, "the client writes", byte, r->now.write[at]);
    return true;
}

static uint8_t recorded_read(struct model *model, bool last)
{
    struct i2c_recorded *r = recorded_of(model);
    (void)last;
    uint32_t at = r->given++;
    if (at < r->now.read_size)
        return r->now.read[at];
    deviates(r, "the client reads more bytes; their number and the recorded one:", at + 1,
             r->now.read_size);
    return 0xff; /* nobody drives SDA */
}

static void recorded_stop(struct model *model)
{
    struct i2c_recorded *r = recorded_of(model);
    if (r->active && r->have && r->written < r->now.write_size)
        deviates(r, "the client writes fewer bytes; their number and the recorded one:", r->written,
                 r->now.write_size);
    if (r->active && r->have && r->given < r->now.read_size)
        deviates(r, "the client reads fewer bytes; their number and the recorded one:", r->given,
                 r->now.read_size);
    r->active = false;
}

static bool recorded_queue(struct model *model, const struct model_transaction *transaction)
{
    struct i2c_recorded *r = recorded_of(model);
    if (r->count == QUEUE_SIZE || transaction->write_size > BYTES_MAX ||
        transaction->read_size > BYTES_MAX)
        return false;
    struct recorded *to = &r->queue[(r->head + r->count++) % QUEUE_SIZE];
    to->time_ns = transaction->time_ns;
    to->write_size = transaction->write_size;
    to->read_size = transaction->read_size;
    if (to->write_size > 0)
        memcpy(to->write, transaction->write, to->write_size);
    if (to->read_size > 0)
        memcpy(to->read, transaction->read, to->read_size);
    return true;
}

static int recorded_init(struct model *model, const struct model_node *node)
{
    (void)model, (void)node;
    return 0;
}

static const char *const recorded_compatible[] = { "axiom,i2c-recorded", NULL };

static const struct model_i2c_ops recorded_i2c = {
    .start = recorded_start,
    .write = recorded_write,
    .read = recorded_read,
    .stop = recorded_stop,
};

const struct model_ops i2c_recorded_model = {
    .name = "i2c-recorded",
    .compatible = recorded_compatible,
    .size = sizeof(struct i2c_recorded),
    .init = recorded_init,
    .queue_transaction = recorded_queue,
    .i2c = &recorded_i2c,
};
