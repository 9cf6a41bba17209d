/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* RP1 PWM, two blocks of four channels.
 *
 * Sources: RP1 Peripherals (RP-008370-DS), chapter PWM, as quoted by public register
 * transcriptions; drivers/pwm/pwm-rp1.c of raspberrypi/linux. */
#pragma once
#include <axiom/bits.h>

#define RP1_PWM_CHANNEL_COUNT 4u

/* SET_UPDATE takes over the enables, CTRL, PHASE and COMMON_RANGE; DUTY and RANGE have an update
 * strobe of their own and take effect at the channel's next counter overflow. */
#define RP1_PWM_GLOBAL_CTRL     0x00u
#define RP1_PWM_CHANNEL_EN(ch)  BIT(ch)
#define RP1_PWM_CHANNEL_EN_MASK GENMASK(3, 0)
#define RP1_PWM_SET_UPDATE      BIT(31) /* reads 0 */
#define RP1_PWM_FIFO_CTRL       0x04u
#define RP1_PWM_FIFO_LEVEL      GENMASK(4, 0) /* read only */
#define RP1_PWM_FIFO_FLUSH      BIT(5)
#define RP1_PWM_FIFO_FLUSH_DONE BIT(6) /* read only */
#define RP1_PWM_FIFO_THRESHOLD  GENMASK(15, 11)
#define RP1_PWM_FIFO_DWELL_TIME GENMASK(20, 16) /* reset 2 */
#define RP1_PWM_FIFO_DREQ_EN    BIT(31)
#define RP1_PWM_COMMON_RANGE    0x08u
#define RP1_PWM_COMMON_DUTY     0x0cu
#define RP1_PWM_DUTY_FIFO       0x10u

#define RP1_PWM_CHAN_CTRL(ch)  (0x14u + 16u * (ch))
#define RP1_PWM_CHAN_RANGE(ch) (0x18u + 16u * (ch)) /* period in clock ticks */
#define RP1_PWM_CHAN_PHASE(ch) (0x1cu + 16u * (ch))
#define RP1_PWM_CHAN_DUTY(ch)  (0x20u + 16u * (ch)) /* high time in clock ticks */

/* CHAN_CTRL; reset value 0x100. */
#define RP1_PWM_MODE               GENMASK(2, 0)
#define RP1_PWM_MODE_ZERO          0u
#define RP1_PWM_MODE_TRAILING      1u /* trailing-edge mark-space: high first */
#define RP1_PWM_MODE_PHASE_CORRECT 2u
#define RP1_PWM_MODE_PDM           3u
#define RP1_PWM_MODE_MSB           4u
#define RP1_PWM_MODE_PPM           5u
#define RP1_PWM_MODE_LEADING       6u /* low first */
#define RP1_PWM_MODE_LSB           7u
#define RP1_PWM_INVERT             BIT(3)
#define RP1_PWM_BIND               BIT(4) /* COMMON_RANGE and COMMON_DUTY or FIFO instead of its own */
#define RP1_PWM_USEFIFO            BIT(5)
#define RP1_PWM_SDM                BIT(6)
#define RP1_PWM_DITHER             BIT(7)
#define RP1_PWM_FIFO_POP_MASK      BIT(8)
#define RP1_PWM_SDM_BITWIDTH       GENMASK(15, 12)
#define RP1_PWM_SDM_BIAS           GENMASK(31, 16)
#define RP1_PWM_CHAN_CTRL_MASK     0xfffff1ffu
#define RP1_PWM_CHAN_CTRL_RESET    0x00000100u

#define RP1_PWM_INTR           0x54u
#define RP1_PWM_INTE           0x58u
#define RP1_PWM_INTF           0x5cu
#define RP1_PWM_INTS           0x60u
#define RP1_PWM_INT_UNDERFLOW  BIT(0)
#define RP1_PWM_INT_OVERFLOW   BIT(1)
#define RP1_PWM_INT_EMPTY      BIT(2)
#define RP1_PWM_INT_FULL       BIT(3)
#define RP1_PWM_INT_DREQ       BIT(4)
#define RP1_PWM_INT_RELOAD(ch) BIT(5u + (ch))
#define RP1_PWM_INT_MASK       GENMASK(8, 0)
