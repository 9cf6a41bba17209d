/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Synopsys DesignWare DW_apb_i2c, the master side.
 *
 * Sources: DW_apb_i2c databook's register chapter as published in RP2040 datasheet §4.3.17 (the
 * same block); drivers/i2c/busses/i2c-designware-core.h of Linux. */
#pragma once
#include <axiom/bits.h>

#define DW_IC_CON                      0x00u /* CON, TAR, SAR, *CNT: only while disabled */
#define DW_IC_CON_MASTER               BIT(0)
#define DW_IC_CON_SPEED                GENMASK(2, 1)
#define DW_IC_SPEED_STANDARD           1u
#define DW_IC_SPEED_FAST               2u
#define DW_IC_CON_10BIT_SLAVE          BIT(3)
#define DW_IC_CON_10BIT_MASTER         BIT(4)
#define DW_IC_CON_RESTART_EN           BIT(5)
#define DW_IC_CON_SLAVE_DISABLE        BIT(6)
#define DW_IC_CON_STOP_DET_IFADDRESSED BIT(7)
#define DW_IC_CON_TX_EMPTY_CTRL        BIT(8)
#define DW_IC_CON_RX_FIFO_FULL_HLD     BIT(9)
#define DW_IC_TAR                      0x04u
#define DW_IC_TAR_ADDRESS              GENMASK(9, 0)
#define DW_IC_TAR_GC_OR_START          BIT(10)
#define DW_IC_TAR_SPECIAL              BIT(11)
#define DW_IC_SAR                      0x08u
#define DW_IC_DATA_CMD                 0x10u
#define DW_IC_DATA_CMD_DAT             GENMASK(7, 0)
#define DW_IC_DATA_CMD_READ            BIT(8) /* write only, as the next two */
#define DW_IC_DATA_CMD_STOP            BIT(9)
#define DW_IC_DATA_CMD_RESTART         BIT(10)
#define DW_IC_SS_SCL_HCNT              0x14u
#define DW_IC_SS_SCL_LCNT              0x18u
#define DW_IC_FS_SCL_HCNT              0x1cu
#define DW_IC_FS_SCL_LCNT              0x20u
#define DW_IC_CNT_MASK                 GENMASK(15, 0)
#define DW_IC_HCNT_MIN                 6u /* lower values are taken as these */
#define DW_IC_LCNT_MIN                 8u
#define DW_IC_INTR_STAT                0x2cu
#define DW_IC_INTR_MASK                0x30u /* 1: passes */
#define DW_IC_RAW_INTR_STAT            0x34u
#define DW_IC_RX_TL                    0x38u /* RX_FULL at RX_TL + 1 entries or more */
#define DW_IC_TX_TL                    0x3cu /* TX_EMPTY at TX_TL entries or fewer */
#define DW_IC_CLR_INTR                 0x40u /* reading clears, as all CLR_* */
#define DW_IC_CLR_RX_UNDER             0x44u
#define DW_IC_CLR_RX_OVER              0x48u
#define DW_IC_CLR_TX_OVER              0x4cu
#define DW_IC_CLR_RD_REQ               0x50u
#define DW_IC_CLR_TX_ABRT              0x54u
#define DW_IC_CLR_RX_DONE              0x58u
#define DW_IC_CLR_ACTIVITY             0x5cu
#define DW_IC_CLR_STOP_DET             0x60u
#define DW_IC_CLR_START_DET            0x64u
#define DW_IC_CLR_GEN_CALL             0x68u
#define DW_IC_ENABLE                   0x6cu
#define DW_IC_ENABLE_ENABLE            BIT(0)
#define DW_IC_ENABLE_ABORT             BIT(1)
#define DW_IC_ENABLE_TX_CMD_BLOCK      BIT(2)
#define DW_IC_STATUS                   0x70u
#define DW_IC_STATUS_ACTIVITY          BIT(0)
#define DW_IC_STATUS_TFNF              BIT(1)
#define DW_IC_STATUS_TFE               BIT(2)
#define DW_IC_STATUS_RFNE              BIT(3)
#define DW_IC_STATUS_RFF               BIT(4)
#define DW_IC_STATUS_MST_ACTIVITY      BIT(5)
#define DW_IC_TXFLR                    0x74u
#define DW_IC_RXFLR                    0x78u
#define DW_IC_SDA_HOLD                 0x7cu
#define DW_IC_TX_ABRT_SOURCE           0x80u
#define DW_IC_ABRT_7B_ADDR_NOACK       BIT(0)
#define DW_IC_ABRT_TXDATA_NOACK        BIT(3)
#define DW_IC_ABRT_GCALL_NOACK         BIT(4)
#define DW_IC_ABRT_SBYTE_NORSTRT       BIT(9)
#define DW_IC_ABRT_10B_RD_NORSTRT      BIT(10)
#define DW_IC_ABRT_MASTER_DIS          BIT(11)
#define DW_IC_ABRT_ARB_LOST            BIT(12)
#define DW_IC_ABRT_USER_ABRT           BIT(16)
#define DW_IC_ABRT_TX_FLUSH_CNT \
    GENMASK(31, 23) /* entries of the TX FIFO that the abort threw away */
#define DW_IC_DMA_CR           0x88u
#define DW_IC_DMA_TDLR         0x8cu
#define DW_IC_DMA_RDLR         0x90u
#define DW_IC_SDA_SETUP        0x94u
#define DW_IC_ACK_GENERAL_CALL 0x98u
#define DW_IC_ENABLE_STATUS    0x9cu
#define DW_IC_ENABLE_STATUS_EN BIT(0)
#define DW_IC_FS_SPKLEN        0xa0u
#define DW_IC_COMP_PARAM_1     0xf4u
#define DW_IC_COMP_PARAM_RX    GENMASK(15, 8)  /* depth - 1 */
#define DW_IC_COMP_PARAM_TX    GENMASK(23, 16) /* depth - 1 */
#define DW_IC_COMP_VERSION     0xf8u
#define DW_IC_COMP_TYPE        0xfcu
#define DW_IC_COMP_TYPE_VALUE  0x44570140u

/* INTR_STAT, INTR_MASK, RAW_INTR_STAT */
#define DW_IC_INTR_RX_UNDER   BIT(0)
#define DW_IC_INTR_RX_OVER    BIT(1)
#define DW_IC_INTR_RX_FULL    BIT(2)
#define DW_IC_INTR_TX_OVER    BIT(3)
#define DW_IC_INTR_TX_EMPTY   BIT(4)
#define DW_IC_INTR_RD_REQ     BIT(5)
#define DW_IC_INTR_TX_ABRT    BIT(6)
#define DW_IC_INTR_RX_DONE    BIT(7)
#define DW_IC_INTR_ACTIVITY   BIT(8)
#define DW_IC_INTR_STOP_DET   BIT(9)
#define DW_IC_INTR_START_DET  BIT(10)
#define DW_IC_INTR_GEN_CALL   BIT(11)
#define DW_IC_INTR_MASK_RESET 0x8ffu

#define RP1_I2C_CLK_HZ 200000000u /* clk_sys */
