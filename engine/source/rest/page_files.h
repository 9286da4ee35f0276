// A snapshot as files: every page of rows is a file `<partition>/<page>` that holds its records, so
// the ingest reads it like any other input.
#pragma once

#include <memory>

#include "source/file_source.h"
#include "source/rest/rest_source.h"
#include "source/rest/snapshot.h"

namespace millrace::source::rest {

/// The files are read through the workspace, each checked against its hash: WorkspaceDamaged when a
/// page is not what was received.
FileSource FilesOfSnapshot(std::shared_ptr<io::Store> workspace, const RestSource& source,
                           const Snapshot& snapshot, int64_t page_bytes_max);
/// A source of which nothing was fetched yet.
FileSource NoFiles(std::shared_ptr<io::Store> workspace, const RestSource& source);

}  // namespace millrace::source::rest
