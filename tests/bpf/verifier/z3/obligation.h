/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a proof says, in C, beside the operators' own sources, which it includes.
 *
 * Each function prove_X() is an obligation: whatever any_u64() and the others give, every prove() that is reached holds,
 * no check of UBSan fires, no BUG_ON() does. prove.py has clang compile it, and z3 answer.
 *
 * A function X__contract() answers the calls of X() in its file, but for those in prove_X*: it says only what was
 * proved of X elsewhere. A contract that changes a value is told by the witnesses which concrete values to keep: every
 * value would be right, but z3 needs to be told which ones matter.
 *
 * A lemma is said by LEMMA(X, (parameters), condition): prove_lemma_X() shall prove lemma_X() of any arguments, and
 * elsewhere lemma_X() of some arguments is taken for granted. */
#pragma once
#include <axiom/types.h>

uint64_t any_u64(void);
uint32_t any_u32(void);
bool any_bool(void);
/* The concrete values that the obligation follows: the same number each time. */
uint64_t witness(int which);
/* Only where this holds. */
void assume(bool condition);
void prove(bool condition);
/* Helps: where it holds and where it does not are proved apart. */
void cases(bool condition);

/* clang drops static functions that nobody calls. */
#define CONTRACT __attribute__((used)) static

#define LEMMA(name, parameters, condition)      \
    static void lemma_##name parameters         \
    {                                           \
        prove(condition);                       \
    }                                           \
    CONTRACT void lemma_##name##__contract parameters \
    {                                           \
        assume(condition);                      \
    }
