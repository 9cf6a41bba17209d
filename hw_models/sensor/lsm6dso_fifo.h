/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The FIFO of the LSM6DSO: words of a tag and three 16-bit values (datasheet §6). */
#pragma once
#include <hw/regs/lsm6dso.h>
#include <hw_models/models.h>

struct imu_fifo {
    uint32_t head, count;
    uint32_t slot;       /* TAG_CNT of the current time slot */
    uint32_t slot_words; /* words that the last slot brought */
    uint32_t latched;    /* FIFO_OVR_LATCHED */
    uint32_t refused; /* a fault kept a sample out: shown as overrun until FIFO_STATUS2 is read */
    uint64_t word[LSM6DSO_FIFO_WORD_COUNT]; /* tag byte at bits 55:48, X at 15:0 */
};

/* What FIFO_CTRL1, 2 and 4 say. */
struct imu_fifo_config {
    uint32_t mode, watermark;
    bool stop_on_watermark;
};

void imu_fifo_clear(struct model *model, struct imu_fifo *fifo);
/* A new time slot: TAG_CNT counts. */
void imu_fifo_slot(struct model *model, struct imu_fifo *fifo);
/* Full: in FIFO mode the word is lost, in continuous mode the oldest one is. */
void imu_fifo_push(struct model *model, struct imu_fifo *fifo, const struct imu_fifo_config *config,
                   uint32_t tag, const uint16_t value[3]);
/* Byte `index` (0 is the tag) of the oldest word; 0 if there is none. Index 6 takes the word out.
 */
uint8_t imu_fifo_read(struct model *model, struct imu_fifo *fifo, uint32_t index);
/* FIFO_WTM_IA, FIFO_OVR_IA, FIFO_FULL_IA, FIFO_OVR_LATCHED. */
uint32_t imu_fifo_flags(const struct imu_fifo *fifo, const struct imu_fifo_config *config);
