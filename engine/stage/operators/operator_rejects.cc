#include "stage/operators/operator_rejects.h"

#include <arrow/api.h>
#include <arrow/compute/api_vector.h>

#include <algorithm>

#include "base/reserved_columns.h"
#include "op/request.h"

namespace millrace::stage {
namespace {

constexpr const char* kRowColumn = "row";

arrow::FieldVector UserFields(const arrow::Schema& schema) {
  arrow::FieldVector fields;
  for (const auto& field : schema.fields()) {
    if (!IsReservedColumn(field->name())) fields.push_back(field->WithNullable(true));
  }
  return fields;
}

bool AnyKeepsRows(const op::Chain& chain) {
  const auto& instances = chain.instances();
  return std::any_of(instances.begin(), instances.end(), [](const op::Instance& instance) {
    return instance.common.rejects == op::RejectDetail::kFull;
  });
}

Result<std::shared_ptr<arrow::Array>> Covered(const RejectPrivacy& privacy,
                                              const std::shared_ptr<arrow::Array>& values) {
  if (privacy.sensitive == SensitiveRejects::kKeep) return values;
  const bool is_text = values->type_id() == arrow::Type::STRING;
  if (privacy.sensitive == SensitiveRejects::kDrop || !is_text) {
    return arrow::MakeArrayOfNull(values->type(), values->length());
  }
  const auto& texts = static_cast<const arrow::StringArray&>(*values);
  arrow::StringBuilder hashes;
  for (int64_t row = 0; row < texts.length(); ++row) {
    ARROW_RETURN_NOT_OK(texts.IsNull(row)
                            ? hashes.AppendNull()
                            : hashes.Append(KeyedHash(privacy.hash_key, texts.GetString(row))));
  }
  return hashes.Finish();
}

}  // namespace

std::shared_ptr<arrow::Schema> OperatorRejectSchema(const op::Chain& chain) {
  arrow::FieldVector fields = chain.rejects()->fields();
  fields.erase(fields.begin(), fields.begin() + 2);  // position, full
  if (!AnyKeepsRows(chain)) return arrow::schema(std::move(fields));
  const arrow::FieldVector row = UserFields(*chain.input());
  const bool sensitive =
      std::any_of(row.begin(), row.end(), [](const auto& f) { return op::IsSensitive(*f); });
  fields.push_back(op::MarkSensitive(arrow::field(kRowColumn, arrow::struct_(row)), sensitive));
  return arrow::schema(std::move(fields));
}

Result<std::shared_ptr<arrow::RecordBatch>> StoredRejects(
    const op::Chain& chain, const RejectPrivacy& privacy,
    const std::shared_ptr<arrow::RecordBatch>& rows, const arrow::RecordBatch& rejects) {
  const auto schema = OperatorRejectSchema(chain);
  arrow::ArrayVector columns(rejects.columns().begin() + 2, rejects.columns().end());
  if (AnyKeepsRows(chain)) {
    arrow::ArrayVector whole;
    for (const auto& field : schema->fields().back()->type()->fields()) {
      ARROW_ASSIGN_OR_RAISE(
          const arrow::Datum taken,
          arrow::compute::Take(rows->GetColumnByName(field->name()), rejects.column(0)));
      ARROW_ASSIGN_OR_RAISE(whole.emplace_back(), op::IsSensitive(*field)
                                                      ? Covered(privacy, taken.make_array())
                                                      : Result(taken.make_array()));
    }
    const auto& full = static_cast<const arrow::BooleanArray&>(*rejects.column(1));
    columns.push_back(std::make_shared<arrow::StructArray>(
        schema->fields().back()->type(), rejects.num_rows(), std::move(whole), full.values(),
        full.false_count(), full.offset()));
    if (full.offset() != 0) {
      return MakeError(ErrorCode::kBug, "the rejects of a batch do not begin at its first row");
    }
  }
  return arrow::RecordBatch::Make(schema, rejects.num_rows(), std::move(columns));
}

Status OperatorRejectWriter::Write(const std::shared_ptr<arrow::RecordBatch>& rejects) {
  if (rejects == nullptr) return Status::OK();
  if (!writer_) {
    io::ShardWriterOptions options;
    options.rows_per_batch = 1024;
    options.bytes_per_batch = 1 << 20;
    options.bytes_per_row_group = 8 << 20;
    ARROW_ASSIGN_OR_RAISE(writer_,
                          io::OpenShardWriter(place_.store(), place_.Key("rejects/" + split_name_),
                                              OperatorRejectSchema(chain_), options, pool_));
  }
  return writer_->Write(rejects);
}

Result<std::vector<io::DataFile>> OperatorRejectWriter::Finish() {
  std::vector<io::DataFile> files;
  if (!writer_) return files;
  ARROW_ASSIGN_OR_RAISE(files.emplace_back(), writer_->Finish());
  files.back().path = place_.PathOf(files.back().path);
  writer_.reset();
  return files;
}

}  // namespace millrace::stage
