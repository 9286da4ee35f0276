// Which of the files that a place holds are a source's; zip archives are folders to it.
#pragma once

#include <string>
#include <vector>

#include "source/file_source.h"

namespace millrace::source {

// Where an archive is met, a ZipStore takes the place of the source's store. UnreadablePath for
// Parquet in one. REQUIRES: the source has its format and store.

/// Adds those of `all` that a pattern means; behind "!/" it names members of archives.
Status AddMatching(const std::vector<io::FileInfo>& all, const std::string& pattern,
                   FileSource* source);
/// Adds those of `all` with an extension of the format, and such members of archives. Hidden ones
/// are left out.
Status AddOfFormat(const std::vector<io::FileInfo>& all, FileSource* source);
/// Adds a file that was named, or the members of the format where it is an archive.
Status AddNamed(const io::FileInfo& file, FileSource* source);

}  // namespace millrace::source
