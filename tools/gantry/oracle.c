/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The oracle knows the plan and the formulas of motion; it never looks at the edges. */
#include "oracle.h"

#include <inttypes.h>

void tally_imu(struct tally *tally, const struct imu_sample *sample)
{
    tally->imu_count++;
    tally->imu_over += sample->over;
}

void tally_temperature(struct tally *tally, uint64_t time_ns, bool hot)
{
    if (hot != tally->hot && tally->crossing_count < ARRAY_SIZE(tally->crossing)) {
        tally->crossing[tally->crossing_count].time_ns = time_ns;
        tally->crossing[tally->crossing_count++].rises = hot;
    }
    tally->hot = hot;
    tally->temperature_count++;
}

static void write_counts(FILE *file, const struct path *path)
{
    uint64_t steps[AXIS_COUNT] = { 0 };
    for (uint32_t i = 0; i < path->count; i++)
        for (int axis = 0; axis < AXIS_COUNT; axis++)
            steps[axis] += move_axis_length(&path->move[i], axis) / PM_PER_STEP;
    const struct move *last = &path->move[path->count - 1];
    fprintf(file, "x_steps %" PRIu64 "\ny_steps %" PRIu64 "\n", steps[AXIS_X], steps[AXIS_Y]);
    fprintf(file, "x_final %" PRId64 "\ny_final %" PRId64 "\n", last->to_pm[AXIS_X] / PM_PER_STEP,
            last->to_pm[AXIS_Y] / PM_PER_STEP);
    fprintf(file, "last_step_ns %" PRIu64 "\n", last->end_ns);
}

/* Steps made by then: whole steps of travel from where the move began. The time must not be near a
 * step's own. */
static bool steps_at(const struct path *path, uint64_t time_ns, int64_t steps[AXIS_COUNT])
{
    struct motion motion;
    path_motion_at(path, time_ns, &motion);
    for (int axis = 0; axis < AXIS_COUNT; axis++) {
        int64_t from = 0;
        for (uint32_t i = 0; i < path->count && path->move[i].start_ns <= time_ns; i++)
            from = path->move[i].from_pm[axis];
        int64_t travel = motion.position_pm[axis] - from;
        int64_t magnitude = travel < 0 ? -travel : travel;
        int64_t part = magnitude % PM_PER_STEP;
        if (motion.moving && magnitude != 0 &&
            (part < PM_PER_STEP / 5 || part > PM_PER_STEP / 5 * 4))
            return false;
        int64_t whole = magnitude / PM_PER_STEP;
        steps[axis] = from / PM_PER_STEP + (travel < 0 ? -whole : whole);
    }
    return true;
}

static void write_positions(FILE *file, const struct path *path)
{
    for (uint64_t time_ns = NSEC_PER_SEC / 2; time_ns < path->end_ns; time_ns += NSEC_PER_SEC / 2) {
        int64_t steps[AXIS_COUNT];
        for (uint64_t later = 0; later < 100; later++) {
            if (!steps_at(path, time_ns + later * 37000, steps))
                continue;
            fprintf(file, "position %" PRIu64 " %" PRId64 " %" PRId64 "\n", time_ns + later * 37000,
                    steps[AXIS_X], steps[AXIS_Y]);
            break;
        }
    }
}

struct writing {
    FILE *file;
    const char *opens, *closes;
};

static void write_crossing(void *context, uint64_t time_ns, bool closes)
{
    struct writing *w = context;
    fprintf(w->file, "%s %" PRIu64 "\n", closes ? w->closes : w->opens, time_ns);
}

void oracle_write(FILE *file, const struct plan *plan, const struct path *path,
                  const struct tally *tally)
{
    fprintf(file, "# What the gantry's trace holds, from the physics it was made of. Times in ns, "
                  "positions in steps.\n");
    fprintf(file, "seed %" PRIu64 "\nseconds %" PRIu32 "\nsteps_per_mm %d\nedge_tolerance_ns %u\n",
            plan->seed, plan->seconds, STEPS_PER_MM, STEP_JITTER_NS);
    write_counts(file, path);
    fprintf(file, "soft_limit_x_steps %" PRId64 "\n", SOFT_LIMIT_X_PM / PM_PER_STEP);
    struct writing soft = { file, "soft_limit_x_left_ns", "soft_limit_x_reached_ns" };
    limit_events(path, AXIS_X, SOFT_LIMIT_X_PM, write_crossing, &soft);
    struct writing x = { file, "limit_x_opens_ns", "limit_x_closes_ns" };
    limit_events(path, AXIS_X, LIMIT_X_PM, write_crossing, &x);
    struct writing y = { file, "limit_y_opens_ns", "limit_y_closes_ns" };
    limit_events(path, AXIS_Y, LIMIT_Y_PM, write_crossing, &y);
    fprintf(file, "limit_settled_after_ns %u\n", BOUNCE_MAX_NS);
    fprintf(file,
            "vibration_threshold_nano %" PRId64 "\nimu_samples %" PRIu64
            "\nvibration_samples_over %" PRIu64 "\n",
            VIBRATION_THRESHOLD_NANO, tally->imu_count, tally->imu_over);
    fprintf(file, "temperature_threshold_nano %" PRId64 "\ntemperature_samples %" PRIu64 "\n",
            TEMPERATURE_THRESHOLD_NANO, tally->temperature_count);
    for (uint32_t i = 0; i < tally->crossing_count; i++)
        fprintf(file, "temperature_%s_ns %" PRIu64 "\n",
                tally->crossing[i].rises ? "rises" : "falls", tally->crossing[i].time_ns);
    write_positions(file, path);
}
