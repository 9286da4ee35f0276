#include "millrace/batches.h"

#include <arrow/api.h>
#include <arrow/compute/api_vector.h>

#include <algorithm>
#include <charconv>

#include "base/reserved_columns.h"
#include "contract/binding.h"
#include "contract/features.h"
#include "io/typed/dataset_reader.h"
#include "io/typed/typed_projection.h"
#include "op/filter/quota_filter.h"
#include "pipeline/dataset_rows.h"
#include "pipeline/pipeline.h"
#include "pipeline/settled_inputs.h"

namespace millrace {
namespace pipeline {
namespace {

constexpr char kPlace[] = "batch#";  // of a row, before its number: as if the batch were a file

// "why" of a row, as people read it.
std::string Reason(const std::string& rule, const std::string& column, const std::string& message) {
  return rule + (column.empty() ? "" : " (" + column + ")") + (message.empty() ? "" : ": ") +
         message;
}

Status CheckRowLocal(const PipelineConfig& config, const std::vector<StageChain>& chains) {
  std::string input = config.sources.front().name;
  for (size_t i = 0; i < chains.size(); ++i) {
    const StageConfig& stage = config.stages[i];
    const op::Chain& chain = *chains[i].chain;
    const auto refuse = [&](const std::string& why) {
      return MakeError(ErrorCode::kUsage,
                       "stage `" + stage.name + "` cannot work on single batches: " + why);
    };
    if (stage.mixture || stage.inputs.size() != 1 || stage.inputs.front() != input) {
      return refuse("it does not follow the one before it");
    }
    if (!chain.globals().empty()) {
      return refuse('`' + chain.instances()[chain.globals().front()].id +
                    "` must know of all rows");
    }
    if (chain.order() != nullptr) return refuse("it orders its rows");
    for (const op::Instance& instance : chain.instances()) {
      if (instance.op->kind() == op::Kind::kGenerator) {
        return refuse('`' + instance.id + "` makes several rows of one");
      }
      // Which rows are drawn depends on their ids, and a batch knows none.
      if (instance.type->draws) return refuse('`' + instance.id + "` draws rows by their ids");
    }
    input = stage.name;
  }
  return Status::OK();
}

class Batches : public BatchPipeline {
 public:
  explicit Batches(const PipelineConfig& config) : config_(config) {}

  Status Open() {
    const io::DatasetReadOptions* options =
        config_.sources.size() == 1 ? DatasetOf(config_.sources.front()) : nullptr;
    if (options == nullptr || options->dataset == nullptr) {
      return MakeError(ErrorCode::kUsage,
                       "batches need a config with one source, of type dataset, that is bound");
    }
    schema_ = options->dataset->schema;
    ARROW_ASSIGN_OR_RAISE(tables_, KnownContracts(config_));
    ARROW_ASSIGN_OR_RAISE(chains_, BindStages(config_, tables_, SecretsOf(config_, nullptr)));
    ARROW_RETURN_NOT_OK(CheckRowLocal(config_, chains_));
    const contract::Contract& contract = tables_.contracts.front();
    ARROW_ASSIGN_OR_RAISE(binding_, contract::Bind(contract, config_.sources.front().name));
    ARROW_ASSIGN_OR_RAISE(columns_, io::TypedProjection::Make(schema_, binding_->projection()));
    ARROW_RETURN_NOT_OK(binding_->BindFile(*columns_.file_schema()));
    rows_schema_ = contract::StoredSchema(contract);
    return Status::OK();
  }

  Result<std::shared_ptr<arrow::RecordBatch>> Apply(
      const std::shared_ptr<arrow::RecordBatch>& given) const override {
    ARROW_RETURN_NOT_OK(io::CheckBatch(*schema_, *given));
    io::Chunk chunk;
    chunk.rows = given->num_rows();
    ARROW_ASSIGN_OR_RAISE(chunk.decoded, given->SelectColumns(columns_.used()));
    ARROW_ASSIGN_OR_RAISE(const io::RawBatch raw, columns_.Parse(chunk));
    ARROW_ASSIGN_OR_RAISE(const contract::CheckedBatch checked, binding_->Apply(raw, chunk));
    if (checked.failure) {
      return MakeError(ErrorCode::kColumnFailed, "row " + std::to_string(checked.failure->record) +
                                                     " of the batch, column `" +
                                                     checked.failure->column +
                                                     "`: " + checked.failure->message);
    }
    std::vector<std::string> why(static_cast<size_t>(given->num_rows()));
    for (const auto* rejects : {&raw.rejects, &checked.rejects}) {
      for (const Reject& reject : *rejects) {
        why[static_cast<size_t>(reject.record)] =
            Reason(reject.rule, reject.column, reject.message);
      }
    }
    ARROW_ASSIGN_OR_RAISE(auto rows, WithIds(checked));
    for (const StageChain& stage : chains_) {
      ARROW_ASSIGN_OR_RAISE(op::ChainResult result, stage.chain->Apply(*rows));
      if (result.rejects != nullptr) NoteRejects(*result.rejects, &why);
      rows = std::move(result.rows);
    }
    return InPlace(*rows, why);
  }

 private:
  Result<std::shared_ptr<arrow::RecordBatch>> WithIds(const contract::CheckedBatch& checked) const {
    arrow::StringBuilder ids;
    for (const uint32_t record : checked.record_of_row) {
      ARROW_RETURN_NOT_OK(
          ids.Append(config_.sources.front().name + '/' + kPlace + std::to_string(record)));
    }
    auto columns = checked.rows->columns();
    ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), ids.Finish());
    return arrow::RecordBatch::Make(rows_schema_, checked.rows->num_rows(), std::move(columns));
  }

  static const arrow::StringArray& Texts(const arrow::RecordBatch& rows, std::string_view column) {
    return static_cast<const arrow::StringArray&>(*rows.GetColumnByName(std::string(column)));
  }

  // The row of the batch that an id names.
  static int64_t RowOf(std::string_view id) {
    const std::string_view number = id.substr(id.rfind('#') + 1);
    int64_t row = 0;
    std::from_chars(number.data(), number.data() + number.size(), row);
    return row;
  }

  static void NoteRejects(const arrow::RecordBatch& rejects, std::vector<std::string>* why) {
    const auto& ids = Texts(rejects, kRowIdColumn);
    const auto &rules = Texts(rejects, "rule"), &columns = Texts(rejects, "column"),
               &messages = Texts(rejects, "message");
    for (int64_t i = 0; i < rejects.num_rows(); ++i) {
      (*why)[static_cast<size_t>(RowOf(ids.GetView(i)))] =
          Reason(rules.GetString(i), columns.GetString(i), messages.GetString(i));
    }
  }

  // Each row where it was, and nulls where one is gone.
  static Result<std::shared_ptr<arrow::RecordBatch>> InPlace(const arrow::RecordBatch& rows,
                                                             const std::vector<std::string>& why) {
    std::vector<int64_t> row_at(why.size(), -1);
    const auto& ids = Texts(rows, kRowIdColumn);
    for (int64_t i = 0; i < rows.num_rows(); ++i) {
      row_at[static_cast<size_t>(RowOf(ids.GetView(i)))] = i;
    }
    arrow::Int64Builder indices;
    arrow::StringBuilder reasons;
    for (size_t i = 0; i < why.size(); ++i) {
      if (row_at[i] >= 0) {
        ARROW_RETURN_NOT_OK(indices.Append(row_at[i]));
        ARROW_RETURN_NOT_OK(reasons.AppendNull());
      } else {
        ARROW_RETURN_NOT_OK(indices.AppendNull());
        // An instance whose rejects are only counted tells of no row.
        ARROW_RETURN_NOT_OK(reasons.Append(why[i].empty() ? "dropped" : why[i]));
      }
    }
    ARROW_ASSIGN_OR_RAISE(const auto wanted, indices.Finish());
    const int id_column = rows.schema()->GetFieldIndex(std::string(kRowIdColumn));
    arrow::FieldVector fields;
    arrow::ArrayVector columns;
    for (int i = 0; i < rows.num_columns(); ++i) {
      if (i == id_column) continue;
      fields.push_back(rows.schema()->field(i)->WithNullable(true));
      ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), arrow::compute::Take(*rows.column(i), *wanted));
    }
    fields.push_back(arrow::field(kRejectedColumn, arrow::utf8()));
    ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), reasons.Finish());
    return arrow::RecordBatch::Make(arrow::schema(std::move(fields)),
                                    static_cast<int64_t>(why.size()), std::move(columns));
  }

  const PipelineConfig config_;
  std::shared_ptr<arrow::Schema> schema_, rows_schema_;  // of batches; of rows, with their ids
  TableContracts tables_;
  std::vector<StageChain> chains_;
  std::unique_ptr<contract::Binding> binding_;
  io::TypedProjection columns_;
};

}  // namespace
}  // namespace pipeline

Result<std::shared_ptr<const BatchPipeline>> BatchPipeline::Make(const Pipeline& pipeline) {
  auto batches = std::make_shared<pipeline::Batches>(pipeline.config());
  ARROW_RETURN_NOT_OK(batches->Open());
  return batches;
}

}  // namespace millrace
