# What scikit-build-core packs into the wheel besides the package's own files (pyproject.toml):
#
#   millrace/_engine.*.so     the binding
#   millrace/bin/millrace     the command, which the script `millrace` starts
#   millrace/include/millrace/plugin.h   what a plug-in is built with
#   millrace/lib/             libcurl and the shared libraries that no bare system has
#   millrace/licenses/        the licence of every part that is shipped
#
# Arrow is not here: both use the libraries of the pyarrow wheel, which lies beside the package, so
# that a process holds one copy of them.
set_target_properties(millrace_python PROPERTIES INSTALL_RPATH "$ORIGIN/lib;$ORIGIN/../pyarrow")
set_target_properties(millrace PROPERTIES INSTALL_RPATH "$ORIGIN/../lib;$ORIGIN/../../pyarrow")
install(TARGETS millrace_python LIBRARY DESTINATION millrace COMPONENT python)
install(TARGETS millrace RUNTIME DESTINATION millrace/bin COMPONENT python)
install(FILES engine/include/millrace/plugin.h DESTINATION millrace/include/millrace
  COMPONENT python)

install(CODE "set(curl_library \"${MILLRACE_CURL_LIBRARY}\")" COMPONENT python)
install(CODE [[
  file(GET_RUNTIME_DEPENDENCIES
    EXECUTABLES "$<TARGET_FILE:millrace>"
    MODULES "$<TARGET_FILE:millrace_python>"
    LIBRARIES "${curl_library}"
    RESOLVED_DEPENDENCIES_VAR libraries
    UNRESOLVED_DEPENDENCIES_VAR unresolved
    PRE_EXCLUDE_REGEXES
      "^ld-linux" "^linux-vdso" "^lib(c|m|dl|rt|pthread|resolv|stdc\\+\\+|gcc_s)\\.so"
    POST_EXCLUDE_REGEXES "/pyarrow/")
  if(unresolved)
    message(FATAL_ERROR "Libraries that millrace needs were not found: ${unresolved}")
  endif()
  list(APPEND libraries "${curl_library}")
  list(SORT libraries)
  # A wheel holds no links: each library goes by the name that it is asked for.
  foreach(library IN LISTS libraries)
    get_filename_component(name "${library}" NAME)
    get_filename_component(file "${library}" REALPATH)
    file(MAKE_DIRECTORY "${CMAKE_INSTALL_PREFIX}/millrace/lib")
    file(COPY_FILE "${file}" "${CMAKE_INSTALL_PREFIX}/millrace/lib/${name}")
  endforeach()
]] COMPONENT python)

foreach(package ${MILLRACE_SHIPPED_PACKAGES})
  if(EXISTS /usr/share/doc/${package}/copyright)
    install(FILES /usr/share/doc/${package}/copyright
      DESTINATION millrace/licenses RENAME ${package}.txt COMPONENT python)
  endif()
endforeach()
