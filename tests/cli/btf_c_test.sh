#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# axiom bpf btf --format c: clang takes the header, and every struct in it has the size and the offsets that the types
# say. The judge is the compiler: one _Static_assert for each struct and each of its members.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh" "$1"
clang=$(command -v clang-19 || command -v clang-14 || command -v clang) || { echo "skipped: no clang"; exit 77; }

# asserts RAW: what the types say, in C. Names that occur twice are left out: the header numbers them. So is what has a
# va_list in it, which differs from target to target.
asserts() {
    awk -v quote="'" '
        function name(text) { gsub(quote, "", text); return text }
        FNR == NR { if ($2 ~ /^(STRUCT|UNION|ENUM|ENUM64|FWD)$/) seen[name($3)]++; next }
        $2 == "STRUCT" || $2 == "UNION" {
            owner = ""
            n = name($3)
            if (n == "(anon)" || seen[n] > 1 || n == "warn_args") next
            size = $4; sub("size=", "", size)
            owner = ($2 == "STRUCT" ? "struct " : "union ") n
            printf "_Static_assert(sizeof(%s) == %s, \"\");\n", owner, size
            next
        }
        /^\t/ && owner != "" && $0 !~ /bitfield_size/ && $1 != quote "(anon)" quote {
            bits = $3; sub("bits_offset=", "", bits)
            if ($2 ~ /type_id/ && $3 ~ /bits_offset/)
                printf "_Static_assert(__builtin_offsetof(%s, %s) == %d, \"\");\n", owner, name($1), bits / 8
            next
        }
        !/^\t/ { owner = "" }
    ' "$1" "$1"
}

# judge NAME LEAST ARGUMENT...: the types printed by axiom bpf btf ARGUMENT..., with so many assertions at least
judge() {
    local name=$1 least=$2 count
    shift 2
    check "$name: types" 0 "" "$axiom" bpf btf "$@"
    cp output "$name.raw"
    check "$name: header" 0 "" "$axiom" bpf btf --format c "$@"
    cp output "$name.h"
    { echo "#include \"$name.h\""; asserts "$name.raw"; } > "$name.c"
    count=$(grep -c _Static_assert "$name.c")
    is "$name: enough assertions ($count)" "$((count > least))" 1
    check "$name: the compiler" 0 "" "$clang" -target bpf -fsyntax-only -Wall -Werror -Wno-unused "$name.c"
    echo "$name: $count sizes and offsets as the types say"
}

judge kernel 300 --kernel
cat > odd.bpf.c <<'END'
/* What makes layouts odd. */
typedef int (*callback)(void *, const char *const, ...);
enum small { ONE = 1, BIG = 0x7fffffff } __attribute__((packed));
enum wide { LOW = -5, HIGH = 0x7fffffffffffffff };
enum { NAMELESS = 7 };
struct odd;
typedef struct { struct odd *back; int (*table[3])(struct odd *, int (*)(int)); } pair;
struct odd {
    char a; int b : 3, c : 9; unsigned d : 20; char e;
    struct { short x; union { long y; char z[3]; }; } in;
    struct odd *const volatile next;
    pair pairs[2][3];
    char aligned __attribute__((aligned(64)));
    struct { char k; long l; } __attribute__((packed)) packed[2];
    enum small small; enum wide wide;
    const int *(*grid)[4];
    callback call;
    int _Alignas(16) wide_int;
    __int128 huge;
    int tail[];
} odd_value;
struct apart { char c; long l __attribute__((packed)); short s; } apart_value;
struct bits { unsigned long a : 33, : 5, b : 7; unsigned : 0; unsigned c : 1; } bits_value;
struct none { } none_value;
int use(pair *p) { return p->table[1](p->back, 0) + NAMELESS; }
END
check "odd types are compiled" 0 "" "$clang" -target bpf -O2 -g -c odd.bpf.c -o odd.o
judge odd 15 odd.o
if [[ -r /sys/kernel/btf/vmlinux ]]; then
    judge linux 20000 /sys/kernel/btf/vmlinux
    functions=$(grep -c "DECL_TAG 'bpf_kfunc'" linux.raw)
    is "functions that programs may call" "$(grep -c '^extern .*) __weak __ksym;$' linux.h)" "$functions"
    is "what libbpf's headers ask for" "$(grep -c '^#define __VMLINUX_H__$' linux.h)" 1
else
    echo "skipped: no types of the running Linux"
fi
is "no kernel's types" "$(grep -cE '__VMLINUX_H__|__ksym' odd.h)" 0

# A module's types go on from the kernel's.
if command -v pahole gcc > /dev/null; then
    echo 'struct shared { int a; struct shared *next; }; struct shared shared;' > base.c
    echo 'struct shared { int a; struct shared *next; }; struct own { struct shared in; char name[4]; } own;' > module.c
    gcc -g -c base.c module.c && pahole -J base.o && pahole -J --btf_base=base.o module.o
    check "a module's types" 0 "STRUCT 'own' size=24" "$axiom" bpf btf --base base.o module.o
    is "which are its own only" "$(grep -c "'shared'" output)" 0
    check "as a header" 0 "struct shared in;" "$axiom" bpf btf --base base.o --format c module.o
    { cat output; echo '_Static_assert(sizeof(struct own) == 24 && sizeof(struct shared) == 16, "");'; } > module.h
    check "which the compiler takes" 0 "" "$clang" -fsyntax-only -Wall -Werror -x c module.h -Wno-pragma-once-outside-header
    check "without them" 3 "offset [0-9]+: " "$axiom" bpf btf module.o
else
    echo "skipped: pahole (dwarves) is not installed"
fi
check "an ELF file without types" 3 "without a section .BTF" "$axiom" bpf btf /bin/sh
check "a format that is none" 2 "c or raw" "$axiom" bpf btf --format rust odd.o
finish
