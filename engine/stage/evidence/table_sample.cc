#include "stage/evidence/table_sample.h"

#include <arrow/api.h>

#include <algorithm>
#include <set>

#include "base/reserved_columns.h"
#include "base/utf8.h"
#include "contract/model/pii.h"
#include "contract/value_text.h"
#include "io/parquet/shard_writer.h"
#include "stage/evidence/column_shape.h"
#include "stage/evidence/row_digest.h"

namespace millrace::stage {
namespace {

constexpr size_t kShardsMax = 16;
constexpr size_t kExampleBytesMax = 400;
constexpr size_t kExampleCellsMax = 30;

class Sampler {
 public:
  Sampler(const Manifest& manifest, const contract::Contract& contract, const SampleLimits& limits)
      : limits_(limits) {
    for (const contract::Column& column : contract.columns) {
      has_sensitive_ = has_sensitive_ || column.sensitive;
      if (column.sensitive || names_.size() == limits.columns_max) continue;
      names_.push_back(column.name);
      builders_.emplace_back(column);
      if (column.type->id() == arrow::Type::STRING) texts_.push_back(column.name);
    }
    const auto columns = static_cast<int64_t>(std::max<size_t>(names_.size(), 1));
    rows_max_ = std::clamp<int64_t>(limits.cells_max / columns, 1, limits.rows_max);
    pii_.resize(contract::PiiNames().size(), 0);
    shards_ = std::min(manifest.outputs.size(), kShardsMax);
  }

  bool wants_rows() const { return !names_.empty(); }
  size_t shards() const { return shards_; }

  // A part of what is wanted from each shard, from its first row on.
  Status Read(const RowAccess& rows, const io::DataFile& file, size_t index) {
    const auto parts = static_cast<int64_t>(shards_);
    int64_t rows_left = std::max<int64_t>(1, rows_max_ / parts);
    int64_t bytes_left = limits_.bytes_max / parts;
    std::vector<std::string> columns = names_;
    columns.emplace_back(kRowIdColumn);
    ARROW_ASSIGN_OR_RAISE(auto shard, rows.Open(file, columns));
    for (bool first = true; rows_left > 0 && bytes_left > 0; first = false) {
      if (limits_.cancelled != nullptr && *limits_.cancelled) return Status::Cancelled("");
      ARROW_ASSIGN_OR_RAISE(auto batch, shard->Next());
      if (batch == nullptr) break;
      batch = batch->Slice(0, rows_left);
      rows_left -= batch->num_rows();
      bytes_left -= io::LogicalBytes(*batch);
      if (first) TakeExamples(*batch, index);
      ARROW_RETURN_NOT_OK(Look(*batch));
    }
    return Status::OK();
  }

  TableSample Finish() {
    for (const ShapeBuilder& builder : builders_) sample_.shapes.push_back(builder.Finish());
    for (size_t kind = 0; kind < pii_.size(); ++kind) {
      if (pii_[kind] > 0) {
        sample_.pii_by_kind.emplace_back(contract::PiiNames()[kind], pii_[kind]);
      }
    }
    return std::move(sample_);
  }

 private:
  Status Look(const arrow::RecordBatch& batch) {
    sample_.rows += batch.num_rows();
    for (size_t i = 0; i < names_.size(); ++i) {
      ARROW_RETURN_NOT_OK(builders_[i].Add(*batch.GetColumnByName(names_[i])));
    }
    std::vector<contract::PiiKinds> found(static_cast<size_t>(batch.num_rows()), 0);
    for (const std::string& name : texts_) {
      const auto& values = static_cast<const arrow::StringArray&>(*batch.GetColumnByName(name));
      for (int64_t row = 0; row < batch.num_rows(); ++row) {
        if (values.IsValid(row))
          found[static_cast<size_t>(row)] |= contract::FindPii(values.GetView(row));
      }
    }
    for (const contract::PiiKinds kinds : found) {
      sample_.rows_with_pii += kinds != 0;
      for (size_t kind = 0; kind < pii_.size(); ++kind) pii_[kind] += kinds >> kind & 1u;
    }
    ARROW_ASSIGN_OR_RAISE(const auto digests, DigestRows(batch, names_));
    for (const KeyDigest& digest : digests) {
      sample_.rows_repeated += seen_.insert(digest).second ? 0 : 1;
    }
    return Status::OK();
  }

  // One row of each shard; where there are fewer shards, the first rows of the first ones.
  void TakeExamples(const arrow::RecordBatch& batch, size_t index) {
    if (has_sensitive_) return;
    const size_t wanted = limits_.examples_max / shards_ +
                          (index < limits_.examples_max % shards_ ? size_t{1} : size_t{0});
    for (int64_t row = 0; row < std::min(static_cast<int64_t>(wanted), batch.num_rows()); ++row) {
      TableSample::Row example;
      contract::AppendValueText(*batch.GetColumnByName(std::string(kRowIdColumn)), row,
                                &example.id);
      for (const std::string& name : names_) {
        if (example.cells.size() == kExampleCellsMax) break;
        const auto values = batch.GetColumnByName(name);
        if (values->IsNull(row)) continue;
        std::string text;
        contract::AppendValueText(*values, row, &text);
        example.cells.emplace_back(name, CutText(text, kExampleBytesMax));
      }
      sample_.examples.push_back(std::move(example));
    }
  }

  const SampleLimits& limits_;
  int64_t rows_max_ = 0;
  size_t shards_ = 0;
  bool has_sensitive_ = false;
  std::vector<std::string> names_, texts_;
  std::vector<ShapeBuilder> builders_;
  std::vector<int64_t> pii_;
  std::set<KeyDigest> seen_;
  TableSample sample_;
};

}  // namespace

Result<TableSample> SampleTable(const RowAccess& rows, const std::string& folder,
                                const Manifest& manifest, const contract::Contract& contract,
                                const SampleLimits& limits) {
  Sampler sampler(manifest, contract, limits);
  if (!sampler.wants_rows()) return sampler.Finish();
  for (size_t i = 0; i < sampler.shards(); ++i) {
    io::DataFile shard = manifest.outputs[i * manifest.outputs.size() / sampler.shards()];
    shard.path = folder + "/" + shard.path;
    ARROW_RETURN_NOT_OK(sampler.Read(rows, shard, i));
  }
  return sampler.Finish();
}

}  // namespace millrace::stage
