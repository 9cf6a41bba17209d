# SPDX-License-Identifier: Apache-2.0 OR MIT
# Programs of this folder that exist for every CPU: the host's build and the cross builds include this.
set(jit_tests ${CMAKE_SOURCE_DIR}/tests/bpf/jit)
if(NOT TARGET bpf_host_env)
    add_library(bpf_host_env STATIC ${jit_tests}/../host_env.c)
    target_link_libraries(bpf_host_env PUBLIC axiom_bpf axiom_bpf_host axiom_base_host PRIVATE axiom_warnings)
    target_include_directories(bpf_host_env PUBLIC ${jit_tests}/..)
endif()

add_executable(ir_exec ${jit_tests}/ir_exec.c ${jit_tests}/ir_program.c)
target_include_directories(ir_exec PRIVATE ${CMAKE_SOURCE_DIR}/bpf/jit)
target_link_libraries(ir_exec PRIVATE axiom_bpf axiom_base_host axiom_warnings)

include(${jit_tests}/../verifier/generator.cmake)
add_executable(engines_batch ${jit_tests}/engines_batch.c ${jit_tests}/engines.c)
target_include_directories(engines_batch PRIVATE ${jit_tests}/..)
target_link_libraries(engines_batch PRIVATE bpf_generator bpf_host_env axiom_bpf_host axiom_warnings)

add_executable(c_programs_run ${jit_tests}/c_programs_run.c)
target_include_directories(c_programs_run PRIVATE ${jit_tests}/..)
target_link_libraries(c_programs_run PRIVATE bpf_host_env axiom_bpf_host axiom_bpf_unverified axiom_warnings)
