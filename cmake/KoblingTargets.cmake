# How every target of the project is built: the language, the warnings, the sanitizers, and two functions that declare targets.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(KOBLING_CCACHE ccache)
  if(KOBLING_CCACHE)
    # Paths below the source folder are hashed relative to the build folder, so that build folders share results.
    set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${KOBLING_CCACHE})
  endif()
endif()

set(KOBLING_SANITIZE "" CACHE STRING "Sanitizers to build our own code with, for example address,undefined")

add_library(kobling_flags INTERFACE)
target_include_directories(kobling_flags INTERFACE "${CMAKE_SOURCE_DIR}")
target_compile_options(kobling_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wconversion -Wno-sign-conversion -Werror
  -fstack-protector-strong -D_GLIBCXX_ASSERTIONS -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)
if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug" AND NOT KOBLING_SANITIZE)
  target_compile_options(kobling_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
target_link_options(kobling_flags INTERFACE -Wl,-z,relro,-z,now)
if(KOBLING_SANITIZE)
  # With the sanitizers' instrumentation g++ 12 takes std::function for uninitialised and std::string for too short: all
  # warnings are left to the other builds.
  target_compile_options(kobling_flags INTERFACE -w)
  target_compile_options(kobling_flags INTERFACE -fsanitize=${KOBLING_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  # Protobuf's messages have one member more where this is set; Debian's library was built without it.
  target_compile_options(kobling_flags INTERFACE -U__SANITIZE_THREAD__)
  target_link_options(kobling_flags INTERFACE -fsanitize=${KOBLING_SANITIZE})
endif()

# kobling_library(NAME SOURCES ... DEPENDS ...): a layer's library, used by others as kobling::NAME.
function(kobling_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(kobling_${name} STATIC ${arg_SOURCES})
  add_library(kobling::${name} ALIAS kobling_${name})
  target_link_libraries(kobling_${name} PUBLIC kobling_flags ${arg_DEPENDS})
endfunction()

# kobling_test(NAME SOURCES ... DEPENDS ...): one GoogleTest program; ctest runs it whole, under the label of its folder.
function(kobling_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE kobling_flags ${arg_DEPENDS} GTest::gmock GTest::gtest GTest::gtest_main)
  target_precompile_headers(${name} PRIVATE <gmock/gmock.h> <gtest/gtest.h>)
  add_test(NAME ${name} COMMAND ${name} --gtest_brief=1)
  set_tests_properties(${name} PROPERTIES TIMEOUT 600)
endfunction()
