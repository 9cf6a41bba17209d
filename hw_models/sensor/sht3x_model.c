/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Sensirion SHT3x humidity and temperature sensor (SHT3x-DIS datasheet, version 7).
 *
 * Single-shot measurements with and without clock stretching, status register, heater, soft reset.
 * A measurement takes the quantities that hold when its command ends, and the longest time that
 * table 4 gives for its repeatability. Until then a read is not acknowledged, or the clock is
 * stretched. A result is read once; a further read is not acknowledged.
 *
 * queue_answer() queues recorded answers: the nth measurement then serves the nth recorded six
 * bytes as they are, wrong checksums included.
 *
 * Periodic measurement and alerts are not modelled: such commands are not acknowledged. */
#include <axiom/errno.h>
#include <axiom/string.h>
#include <hw/regs/sht3x.h>
#include <hw_models/models.h>

#define ANSWER_SIZE  6u /* two words with checksums */
#define QUEUE_SIZE   256u
#define STATUS_RESET (SHT3X_STATUS_ALERT | SHT3X_STATUS_RESET)
#define STATUS_CLEARED \
    (SHT3X_STATUS_ALERT | SHT3X_STATUS_RH_ALERT | SHT3X_STATUS_T_ALERT | SHT3X_STATUS_RESET)

enum sht3x_answer { ANSWER_NONE, ANSWER_MEASUREMENT, ANSWER_STATUS };

struct sht3x {
    struct model model;
    int64_t temperature_nano; /* degrees C */
    int64_t humidity_nano;    /* ratio */
    bool given;               /* by an input; until then they are resting values */
    uint32_t rest_count;      /* measurements of resting values */
    uint32_t status;
    uint32_t command, command_size; /* bytes received since START */
    uint32_t answer;                /* enum sht3x_answer: what a read gives */
    bool stretch;
    uint64_t ready_ns;
    uint8_t data[ANSWER_SIZE];
    uint32_t data_position;
    uint8_t last[ANSWER_SIZE]; /* result of the last measurement */
    uint32_t result[2];        /* its words, for the state hash */
    bool measured;
    uint32_t queue_head, queue_count;
    uint8_t queue[QUEUE_SIZE][ANSWER_SIZE];
};

static struct sht3x *sht_of(struct model *model)
{
    return CONTAINER_OF(model, struct sht3x, model);
}

static uint8_t crc8(const uint8_t *bytes, uint32_t size)
{
    uint32_t crc = SHT3X_CRC_INIT;
    for (uint32_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (uint32_t bit = 0; bit < 8; bit++)
            crc = (crc & 0x80) != 0 ? (crc << 1 ^ SHT3X_CRC_POLYNOMIAL) & 0xff : crc << 1;
    }
    return (uint8_t)crc;
}

static void put_word(uint8_t *at, uint32_t word)
{
    at[0] = (uint8_t)(word >> 8);
    at[1] = (uint8_t)word;
    at[2] = crc8(at, 2);
}

/* §4.13: raw = (value - offset) / span * 65535, to the nearest, within the word. */
static uint32_t to_raw(int64_t nano, int64_t offset_nano, int64_t span_nano)
{
    if (nano <= offset_nano)
        return 0;
    if (nano >= offset_nano + span_nano)
        return SHT3X_RAW_MAX;
    uint64_t part = (uint64_t)(nano - offset_nano), span = (uint64_t)span_nano;
    return (uint32_t)((part * SHT3X_RAW_MAX + span / 2) / span);
}

static void sense(struct sht3x *sht)
{
    if (sht->queue_count != 0) {
        memcpy(sht->data, sht->queue[sht->queue_head], ANSWER_SIZE);
        sht->queue_head = (sht->queue_head + 1) % QUEUE_SIZE;
        sht->queue_count--;
        return;
    }
    /* No two measurements of a real sensor are equal for long (table 1, repeatability: 0.04 degrees C are 15
     * steps): at rest the last bit moves, so that a driver that looks for a frozen sensor sees none.
     * What a recording gives is not touched. */
    uint32_t noise = sht->given ? 0 : sht->rest_count++ % 2;
    put_word(&sht->data[0], to_raw(sht->temperature_nano, -45000000000, 175000000000) + noise);
    put_word(&sht->data[3], to_raw(sht->humidity_nano, 0, NSEC_PER_SEC));
}

static void measure(struct sht3x *sht, uint32_t duration_us, bool stretch)
{
    uint64_t none = 0;
    sense(sht);
    if (model_fault(&sht->model, FAULT_SENSOR_FREEZE, &none) && sht->measured)
        memcpy(sht->data, sht->last, ANSWER_SIZE);
    memcpy(sht->last, sht->data, ANSWER_SIZE);
    sht->measured = true;
    for (uint32_t i = 0; i < 2; i++)
        model_reg_set(&sht->model, &sht->result[i], get_le32(&sht->data[2 * i]));
    model_reg_set(&sht->model, &sht->answer, ANSWER_MEASUREMENT);
    sht->stretch = stretch;
    sht->ready_ns = model_time_ns(&sht->model) + (uint64_t)duration_us * NSEC_PER_USEC;
    sht->data_position = 0;
}

static void soft_reset(struct sht3x *sht)
{
    model_reg_set(&sht->model, &sht->status, STATUS_RESET);
    model_reg_set(&sht->model, &sht->answer, ANSWER_NONE);
    sht->stretch = false;
    sht->ready_ns = model_time_ns(&sht->model) + SHT3X_SOFT_RESET_US * NSEC_PER_USEC;
}

static void status_set(struct sht3x *sht, uint32_t clear, uint32_t set)
{
    model_reg_set(&sht->model, &sht->status, (sht->status & ~clear) | set);
}

/* False: the command is not one of the model's, and its second byte is not acknowledged. */
static bool execute(struct sht3x *sht, uint32_t command)
{
    status_set(sht, SHT3X_STATUS_CMD_FAILED, 0);
    switch (command) {
    case SHT3X_CMD_SINGLE_HIGH_STRETCH:
    case SHT3X_CMD_SINGLE_HIGH:
        measure(sht, SHT3X_MEASURE_HIGH_US, command == SHT3X_CMD_SINGLE_HIGH_STRETCH);
        return true;
    case SHT3X_CMD_SINGLE_MEDIUM_STRETCH:
    case SHT3X_CMD_SINGLE_MEDIUM:
        measure(sht, SHT3X_MEASURE_MEDIUM_US, command == SHT3X_CMD_SINGLE_MEDIUM_STRETCH);
        return true;
    case SHT3X_CMD_SINGLE_LOW_STRETCH:
    case SHT3X_CMD_SINGLE_LOW:
        measure(sht, SHT3X_MEASURE_LOW_US, command == SHT3X_CMD_SINGLE_LOW_STRETCH);
        return true;
    case SHT3X_CMD_READ_STATUS:
        put_word(sht->data, sht->status);
        model_reg_set(&sht->model, &sht->answer, ANSWER_STATUS);
        sht->data_position = 0;
        return true;
    case SHT3X_CMD_CLEAR_STATUS:
        status_set(sht, STATUS_CLEARED, 0);
        return true;
    case SHT3X_CMD_HEATER_ON:
        status_set(sht, 0, SHT3X_STATUS_HEATER);
        return true;
    case SHT3X_CMD_HEATER_OFF:
        status_set(sht, SHT3X_STATUS_HEATER, 0);
        return true;
    case SHT3X_CMD_SOFT_RESET:
        soft_reset(sht);
        return true;
    case SHT3X_CMD_BREAK: /* ends periodic mode, in which this model never is */
        return true;
    default:
        status_set(sht, 0, SHT3X_STATUS_CMD_FAILED);
        model_warn(&sht->model, "command %#06x is unknown or not modelled", command);
        return false;
    }
}

/* --- the bus --- */

static bool busy_now(const struct sht3x *sht)
{
    return model_time_ns(&sht->model) < sht->ready_ns;
}

static bool sht_start(struct model *model, bool read)
{
    struct sht3x *sht = sht_of(model);
    sht->command = 0;
    sht->command_size = 0;
    if (read)
        return sht->answer != ANSWER_NONE &&
               (!busy_now(sht) || sht->stretch || sht->answer == ANSWER_STATUS);
    return !busy_now(sht); /* while it measures it takes no command, §4.3 */
}

static bool sht_write(struct model *model, uint8_t byte)
{
    struct sht3x *sht = sht_of(model);
    if (sht->command_size >= 2)
        return false; /* no command of the model's has data */
    sht->command = sht->command << 8 | byte;
    sht->command_size++;
    return sht->command_size < 2 || execute(sht, sht->command);
}

static uint32_t answer_size(const struct sht3x *sht)
{
    return sht->answer == ANSWER_STATUS ? 3 : ANSWER_SIZE;
}

static uint8_t sht_read(struct model *model, bool last)
{
    struct sht3x *sht = sht_of(model);
    (void)last;
    if (sht->data_position >= answer_size(sht))
        return 0xff; /* nobody drives SDA */
    return sht->data[sht->data_position++];
}

static void sht_stop(struct model *model)
{
    struct sht3x *sht = sht_of(model);
    if (sht->answer != ANSWER_NONE && sht->data_position != 0)
        model_reg_set(model, &sht->answer, ANSWER_NONE);
}

static uint64_t sht_stretch_ns(struct model *model)
{
    const struct sht3x *sht = sht_of(model);
    bool holds = sht->answer == ANSWER_MEASUREMENT && sht->stretch && busy_now(sht);
    return holds ? sht->ready_ns - model_time_ns(model) : 0;
}

/* --- the outside --- */

static bool sht_sensor_input(struct model *model, const uint8_t *quantity, const int64_t *nano,
                             uint32_t count)
{
    struct sht3x *sht = sht_of(model);
    bool any = false;
    for (uint32_t i = 0; i < count; i++) {
        if (quantity[i] == IIO_TEMP)
            sht->temperature_nano = nano[i];
        else if (quantity[i] == IIO_HUMIDITYRELATIVE)
            sht->humidity_nano = nano[i];
        else
            continue;
        any = true;
    }
    sht->given |= any;
    return any;
}

static bool sht_queue_answer(struct model *model, const uint8_t *bytes, uint32_t size)
{
    struct sht3x *sht = sht_of(model);
    if (size != ANSWER_SIZE || sht->queue_count == QUEUE_SIZE)
        return false;
    memcpy(sht->queue[(sht->queue_head + sht->queue_count) % QUEUE_SIZE], bytes, ANSWER_SIZE);
    sht->queue_count++;
    return true;
}

static int sht_init(struct model *model, const struct model_node *node)
{
    (void)node;
    struct sht3x *sht = sht_of(model);
    sht->status = STATUS_RESET;
    sht->temperature_nano = 25000000000;
    sht->humidity_nano = 500000000;
    return 0;
}

static const char *const sht_compatible[] = { "sensirion,sht3x", "sensirion,sht31", NULL };

static const struct model_i2c_ops sht_i2c = {
    .start = sht_start,
    .write = sht_write,
    .read = sht_read,
    .stop = sht_stop,
    .stretch_ns = sht_stretch_ns,
};

const struct model_ops sht3x_model = {
    .name = "sht3x",
    .compatible = sht_compatible,
    .size = sizeof(struct sht3x),
    .init = sht_init,
    .sensor_input = sht_sensor_input,
    .queue_answer = sht_queue_answer,
    .i2c = &sht_i2c,
};
