/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* axiom_msgs/msg/GpioLevel by offset: the form of most messages, so neither side goes through cdr.h
 * for it. Header, uint64 bank_level, uint8 level, uint8 driven. */
#pragma once
#include "cdr.h"

#include <axiom/event.h>

#define GPIO_FORM_SIZE (CDR_HEADER_SIZE + 10u)

static inline void gpio_form_put(uint8_t *to, const struct event_gpio *gpio)
{
    put_le32(to, 0x100); /* 00 01 00 00 */
    put_le64(to + 4, gpio->bank_level);
    to[12] = gpio->level;
    to[13] = gpio->driven;
}

/* `from` has GPIO_FORM_SIZE bytes; number is the channel's. */
static inline struct event_gpio gpio_form_take(const uint8_t *from, uint32_t number)
{
    return (struct event_gpio){
        .chip = (uint8_t)(number >> 8),
        .line = (uint8_t)number,
        .level = from[12],
        .driven = from[13],
        .bank_level = get_le64(from + 4),
    };
}
