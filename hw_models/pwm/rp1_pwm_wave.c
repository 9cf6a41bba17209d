/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A PWM channel's output as a function of time, and what of it goes on the record. */
#include "rp1_pwm_wave.h"

uint64_t pwm_period_ticks(const struct pwm_channel *ch)
{
    return pwm_mode(ch) == RP1_PWM_MODE_PHASE_CORRECT ? 2 * (uint64_t)ch->live_range
                                                      : ch->live_range;
}

uint64_t pwm_ticks_at(const struct rp1_pwm *pwm, const struct pwm_channel *ch, uint64_t time_ns)
{
    return scale_floor(time_ns - ch->epoch_ns, pwm->clock_hz, NSEC_PER_SEC) + ch->preload;
}

static bool active_at(const struct pwm_channel *ch, uint64_t ticks)
{
    uint64_t position = ticks % pwm_period_ticks(ch), range = ch->live_range, duty = ch->live_duty;
    switch (pwm_mode(ch)) {
    case RP1_PWM_MODE_TRAILING:
        return position < duty;
    case RP1_PWM_MODE_LEADING:
        return position + duty >= range;
    case RP1_PWM_MODE_PHASE_CORRECT: /* one pulse of 2 * duty around the middle */
        return position + duty >= range && position < range + duty;
    case RP1_PWM_MODE_PPM:
        return position == duty;
    case RP1_PWM_MODE_PDM: /* the accumulator's carry; the position suffices: a period adds duty
                              whole times the range */
        return duty >= range || (position + 1) * duty % range < duty;
    case RP1_PWM_MODE_MSB:
        return position < 32 && (duty >> (31 - position) & 1) != 0;
    case RP1_PWM_MODE_LSB:
        return position < 32 && (duty >> position & 1) != 0;
    default:
        return false;
    }
}

bool pwm_level_at(const struct rp1_pwm *pwm, const struct pwm_channel *ch, uint64_t time_ns)
{
    if (!ch->counting)
        return ch->held;
    return active_at(ch, pwm_ticks_at(pwm, ch, time_ns)) != pwm_inverted(ch);
}

/* Active time in a period, in ticks; the serialisers' depends on the word. */
static uint64_t active_ticks(const struct pwm_channel *ch)
{
    uint64_t range = ch->live_range, duty = ch->live_duty < range ? ch->live_duty : range;
    switch (pwm_mode(ch)) {
    case RP1_PWM_MODE_PHASE_CORRECT:
        return 2 * duty;
    case RP1_PWM_MODE_PPM:
        return ch->live_duty < range ? 1 : 0;
    case RP1_PWM_MODE_MSB:
    case RP1_PWM_MODE_LSB: {
        uint32_t word = ch->live_duty, count = 0;
        for (uint32_t i = 0; i < 32 && i < range; i++)
            count += word >> (pwm_mode(ch) == RP1_PWM_MODE_LSB ? i : 31 - i) & 1;
        return count;
    }
    default:
        return duty;
    }
}

/* What the board sees of the channel: a waveform, or (enabled false) the level `inverted`. */
static struct pwm_waveform waveform_of(const struct rp1_pwm *pwm, const struct pwm_channel *ch)
{
    struct pwm_waveform w = { .enabled = false };
    if (ch->route == RP1_ROUTE_NONE || ch->route == RP1_ROUTE_LOW)
        return w;
    w.inverted = ch->route == RP1_ROUTE_HIGH;
    if (ch->route == RP1_ROUTE_HIGH)
        return w;
    bool flip = ch->route == RP1_ROUTE_INVERTED;
    if (!ch->counting) {
        w.inverted = ch->held != flip;
        return w;
    }
    w.enabled = true;
    w.inverted = pwm_inverted(ch) != flip;
    w.period_ns = scale_floor(pwm_period_ticks(ch), NSEC_PER_SEC, pwm->clock_hz);
    w.duty_ns = scale_floor(active_ticks(ch), NSEC_PER_SEC, pwm->clock_hz);
    return w;
}

static bool same(const struct pwm_waveform *a, const struct pwm_waveform *b)
{
    return a->enabled == b->enabled && a->inverted == b->inverted && a->period_ns == b->period_ns &&
           a->duty_ns == b->duty_ns;
}

void pwm_show(struct rp1_pwm *pwm, struct pwm_channel *ch)
{
    struct pwm_waveform w = waveform_of(pwm, ch);
    if (same(&w, &ch->shown))
        return;
    ch->shown = w;
    struct event event;
    event.kind = EVENT_PWM;
    event.source_ns = 0;
    event.pwm = (struct event_pwm){
        .chip = (uint8_t)pwm->block,
        .channel = (uint8_t)(ch - pwm->channel),
        .enabled = w.enabled,
        .inverted = w.inverted,
        .period_ns = w.period_ns,
        .duty_ns = w.duty_ns,
    };
    model_emit(&pwm->model, &event, EVENT_ROLE_OUTPUT);
}
