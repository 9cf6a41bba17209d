/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The physics behind the sensors.
 *
 * IMU: acceleration of the head, gravity, vibration, blows, noise. A stepper shakes the frame once
 * a full step (16 microsteps); the frame answers as a resonator, most when the microsteps come at
 * 880 Hz, i.e. at 11 mm/s. A blow is a decaying swing of 60 Hz.
 *
 * Motor: heat flows in while it moves and less while it holds, and out in proportion to the excess
 * over the room: stepped in milliseconds, Euler's method on integers. */
#include "sensors.h"

#define MICROSTEPS       16
#define RESONANCE_HZ     880
#define RESONANCE_WIDTH  60
#define RESONANCE_NANO   INT64_C(4200000000)
#define BLOW_NANO        INT64_C(14000000000)
#define BLOW_LENGTH_NS   UINT64_C(120000000)
#define BLOW_HALF_NS     UINT64_C(12000000)
#define ACCEL_NOISE_NANO 25000000
#define GYRO_NOISE_NANO  3000000

#define ROOM_NANO       INT64_C(24000000000)
#define MOVING_NANO_MS  INT64_C(2300000) /* 2.3 K/s */
#define HOLDING_NANO_MS INT64_C(100000)
#define COOLING_MS      15000

/* --- IMU --- */

static void note_blow(void *context, uint64_t time_ns, bool closes)
{
    struct imu *imu = context;
    if (closes && imu->blow_count < ARRAY_SIZE(imu->blow_ns))
        imu->blow_ns[imu->blow_count++] = time_ns;
}

void imu_init(struct imu *imu, const struct path *path, uint64_t seed)
{
    *imu = (struct imu){ .path = path,
                         .random = { seed ^ UINT64_C(0x696d75) },
                         .shock_ns = TIME_NEVER };
    limit_events(path, AXIS_Y, LIMIT_Y_PM, note_blow, imu); /* in every path Y comes before X */
    limit_events(path, AXIS_X, LIMIT_X_PM, note_blow, imu);
}

uint64_t imu_next_ns(const struct imu *imu)
{
    return fixed_muldiv(imu->index, UINT64_C(1000000000000), IMU_RATE_MILLIHERTZ);
}

static int64_t scaled(int64_t amplitude, int32_t sine)
{
    return (int64_t)((__int128)amplitude * sine / (1 << 30));
}

/* How much the frame swings at this speed: a Lorentz curve around the resonance. */
static int64_t swing(const struct motion *motion)
{
    int64_t hz = (int64_t)(motion->speed / PM_PER_STEP);
    int64_t off = hz - RESONANCE_HZ, width = RESONANCE_WIDTH;
    return RESONANCE_NANO / (off * off + width * width) * (width * width);
}

static uint16_t full_step_phase(const struct motion *motion)
{
    int64_t full = MICROSTEPS * PM_PER_STEP;
    int64_t within = motion->position_pm[motion->lead] % full;
    return (uint16_t)((within < 0 ? within + full : within) * 65536 / full);
}

static int64_t blow(struct imu *imu, uint64_t now)
{
    if (imu->blow_next < imu->blow_count && imu->blow_ns[imu->blow_next] <= now)
        imu->shock_ns = imu->blow_ns[imu->blow_next++];
    if (imu->shock_ns == TIME_NEVER || now - imu->shock_ns >= BLOW_LENGTH_NS)
        return 0;
    uint64_t since = now - imu->shock_ns;
    int64_t amplitude = BLOW_NANO >> (since / BLOW_HALF_NS);
    return scaled(amplitude, fixed_sin((uint16_t)fixed_muldiv(since * 60, 65536, NSEC_PER_SEC)));
}

/* Moves a value out of the band around the threshold, to the side that it is on. */
static int64_t out_of_band(int64_t value, int64_t threshold, int64_t band)
{
    if (value >= threshold && value < threshold + band)
        return threshold + band;
    if (value < threshold && value > threshold - band)
        return threshold - band;
    return value;
}

void imu_take(struct imu *imu, struct imu_sample *sample)
{
    static const int64_t gyro_bias[3] = { 8000000, -12000000, 3000000 };
    struct motion motion;
    sample->time_ns = imu_next_ns(imu);
    imu->index++;
    path_motion_at(imu->path, sample->time_ns, &motion);
    int64_t amplitude = motion.moving ? swing(&motion) : 0;
    uint16_t phase = full_step_phase(&motion);
    int64_t shock = blow(imu, sample->time_ns);
    int64_t along = scaled(amplitude / 2, fixed_sin((uint16_t)(phase + 0x2000)));
    int64_t accel_nano[3] = {
        motion.accel[AXIS_X] / 1000 + (motion.lead == AXIS_X ? along : along / 3) + shock / 2,
        motion.accel[AXIS_Y] / 1000 + (motion.lead == AXIS_Y ? along : along / 3) + shock / 3,
        scaled(amplitude, fixed_sin(phase)) + shock,
    };
    for (int i = 0; i < 3; i++) {
        sample->nano[i] = accel_nano[i] + fixed_random_noise(&imu->random, ACCEL_NOISE_NANO);
        sample->nano[3 + i] =
            gyro_bias[i] + accel_nano[i] / 60 + fixed_random_noise(&imu->random, GYRO_NOISE_NANO);
    }
    int64_t off = sample->nano[2], magnitude = off < 0 ? -off : off;
    magnitude = out_of_band(magnitude, VIBRATION_THRESHOLD_NANO, VIBRATION_BAND_NANO);
    sample->over = magnitude >= VIBRATION_THRESHOLD_NANO;
    sample->nano[2] = GRAVITY_NANO + (off < 0 ? -magnitude : magnitude);
}

/* --- temperature --- */

void temperature_init(struct temperature *temperature, const struct path *path, uint64_t seed)
{
    *temperature = (struct temperature){
        .path = path,
        .random = { seed ^ UINT64_C(0x74656d70) },
        .motor_nano = ROOM_NANO + INT64_C(2000000000),
    };
}

uint64_t temperature_next_ns(const struct temperature *temperature)
{
    return temperature->index * TEMPERATURE_PERIOD_NS;
}

static void model_step(struct temperature *t)
{
    struct motion motion;
    path_motion_at(t->path, t->model_ms * NSEC_PER_MSEC, &motion);
    t->motor_nano += motion.moving ? MOVING_NANO_MS : HOLDING_NANO_MS;
    t->motor_nano -= (t->motor_nano - ROOM_NANO) / COOLING_MS;
    t->model_ms++;
}

int64_t temperature_take(struct temperature *t, bool *hot)
{
    while (t->model_ms * NSEC_PER_MSEC < temperature_next_ns(t))
        model_step(t);
    t->index++;
    int64_t reading = t->motor_nano + fixed_random_noise(&t->random, 10000000);
    *hot = t->motor_nano >= TEMPERATURE_THRESHOLD_NANO;
    int64_t threshold = TEMPERATURE_THRESHOLD_NANO, band = TEMPERATURE_BAND_NANO;
    if (*hot)
        return reading < threshold + band ? threshold + band : reading;
    return reading > threshold - band ? threshold - band : reading;
}
