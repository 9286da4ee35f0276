// Shell patterns over '/'-separated keys: * ? [..] within a folder, ** over any number of folders.
#pragma once

#include <string>
#include <string_view>

namespace millrace::source {

bool HasWildcard(std::string_view pattern);

/// The longest folder prefix without wildcards, and the pattern below it. "a/b/*.csv" gives "a/b"
/// and "*.csv"; "*.csv" gives "" and "*.csv".
struct GlobParts {
  std::string root, pattern;
};
GlobParts SplitGlob(const std::string& pattern);

/// Names that start with a dot are matched only by pattern parts that do.
bool GlobMatches(std::string_view pattern, std::string_view key);

}  // namespace millrace::source
