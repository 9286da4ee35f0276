# The one place for third-party parts of the engine: what, from where, which licence, why.
#
# part            pin      from                   licence       why
# Arrow C++       25.0.1   pyarrow wheel (PyPI)   Apache-2.0    batches, Parquet, compute, filesystems
# yaml-cpp        0.7      Debian libyaml-cpp-dev MIT           YAML events with line and column
# nlohmann-json   3.11     Debian                 MIT           JSON documents we write (manifests, reports)
# simdjson        3.0      Debian                 Apache-2.0    JSON records we read
# fmt             9.1      Debian                 MIT           formatting
# spdlog          1.10     Debian                 MIT           structured log sinks
# xxhash          0.8      Debian                 BSD-2-Clause  fast non-cryptographic hashes
# OpenSSL crypto  3.0      Debian                 Apache-2.0    SHA-256 with the CPU's instructions
# zlib            1.2      Debian                 Zlib          gzip in and out
# zstd            1.5      Debian                 BSD-3-Clause  zstd in and out
# libcurl         7.88     Debian                 curl          HTTP; its headers only, loaded on demand
# bzip2           1.0      Debian                 bzip2-1.0.6   bzip2 in
# lz4             1.9      Debian                 BSD-2-Clause  lz4 in
# expat           2.5      Debian                 MIT           XML in
# minizip         1.1      Debian                 Zlib          zip archives in
# utf8proc        2.8      Debian                 MIT           Unicode's normal forms
# CLD2            2015     Debian libcld2-dev      Apache-2.0    languages of texts
# libjpeg-turbo   2.1      Debian libjpeg62-turbo-dev IJG, BSD-3-Clause  JPEG images
# libpng          1.6      Debian                 libpng-2.0    PNG images
# libwebp         1.2      Debian                 BSD-3-Clause  WebP images
# CLI11           2.1      Debian                 BSD-3-Clause  command line
# nanobind        3.1.0    PyPI                   BSD-3-Clause  the Python module's binding
# scikit-build    1.1.2    PyPI (scikit-build-core) Apache-2.0  builds the wheel with this CMake
# ray             2.59.0   PyPI                   Apache-2.0    optional: units of a run on a cluster
# daft            0.7.26   PyPI                   Apache-2.0    optional: units of a run in its frames
# dagster         1.13.28  PyPI                   Apache-2.0    optional: stages as its assets
# pylance         14.0.2   PyPI                   Apache-2.0    optional: rows as Lance datasets
# whylogs         1.6.4    PyPI                   Apache-2.0    optional: profiles of rows; unmaintained
# tokenizers      0.23.3   PyPI                   Apache-2.0    tests only: the judge of token counts
# Pillow          13.0.0   PyPI                   MIT-CMU       tests only: the image encoder of the examples
# ipykernel       7.4.0    PyPI (jupyter_client, nbclient, nbformat) BSD-3-Clause  tests only: notebooks
# torch           1.13     Debian python3-torch   BSD-3-Clause  tests only: a DataLoader over what a run gave
# doctest         2.4      Debian                 MIT           tests only
# benchmark       1.7      Debian                 Apache-2.0    benchmarks only
#
# Debian's libraries are linked before Arrow: libparquet exports a whole OpenSSL of its own.
# Static archives are linked with --exclude-libs so that none of their symbols is exported.

set(MILLRACE_ARROW_VERSION 25.0.1)
set(MILLRACE_NANOBIND_VERSION 3.1.0)

find_package(Threads REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(spdlog 1.10 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(doctest 2.4 REQUIRED)
find_package(simdjson 3 REQUIRED)
if(MILLRACE_BENCH)
  find_package(benchmark 1.7 REQUIRED)
endif()

# A static archive whose symbols stay inside the program that links it. Of some Debian has none
# that a module could hold (no -fPIC): modules link the shared library IN_MODULES instead.
function(millrace_static_library target archive header)
  cmake_parse_arguments(ARG "" "IN_MODULES" "" ${ARGN})
  find_library(${target}_path NAMES ${archive} REQUIRED)
  find_path(${target}_include NAMES ${header} REQUIRED)
  add_library(${target} INTERFACE)
  target_include_directories(${target} SYSTEM INTERFACE ${${target}_include})
  set(library ${${target}_path})
  if(ARG_IN_MODULES)
    find_library(${target}_shared_path NAMES ${ARG_IN_MODULES} REQUIRED)
    set(is_module $<STREQUAL:$<TARGET_PROPERTY:TYPE>,MODULE_LIBRARY>)
    set(library $<IF:${is_module},${${target}_shared_path},${library}>)
  endif()
  target_link_libraries(${target} INTERFACE ${library})
  target_link_options(${target} INTERFACE LINKER:--exclude-libs,${archive})
endfunction()

millrace_static_library(millrace_yaml libyaml-cpp.a yaml-cpp/yaml.h IN_MODULES libyaml-cpp.so)
millrace_static_library(millrace_xxhash libxxhash.a xxhash.h)
millrace_static_library(millrace_zlib libz.a zlib.h)
millrace_static_library(millrace_zstd libzstd.a zstd.h)
millrace_static_library(millrace_bzip2 libbz2.a bzlib.h IN_MODULES libbz2.so)
millrace_static_library(millrace_lz4 liblz4.a lz4frame.h)
millrace_static_library(millrace_expat libexpat.a expat.h)
millrace_static_library(millrace_minizip libminizip.a minizip/unzip.h)
target_link_libraries(millrace_minizip INTERFACE millrace_zlib)
# Arrow exports another utf8proc: what is excluded from the exports cannot be mixed up with it.
millrace_static_library(millrace_utf8proc libutf8proc.a utf8proc.h)
# Debian has it as a shared library alone.
find_library(millrace_cld2_path NAMES libcld2.so REQUIRED)
find_path(millrace_cld2_include NAMES cld2/public/compact_lang_det.h REQUIRED)
add_library(millrace_cld2 INTERFACE)
target_include_directories(millrace_cld2 SYSTEM INTERFACE ${millrace_cld2_include})
target_link_libraries(millrace_cld2 INTERFACE ${millrace_cld2_path})
millrace_static_library(millrace_jpeg libjpeg.a jpeglib.h IN_MODULES libjpeg.so)
millrace_static_library(millrace_png libpng16.a png.h IN_MODULES libpng16.so)
target_link_libraries(millrace_png INTERFACE millrace_zlib)
millrace_static_library(millrace_webp libwebp.a webp/decode.h IN_MODULES libwebp.so)
millrace_static_library(millrace_crypto libcrypto.a openssl/evp.h)
# libcurl is never linked: engine/io/http/curl_library.h loads it when the first request is made.
find_path(millrace_curl_include NAMES curl/curl.h REQUIRED)
find_library(MILLRACE_CURL_LIBRARY NAMES libcurl.so.4 REQUIRED)
add_library(millrace_curl INTERFACE)
target_include_directories(millrace_curl SYSTEM INTERFACE ${millrace_curl_include})
target_link_libraries(millrace_curl INTERFACE ${CMAKE_DL_LIBS})
if(MILLRACE_SANITIZE)
  # A sanitizer's malloc forbids RTLD_DEEPBIND: OpenSSL's own libraries come before Arrow instead.
  target_link_libraries(millrace_curl INTERFACE -Wl,--push-state,--no-as-needed -l:libssl.so
    -l:libcrypto.so -Wl,--pop-state)
endif()
target_link_libraries(millrace_crypto INTERFACE Threads::Threads ${CMAKE_DL_LIBS})

# Arrow: a system package when there is one of the pinned version, else the pyarrow wheel of the
# project's virtual environment (it ships headers and versioned libraries, no CMake config).
add_library(millrace_arrow INTERFACE)
find_package(Arrow ${MILLRACE_ARROW_VERSION} EXACT QUIET CONFIG)
if(Arrow_FOUND)
  find_package(Parquet ${MILLRACE_ARROW_VERSION} EXACT REQUIRED CONFIG)
  find_package(ArrowCompute ${MILLRACE_ARROW_VERSION} EXACT REQUIRED CONFIG)
  target_link_libraries(millrace_arrow INTERFACE
    Parquet::parquet_shared ArrowCompute::arrow_compute_shared Arrow::arrow_shared)
else()
  # A wheel is built by the Python that it is for, whose build environment comes by PYTHONPATH.
  if(SKBUILD)
    set(MILLRACE_PYTHON ${Python_EXECUTABLE})
    set(isolated)
  else()
    set(MILLRACE_PYTHON ${PROJECT_SOURCE_DIR}/.venv/bin/python CACHE FILEPATH
      "Python that has pyarrow ${MILLRACE_ARROW_VERSION}")
    set(isolated -I)
  endif()
  execute_process(
    COMMAND ${MILLRACE_PYTHON} ${isolated} -c
      "import importlib.util as u, importlib.metadata as m; print(m.version('pyarrow')); print(u.find_spec('pyarrow').submodule_search_locations[0])"
    OUTPUT_VARIABLE pyarrow RESULT_VARIABLE failed OUTPUT_STRIP_TRAILING_WHITESPACE)
  string(REPLACE "\n" ";" pyarrow "${pyarrow}")
  list(LENGTH pyarrow found)
  if(failed OR NOT found EQUAL 2)
    message(FATAL_ERROR "No pyarrow in ${MILLRACE_PYTHON}. Run `make setup` first.")
  endif()
  list(GET pyarrow 0 pyarrow_version)
  list(GET pyarrow 1 MILLRACE_ARROW_DIR)
  if(NOT pyarrow_version STREQUAL MILLRACE_ARROW_VERSION)
    message(FATAL_ERROR "pyarrow is ${pyarrow_version}, the pin is ${MILLRACE_ARROW_VERSION}. Run `make setup`.")
  endif()
  target_include_directories(millrace_arrow SYSTEM INTERFACE ${MILLRACE_ARROW_DIR}/include)
  target_link_directories(millrace_arrow INTERFACE ${MILLRACE_ARROW_DIR})
  foreach(part parquet arrow_compute arrow)
    file(GLOB library ${MILLRACE_ARROW_DIR}/lib${part}.so.*)
    if(NOT library)
      message(FATAL_ERROR "lib${part} is missing in ${MILLRACE_ARROW_DIR}")
    endif()
    list(APPEND MILLRACE_ARROW_LIBRARIES ${library})
  endforeach()
  target_link_libraries(millrace_arrow INTERFACE ${MILLRACE_ARROW_LIBRARIES})
endif()
