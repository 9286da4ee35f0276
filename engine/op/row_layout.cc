#include "op/row_layout.h"

#include <arrow/array.h>

#include "base/reserved_columns.h"

namespace millrace::op {
namespace {

bool IsFinding(const std::string& working_name) {
  return working_name.rfind(kEvalWorkingPrefix, 0) == 0;
}

std::string StoredFinding(const std::string& working_name) {
  return std::string(kEvalPrefix) + working_name.substr(sizeof kEvalWorkingPrefix - 1);
}

std::string InstanceOf(const std::string& measure) { return measure.substr(0, measure.find('.')); }
std::string NameOf(const std::string& measure) { return measure.substr(measure.find('.') + 1); }

// struct<instance: struct<measure>> in the order the measures come in; null without measures.
std::shared_ptr<arrow::DataType> ScoresType(const arrow::Schema& working) {
  arrow::FieldVector instances;
  std::vector<arrow::FieldVector> measures;
  for (const auto& field : working.fields()) {
    if (!IsMeasure(field->name()) || IsFinding(field->name())) continue;
    const std::string instance = InstanceOf(field->name());
    size_t at = 0;
    while (at < instances.size() && instances[at]->name() != instance) ++at;
    if (at == instances.size()) {
      instances.push_back(arrow::field(instance, arrow::null(), /*nullable=*/false));
      measures.emplace_back();
    }
    measures[at].push_back(field->WithName(NameOf(field->name())));
  }
  if (instances.empty()) return nullptr;
  for (size_t i = 0; i < instances.size(); ++i) {
    instances[i] = instances[i]->WithType(arrow::struct_(measures[i]));
  }
  return arrow::struct_(instances);
}

}  // namespace

bool IsMeasure(const std::string& working_name) {
  return !IsReservedColumn(working_name) && working_name.find('.') != std::string::npos;
}

std::shared_ptr<arrow::Schema> WorkingSchema(const arrow::Schema& stored) {
  arrow::FieldVector fields, findings;
  for (const auto& field : stored.fields()) {
    const std::string& name = field->name();
    if (!IsReservedColumn(name) || name == kRowIdColumn) {
      fields.push_back(field);
    } else if (name == kScoresColumn) {
      for (const auto& instance : field->type()->fields()) {
        for (const auto& measure : instance->type()->fields()) {
          findings.push_back(measure->WithName(instance->name() + '.' + measure->name()));
        }
      }
    } else if (name.rfind(kEvalPrefix, 0) == 0) {
      findings.push_back(field->WithName(kEvalWorkingPrefix + name.substr(kEvalPrefix.size())));
    }
  }
  fields.insert(fields.end(), findings.begin(), findings.end());
  return arrow::schema(std::move(fields));
}

Result<std::shared_ptr<arrow::RecordBatch>> ToWorking(
    const arrow::RecordBatch& stored, const std::shared_ptr<arrow::Schema>& working) {
  const auto scores = stored.GetColumnByName(std::string(kScoresColumn));
  arrow::ArrayVector columns;
  for (const auto& field : working->fields()) {
    const std::string& name = field->name();
    std::shared_ptr<arrow::Array> column;
    if (!IsMeasure(name)) {
      column = stored.GetColumnByName(name);
    } else if (IsFinding(name)) {
      column = stored.GetColumnByName(StoredFinding(name));
    } else if (scores != nullptr) {
      const auto instance =
          static_cast<const arrow::StructArray&>(*scores).GetFieldByName(InstanceOf(name));
      if (instance != nullptr) {
        column = static_cast<const arrow::StructArray&>(*instance).GetFieldByName(NameOf(name));
      }
    }
    if (column == nullptr) {
      return MakeError(ErrorCode::kWorkspaceDamaged, "a shard has no column `" + name + "`");
    }
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(working, stored.num_rows(), std::move(columns));
}

std::shared_ptr<arrow::Schema> StoredSchema(const arrow::Schema& working,
                                            const std::vector<std::string>& marks) {
  arrow::FieldVector fields;
  for (const auto& field : working.fields()) {
    if (!IsReservedColumn(field->name()) && !IsMeasure(field->name())) fields.push_back(field);
  }
  fields.push_back(arrow::field(std::string(kRowIdColumn), arrow::utf8(), /*nullable=*/false));
  if (const auto scores = ScoresType(working)) {
    fields.push_back(arrow::field(std::string(kScoresColumn), scores, /*nullable=*/false));
  }
  for (const auto& field : working.fields()) {
    if (IsMeasure(field->name()) && IsFinding(field->name())) {
      fields.push_back(field->WithName(StoredFinding(field->name())));
    }
  }
  for (const std::string& mark : marks) {
    fields.push_back(arrow::field(mark, arrow::list(arrow::utf8()), /*nullable=*/false));
  }
  return arrow::schema(std::move(fields));
}

Result<std::shared_ptr<arrow::Array>> GatherScores(const arrow::RecordBatch& working,
                                                   const arrow::DataType& type) {
  arrow::ArrayVector instances;
  for (const auto& instance : type.fields()) {
    arrow::ArrayVector measures;
    for (const auto& measure : instance->type()->fields()) {
      auto column = working.GetColumnByName(instance->name() + '.' + measure->name());
      if (column == nullptr) {
        ARROW_ASSIGN_OR_RAISE(column, arrow::MakeArrayOfNull(measure->type(), working.num_rows()));
      }
      measures.push_back(std::move(column));
    }
    ARROW_ASSIGN_OR_RAISE(instances.emplace_back(),
                          arrow::StructArray::Make(measures, instance->type()->fields()));
  }
  ARROW_ASSIGN_OR_RAISE(auto scores, arrow::StructArray::Make(instances, type.fields()));
  return scores;
}

Result<std::shared_ptr<arrow::RecordBatch>> ToStored(const arrow::RecordBatch& working,
                                                     const arrow::ArrayVector& marks,
                                                     const std::shared_ptr<arrow::Schema>& stored) {
  arrow::ArrayVector columns;
  size_t mark = 0;
  for (const auto& field : stored->fields()) {
    const std::string& name = field->name();
    if (name == kScoresColumn) {
      ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), GatherScores(working, *field->type()));
    } else if (name.rfind(kEvalPrefix, 0) == 0) {
      columns.push_back(
          working.GetColumnByName(kEvalWorkingPrefix + name.substr(kEvalPrefix.size())));
    } else if (IsReservedColumn(name) && name != kRowIdColumn) {
      columns.push_back(marks[mark++]);
    } else {
      columns.push_back(working.GetColumnByName(name));
    }
  }
  return arrow::RecordBatch::Make(stored, working.num_rows(), std::move(columns));
}

}  // namespace millrace::op
