/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "format.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void four_digits(char *to, size_t size, double value, const char *unit)
{
    double magnitude = fabs(value);
    int decimals = magnitude >= 999.95 ? 0 : magnitude >= 99.995 ? 1 : magnitude >= 9.9995 ? 2 : 3;
    int length = snprintf(to, size, "%.*f", decimals, value);
    /* zeros behind the point say nothing */
    if (decimals > 0 && length > 0 && (size_t)length < size) {
        while (to[length - 1] == '0')
            length--;
        if (to[length - 1] == '.')
            length--;
        to[length] = '\0';
    }
    size_t used = strlen(to);
    snprintf(to + used, size - used, " %s", unit);
}

void format_duration(char *to, size_t size, uint64_t ns)
{
    if (ns < 1000)
        snprintf(to, size, "%" PRIu64 " ns", ns);
    else if (ns < 1000000)
        four_digits(to, size, (double)ns / 1e3, "µs");
    else if (ns < 1000000000)
        four_digits(to, size, (double)ns / 1e6, "ms");
    else
        four_digits(to, size, (double)ns / 1e9, "s");
}

void format_hertz(char *to, size_t size, double hz)
{
    if (hz >= 1e6)
        four_digits(to, size, hz / 1e6, "MHz");
    else if (hz >= 1e3)
        four_digits(to, size, hz / 1e3, "kHz");
    else
        four_digits(to, size, hz, "Hz");
}

void format_nano(char *to, size_t size, int64_t nano, const char *unit)
{
    four_digits(to, size, (double)nano / 1e9, unit);
}

void format_count(char *to, size_t size, uint64_t count)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, count);
    size_t used = 0;
    for (int i = 0; i < length && used + 2 < size; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            to[used++] = ',';
        to[used++] = digits[i];
    }
    to[used < size ? used : size - 1] = '\0';
}

void format_time(char *to, size_t size, uint64_t time_ns, uint64_t step_ns)
{
    int decimals = 0;
    for (uint64_t unit = 1000000000; unit > step_ns && decimals < 9; unit /= 10)
        decimals++;
    uint64_t seconds = time_ns / 1000000000, rest = time_ns % 1000000000;
    for (int i = decimals; i < 9; i++)
        rest /= 10;
    char fraction[32] = "";
    if (decimals > 0)
        snprintf(fraction, sizeof fraction, ".%0*" PRIu64, decimals, rest);
    if (seconds >= 3600)
        snprintf(to, size, "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64 "%s", seconds / 3600,
                 seconds / 60 % 60, seconds % 60, fraction);
    else if (seconds >= 60)
        snprintf(to, size, "%" PRIu64 ":%02" PRIu64 "%s", seconds / 60, seconds % 60, fraction);
    else
        snprintf(to, size, "%" PRIu64 "%s s", seconds, fraction);
}

uint64_t tick_step(uint64_t least_ns)
{
    static const uint64_t long_steps[] = { 10,  15,   30,   60,   120,   300,   600,
                                           900, 1800, 3600, 7200, 14400, 43200, 86400 };
    static const uint64_t digits[] = { 1, 2, 5 };
    for (uint64_t power = 1; power < 10000000000u; power *= 10) {
        for (size_t i = 0; i < ARRAY_SIZE(digits); i++) {
            if (digits[i] * power >= least_ns && digits[i] * power < 10000000000u)
                return digits[i] * power;
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(long_steps); i++) {
        if (long_steps[i] * 1000000000u >= least_ns)
            return long_steps[i] * 1000000000u;
    }
    uint64_t day = 86400u * UINT64_C(1000000000), step = day;
    while (step < least_ns && step < UINT64_MAX / 2)
        step *= 2;
    return step;
}

double value_step(double least)
{
    double power = pow(10, floor(log10(least)));
    if (!(power > 0))
        return 1;
    double digit = least / power;
    return power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
}
