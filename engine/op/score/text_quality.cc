// text_quality: what published filters of web text measure.
#include "op/text/text_quality.h"

#include <arrow/builder.h>

#include "op/operator_list.h"

namespace millrace::op {
namespace {

constexpr const char* kShares[] = {"bullet_lines",    "ellipsis_lines",   "punct_lines",
                                   "short_lines",     "word_length",      "alpha_words",
                                   "hashes_per_word", "ellipses_per_word"};
constexpr const char* kRepetition[] = {
    "dup_lines", "dup_line_chars", "dup_paragraphs", "dup_paragraph_chars", "top_2gram",
    "top_3gram", "top_4gram",      "dup_5gram",      "dup_6gram",           "dup_7gram",
    "dup_8gram", "dup_9gram",      "dup_10gram"};

class QualityScorer : public Scorer {
 public:
  QualityScorer(int column, const std::string& name, bool repetition, arrow::FieldVector adds)
      : Scorer({name}, std::move(adds)), column_(column), repetition_(repetition) {}

  Result<arrow::ArrayVector> Annotate(const arrow::RecordBatch& rows, RowFailures*) const override {
    const auto& texts = static_cast<const arrow::StringArray&>(*rows.column(column_));
    arrow::Int64Builder stop_words;
    std::vector<arrow::DoubleBuilder> measures(adds().size() - 1);
    ARROW_RETURN_NOT_OK(stop_words.Reserve(texts.length()));
    for (auto& measure : measures) ARROW_RETURN_NOT_OK(measure.Reserve(texts.length()));
    QualityMeter meter;
    for (int64_t row = 0; row < texts.length(); ++row) {
      if (texts.IsNull(row)) {
        stop_words.UnsafeAppendNull();
        for (auto& measure : measures) measure.UnsafeAppendNull();
        continue;
      }
      const std::string_view text = texts.GetView(row);
      size_t at = 0;
      const auto append = [&](double value) { measures[at++].UnsafeAppend(value); };
      const LineQuality lines = meter.Lines(text);
      for (const double share : {lines.bullets, lines.ellipses, lines.punctuation, lines.shorts}) {
        append(share);
      }
      const WordQuality words = meter.Words(text);
      for (const double share : {words.length, words.alphabetic, words.hashes, words.ellipses}) {
        append(share);
      }
      stop_words.UnsafeAppend(words.stop_words);
      if (!repetition_) continue;
      const RepetitionQuality found = meter.Repetition(text);
      for (const double share :
           {found.lines, found.line_chars, found.paragraphs, found.paragraph_chars}) {
        append(share);
      }
      for (const double share : found.top) append(share);
      for (const double share : found.repeated) append(share);
    }
    arrow::ArrayVector arrays(1);
    ARROW_ASSIGN_OR_RAISE(arrays[0], stop_words.Finish());
    for (auto& measure : measures) {
      ARROW_ASSIGN_OR_RAISE(arrays.emplace_back(), measure.Finish());
    }
    return arrays;
  }

 private:
  int column_;
  bool repetition_;
};

std::shared_ptr<const Operator> Make(const Request& request) {
  const int column = request.TextColumn("field");
  const bool repetition = request.parameters().Bool("repetition");
  arrow::FieldVector adds = {request.NewMeasure("stop_words", arrow::int64())};
  for (const char* name : kShares) adds.push_back(request.NewMeasure(name, arrow::float64()));
  if (repetition) {
    for (const char* name : kRepetition) {
      adds.push_back(request.NewMeasure(name, arrow::float64()));
    }
  }
  if (!request.ready()) return nullptr;
  return std::make_shared<QualityScorer>(column, request.columns()->field(column)->name(),
                                         repetition, std::move(adds));
}

}  // namespace

OperatorType TextQuality() {
  OperatorType type;
  type.name = "text_quality";
  type.kind = Kind::kScore;
  type.doc =
      "Measures what the filters of Gopher, C4 and FineWeb ask of web text, for `where` to judge "
      "by: their lines, words and repetitions. Words are runs between white space, so that figures "
      "differ a little from those of tools that split words otherwise. Null of a null.";
  type.columns_doc =
      "measures, shares from 0 to 1 where nothing else is said. Of lines that are not blank, "
      "without white space at their ends: "
      "`bullet_lines` (begin with `-`, `*` or a "
      "bullet; Gopher: at most 0.9), `ellipsis_lines` (end with an ellipsis; Gopher: at most 0.3), "
      "`punct_lines` (end with a full stop, question mark, quote or the like; C4 keeps such lines "
      "alone, FineWeb: at least 0.12), `short_lines` (30 code points or fewer; FineWeb: at most "
      "0.67); of words: `word_length` (mean code points; Gopher: 3 to 10), `alpha_words` (share "
      "with a letter; Gopher: at least 0.8), `hashes_per_word` and `ellipses_per_word` (Gopher: at "
      "most 0.1), `stop_words` (how many of the, be, to, of, and, that, have, with there are; "
      "Gopher: at least 2 in English); and what repeats: `dup_lines`, `dup_paragraphs` (Gopher: at "
      "most 0.3), `dup_line_chars` (Gopher: at most 0.2, FineWeb: 0.1), `dup_paragraph_chars` "
      "(Gopher: at most 0.2), `top_2gram`, `top_3gram`, `top_4gram` (of characters, in the most "
      "frequent n-gram; Gopher: at most 0.2, 0.18, 0.16), `dup_5gram` to `dup_10gram` (of "
      "characters, in n-grams that were there before; Gopher: at most 0.15, 0.14, 0.13, 0.12, "
      "0.11, "
      "0.1)";
  type.example = "{id: quality, type: text_quality, field: text}";
  type.parameters = {{.key = "field",
                      .type = FieldType::kText,
                      .doc = "The text column to measure.",
                      .required = true},
                     {.key = "repetition",
                      .type = FieldType::kBool,
                      .doc = "Whether to measure what repeats, which takes most of the time.",
                      .fallback = "true"}};
  type.make = Make;
  type.source =
      "Rae et al., Scaling Language Models: Methods, Analysis & Insights from Training Gopher, "
      "arXiv:2112.11446 (2021), appendix A1; Raffel et al., Exploring the Limits of Transfer "
      "Learning with a Unified Text-to-Text Transformer, JMLR 21 (2020), section 2.2; Penedo et "
      "al., The FineWeb Datasets, arXiv:2406.17557 (2024), section 3.6";
  return type;
}

}  // namespace millrace::op
