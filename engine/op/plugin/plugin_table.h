// The table of operators that a plug-in exports (millrace/plugin.h), looked at before it is used.
//
// Thread-safety: any thread.
#pragma once

#include <string>
#include <vector>

#include "base/error_codes.h"
#include "millrace/plugin.h"

namespace millrace::op {

/// What is wrong with a table ("speaks version 2 of ..."), or "" when it can be used.
std::string PluginTableFault(const millrace_plugin_table* table);

/// Null when there is no such operator. REQUIRES: the table has no fault.
const millrace_operator* FindPluginOperator(const millrace_plugin_table& table,
                                            const std::string& name);
std::vector<std::string> PluginOperatorNames(const millrace_plugin_table& table);

/// Whether the text is there and of 1 to `bytes_max` bytes of a-z, 0-9, _ and, where wanted, a dot.
bool IsStableWord(const char* text, size_t bytes_max, bool dots);

}  // namespace millrace::op
