/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Sensirion SHT3x-DIS humidity and temperature sensor, I2C.
 *
 * Source: Datasheet SHT3x-DIS (version 7, December 2022): §2.2 timing (table 4), §4.3 single shot
 * (table 9), §4.5 periodic (table 10), §4.8 soft reset, §4.10 heater, §4.11 status register (tables
 * 17, 18), §4.12 checksum (table 19), §4.13 conversion. Commands are 16 bits, most significant byte
 * first. An answer is words of two bytes, each followed by its CRC-8. */
#pragma once
#include <axiom/bits.h>

#define SHT3X_ADDRESS_A 0x44u /* ADDR pin low */
#define SHT3X_ADDRESS_B 0x45u

#define SHT3X_CMD_SINGLE_HIGH_STRETCH   0x2c06u /* the sensor holds SCL until it has measured */
#define SHT3X_CMD_SINGLE_MEDIUM_STRETCH 0x2c0du
#define SHT3X_CMD_SINGLE_LOW_STRETCH    0x2c10u
#define SHT3X_CMD_SINGLE_HIGH           0x2400u /* the sensor does not acknowledge reads until then */
#define SHT3X_CMD_SINGLE_MEDIUM         0x240bu
#define SHT3X_CMD_SINGLE_LOW            0x2416u
#define SHT3X_CMD_FETCH_DATA            0xe000u
#define SHT3X_CMD_BREAK                 0x3093u
#define SHT3X_CMD_SOFT_RESET            0x30a2u
#define SHT3X_CMD_HEATER_ON             0x306du
#define SHT3X_CMD_HEATER_OFF            0x3066u
#define SHT3X_CMD_READ_STATUS           0xf32du
#define SHT3X_CMD_CLEAR_STATUS          0x3041u

/* Longest measuring time by repeatability (table 4, V_DD 2.4-5.5 V). */
#define SHT3X_MEASURE_HIGH_US   15000u
#define SHT3X_MEASURE_MEDIUM_US 6000u
#define SHT3X_MEASURE_LOW_US    4000u
#define SHT3X_SOFT_RESET_US     1000u

/* Status register; reset value 0x8010: alert pending, reset detected. */
#define SHT3X_STATUS_ALERT      BIT(15)
#define SHT3X_STATUS_HEATER     BIT(13)
#define SHT3X_STATUS_RH_ALERT   BIT(11)
#define SHT3X_STATUS_T_ALERT    BIT(10)
#define SHT3X_STATUS_RESET      BIT(4)
#define SHT3X_STATUS_CMD_FAILED BIT(1) /* the last command was not processed */
#define SHT3X_STATUS_CRC_FAILED BIT(0) /* of the last write */

#define SHT3X_CRC_POLYNOMIAL 0x31u
#define SHT3X_CRC_INIT       0xffu

/* T [deg C] = -45 + 175 * raw / 65535; RH [%] = 100 * raw / 65535. */
#define SHT3X_RAW_MAX 65535u
