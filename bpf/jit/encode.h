/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#pragma once
#include "ir.h"

/* bpf_jit_encode(), which also says where each function of the form begins (may be NULL). */
int encode_form(const struct ir_form *form, void *buffer, size_t buffer_size, size_t *size_out,
                uint32_t *function_places);
