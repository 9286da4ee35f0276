// What readers of files with a fixed set of columns say when it is not the set that is wanted.
#pragma once

#include <string>
#include <vector>

#include "io/record_reader.h"

namespace millrace::io {

/// "`a`, `b`".
std::string QuotedNames(const std::vector<std::string>& names);

/// MissingColumn: one diagnostic per name, each with the closest of `names`. REQUIRES: not empty.
Status MissingColumns(const std::vector<std::string>& missing,
                      const std::vector<std::string>& names);

/// UnknownColumn when the projection forbids columns that it does not name.
Status CheckUnknownColumns(const Projection& projection, const std::vector<std::string>& names);

}  // namespace millrace::io
