/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The 16550 UART. Source: National Semiconductor PC16550D datasheet (June 1995), section 8. Register
 * numbers; a board says how far apart they are. */
#pragma once
#include <axiom/bits.h>

#define NS16550_RBR 0u /* read: receiver buffer; with LCR.DLAB: divisor, low */
#define NS16550_THR 0u /* write: transmitter holding */
#define NS16550_IER 1u /* interrupt enable; with LCR.DLAB: divisor, high */
#define NS16550_FCR 2u /* write: FIFO control */
#define NS16550_LCR 3u /* line control */
#define NS16550_MCR 4u /* modem control */
#define NS16550_LSR 5u /* line status */
#define NS16550_SCR 7u /* scratch: keeps what is written */

#define NS16550_FCR_ENABLE  BIT(0)
#define NS16550_FCR_CLEAR   (BIT(1) | BIT(2))
#define NS16550_LCR_8N1     0x03u
#define NS16550_LCR_DLAB    BIT(7)
#define NS16550_MCR_DTR_RTS (BIT(0) | BIT(1))
#define NS16550_LSR_THRE    BIT(5)
