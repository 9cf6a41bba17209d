/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The 16550 UART. Source: National Semiconductor PC16550D datasheet (June 1995), section 8. Register
 * numbers; a board says how far apart they are. */
#pragma once
#include <axiom/bits.h>

#define NS16550_RBR   0u /* read: receiver buffer; with LCR.DLAB: divisor, low */
#define NS16550_THR   0u /* write: transmitter holding */
#define NS16550_IER   1u /* interrupt enable; with LCR.DLAB: divisor, high */
#define NS16550_IIR   2u /* read: interrupt identification */
#define NS16550_FCR   2u /* write: FIFO control */
#define NS16550_LCR   3u /* line control */
#define NS16550_MCR   4u /* modem control */
#define NS16550_LSR   5u /* line status */
#define NS16550_MSR   6u /* modem status */
#define NS16550_SCR   7u /* scratch: keeps what is written */
#define NS16550_COUNT 8u

#define NS16550_IER_RX    BIT(0) /* received data, and its timeout */
#define NS16550_IER_TX    BIT(1) /* transmitter holding register empty */
#define NS16550_IER_LINE  BIT(2)
#define NS16550_IER_MODEM BIT(3)

/* The most urgent that is pending (table II). */
#define NS16550_IIR_ID      0x0fu
#define NS16550_IIR_NONE    0x01u
#define NS16550_IIR_LINE    0x06u
#define NS16550_IIR_RX      0x04u
#define NS16550_IIR_TIMEOUT 0x0cu
#define NS16550_IIR_TX      0x02u
#define NS16550_IIR_MODEM   0x00u
#define NS16550_IIR_FIFOS   (BIT(6) | BIT(7))

#define NS16550_FCR_ENABLE     BIT(0)
#define NS16550_FCR_CLEAR_RX   BIT(1)
#define NS16550_FCR_CLEAR_TX   BIT(2)
#define NS16550_FCR_CLEAR      (BIT(1) | BIT(2))
#define NS16550_FCR_TRIGGER_AT 6u /* interrupt at 1, 4, 8, 14 characters */
#define NS16550_FCR_TRIGGER_8  (2u << NS16550_FCR_TRIGGER_AT)

#define NS16550_LCR_WLEN   0x03u /* 5 to 8 bits */
#define NS16550_LCR_STOP2  BIT(2)
#define NS16550_LCR_PARITY BIT(3)
#define NS16550_LCR_8N1    0x03u
#define NS16550_LCR_DLAB   BIT(7)

#define NS16550_MCR_DTR      BIT(0)
#define NS16550_MCR_RTS      BIT(1)
#define NS16550_MCR_DTR_RTS  (BIT(0) | BIT(1))
#define NS16550_MCR_OUT1     BIT(2)
#define NS16550_MCR_OUT2     BIT(3)
#define NS16550_MCR_LOOPBACK BIT(4)

#define NS16550_LSR_DATA    BIT(0)
#define NS16550_LSR_OVERRUN BIT(1)
#define NS16550_LSR_PARITY  BIT(2)
#define NS16550_LSR_FRAMING BIT(3)
#define NS16550_LSR_BREAK   BIT(4)
#define NS16550_LSR_THRE    BIT(5)
#define NS16550_LSR_TEMT    BIT(6) /* the shift register too */

#define NS16550_MSR_CTS BIT(4) /* and what changed since the last read, four bits lower */
#define NS16550_MSR_DSR BIT(5)
#define NS16550_MSR_RI  BIT(6)
#define NS16550_MSR_DCD BIT(7)

#define NS16550_FIFO_SIZE 16u
