/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <axiom/format.h>
#include <bpf/error.h>

int bpf_error_set(struct bpf_error *error, int code, uint64_t offset, const char *format, ...)
{
    if (error == NULL)
        return code;
    error->error = code;
    error->offset = offset;
    va_list arguments;
    va_start(arguments, format);
    format_text_va(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return code;
}
