/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Trapezoid moves: see motion.h. s = a t^2 / 2 on the ramps, s = v t between them. */
#include "motion.h"
#include <axiom/errno.h>

#include <stdlib.h>

#define ACCEL (200 * PM_PER_MM) /* pm/s^2: 0.2 m/s^2 */

static uint64_t distance(int64_t a, int64_t b)
{
    return a < b ? (uint64_t)(b - a) : (uint64_t)(a - b);
}

uint64_t move_axis_length(const struct move *move, int axis)
{
    return distance(move->from_pm[axis], move->to_pm[axis]);
}

/* --- one move --- */

static uint64_t ramp_time(const struct move *move, uint64_t travel_pm)
{
    return fixed_sqrt((fixed_u128)2 * travel_pm * NSEC_PER_SEC * NSEC_PER_SEC / move->accel);
}

static uint64_t ramp_travel(const struct move *move, uint64_t ns)
{
    return (uint64_t)((fixed_u128)move->accel * ns * ns / NSEC_PER_SEC / NSEC_PER_SEC / 2);
}

static void set_profile(struct move *move, uint64_t cruise)
{
    move->accel = ACCEL;
    move->speed = cruise;
    move->ramp_pm = (uint64_t)((fixed_u128)cruise * cruise / (2 * move->accel));
    if (2 * move->ramp_pm > move->length_pm) { /* too short to reach the speed */
        move->ramp_pm = move->length_pm / 2;
        move->speed = fixed_sqrt((fixed_u128)move->accel * move->length_pm);
    }
    move->ramp_ns = ramp_time(move, move->ramp_pm);
    uint64_t cruise_ns =
        fixed_muldiv(move->length_pm - 2 * move->ramp_pm, NSEC_PER_SEC, move->speed);
    move->end_ns = move->start_ns + 2 * move->ramp_ns + cruise_ns;
}

uint64_t move_time_at(const struct move *move, uint64_t travel_pm)
{
    if (travel_pm <= move->ramp_pm)
        return move->start_ns + ramp_time(move, travel_pm);
    if (travel_pm <= move->length_pm - move->ramp_pm)
        return move->start_ns + move->ramp_ns +
               fixed_muldiv(travel_pm - move->ramp_pm, NSEC_PER_SEC, move->speed);
    return move->end_ns - ramp_time(move, move->length_pm - travel_pm);
}

uint64_t move_travel_at(const struct move *move, uint64_t time_ns)
{
    if (time_ns <= move->start_ns)
        return 0;
    if (time_ns >= move->end_ns)
        return move->length_pm;
    uint64_t since = time_ns - move->start_ns, left = move->end_ns - time_ns;
    if (since <= move->ramp_ns)
        return ramp_travel(move, since);
    if (left <= move->ramp_ns)
        return move->length_pm - ramp_travel(move, left);
    return move->ramp_pm + fixed_muldiv(since - move->ramp_ns, move->speed, NSEC_PER_SEC);
}

uint64_t move_lead_travel(const struct move *move, int axis, uint64_t own_pm)
{
    return fixed_muldiv(own_pm, move->length_pm, move_axis_length(move, axis));
}

/* --- the path --- */

static int path_append(struct path *path, uint64_t start_ns, int64_t x_pm, int64_t y_pm,
                       uint64_t cruise)
{
    if (path->count == path->capacity) {
        uint32_t capacity = path->capacity == 0 ? 64 : 2 * path->capacity;
        struct move *grown = realloc(path->move, capacity * sizeof *grown);
        if (grown == NULL)
            return -ENOMEM;
        path->move = grown;
        path->capacity = capacity;
    }
    struct move move = { .start_ns = start_ns, .to_pm = { x_pm, y_pm } };
    if (path->count > 0)
        for (int axis = 0; axis < AXIS_COUNT; axis++)
            move.from_pm[axis] = path->move[path->count - 1].to_pm[axis];
    uint64_t x = move_axis_length(&move, AXIS_X), y = move_axis_length(&move, AXIS_Y);
    move.lead = x >= y ? AXIS_X : AXIS_Y;
    move.length_pm = x >= y ? x : y;
    if (move.length_pm == 0)
        return 0;
    set_profile(&move, cruise);
    path->move[path->count++] = move;
    return 0;
}

static uint64_t path_end(const struct path *path)
{
    return path->count == 0 ? 0 : path->move[path->count - 1].end_ns;
}

int path_make(const struct plan *plan, struct path *path)
{
    /* mm/s; at 11 the steps come near the frame's resonance, see sensors.c. */
    static const uint8_t speeds[] = { 5, 8, 11, 12, 16, 20 };
    struct fixed_random random = { plan->seed ^ UINT64_C(0x6d6f74696f6e) };
    uint64_t total_ns = plan->seconds * (uint64_t)NSEC_PER_SEC;
    uint64_t start_ns = NSEC_PER_SEC;
    *path = (struct path){ .end_ns = total_ns };
    int err = 0;
    while (err == 0 &&
           start_ns < total_ns / 10 * 6) { /* targets are tenths of a millimetre: whole steps */
        int64_t x = fixed_random_range(&random, -200, 200) * (PM_PER_MM / 10);
        int64_t y = fixed_random_range(&random, 0, 150) * (PM_PER_MM / 10);
        uint64_t speed =
            speeds[fixed_random_range(&random, 0, ARRAY_SIZE(speeds) - 1)] * (uint64_t)PM_PER_MM;
        err = path_append(path, start_ns, x, y, speed);
        start_ns = path_end(path) + (uint64_t)fixed_random_range(&random, 150, 600) * NSEC_PER_MSEC;
    }
    const int64_t over_x = 29 * PM_PER_MM, over_y = 21 * PM_PER_MM; /* into both switches */
    if (err == 0)
        err = path_append(path, start_ns, 0, over_y, 11 * (uint64_t)PM_PER_MM);
    if (err == 0)
        err = path_append(path, path_end(path) + 300 * NSEC_PER_MSEC, over_x, 0,
                          20 * (uint64_t)PM_PER_MM);
    if (err == 0)
        err =
            path_append(path, path_end(path) + 500 * NSEC_PER_MSEC, 0, 0, 16 * (uint64_t)PM_PER_MM);
    if (err == 0 && path_end(path) >= total_ns)
        err = -EINVAL;
    if (err != 0)
        free(path->move);
    return err;
}

/* The last move that has begun; NULL before the first. */
static const struct move *move_at(const struct path *path, uint64_t time_ns)
{
    uint32_t low = 0, high = path->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (path->move[middle].start_ns <= time_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 ? NULL : &path->move[low - 1];
}

static void put_axis(const struct move *move, int axis, uint64_t travel_pm, int64_t lead_accel,
                     struct motion *motion)
{
    uint64_t length = move_axis_length(move, axis);
    int64_t sign = move->to_pm[axis] < move->from_pm[axis] ? -1 : 1;
    motion->position_pm[axis] =
        move->from_pm[axis] + sign * (int64_t)fixed_muldiv(travel_pm, length, move->length_pm);
    int64_t share = (int64_t)fixed_muldiv(move->accel, length, move->length_pm);
    motion->accel[axis] = lead_accel == 0 ? 0 : lead_accel > 0 ? sign * share : -sign * share;
}

void path_motion_at(const struct path *path, uint64_t time_ns, struct motion *motion)
{
    const struct move *move = move_at(path, time_ns);
    *motion = (struct motion){ 0 };
    if (move == NULL)
        return;
    uint64_t travel = move_travel_at(move, time_ns);
    motion->lead = move->lead;
    motion->moving = time_ns < move->end_ns;
    int64_t lead_accel = 0; /* its sign */
    if (motion->moving) {
        uint64_t since = time_ns - move->start_ns, left = move->end_ns - time_ns;
        uint64_t ramp = since < left ? since : left;
        lead_accel = ramp >= move->ramp_ns ? 0 : since < left ? 1 : -1;
        motion->speed =
            ramp >= move->ramp_ns ? move->speed : fixed_muldiv(move->accel, ramp, NSEC_PER_SEC);
    }
    for (int axis = 0; axis < AXIS_COUNT; axis++)
        put_axis(move, axis, travel, lead_accel, motion);
}
