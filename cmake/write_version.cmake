# Run by every build: writes OUT only when its text changes, so that a commit recompiles the one
# source that includes it (base/build_info.cc) and nothing else.
#   cmake -DSOURCE=<checkout> -DVERSION=<x.y.z> -DZSTD=<x.y.z> -DZLIB=<x.y.z> \
#         -DOUT=<header> -P write_version.cmake
execute_process(COMMAND git -C ${SOURCE} rev-parse --short=12 HEAD
  OUTPUT_VARIABLE commit ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed)
if(failed)
  set(commit unknown)
else()
  execute_process(COMMAND git -C ${SOURCE} status --porcelain --untracked-files=no
    OUTPUT_VARIABLE changed ERROR_QUIET)
  if(changed)
    string(APPEND commit -dirty)
  endif()
endif()
set(text "// Written by cmake/write_version.cmake.
#pragma once
#include <string_view>
namespace millrace {
inline constexpr std::string_view kGeneratedVersion = \"${VERSION}\";
inline constexpr std::string_view kGeneratedCommit = \"${commit}\";
inline constexpr std::string_view kGeneratedZstd = \"${ZSTD}\";
inline constexpr std::string_view kGeneratedZlib = \"${ZLIB}\";
}  // namespace millrace
")
set(before "")
if(EXISTS ${OUT})
  file(READ ${OUT} before)
endif()
if(NOT before STREQUAL text)
  file(WRITE ${OUT} "${text}")
endif()
