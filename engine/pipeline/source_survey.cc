#include "pipeline/source_survey.h"

#include <arrow/api.h>
#include <arrow/io/interfaces.h>
#include <parquet/file_reader.h>

#include <algorithm>
#include <cmath>

#include "contract/infer.h"
#include "io/encoding/text_stream.h"
#include "pipeline/file_sample.h"

namespace millrace::pipeline {
namespace {

constexpr size_t kFilesSampled = 4;
constexpr int64_t kBytesSampled = 1 << 20;
constexpr size_t kFootersMax = 1000;
constexpr int64_t kFormatHeadBytes = 256 << 10;  // what a format may look at to tell its layout

// Rows of Parquet files from their footers; of more files than that, in proportion.
Status CountParquetRows(const source::FileSource& source, SourceSurvey& survey) {
  int64_t rows = 0, bytes = 0;
  const size_t looked_at = std::min(source.files.size(), kFootersMax);
  for (size_t i = 0; i < looked_at; ++i) {
    const io::FileInfo& info = source.files[i];
    ARROW_ASSIGN_OR_RAISE(auto file, source.store->OpenForRead(info.key));
    try {
      rows += parquet::ParquetFileReader::Open(file)->metadata()->num_rows();
    } catch (const std::exception& error) {
      return MakeError(ErrorCode::kCorruptFile,
                       "`" + info.key + "` is no Parquet file: " + error.what());
    }
    bytes += info.bytes;
  }
  survey.rows_exact = looked_at == source.files.size();
  survey.rows_estimate = survey.rows_exact || bytes == 0
                             ? rows
                             : std::llround(static_cast<double>(rows) / static_cast<double>(bytes) *
                                            static_cast<double>(survey.bytes));
  survey.text_bytes_estimate = survey.bytes;
  return Status::OK();
}

Status Sniff(const source::FileSource& source, const io::FileInfo& info, SourceSurvey& survey) {
  ARROW_ASSIGN_OR_RAISE(auto file, source.store->OpenForRead(info.key));
  ARROW_ASSIGN_OR_RAISE(auto stream, io::OpenByteStream(std::move(file), /*hash=*/false));
  survey.compression = stream->compression();
  if (std::holds_alternative<io::CsvOptions>(source.format)) {
    ARROW_ASSIGN_OR_RAISE(survey.dialect, source::SniffDialect(source, info));
  }
  if (const auto* format = std::get_if<std::shared_ptr<const io::TextFormat>>(&source.format)) {
    ARROW_ASSIGN_OR_RAISE(const std::string head, io::PeekBytes(kFormatHeadBytes, &stream));
    survey.findings = (*format)->Examine(head);
  }
  return Status::OK();
}

}  // namespace

Result<SourceSurvey> SurveySource(const source::FileSource& source) {
  SourceSurvey survey;
  survey.schema = arrow::schema({});
  survey.files = static_cast<int64_t>(source.files.size());
  std::vector<const io::FileInfo*> filled;
  for (const io::FileInfo& file : source.files) {
    survey.bytes += file.bytes;
    if (file.bytes > 0) filled.push_back(&file);
  }
  survey.rows_exact = true;
  if (filled.empty()) return survey;
  const bool typed = source::IsTyped(source.format);
  survey.sampled_file = filled.front()->key;
  if (!typed) ARROW_RETURN_NOT_OK(Sniff(source, *filled.front(), survey));

  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  double raw = 0, text = 0, records = 0;
  const size_t picks = std::min(filled.size(), kFilesSampled);
  for (size_t i = 0; i < picks; ++i) {
    const io::FileInfo& file = *filled[i * filled.size() / picks];
    ARROW_ASSIGN_OR_RAISE(const FileSample sample, SampleFile(source, file, kBytesSampled));
    if (i == 0) survey.schema = sample.schema;
    batches.insert(batches.end(), sample.batches.begin(), sample.batches.end());
    survey.rows_exact = survey.rows_exact && sample.whole && picks == filled.size();
    records += static_cast<double>(sample.records);
    text += static_cast<double>(sample.bytes);
    // What a compressed stream has read runs ahead of what was parsed; a plain one's does not
    // count.
    raw += static_cast<double>(sample.whole                                   ? file.bytes
                               : survey.compression == io::Compression::kNone ? sample.bytes
                                                                              : sample.raw_bytes);
  }
  ARROW_ASSIGN_OR_RAISE(survey.inferred, contract::InferContract(batches));
  if (const auto* rows = std::get_if<io::DatasetReadOptions>(&source.format)) {
    survey.rows_estimate = rows->dataset->rows;
    survey.rows_exact = true;
    survey.text_bytes_estimate = survey.bytes;
  } else if (typed) {
    ARROW_RETURN_NOT_OK(CountParquetRows(source, survey));
  } else if (survey.rows_exact) {
    survey.rows_estimate = std::llround(records);
    survey.text_bytes_estimate = std::llround(text);
  } else if (raw > 0) {
    const double whole = static_cast<double>(survey.bytes);
    survey.rows_estimate = std::llround(records / raw * whole);
    survey.text_bytes_estimate = std::llround(text / raw * whole);
  }
  return survey;
}

}  // namespace millrace::pipeline
