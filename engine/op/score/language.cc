// language: which language a text is in, by CLD2.
#include <arrow/builder.h>
#include <cld2/public/compact_lang_det.h>

#include <algorithm>

#include "op/operator_list.h"

namespace millrace::op {
namespace {

// CLD2 looks at some bytes at once, and past the end of what it is given.
constexpr size_t kPaddingBytes = 16;

struct Found {
  std::string_view label;
  double score = 0;
};

// CLD2 has codes that have been replaced since, and others for scripts that it knows no language
// of.
std::string_view LabelOf(CLD2::Language language) {
  const std::string_view code = CLD2::LanguageCode(language);
  if (code == "un" || code.substr(0, 2) == "xx") return "und";
  if (code == "iw") return "he";
  if (code == "jw") return "jv";
  if (code == "in") return "id";
  if (code == "mo") return "ro";
  return code;
}

std::string_view Beginning(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xC0u) == 0x80u) {
    --bytes_max;
  }
  return text.substr(0, bytes_max);
}

Found Detect(std::string_view text, std::string* padded) {
  padded->assign(text);
  padded->append(kPaddingBytes, '\0');
  CLD2::Language languages[3];
  int percents[3], text_bytes = 0;
  bool is_reliable = false;
  const CLD2::Language best = CLD2::ExtDetectLanguageSummary(
      padded->data(), static_cast<int>(text.size()),
      /*is_plain_text=*/true, languages, percents, &text_bytes, &is_reliable);
  Found found{LabelOf(best)};
  if (found.label == "und") return found;
  const auto* at = std::find(std::begin(languages), std::end(languages), best);
  if (at != std::end(languages)) found.score = percents[at - languages] / 100.0;
  return found;
}

class LanguageScorer : public Scorer {
 public:
  LanguageScorer(int column, const std::string& name, size_t bytes_max, arrow::FieldVector adds)
      : Scorer({name}, std::move(adds)), column_(column), bytes_max_(bytes_max) {}

  Result<arrow::ArrayVector> Annotate(const arrow::RecordBatch& rows, RowFailures*) const override {
    const auto& texts = static_cast<const arrow::StringArray&>(*rows.column(column_));
    arrow::StringBuilder labels;
    arrow::DoubleBuilder scores;
    ARROW_RETURN_NOT_OK(labels.Reserve(texts.length()));
    ARROW_RETURN_NOT_OK(scores.Reserve(texts.length()));
    std::string padded;
    for (int64_t row = 0; row < texts.length(); ++row) {
      if (texts.IsNull(row)) {
        labels.UnsafeAppendNull();
        scores.UnsafeAppendNull();
        continue;
      }
      const Found found = Detect(Beginning(texts.GetView(row), bytes_max_), &padded);
      ARROW_RETURN_NOT_OK(labels.Append(found.label));
      scores.UnsafeAppend(found.score);
    }
    arrow::ArrayVector arrays(2);
    ARROW_ASSIGN_OR_RAISE(arrays[0], labels.Finish());
    ARROW_ASSIGN_OR_RAISE(arrays[1], scores.Finish());
    return arrays;
  }

 private:
  int column_;
  size_t bytes_max_;
};

std::shared_ptr<const Operator> Make(const Request& request) {
  const int column = request.TextColumn("field");
  arrow::FieldVector adds = {request.NewField("label", arrow::utf8(), {column}),
                             request.NewField("score", arrow::float64(), {column})};
  if (!request.ready()) return nullptr;
  return std::make_shared<LanguageScorer>(
      column, request.columns()->field(column)->name(),
      static_cast<size_t>(request.parameters().Integer("bytes_max")), std::move(adds));
}

}  // namespace

OperatorType Language() {
  OperatorType type;
  type.name = "language";
  type.kind = Kind::kScore;
  type.doc =
      "Tells which of 83 languages a text is in, by quadgrams and words (CLD2). Short texts, names "
      "and mixtures are often told wrong; `und` is what it could not tell. Null of a null.";
  type.columns_doc =
      "fields `<id>_label`, the code of the language (`en`, `de`, `zh`, `zh-Hant`, `und`), and "
      "`<id>_score`, the share of the text that it is in, from 0 to 1; 0 for `und`";
  type.example = "{id: lang, type: language, field: text}";
  type.parameters = {{.key = "field",
                      .type = FieldType::kText,
                      .doc = "The text column to look at.",
                      .required = true},
                     {.key = "bytes_max",
                      .type = FieldType::kSize,
                      .doc = "How much of a text is looked at, from its beginning.",
                      .fallback = "64KiB",
                      .min = 64,
                      .max = 16 << 20}};
  type.make = Make;
  type.source = "Compact Language Detector 2, Google, https://github.com/CLD2Owners/cld2";
  return type;
}

}  // namespace millrace::op
