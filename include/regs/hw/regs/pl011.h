/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Arm PrimeCell UART (PL011). Source: technical reference manual, Arm DDI 0183G, chapter 3. Byte
 * offsets of 16-bit registers that are accessed as 32 bits. */
#pragma once
#include <axiom/bits.h>

#define PL011_DR    0x000u
#define PL011_RSR   0x004u /* read: errors of the last character; write: clears them (ECR) */
#define PL011_FR    0x018u
#define PL011_ILPR  0x020u
#define PL011_IBRD  0x024u
#define PL011_FBRD  0x028u
#define PL011_LCR_H 0x02cu /* a write also latches IBRD and FBRD (§3.3.7) */
#define PL011_CR    0x030u
#define PL011_IFLS  0x034u
#define PL011_IMSC  0x038u
#define PL011_RIS   0x03cu
#define PL011_MIS   0x040u
#define PL011_ICR   0x044u
#define PL011_DMACR 0x048u
#define PL011_ID    0xfe0u /* eight words of one byte each: PeriphID0-3, PCellID0-3 */

#define PL011_DR_DATA    0xffu
#define PL011_DR_BROKEN  (BIT(8) | BIT(9) | BIT(10)) /* framing, parity, break */
#define PL011_DR_OVERRUN BIT(11)

#define PL011_FR_BUSY       BIT(3)
#define PL011_FR_RX_EMPTY   BIT(4)
#define PL011_FR_TX_FULL    BIT(5)
#define PL011_FR_RX_FULL    BIT(6)
#define PL011_FR_TX_EMPTY   BIT(7)
#define PL011_LCR_H_BREAK   BIT(0)
#define PL011_LCR_H_PARITY  BIT(1)
#define PL011_LCR_H_STOP2   BIT(3)
#define PL011_LCR_H_FIFOS   BIT(4)
#define PL011_LCR_H_WLEN    (BIT(5) | BIT(6)) /* 5 to 8 bits */
#define PL011_LCR_H_WLEN_AT 5u
#define PL011_CR_ENABLE     BIT(0)
#define PL011_CR_LOOPBACK   BIT(7)
#define PL011_CR_TX         BIT(8)
#define PL011_CR_RX         BIT(9)

#define PL011_IFLS_TX     0x07u /* interrupt at 1/8, 1/4, 1/2, 3/4, 7/8 full */
#define PL011_IFLS_RX_AT  3u
#define PL011_INT_RX      BIT(4)
#define PL011_INT_TX      BIT(5)
#define PL011_INT_TIMEOUT BIT(6)
#define PL011_INT_OVERRUN BIT(10)
#define PL011_INT_ALL     0x7ffu
#define PL011_PERIPHID    0x00341011u /* r1p5 */
#define PL011_PCELLID     0xb105f00du
#define PL011_FIFO_MAX    32u /* since r1p5 (revision field 3); 16 before */
