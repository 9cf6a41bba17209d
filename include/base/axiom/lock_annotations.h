/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* clang's thread-safety attributes under the words of this house; nothing for other compilers. */
#pragma once

#ifdef __clang__
#define CAPABILITY(name)          __attribute__((capability(name)))
#define MUST_HOLD(...)            __attribute__((requires_capability(__VA_ARGS__)))
#define ACQUIRES(...)             __attribute__((acquire_capability(__VA_ARGS__)))
#define RELEASES(...)             __attribute__((release_capability(__VA_ARGS__)))
#define NO_THREAD_SAFETY_ANALYSIS __attribute__((no_thread_safety_analysis))
#else
#define CAPABILITY(name)
#define MUST_HOLD(...)
#define ACQUIRES(...)
#define RELEASES(...)
#define NO_THREAD_SAFETY_ANALYSIS
#endif
