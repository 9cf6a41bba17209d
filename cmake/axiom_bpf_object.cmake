# SPDX-License-Identifier: Apache-2.0 OR MIT
# BPF objects from C: clang -target bpf with include/uapi, the same command that a user types.
#
#   axiom_bpf_object(OUT_VARIABLE source.bpf.c)   sets OUT_VARIABLE to the object's path
find_program(AXIOM_BPF_CLANG NAMES clang-14 clang REQUIRED)

function(axiom_bpf_object out source)
    get_filename_component(name ${source} NAME_WLE)
    set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.o)
    # From the top folder and by a relative path: clang copies source lines into BTF, and finds the file only if its name
    # after the prefix map still leads to it.
    file(RELATIVE_PATH relative_source ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/${source})
    add_custom_command(OUTPUT ${object}
        COMMAND ${AXIOM_BPF_CLANG} -target bpf -mcpu=v3 -O2 -g -Wall -Werror -I${CMAKE_SOURCE_DIR}/include/uapi
                -fdebug-prefix-map=${CMAKE_SOURCE_DIR}=. -c ${relative_source} -o ${object}
        WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
        DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${source} ${CMAKE_SOURCE_DIR}/include/uapi/axiom/bpf.h
        COMMENT "BPF ${source}")
    set(${out} ${object} PARENT_SCOPE)
endfunction()
