// eval_contract: whether a row is as a contract wants it, said and not acted on.
#include <arrow/builder.h>

#include <algorithm>

#include "base/sha256.h"
#include "contract/column_rule.h"
#include "op/operator_list.h"

namespace millrace::op {
namespace {

/// A column of the contract, and where it is in the batch.
struct Checked {
  std::string name;
  int column = 0;
  std::shared_ptr<const contract::ColumnRule> rule;
};

class ContractEvaluator : public Evaluator {
 public:
  ContractEvaluator(std::vector<Checked> columns, std::vector<std::string> reads,
                    std::string identity, arrow::FieldVector adds)
      : Evaluator(std::move(reads), std::move(adds)),
        columns_(std::move(columns)),
        identity_(std::move(identity)) {}

  std::string Identity() const override { return identity_; }

  Result<arrow::ArrayVector> Annotate(const arrow::RecordBatch& rows, RowFailures*) const override {
    std::vector<std::string> reasons(static_cast<size_t>(rows.num_rows()));
    for (const Checked& checked : columns_) {
      ARROW_ASSIGN_OR_RAISE(const contract::ColumnOutcome outcome,
                            checked.rule->Apply(rows.column(checked.column), {}));
      for (const contract::Violation& violation : outcome.violations) {
        std::string& reason = reasons[static_cast<size_t>(violation.row)];
        if (reason.empty()) reason = ReasonOf(checked, violation.check);
      }
    }
    arrow::BooleanBuilder pass;
    arrow::StringBuilder reason;
    ARROW_RETURN_NOT_OK(pass.Reserve(rows.num_rows()));
    for (const std::string& text : reasons) {
      pass.UnsafeAppend(text.empty());
      ARROW_RETURN_NOT_OK(text.empty() ? reason.AppendNull() : reason.Append(text));
    }
    arrow::ArrayVector columns(2);
    ARROW_ASSIGN_OR_RAISE(columns[0], pass.Finish());
    ARROW_ASSIGN_OR_RAISE(columns[1], reason.Finish());
    return columns;
  }

 private:
  // "age: contract.min 18"
  static std::string ReasonOf(const Checked& checked, contract::Check check) {
    const std::string threshold = checked.rule->ThresholdOf(check);
    return checked.name + ": " + contract::RuleOf(check) + (threshold.empty() ? "" : " ") +
           threshold;
  }

  std::vector<Checked> columns_;  // in the contract's order
  std::string identity_;
};

const NamedContract* ContractOf(const Request& request) {
  const std::string name = request.parameters().Text("contract");
  std::vector<std::string> known;
  for (const NamedContract& named : request.contracts()) {
    if (named.contract->name == name) return &named;
    if (!named.contract->name.empty()) known.push_back(named.contract->name);
  }
  if (name.empty()) {
    request.Report("contract", ErrorCode::kMissingKey,
                   known.empty() ? "the config declares no contract"
                                 : "the config has several contracts: name one",
                   known.empty() ? "write one under `contract`" : "");
  } else {
    request.Report("contract", ErrorCode::kUnknownReference, "there is no contract `" + name + "`",
                   DidYouMean(name, known));
  }
  return nullptr;
}

std::shared_ptr<const Operator> Make(const Request& request) {
  const NamedContract* named = ContractOf(request);
  arrow::FieldVector adds = {request.NewFinding("pass", arrow::boolean()),
                             request.NewFinding("reason", arrow::utf8())};
  if (named == nullptr || request.columns() == nullptr) return nullptr;
  std::vector<Checked> columns;
  std::vector<std::string> reads;
  for (const contract::Column& column : named->contract->columns) {
    const int at = request.columns()->GetFieldIndex(column.name);
    if (at < 0) {
      request.Report("contract", ErrorCode::kUnknownReference,
                     "the contract has a column `" + column.name +
                         "`, and none of that name reaches this operator");
      continue;
    }
    const arrow::Field& field = *request.columns()->field(at);
    if (column.type == nullptr) continue;  // wrong in itself, and reported there
    if (!field.type()->Equals(*column.type)) {
      request.Report("contract", ErrorCode::kBadValue,
                     "`" + column.name + "` is " + contract::TypeText(*field.type()) +
                         " here, and the contract has it as " + column.type_text);
      continue;
    }
    const auto rule = contract::ColumnRule::Make(column);
    if (!rule.ok()) continue;  // likewise
    columns.push_back({column.name, at, *rule});
    reads.push_back(column.name);
  }
  if (!request.ready()) return nullptr;
  return std::make_shared<ContractEvaluator>(std::move(columns), std::move(reads),
                                             "contract " + Sha256Hex(named->json), std::move(adds));
}

}  // namespace

OperatorType EvalContract() {
  OperatorType type;
  type.name = "eval_contract";
  type.kind = Kind::kEvaluator;
  type.doc =
      "Says of each row whether it keeps the rules of a contract (required, enum, min, max, "
      "length, "
      "regex): after operators that changed it, or of a contract that its source does not have. "
      "`unique` is no rule of one row, and is left out.";
  type.columns_doc =
      "findings `pass`, and `reason` (null where it passes): the first column of the contract that "
      "breaks a rule, the rule and its threshold; called `eval.<id>_pass` and `eval.<id>_reason`";
  type.parameters = {{.key = "contract",
                      .type = FieldType::kName,
                      .doc = "The name of a contract under `contracts`; if absent the one of "
                             "`contract`. All its columns must be there, with their types."}};
  type.example = "{id: strict, type: eval_contract, contract: strict}";
  type.make = Make;
  return type;
}

}  // namespace millrace::op
