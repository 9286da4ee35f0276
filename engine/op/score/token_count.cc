// token_count: how many tokens a model would see.
#include <arrow/builder.h>

#include "op/operator_list.h"
#include "op/text/approx_tokens.h"
#include "op/text/sentence_piece.h"

namespace millrace::op {
namespace {

class TokenCountScorer : public Scorer {
 public:
  /// `model`: null to estimate.
  TokenCountScorer(int column, const std::string& name, arrow::FieldVector adds,
                   std::shared_ptr<const SentencePieceModel> model, std::string sha256)
      : Scorer({name}, std::move(adds)),
        column_(column),
        model_(std::move(model)),
        sha256_(std::move(sha256)) {}

  std::string FileSha256() const override { return sha256_; }

  Result<arrow::ArrayVector> Annotate(const arrow::RecordBatch& rows, RowFailures*) const override {
    const auto& texts = static_cast<const arrow::StringArray&>(*rows.column(column_));
    arrow::Int64Builder tokens;
    ARROW_RETURN_NOT_OK(tokens.Reserve(texts.length()));
    for (int64_t row = 0; row < texts.length(); ++row) {
      if (texts.IsNull(row)) {
        tokens.UnsafeAppendNull();
      } else {
        const std::string_view text = texts.GetView(row);
        tokens.UnsafeAppend(model_ == nullptr ? ApproxTokens(text) : model_->CountTokens(text));
      }
    }
    ARROW_ASSIGN_OR_RAISE(auto array, tokens.Finish());
    return arrow::ArrayVector{std::move(array)};
  }

 private:
  int column_;
  std::shared_ptr<const SentencePieceModel> model_;
  std::string sha256_;
};

constexpr int64_t kModelBytesMax = 64 << 20;

/// The model and its hash; null, reported, when it cannot be had.
std::shared_ptr<const SentencePieceModel> ModelOf(const Request& request, std::string* sha256) {
  const ConfigValue* path = request.parameters().Find("model");
  if (path == nullptr) {
    request.Report("method", ErrorCode::kMissingKey, "`sentencepiece` needs a `model`",
                   "name the file, for example `model: tokenizer.model`");
    return nullptr;
  }
  if (request.resources() == nullptr) return nullptr;
  const auto content = request.resources()->ReadFile(path->text, kModelBytesMax);
  if (!content.ok()) {
    request.Report(*path, content.status());
    return nullptr;
  }
  const auto model = SentencePieceModel::Parse((*content)->bytes);
  if (!model.ok()) {
    request.Report(*path, model.status());
    return nullptr;
  }
  *sha256 = (*content)->sha256;
  return *model;
}

std::shared_ptr<const Operator> Make(const Request& request) {
  const int column = request.TextColumn("field");
  const auto tokens = request.NewMeasure("tokens", arrow::int64());
  const bool uses_model = request.parameters().Text("method") == "sentencepiece";
  std::shared_ptr<const SentencePieceModel> model;
  std::string sha256;
  if (uses_model) model = ModelOf(request, &sha256);
  if (!uses_model && request.parameters().IsWritten("model")) {
    request.Report("model", ErrorCode::kBadValue, "`model` has no effect with `method: approx`",
                   "write `method: sentencepiece`");
  }
  if (!request.ready() || (uses_model && model == nullptr)) return nullptr;
  return std::make_shared<TokenCountScorer>(column, request.columns()->field(column)->name(),
                                            arrow::FieldVector{tokens}, std::move(model),
                                            std::move(sha256));
}

}  // namespace

OperatorType TokenCount() {
  OperatorType type;
  type.name = "token_count";
  type.kind = Kind::kScore;
  type.doc =
      "Counts the tokens that a model would see in a text, or estimates their number. Null of a "
      "null.";
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
           "as many of the other languages together. `sentencepiece` counts with a model's own "
           "tokenizer, without marks of beginning and end.",
       .fallback = "approx",
       .choices = {"approx", "sentencepiece"}},
      {.key = "model",
       .type = FieldType::kPath,
       .doc = "The file of a SentencePiece model (unigram or BPE), as `tokenizer.model` of many "
              "language models is. Its content is part of what the stage is."}};
  type.make = Make;
  return type;
}

}  // namespace millrace::op
