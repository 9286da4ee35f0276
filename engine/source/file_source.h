// Files as a source: a path, a glob or a folder becomes a sorted list of files, and a file opens
// into a record reader.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "io/byte_stream.h"
#include "io/csv/csv_reader.h"
#include "io/jsonl/jsonl_reader.h"
#include "io/parquet/parquet_reader.h"
#include "io/record_reader.h"
#include "io/store.h"
#include "io/text_format.h"
#include "io/typed/dataset_reader.h"

namespace millrace::source {

/// CSV and JSON Lines have options that others look into, Parquet and datasets are no text at all;
/// every further format is a TextFormat.
using FormatOptions = std::variant<io::CsvOptions, io::JsonlOptions, io::ParquetReadOptions,
                                   io::DatasetReadOptions, std::shared_ptr<const io::TextFormat>>;

/// Its columns have types, its bytes are not read from start to end, and it is read by row groups.
bool IsTyped(const FormatOptions& format);

struct ByteRange {
  int64_t begin = 0, end = 0;
};

struct FileSource {
  std::string name;  // of the source in the config
  FormatOptions format;
  std::shared_ptr<io::Store> store;  // rooted at the source's root folder
  std::vector<io::FileInfo> files;   // sorted by key; the key is the row id's relative path
  std::string snapshot;              // its id, where the files are pages of one
  bool apart = false;                // each file is a split, however small
  std::optional<ByteRange> range;    // of a file, to be read as if it were all of it
  bool is_hashed = true;             // while it is read; false: nobody will ask
};

/// Expands `path` (a file, a folder, or a pattern with *, ?, [..] and **) relative to `base`. The
/// source's root is the longest folder prefix without wildcards. A folder means the files below it
/// with the extensions of the format (any of .csv .tsv .jsonl .ndjson .json .parquet ..., also with
/// .gz, .zst, .bz2 or .lz4 behind); hidden files and folders are left out. UnreadablePath when
/// nothing matches.
Result<FileSource> ExpandFiles(const std::string& name, const std::string& path,
                               const std::string& base, const FormatOptions& format);

/// The source, without its list of files, for opening one of them where a row group of it begins.
/// REQUIRES: it is typed.
FileSource FromRowGroup(const FileSource& source, int row_group);

/// The source, without its list of files, for opening one whose hash is known.
FileSource ToReadAgain(const FileSource& source);

/// The same for opening a part of one.
/// REQUIRES: the reader of the file says that it can be cut; whole records stand there.
FileSource FromBytes(const FileSource& source, const ByteRange& range);

/// A dataset that does not stream, as one file `rows`, whose row groups are its pieces. Nothing
/// opens its store.
FileSource RowsOfDataset(const std::string& name, const io::DatasetReadOptions& options);

/// An open file: the reader, and what was read once it is at its end.
struct OpenedFile {
  std::unique_ptr<io::RecordReader> reader;
  /// SHA-256 of the file's raw bytes. REQUIRES: the reader is at its end, or the format is typed
  /// (Parquet is hashed in a pass of its own; a dataset's fingerprint stands for its bytes).
  std::function<Result<std::string>()> content_sha256;
  std::function<int64_t()> raw_bytes_read;
};
Result<OpenedFile> OpenFile(const FileSource& source, const io::FileInfo& file,
                            const io::Projection& projection);

/// How a CSV file is written, as OpenFile would tell it; never refused for want of confidence.
/// REQUIRES: the source's format is CSV.
Result<io::SniffedCsv> SniffDialect(const FileSource& source, const io::FileInfo& file);

/// FileChanged when the file is no longer the one that was listed.
Status CheckUnchanged(const FileSource& source, const io::FileInfo& file);

}  // namespace millrace::source
