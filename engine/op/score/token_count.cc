// token_count: how many tokens a model would see.
#include <arrow/builder.h>

#include "op/operator_list.h"
#include "op/text/approx_tokens.h"

namespace millrace::op {
namespace {

class TokenCountScorer : public Scorer {
 public:
  TokenCountScorer(int column, const std::string& name, arrow::FieldVector adds)
      : Scorer({name}, std::move(adds)), column_(column) {}

  Result<arrow::ArrayVector> Annotate(const arrow::RecordBatch& rows, RowFailures*) const override {
    const auto& texts = static_cast<const arrow::StringArray&>(*rows.column(column_));
    arrow::Int64Builder tokens;
    ARROW_RETURN_NOT_OK(tokens.Reserve(texts.length()));
    for (int64_t row = 0; row < texts.length(); ++row) {
      if (texts.IsNull(row)) {
        tokens.UnsafeAppendNull();
      } else {
        tokens.UnsafeAppend(ApproxTokens(texts.GetView(row)));
      }
    }
    ARROW_ASSIGN_OR_RAISE(auto array, tokens.Finish());
    return arrow::ArrayVector{std::move(array)};
  }

 private:
  int column_;
};

std::shared_ptr<const Operator> Make(const Request& request) {
  const int column = request.TextColumn("field");
  const auto tokens = request.NewMeasure("tokens", arrow::int64());
  if (!request.ready()) return nullptr;
  return std::make_shared<TokenCountScorer>(column, request.columns()->field(column)->name(),
                                            arrow::FieldVector{tokens});
}

}  // namespace

OperatorType TokenCount() {
  OperatorType type;
  type.name = "token_count";
  type.kind = Kind::kScore;
  type.doc = "Estimates how many tokens a model would see in a text. Null of a null.";
  type.columns_doc = "measure `tokens`";
  type.example = "{id: tokens, type: token_count, field: text}";
  type.parameters = {
      {.key = "field",
       .type = FieldType::kText,
       .doc = "The text column to measure.",
       .required = true},
      {.key = "method",
       .type = FieldType::kChoice,
       .doc =
           "`approx` counts by rules, without a model's own tokenizer: words by their length, "
           "numbers by three digits, other scripts by the character. It is fitted to o200k_base: "
           "off by 7 % on average over texts of 400 to 3,000 characters in 34 languages, source "
           "code, JSON and HTML, by less than 14 % for nine in ten, by 32 % at worst. A tokenizer "
           "of half that vocabulary (cl100k_base) makes as many of English and code, but 1.7 times "
           "as many of the other languages together. A model's own tokenizer cannot be used yet.",
       .fallback = "approx",
       .choices = {"approx"}}};
  type.make = Make;
  return type;
}

}  // namespace millrace::op
