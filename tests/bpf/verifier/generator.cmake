# SPDX-License-Identifier: Apache-2.0 OR MIT
# Programs from bytes, for the host's build and for the cross builds.
if(NOT TARGET bpf_generator)
    set(generator ${CMAKE_CURRENT_LIST_DIR}/generator)
    add_library(bpf_generator STATIC ${generator}.c ${generator}_number.c ${generator}_loop.c ${generator}_memory.c ${generator}_call.c
        ${generator}_object.c ${generator}_dynptr.c ${generator}_special.c ${generator}_own.c ${generator}_exception.c
        ${CMAKE_CURRENT_LIST_DIR}/generated_btf.c)
    target_include_directories(bpf_generator PUBLIC ${CMAKE_CURRENT_LIST_DIR})
    target_link_libraries(bpf_generator PUBLIC axiom_bpf PRIVATE axiom_warnings)
endif()
