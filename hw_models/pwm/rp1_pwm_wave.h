/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* RP1 PWM: what registers and counting (rp1_pwm_model.c) and the waveform (rp1_pwm_wave.c) share. */
#pragma once
#include <hw/regs/rp1_pwm.h>
#include <hw_models/models.h>
#include <hw_models/rp1.h>
#include <hw_models/scale.h>

#define PWM_FIFO_SIZE 16u

struct pwm_waveform {
    bool enabled, inverted;
    uint64_t period_ns, duty_ns;
};

struct pwm_channel {
    uint32_t ctrl, range, phase, duty; /* as written */
    /* Taken over. */
    uint32_t live_ctrl, live_range, live_phase, live_duty;
    uint32_t enabled;
    bool counting;
    bool frozen;        /* was counting when the clock went */
    bool held;          /* the output while not counting */
    uint64_t epoch_ns;  /* when the count was `preload` */
    uint32_t preload;   /* ticks */
    uint64_t reload_ns; /* overflows up to here have been seen by INTR */
    struct model_timer overflow;
    enum rp1_pwm_route route;
    struct pwm_waveform shown; /* last recorded */
};

struct rp1_pwm {
    struct model model;
    uint32_t block;
    uint32_t clock_phandle, clock_index;
    struct model *clocks, *gpio; /* found at first use */
    bool bound;
    uint64_t clock_hz; /* that the counts run with */
    uint32_t enables;  /* as written */
    uint32_t common_range, common_duty, live_common_range;
    uint32_t fifo_ctrl, fifo_count, fifo_head, fifo[PWM_FIFO_SIZE];
    uint32_t intr, inte, intf; /* intr: the latched bits */
    bool irq;
    struct pwm_channel channel[RP1_PWM_CHANNEL_COUNT];
};

static inline uint32_t pwm_mode(const struct pwm_channel *ch)
{
    return field_get(RP1_PWM_MODE, ch->live_ctrl);
}

static inline bool pwm_inverted(const struct pwm_channel *ch)
{
    return (ch->live_ctrl & RP1_PWM_INVERT) != 0;
}

uint64_t pwm_period_ticks(const struct pwm_channel *ch);
/* Ticks counted since the epoch, the preload included. */
uint64_t pwm_ticks_at(const struct rp1_pwm *pwm, const struct pwm_channel *ch, uint64_t time_ns);
bool pwm_level_at(const struct rp1_pwm *pwm, const struct pwm_channel *ch, uint64_t time_ns);
/* Records what the board sees of the channel, if that has changed. */
void pwm_show(struct rp1_pwm *pwm, struct pwm_channel *ch);
