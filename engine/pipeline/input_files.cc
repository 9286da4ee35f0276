#include "pipeline/input_files.h"

#include <fstream>

#include "base/log.h"
#include "io/object/store_url.h"
#include "pipeline/dataset_rows.h"
#include "source/sniff_format.h"
#include "source/url_list.h"

namespace millrace::pipeline {
namespace {

std::string LineOfFile(const std::string& path, int line) {
  std::ifstream file(path);
  std::string text;
  for (int i = 0; i < line; ++i) {
    if (!std::getline(file, text)) return "";
  }
  if (!text.empty() && text.back() == '\r') text.pop_back();
  return Redact(text);
}

// Files of the disk, or what a URL names.
Result<source::FileSource> ExpandPath(const PipelineConfig& config, const SourceConfig& source) {
  if (DatasetOf(source) != nullptr) return RowsForRun(config, source, nullptr);
  if (io::IsUrl(source.path)) {
    return source::ExpandUrl(source.name, source.path, config.storage, source.format);
  }
  return source::ExpandFiles(source.name, source.path, config.base_dir, source.format);
}

}  // namespace

void SetPlace(Diagnostic& diagnostic, const PipelineConfig& config, const SourceSpan& span) {
  if (span.known() || !diagnostic.span.known()) diagnostic.span = span;
  if (diagnostic.span.file.empty()) diagnostic.span.file = config.file;
  if (diagnostic.span.known()) {
    diagnostic.source_line = LineOfFile(config.file, diagnostic.span.line);
  }
}

Status AtPlace(const Status& status, const PipelineConfig& config, const SourceSpan& span) {
  if (status.ok() || status.IsCancelled()) return status;
  std::vector<Diagnostic> diagnostics = DiagnosticsOf(status);
  for (Diagnostic& diagnostic : diagnostics) {
    // A full disk or a bug is not the fault of a line of the config.
    const ErrorKind kind = KindOf(diagnostic.code);
    if (kind != ErrorKind::kUser && kind != ErrorKind::kData) continue;
    SetPlace(diagnostic, config, diagnostic.span.known() ? diagnostic.span : span);
  }
  return MakeError(std::move(diagnostics));
}

Result<InputFiles> FindInputFiles(const PipelineConfig& config, const SnapshotFetch* fetch) {
  InputFiles found;
  std::vector<Diagnostic> problems;
  // What is wrong with paths is told before anything is fetched.
  if (fetch != nullptr) {
    for (const SourceConfig& source : config.sources) {
      if (source.rest) continue;
      if (!ExpandPath(config, source).ok()) return FindInputFiles(config, nullptr);
    }
  }
  for (const SourceConfig& source : config.sources) {
    Result<source::FileSource> files =
        source.rest
            ? (fetch != nullptr ? SnapshotForRun(source, *fetch) : LatestSnapshot(config, source))
        : DatasetOf(source) != nullptr ? RowsForRun(config, source, fetch)
                                       : ExpandPath(config, source);
    if (!files.ok() && files.status().IsCancelled()) return files.status();
    if (!files.ok()) {
      const Status status = AtPlace(files.status(), config, source.path_span);
      for (Diagnostic& problem : DiagnosticsOf(status)) problems.push_back(std::move(problem));
      continue;
    }
    found.push_back(*std::move(files));
  }
  if (!problems.empty()) return MakeError(std::move(problems));
  return found;
}

Result<std::shared_ptr<arrow::Schema>> SchemaOfFile(const source::FileSource& source,
                                                    const io::FileInfo& file,
                                                    const std::vector<io::FieldRequest>& wanted) {
  if (file.bytes == 0) return arrow::schema({});
  io::Projection projection;
  projection.fields = wanted;
  for (io::FieldRequest& field : projection.fields) field.optional = true;
  // Where columns vary, a reader gives what is asked for; the question here is what is there.
  projection.all = wanted.empty() || source::ColumnsVary(source.format);
  if (projection.all) projection.fields.clear();
  ARROW_ASSIGN_OR_RAISE(const source::OpenedFile opened,
                        source::OpenFile(source, file, projection));
  return opened.reader->file_schema();
}

}  // namespace millrace::pipeline
