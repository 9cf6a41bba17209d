/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* STMicroelectronics LSM6DSO: accelerometer and gyroscope with FIFO, I2C.
 *
 * Source: LSM6DSO datasheet (DocID030760): §4.1 table 2 sensitivities, §6 FIFO, §8 register mapping
 * (table 20, default values), §9 register description; application note AN5192 §9 FIFO. Registers
 * are 8 bits; the address counts up in a burst while CTRL3_C.IF_INC is set (after Z_H of the FIFO
 * it goes back to the tag, §9.85). */
#pragma once
#include <axiom/bits.h>

#define LSM6DSO_ADDRESS_LOW  0x6au /* SA0 low */
#define LSM6DSO_ADDRESS_HIGH 0x6bu

#define LSM6DSO_FUNC_CFG_ACCESS        0x01u
#define LSM6DSO_PIN_CTRL               0x02u /* reset 0x3f */
#define LSM6DSO_FIFO_CTRL1             0x07u /* watermark 7:0, in words */
#define LSM6DSO_FIFO_CTRL2             0x08u
#define LSM6DSO_FIFO_CTRL2_STOP_ON_WTM BIT(7)
#define LSM6DSO_FIFO_CTRL2_WTM8        BIT(0)
#define LSM6DSO_FIFO_CTRL3             0x09u
#define LSM6DSO_FIFO_CTRL3_BDR_GY      GENMASK(7, 4) /* 0: not batched */
#define LSM6DSO_FIFO_CTRL3_BDR_XL      GENMASK(3, 0)
#define LSM6DSO_FIFO_CTRL4             0x0au
#define LSM6DSO_FIFO_CTRL4_ODR_T       GENMASK(5, 4)
#define LSM6DSO_FIFO_CTRL4_MODE        GENMASK(2, 0)
#define LSM6DSO_FIFO_MODE_BYPASS       0u
#define LSM6DSO_FIFO_MODE_FIFO         1u /* stops when full */
#define LSM6DSO_FIFO_MODE_CONTINUOUS   6u /* the newest overwrites the oldest */
#define LSM6DSO_COUNTER_BDR_REG1       0x0bu
#define LSM6DSO_COUNTER_BDR_REG2       0x0cu
#define LSM6DSO_INT1_CTRL              0x0du
#define LSM6DSO_INT1_DRDY_XL           BIT(0)
#define LSM6DSO_INT1_DRDY_G            BIT(1)
#define LSM6DSO_INT1_BOOT              BIT(2)
#define LSM6DSO_INT1_FIFO_TH           BIT(3)
#define LSM6DSO_INT1_FIFO_OVR          BIT(4)
#define LSM6DSO_INT1_FIFO_FULL         BIT(5)
#define LSM6DSO_INT1_CNT_BDR           BIT(6)
#define LSM6DSO_INT2_CTRL              0x0eu
#define LSM6DSO_WHO_AM_I               0x0fu
#define LSM6DSO_WHO_AM_I_VALUE         0x6cu
#define LSM6DSO_CTRL1_XL               0x10u
#define LSM6DSO_CTRL1_ODR_XL           GENMASK(7, 4)
#define LSM6DSO_CTRL1_FS_XL            GENMASK(3, 2)
#define LSM6DSO_FS_XL_2G               0u
#define LSM6DSO_FS_XL_16G              1u
#define LSM6DSO_FS_XL_4G               2u
#define LSM6DSO_FS_XL_8G               3u
#define LSM6DSO_CTRL2_G                0x11u
#define LSM6DSO_CTRL2_ODR_G            GENMASK(7, 4)
#define LSM6DSO_CTRL2_FS_G             GENMASK(3, 2) /* 250, 500, 1000, 2000 dps */
#define LSM6DSO_FS_G_250               0u
#define LSM6DSO_FS_G_500               1u
#define LSM6DSO_FS_G_1000              2u
#define LSM6DSO_FS_G_2000              3u
#define LSM6DSO_CTRL2_FS_125           BIT(1)
#define LSM6DSO_ODR_OFF                0u
#define LSM6DSO_ODR_12HZ5              1u
#define LSM6DSO_ODR_26HZ               2u
#define LSM6DSO_ODR_52HZ               3u
#define LSM6DSO_ODR_104HZ              4u
#define LSM6DSO_ODR_208HZ              5u
#define LSM6DSO_ODR_417HZ              6u
#define LSM6DSO_ODR_833HZ              7u
#define LSM6DSO_ODR_1667HZ             8u
#define LSM6DSO_ODR_3333HZ             9u
#define LSM6DSO_ODR_6667HZ             10u
#define LSM6DSO_CTRL3_C                0x12u /* reset 0x04 */
#define LSM6DSO_CTRL3_BOOT             BIT(7)
#define LSM6DSO_CTRL3_BDU              BIT(6) /* block data update */
#define LSM6DSO_CTRL3_H_LACTIVE        BIT(5) /* INT1, INT2 active low */
#define LSM6DSO_CTRL3_PP_OD            BIT(4)
#define LSM6DSO_CTRL3_IF_INC           BIT(2)
#define LSM6DSO_CTRL3_SW_RESET         BIT(0)
#define LSM6DSO_CTRL4_C                0x13u
#define LSM6DSO_CTRL5_C                0x14u
#define LSM6DSO_CTRL5_ST_G             GENMASK(3, 2) /* 1 positive, 3 negative */
#define LSM6DSO_CTRL5_ST_XL            GENMASK(1, 0) /* 1 positive, 2 negative */
#define LSM6DSO_CTRL6_C                0x15u
#define LSM6DSO_CTRL7_G                0x16u
#define LSM6DSO_CTRL8_XL               0x17u
#define LSM6DSO_CTRL9_XL               0x18u /* reset 0xe0 */
#define LSM6DSO_CTRL10_C               0x19u
#define LSM6DSO_CTRL10_TIMESTAMP_EN    BIT(5)
#define LSM6DSO_ALL_INT_SRC            0x1au
#define LSM6DSO_STATUS_REG             0x1eu
#define LSM6DSO_STATUS_XLDA            BIT(0)
#define LSM6DSO_STATUS_GDA             BIT(1)
#define LSM6DSO_STATUS_TDA             BIT(2)
#define LSM6DSO_OUT_TEMP_L             0x20u /* 256 LSB a degree, 0 is 25 degrees C */
#define LSM6DSO_OUTX_L_G               0x22u /* X, Y, Z of 16 bits, low byte first */
#define LSM6DSO_OUTX_L_A               0x28u
#define LSM6DSO_FIFO_STATUS1           0x3au /* words in the FIFO, 7:0 */
#define LSM6DSO_FIFO_STATUS2           0x3bu
#define LSM6DSO_FIFO_WTM_IA            BIT(7)
#define LSM6DSO_FIFO_OVR_IA            BIT(6)
#define LSM6DSO_FIFO_FULL_IA           BIT(5)
#define LSM6DSO_COUNTER_BDR_IA         BIT(4)
#define LSM6DSO_FIFO_OVR_LATCHED       BIT(3)        /* until FIFO_STATUS2 is read */
#define LSM6DSO_FIFO_DIFF_HIGH         GENMASK(1, 0) /* words in the FIFO, 9:8 */
#define LSM6DSO_TIMESTAMP0             0x40u /* 25 us a count; writing 0xaa to TIMESTAMP2 resets it */
#define LSM6DSO_TIMESTAMP2             0x42u
#define LSM6DSO_FIFO_DATA_OUT_TAG      0x78u
#define LSM6DSO_TAG_SENSOR             GENMASK(7, 3)
#define LSM6DSO_TAG_CNT                GENMASK(2, 1) /* counts the time slot, modulo 4 */
#define LSM6DSO_TAG_PARITY             BIT(0)        /* makes the tag byte's number of ones even */
#define LSM6DSO_TAG_GYRO               1u
#define LSM6DSO_TAG_ACCEL              2u
#define LSM6DSO_TAG_TEMPERATURE        3u
#define LSM6DSO_TAG_TIMESTAMP          4u
#define LSM6DSO_FIFO_DATA_OUT_X_L      0x79u
#define LSM6DSO_FIFO_DATA_OUT_Z_H      0x7eu
#define LSM6DSO_FIFO_WORD_COUNT        512u /* 3 KB: words of a tag and 6 bytes */
#define LSM6DSO_TIMESTAMP_LSB_NS       25000u

/* Sensitivities of table 2: accelerometer in ug, gyroscope in udps a count. */
#define LSM6DSO_ACCEL_LSB_UG_2G   61u
#define LSM6DSO_GYRO_LSB_UDPS_125 4375u
