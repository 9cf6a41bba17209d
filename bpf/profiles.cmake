# SPDX-License-Identifier: Apache-2.0 OR MIT
# Which sources an image's profile names (the figures are in bpf/profile.h). Built where they are shipped from, in release
# builds; tests/bpf/profile shows with nm that each lacks what is the other's.
if(NOT CMAKE_BUILD_TYPE STREQUAL Release)
    return()
endif()
get_target_property(bpf_sources axiom_bpf SOURCES)
set(bpf_embedded_sources ${bpf_sources})
list(FILTER bpf_embedded_sources EXCLUDE REGEX "^jit/")
axiom_module(axiom_bpf_cloud SOURCES ${bpf_sources} DEPENDS axiom_base axiom_uapi)
axiom_module(axiom_bpf_embedded SOURCES ${bpf_embedded_sources} profile/static_pool.c DEPENDS axiom_base axiom_uapi)
target_compile_definitions(axiom_bpf_cloud PUBLIC AXIOM_PROFILE_CLOUD)
target_compile_definitions(axiom_bpf_embedded PUBLIC AXIOM_PROFILE_EMBEDDED)
foreach(profile IN ITEMS cloud embedded)
    target_include_directories(axiom_bpf_${profile} PRIVATE internal)
endforeach()
