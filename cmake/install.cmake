# `make install PREFIX=`: one folder that works from anywhere and needs nothing of this checkout.
#
#   bin/millrace                    finds its libraries by its own place, not by a path
#   lib/millrace/                   Arrow, libcurl and the shared libraries that no bare system has
#   include/millrace/plugin.h       what a plug-in is built with
#   share/doc/millrace/             guides, and the licence of every part that is shipped
#   share/{bash-completion,zsh,fish}/   shell completions
#
# RPATH rather than RUNPATH (--disable-new-dtags): it holds for the libraries' own needs as well,
# and LD_LIBRARY_PATH cannot slip another Arrow in.
set_target_properties(millrace PROPERTIES INSTALL_RPATH "$ORIGIN/../lib/millrace")
target_link_options(millrace PRIVATE LINKER:--disable-new-dtags)

install(TARGETS millrace RUNTIME DESTINATION bin)
# What a plug-in is built with.
install(FILES engine/include/millrace/plugin.h DESTINATION include/millrace)

# Asks the loader what the built program needs. What every system with a C++ program has stays
# where it is: the C and C++ runtimes must be the system's own.
# libcurl is loaded by name and so is asked for by name, with its own needs.
install(CODE "set(curl_library \"${MILLRACE_CURL_LIBRARY}\")")
install(CODE [[
  file(GET_RUNTIME_DEPENDENCIES
    EXECUTABLES "$<TARGET_FILE:millrace>"
    LIBRARIES "${curl_library}"
    RESOLVED_DEPENDENCIES_VAR libraries
    UNRESOLVED_DEPENDENCIES_VAR unresolved
    PRE_EXCLUDE_REGEXES
      "^ld-linux" "^linux-vdso" "^lib(c|m|dl|rt|pthread|resolv|stdc\\+\\+|gcc_s)\\.so")
  if(unresolved)
    message(FATAL_ERROR "Libraries that millrace needs were not found: ${unresolved}")
  endif()
  list(APPEND libraries "${curl_library}")
  list(SORT libraries)
  file(INSTALL DESTINATION "${CMAKE_INSTALL_PREFIX}/lib/millrace" TYPE SHARED_LIBRARY
    FOLLOW_SYMLINK_CHAIN FILES ${libraries})
]])

install(FILES README.md LICENSE CHANGELOG.md ARCHITECTURE.md DESTINATION share/doc/millrace)
install(DIRECTORY docs spec DESTINATION share/doc/millrace
  FILES_MATCHING PATTERN "*.md" PATTERN "*.json" PATTERN "*.png")
install(DIRECTORY examples DESTINATION share/doc/millrace
  FILES_MATCHING PATTERN "*.yaml" PATTERN "*.md" PATTERN "*.c")

# Licences: of the wheel from its metadata, of Debian's packages from their copyright files. Static
# and header-only parts are inside the program, so theirs are shipped too.
set(MILLRACE_SHIPPED_PACKAGES libbz2-dev libcld2-0 libcli11-dev libexpat1-dev libfmt-dev libjpeg62-turbo-dev liblz4-dev libminizip-dev libpng-dev libsimdjson-dev libspdlog-dev libssl-dev
  libutf8proc-dev libwebp-dev libxxhash-dev libyaml-cpp-dev libzstd-dev nlohmann-json3-dev zlib1g-dev)
# What libcurl and its own libraries come from.
list(APPEND MILLRACE_SHIPPED_PACKAGES libcurl4 libbrotli1 libcom-err2 libffi8 libgmp10 libgnutls30
  libgssapi-krb5-2 libhogweed6 libidn2-0 libk5crypto3 libkeyutils1 libkrb5-3 libkrb5support0
  libldap-2.5-0 libnettle8 libnghttp2-14 libp11-kit0 libpsl5 librtmp1 libsasl2-2 libssh2-1 libssl3
  libtasn1-6 libunistring2 libzstd1)
foreach(package ${MILLRACE_SHIPPED_PACKAGES})
  if(EXISTS /usr/share/doc/${package}/copyright)
    install(FILES /usr/share/doc/${package}/copyright
      DESTINATION share/doc/millrace/licenses RENAME ${package}.txt)
  else()
    message(STATUS "No copyright file of ${package} here: add it before passing an install on")
  endif()
endforeach()
if(MILLRACE_ARROW_DIR)
  file(GLOB arrow_licences
    ${MILLRACE_ARROW_DIR}/../pyarrow-${MILLRACE_ARROW_VERSION}.dist-info/licenses/*.txt
    ${MILLRACE_ARROW_DIR}/../pyarrow-${MILLRACE_ARROW_VERSION}.dist-info/*.txt)
  list(FILTER arrow_licences INCLUDE REGEX "(LICENSE|NOTICE)\\.txt$")
  foreach(licence ${arrow_licences})
    get_filename_component(name ${licence} NAME)
    install(FILES ${licence} DESTINATION share/doc/millrace/licenses RENAME arrow-${name})
  endforeach()
endif()

# The program writes its own completions, so they cannot fall behind it.
install(CODE [[
  foreach(script "bash|bash-completion/completions/millrace" "zsh|zsh/site-functions/_millrace"
                 "fish|fish/vendor_completions.d/millrace.fish")
    string(REPLACE "|" ";" script "${script}")
    list(GET script 0 shell)
    list(GET script 1 path)
    set(out "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/share/${path}")
    get_filename_component(folder "${out}" DIRECTORY)
    file(MAKE_DIRECTORY "${folder}")
    execute_process(COMMAND "$<TARGET_FILE:millrace>" completion ${shell}
      OUTPUT_FILE "${out}" RESULT_VARIABLE failed)
    if(failed)
      message(FATAL_ERROR "millrace completion ${shell} failed")
    endif()
  endforeach()
]])
