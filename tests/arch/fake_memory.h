/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Physical memory for boot_data_test: addresses from 0 on are this array. */
#pragma once
#include <axiom/types.h>

#define FAKE_MEMORY_SIZE 0x20000u
extern uint8_t fake_memory[FAKE_MEMORY_SIZE];
