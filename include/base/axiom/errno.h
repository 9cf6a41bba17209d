/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Error numbers: Linux's (asm-generic/errno-base.h, errno.h), so that the user ABI needs no translation.
 * Functions return 0 or a negative one of these; the reason for a person goes to the log or an out parameter. */
#pragma once

/* In hosted code libc's errno.h may be there too; its values are the same on every Linux. */
#ifndef EPERM
#define EPERM      1
#define ENOENT     2
#define EINTR      4
#define EIO        5
#define ENXIO      6
#define E2BIG      7
#define EBADF      9
#define EAGAIN     11
#define ENOMEM     12
#define EACCES     13
#define EFAULT     14
#define EBUSY      16
#define EEXIST     17
#define ENODEV     19
#define EINVAL     22
#define ENFILE     23
#define EFBIG      27
#define ENOSPC     28
#define ESPIPE     29
#define EROFS      30
#define EPIPE      32
#define EDOM       33
#define ERANGE     34
#define EDEADLK    35
#define ENOSYS     38
#define ELOOP      40
#define ENODATA    61
#define ETIME      62
#define EREMOTEIO  121
#define EPROTO     71
#define EBADMSG    74
#define EOVERFLOW  75
#define EILSEQ     84
#define EOPNOTSUPP 95
#define ENOBUFS    105
#define ETIMEDOUT  110
#define EALREADY   114
#define EINPROGRESS 115
#define ECANCELED  125
#endif
#ifndef ENOTSUPP
#define ENOTSUPP 524 /* kernel internal; bpf() uses it too */
#endif
#ifndef EPROBE_DEFER
#define EPROBE_DEFER 517 /* a device's parent is not bound yet; never leaves the kernel */
#endif
