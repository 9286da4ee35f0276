// Reads the rows of one reference again. Internal to this room.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/task_pool.h"
#include "stage/ingest.h"
#include "stage/reference.h"
#include "stage/row_reader.h"

namespace millrace::stage {

/// What a reader may use.
struct ReadingMeans {
  TaskPool& pool;  // REQUIRED: the calling thread is none of it
  int64_t in_flight_bytes = 0;
  std::function<bool()> stopped;
};

/// References must outlive the reader.
struct InPlaceJob {
  const InputAccess& input;
  const source::FileSource& source;
  std::vector<const io::FileInfo*> files;  // as they were ingested
  const contract::Contract& contract;
  RowReference reference;
  std::vector<std::string> columns;  // of the table, with the row id: those that are wanted
  ReadingMeans means;
};

/// From `first_row` on. FileChanged, by the reader, when a file is another one by now.
std::unique_ptr<RowReader> ReadInPlace(InPlaceJob job, int64_t first_row);

/// FileChanged, of a file that is to be read again and is not what was ingested.
Status RowsLeftIn(const std::string& source, const std::string& path, const std::string& how);

}  // namespace millrace::stage
