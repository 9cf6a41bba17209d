/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* FIFO of the LSM6DSO: 512 words, modes bypass, FIFO and continuous (datasheet §6, §9.37-9.38). */
#include "lsm6dso_fifo.h"

void imu_fifo_clear(struct model *model, struct imu_fifo *fifo)
{
    model_reg_set(model, &fifo->count, 0);
    model_reg_set(model, &fifo->head, 0);
    model_reg_set(model, &fifo->latched, 0);
    model_reg_set(model, &fifo->slot_words, 0);
    model_reg_set(model, &fifo->refused, 0);
}

void imu_fifo_slot(struct model *model, struct imu_fifo *fifo)
{
    model_reg_set(model, &fifo->slot, (fifo->slot + 1) % 4);
    model_reg_set(model, &fifo->slot_words, 0);
}

static uint32_t limit_of(const struct imu_fifo_config *config)
{
    return config->stop_on_watermark && config->watermark != 0 ? config->watermark
                                                               : LSM6DSO_FIFO_WORD_COUNT;
}

static uint32_t tag_byte(uint32_t tag, uint32_t slot)
{
    uint32_t byte = field_prep(LSM6DSO_TAG_SENSOR, tag) | field_prep(LSM6DSO_TAG_CNT, slot);
    return byte | (__builtin_parity(byte) != 0 ? LSM6DSO_TAG_PARITY : 0);
}

static void drop_oldest(struct model *model, struct imu_fifo *fifo)
{
    model_reg_set(model, &fifo->head, (fifo->head + 1) % LSM6DSO_FIFO_WORD_COUNT);
    model_reg_set(model, &fifo->count, fifo->count - 1);
}

void imu_fifo_push(struct model *model, struct imu_fifo *fifo, const struct imu_fifo_config *config,
                   uint32_t tag, const uint16_t value[3])
{
    uint32_t limit = limit_of(config);
    model_reg_set(model, &fifo->slot_words, fifo->slot_words + 1);
    if (fifo->count >= limit) {
        if (config->mode == LSM6DSO_FIFO_MODE_FIFO)
            return;
        drop_oldest(model, fifo);
    }
    uint64_t word = (uint64_t)tag_byte(tag, fifo->slot) << 48 | (uint64_t)value[2] << 32 |
                    (uint64_t)value[1] << 16 | value[0];
    uint32_t at = (fifo->head + fifo->count) % LSM6DSO_FIFO_WORD_COUNT;
    model_reg_set64(model, &fifo->word[at], word);
    model_reg_set(model, &fifo->count, fifo->count + 1);
    if (fifo->count >= limit)
        model_reg_set(model, &fifo->latched, 1);
}

uint8_t imu_fifo_read(struct model *model, struct imu_fifo *fifo, uint32_t index)
{
    if (fifo->count == 0)
        return 0;
    uint64_t word = fifo->word[fifo->head];
    uint8_t byte = (uint8_t)(index == 0 ? word >> 48 : word >> (8 * (index - 1)));
    if (index == 6)
        drop_oldest(model, fifo);
    return byte;
}

uint32_t imu_fifo_flags(const struct imu_fifo *fifo, const struct imu_fifo_config *config)
{
    uint32_t limit = limit_of(config), flags = 0;
    if (config->watermark != 0 && fifo->count >= config->watermark)
        flags |= LSM6DSO_FIFO_WTM_IA;
    if (fifo->count >= limit || fifo->refused != 0)
        flags |= LSM6DSO_FIFO_OVR_IA;
    if (fifo->count != 0 && fifo->count + fifo->slot_words >= limit)
        flags |= LSM6DSO_FIFO_FULL_IA;
    if (fifo->latched != 0 || fifo->refused != 0)
        flags |= LSM6DSO_FIFO_OVR_LATCHED;
    return flags;
}
