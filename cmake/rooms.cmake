# A room of engine/ is one static library, millrace_<room>. What it may link is read from
# tools/layers.txt, the table that tools/tidy.py checks every #include against.
#
#   millrace_room(<room> [LIBS third-party targets...])
#
# Sources are all *.cc of the room's folder; *_test.cc become one doctest program,
# millrace_<room>_test. Each <name>_benchmark.cc is a program of its own, built with MILLRACE_BENCH.
# The target `<room>_tests` is what tests a room, fuzz seeds too; `engine_tests` is all of them. To
# ctest a room is a label.
#
# Each <name>_fuzz.cc holds one LLVMFuzzerTestOneInput. A normal build makes <name>_fuzz_replay of
# it, a test that feeds it the seeds under tests/fuzz/<name>/; with MILLRACE_FUZZ (clang) it becomes
# <name>_fuzz, which looks for new inputs.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tools/layers.txt)

function(millrace_allowed_rooms room out)
  file(STRINGS ${PROJECT_SOURCE_DIR}/tools/layers.txt lines REGEX "^${room}:")
  string(REGEX REPLACE "^${room}:" "" allowed "${lines}")
  separate_arguments(allowed)
  set(${out} ${allowed} PARENT_SCOPE)
endfunction()

function(millrace_room room)
  cmake_parse_arguments(ARG "" "" "LIBS" ${ARGN})
  set(dir ${PROJECT_SOURCE_DIR}/engine/${room})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${dir}/*.cc)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  set(fuzz_targets ${sources})
  list(FILTER fuzz_targets INCLUDE REGEX "_fuzz\\.cc$")
  set(benchmarks ${sources})
  list(FILTER benchmarks INCLUDE REGEX "_benchmark\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_(test|fuzz|benchmark)\\.cc$|/testing/[a-z_]*main\\.cc$")
  millrace_allowed_rooms(${room} allowed)
  list(TRANSFORM allowed PREPEND millrace_)

  add_library(millrace_${room} STATIC ${sources})
  target_include_directories(millrace_${room} PUBLIC
    ${PROJECT_SOURCE_DIR}/engine ${PROJECT_SOURCE_DIR}/engine/include ${PROJECT_BINARY_DIR}/generated)
  target_link_libraries(millrace_${room} PUBLIC ${allowed} ${ARG_LIBS} millrace_arrow)
  set_target_properties(millrace_${room} PROPERTIES POSITION_INDEPENDENT_CODE ON)

  add_custom_target(${room}_tests)
  add_dependencies(engine_tests ${room}_tests)
  if(MILLRACE_TESTS AND tests)
    add_executable(millrace_${room}_test ${tests} ${PROJECT_SOURCE_DIR}/engine/base/testing/test_main.cc)
    target_link_libraries(millrace_${room}_test PRIVATE millrace_${room} doctest::doctest)
    # Only where it is used: what is compiled with an absolute path in it, no cache can share.
    foreach(test ${tests})
      file(STRINGS ${test} uses REGEX MILLRACE_SOURCE_DIR LIMIT_COUNT 1)
      if(uses)
        set_source_files_properties(${test} PROPERTIES COMPILE_DEFINITIONS
          MILLRACE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
      endif()
    endforeach()
    add_test(NAME ${room} COMMAND millrace_${room}_test)
    set_tests_properties(${room} PROPERTIES LABELS ${room})
    add_dependencies(${room}_tests millrace_${room}_test)
  endif()

  if(MILLRACE_BENCH)
    foreach(source ${benchmarks})
      get_filename_component(name ${source} NAME_WE)
      add_executable(${name} ${source})
      target_link_libraries(${name} PRIVATE millrace_${room} benchmark::benchmark)
    endforeach()
  endif()

  foreach(source ${fuzz_targets})
    get_filename_component(name ${source} NAME_WE)
    millrace_fuzz_target(${room} ${name} ${source})
  endforeach()
endfunction()

add_custom_target(engine_tests)

function(millrace_fuzz_target room name source)
  string(REGEX REPLACE "_fuzz$" "" subject ${name})
  set(seeds ${PROJECT_SOURCE_DIR}/tests/fuzz/${subject})
  if(MILLRACE_FUZZ)
    add_executable(${name} ${source})
    target_link_libraries(${name} PRIVATE millrace_${room})
    target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  elseif(MILLRACE_TESTS)
    add_executable(${name}_replay ${source}
      ${PROJECT_SOURCE_DIR}/engine/base/testing/fuzz_replay_main.cc)
    target_link_libraries(${name}_replay PRIVATE millrace_${room})
    add_test(NAME ${name} COMMAND ${name}_replay ${seeds})
    set_tests_properties(${name} PROPERTIES LABELS ${room})
    add_dependencies(${room}_tests ${name}_replay)
  endif()
endfunction()
