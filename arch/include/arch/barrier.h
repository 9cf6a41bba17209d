/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Memory order between CPUs, where C11 atomics do not say it already. */
#pragma once

static inline void arch_mb(void);
static inline void arch_rmb(void);
static inline void arch_wmb(void);

#define ARCH_IMPL_ALLOWED
#include <arch_impl/barrier.h>
#undef ARCH_IMPL_ALLOWED
