#include "stage/split.h"

#include <arrow/util/utf8.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <xxhash.h>

#include <algorithm>

#include "stage/ingest.h"

namespace millrace::stage {
namespace {

constexpr int64_t kPageBytesMax = int64_t{1} << 40;  // a damaged file states anything

bool EndsGroup(const io::FileInfo& file, int64_t split_bytes) {
  const int64_t cost = std::min(file.bytes + kFileCostBytes, split_bytes);
  const uint64_t draw = XXH3_64bits(file.key.data(), file.key.size()) >> 32;  // uniform in 2^32
  return draw < (static_cast<uint64_t>(cost) << 32) / static_cast<uint64_t>(split_bytes);
}

// From what the file states. Writers look at a page's size after every thousand values or so: pages
// of long texts can be of a hundred megabytes.
int64_t LargestPage(const parquet::RowGroupMetaData& group) {
  int64_t largest = 0;
  for (int i = 0; i < group.num_columns(); ++i) {
    const auto column = group.ColumnChunk(i);
    const auto plain = static_cast<double>(column->total_uncompressed_size());
    const auto stored = static_cast<double>(std::max(column->total_compressed_size(), int64_t{1}));
    int64_t pages = 0;
    for (const parquet::PageEncodingStats& of : column->encoding_stats()) {
      if (of.page_type != parquet::PageType::DICTIONARY_PAGE) pages += of.count;
    }
    if (pages <= 0 || plain <= 0) continue;  // it does not say
    double dictionary = 0;
    if (column->has_dictionary_page()) {
      const double bytes = static_cast<double>(column->data_page_offset()) -
                           static_cast<double>(column->dictionary_page_offset());
      dictionary = std::clamp(bytes * plain / stored, 0.0, plain);
    }
    const double page = std::max(dictionary, (plain - dictionary) / static_cast<double>(pages));
    if (page < static_cast<double>(kPageBytesMax)) {
      largest = std::max(largest, static_cast<int64_t>(page));
    }
  }
  return largest;
}

Result<std::vector<RowGroupShape>> ReadRowGroups(io::Store& store, const io::FileInfo& file) {
  ARROW_ASSIGN_OR_RAISE(auto input, store.OpenForRead(file.key));
  std::vector<RowGroupShape> shapes;
  try {
    const auto reader = parquet::ParquetFileReader::Open(std::move(input));
    const auto metadata = reader->metadata();
    for (int i = 0; i < metadata->num_row_groups(); ++i) {
      const auto group = metadata->RowGroup(i);
      shapes.push_back({group->num_rows(), std::max(group->total_compressed_size(), int64_t{1}),
                        LargestPage(*group)});
    }
  } catch (const parquet::ParquetException& e) {
    return MakeError(ErrorCode::kCorruptFile,
                     file.key + " is no readable Parquet file: " + e.what());
  }
  return shapes;
}

std::vector<RowGroupShape> PiecesOf(const io::DatasetReadOptions& options) {
  const DatasetInput& dataset = *options.dataset;
  const int64_t rows = io::RowsPerPiece(options);
  std::vector<RowGroupShape> shapes;
  for (int64_t piece = 0; piece < io::CountPieces(options); ++piece) {
    // Each is a split, whatever its bytes: the last one alone has fewer rows.
    shapes.push_back({std::min(rows, dataset.rows - piece * rows), options.bytes_per_piece});
  }
  return shapes;
}

Status PlanRowGroups(const IngestSource& source, const Split& whole, int64_t split_bytes,
                     std::vector<Split>* out) {
  const io::FileInfo& file = source.files.files[static_cast<size_t>(whole.files[0])];
  const auto* dataset = std::get_if<io::DatasetReadOptions>(&source.files.format);
  std::vector<RowGroupShape> shapes;
  if (dataset != nullptr) {
    shapes = PiecesOf(*dataset);
  } else {
    ARROW_ASSIGN_OR_RAISE(shapes, ReadRowGroups(*source.files.store, file));
  }
  const std::vector<FileRange> ranges = GroupRowGroups(shapes, split_bytes);
  const auto largest_page = [&](const FileRange& range) {
    int64_t bytes = 0;
    for (size_t i = range.begin; i < range.end; ++i) bytes = std::max(bytes, shapes[i].page_bytes);
    return bytes;
  };
  if (ranges.size() < 2) {
    out->push_back(whole);
    out->back().page_bytes = largest_page({0, shapes.size()});
    return Status::OK();
  }
  int64_t first_ordinal = 0;
  for (const FileRange& range : ranges) {
    Split split = whole;
    split.row_group_begin = static_cast<int>(range.begin);
    split.row_group_end = static_cast<int>(range.end);
    split.first_ordinal = first_ordinal;
    split.bytes = 0;
    split.page_bytes = largest_page(range);
    for (size_t i = range.begin; i < range.end; ++i) {
      first_ordinal += shapes[i].rows;
      split.bytes += shapes[i].bytes;
    }
    if (dataset != nullptr) split.bytes = file.bytes / static_cast<int64_t>(ranges.size());
    out->push_back(std::move(split));
  }
  return Status::OK();
}

}  // namespace

std::vector<FileRange> GroupFiles(const std::vector<io::FileInfo>& files, int64_t split_bytes) {
  std::vector<FileRange> groups;
  size_t begin = 0;
  const auto close = [&](size_t end) {
    if (end > begin) groups.push_back({begin, end});
    begin = end;
  };
  for (size_t i = 0; i < files.size(); ++i) {
    if (files[i].bytes >= split_bytes) {
      close(i);
      close(i + 1);
    } else if (EndsGroup(files[i], split_bytes)) {
      close(i + 1);
    }
  }
  close(files.size());
  return groups;
}

std::vector<FileRange> GroupRowGroups(const std::vector<RowGroupShape>& row_groups,
                                      int64_t split_bytes) {
  int64_t total = 0;
  for (const RowGroupShape& group : row_groups) total += group.bytes;
  const int64_t parts = std::max<int64_t>((total + split_bytes - 1) / split_bytes, 1);
  const auto end_of = [&](int64_t part) {
    return static_cast<double>(total) * static_cast<double>(part) / static_cast<double>(parts);
  };
  std::vector<FileRange> ranges;
  size_t begin = 0;
  int64_t bytes = 0, part = 1;
  for (size_t i = 0; i < row_groups.size(); ++i) {
    bytes += row_groups[i].bytes;
    if (static_cast<double>(bytes) < end_of(part) && i + 1 < row_groups.size()) continue;
    ranges.push_back({begin, i + 1});
    begin = i + 1;
    while (part < parts && static_cast<double>(bytes) >= end_of(part)) ++part;
  }
  if (ranges.empty()) ranges.push_back({0, 0});
  return ranges;
}

namespace {

std::vector<FileRange> GroupsOf(const source::FileSource& source, int64_t split_bytes) {
  if (!source.apart) return GroupFiles(source.files, split_bytes);
  std::vector<FileRange> groups;
  for (size_t i = 0; i < source.files.size(); ++i) groups.push_back({i, i + 1});
  return groups;
}

}  // namespace

Result<std::vector<Split>> PlanSplits(const IngestPlan& plan) {
  MILLRACE_CHECK(plan.split_bytes > 0 && plan.rows_per_shard > 0);
  arrow::util::InitializeUTF8();
  std::vector<Split> splits;
  for (size_t s = 0; s < plan.sources.size(); ++s) {
    const IngestSource& source = plan.sources[s];
    const auto& files = source.files.files;
    for (const io::FileInfo& file : files) {
      if (arrow::util::ValidateUTF8(file.key)) continue;
      return MakeError(ErrorCode::kUnreadablePath,
                       "source `" + source.files.name + "` holds a file whose name is not UTF-8",
                       "rename it: its path becomes part of row ids");
    }
    const bool typed = source::IsTyped(source.files.format);
    for (const FileRange& group : GroupsOf(source.files, plan.split_bytes)) {
      Split split;
      split.source = static_cast<int>(s);
      for (size_t i = group.begin; i < group.end; ++i) {
        split.files.push_back(static_cast<int>(i));
        split.bytes += files[i].bytes;
      }
      if (typed && split.files.size() == 1 && split.bytes >= plan.split_bytes) {
        ARROW_RETURN_NOT_OK(PlanRowGroups(source, split, plan.split_bytes, &splits));
      } else {
        splits.push_back(std::move(split));
      }
    }
  }
  return splits;
}

}  // namespace millrace::stage
