#include "pipeline/workspace/file_profile.h"

#include <arrow/api.h>
#include <arrow/util/key_value_metadata.h>

#include <set>

#include "base/reserved_columns.h"
#include "contract/binding.h"
#include "contract/infer.h"
#include "pipeline/file_sample.h"
#include "stage/profile.h"

namespace millrace::pipeline {
namespace {

// The types of text columns are inferred from this much of the file.
constexpr int64_t kBytesInferred = 16 << 20;

std::set<std::string> SensitiveColumns(const arrow::Schema& schema) {
  std::set<std::string> names;
  for (const auto& field : schema.fields()) {
    if (field->metadata() == nullptr) continue;
    if (field->metadata()->Get(contract::kSensitiveKey).ValueOr("") == "true") {
      names.insert(field->name());
    }
  }
  return names;
}

// Text columns of CSV and JSONL become typed as a contract inferred from them says; typed columns
// of Parquet stay as they are.
class Typing {
 public:
  static Result<Typing> For(const source::FileSource& source, const io::FileInfo& file) {
    Typing typing;
    if (source::IsTyped(source.format)) return typing;
    ARROW_ASSIGN_OR_RAISE(const FileSample sample, SampleFile(source, file, kBytesInferred));
    ARROW_ASSIGN_OR_RAISE(contract::Contract contract, contract::InferContract(sample.batches));
    for (contract::Column& column : contract.columns) column.optional = true;
    ARROW_ASSIGN_OR_RAISE(typing.binding_, contract::Bind(contract, source.name));
    return typing;
  }

  io::Projection Projection() const {
    if (binding_ != nullptr) return binding_->projection();
    io::Projection all;
    all.all = true;
    return all;
  }
  Status BindFile(const arrow::Schema& schema) {
    return binding_ == nullptr ? Status::OK() : binding_->BindFile(schema);
  }
  const std::shared_ptr<arrow::Schema>& SchemaOf(const io::RecordReader& reader) const {
    return binding_ == nullptr ? reader.file_schema() : binding_->schema();
  }
  Result<std::shared_ptr<arrow::RecordBatch>> Apply(const io::RawBatch& raw, const io::Chunk& chunk,
                                                    FileProfile& profile) const {
    for (const Reject& reject : raw.rejects) ++profile.rejects[{reject.rule, reject.column}];
    if (binding_ == nullptr) return raw.columns;
    ARROW_ASSIGN_OR_RAISE(contract::CheckedBatch checked, binding_->Apply(raw, chunk));
    for (const Reject& reject : checked.rejects) ++profile.rejects[{reject.rule, reject.column}];
    return checked.rows;
  }

 private:
  std::unique_ptr<contract::Binding> binding_;
};

Status AddSamples(const arrow::RecordBatch& batch, const std::set<std::string>& sensitive,
                  int64_t rows_max, FileProfile& profile) {
  for (int64_t row = 0; row < batch.num_rows(); ++row) {
    if (static_cast<int64_t>(profile.samples.size()) >= rows_max) return Status::OK();
    auto& sample = profile.samples.emplace_back();
    for (int i = 0; i < batch.num_columns(); ++i) {
      if (IsReservedColumn(batch.column_name(i))) continue;
      const bool null = batch.column(i)->IsNull(row);
      std::string text;
      if (!null && sensitive.count(batch.column_name(i)) > 0) {
        text = "***";
      } else if (!null) {
        ARROW_ASSIGN_OR_RAISE(const auto scalar, batch.column(i)->GetScalar(row));
        text = scalar->ToString();
      }
      sample.emplace_back(null, std::move(text));
    }
  }
  return Status::OK();
}

}  // namespace

Result<FileProfile> ProfileFile(const source::FileSource& source, const io::FileInfo& file,
                                const InspectOptions& options) {
  FileProfile profile;
  if (file.bytes == 0) return profile;
  ARROW_ASSIGN_OR_RAISE(Typing typing, Typing::For(source, file));
  ARROW_ASSIGN_OR_RAISE(const source::OpenedFile opened,
                        source::OpenFile(source, file, typing.Projection()));
  ARROW_RETURN_NOT_OK(typing.BindFile(*opened.reader->file_schema()));
  const std::shared_ptr<arrow::Schema> schema = typing.SchemaOf(*opened.reader);
  const std::set<std::string> sensitive = SensitiveColumns(*schema);
  stage::TableProfiler profiler(*schema, sensitive);
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const std::shared_ptr<io::Chunk> chunk, opened.reader->Next());
    if (chunk == nullptr) break;
    ARROW_ASSIGN_OR_RAISE(const io::RawBatch raw, opened.reader->Parse(*chunk));
    ARROW_ASSIGN_OR_RAISE(auto batch, typing.Apply(raw, *chunk, profile));
    if (batch == nullptr) continue;
    if (options.rows_max > 0) batch = batch->Slice(0, options.rows_max - profile.rows);
    profile.rows += batch->num_rows();
    profiler.Update(*batch);
    ARROW_RETURN_NOT_OK(AddSamples(*batch, sensitive, options.sample_rows, profile));
    if (options.rows_max > 0 && profile.rows >= options.rows_max) {
      profile.whole = false;
      break;
    }
  }
  profile.columns = profiler.Summary();
  for (stage::ColumnProfile& column : profile.columns) {
    column.type = contract::TypeText(*schema->GetFieldByName(column.name)->type());
  }
  return profile;
}

}  // namespace millrace::pipeline
