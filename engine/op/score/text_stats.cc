// text_stats: how long a text is and what it is made of.
#include <arrow/builder.h>

#include "op/operator_list.h"
#include "op/text/text_counts.h"

namespace millrace::op {
namespace {

class TextStatsScorer : public Scorer {
 public:
  TextStatsScorer(int column, const std::string& name, arrow::FieldVector adds)
      : Scorer({name}, std::move(adds)), column_(column) {}

  Result<arrow::ArrayVector> Annotate(const arrow::RecordBatch& rows, RowFailures*) const override {
    const auto& texts = static_cast<const arrow::StringArray&>(*rows.column(column_));
    arrow::Int64Builder bytes, chars, words, lines, longest;
    arrow::DoubleBuilder word_length, letters, digits, spaces;
    std::vector<arrow::ArrayBuilder*> all = {&bytes,       &chars,   &words,  &lines, &longest,
                                             &word_length, &letters, &digits, &spaces};
    for (arrow::ArrayBuilder* builder : all) ARROW_RETURN_NOT_OK(builder->Reserve(rows.num_rows()));
    for (int64_t row = 0; row < rows.num_rows(); ++row) {
      if (texts.IsNull(row)) {
        for (arrow::ArrayBuilder* builder : all) ARROW_RETURN_NOT_OK(builder->AppendNull());
        continue;
      }
      const std::string_view text = texts.GetView(row);
      const TextCounts s = CountText(text);
      bytes.UnsafeAppend(static_cast<int64_t>(text.size()));
      chars.UnsafeAppend(s.chars);
      words.UnsafeAppend(s.words);
      lines.UnsafeAppend(s.lines);
      longest.UnsafeAppend(s.line_max);
      word_length.UnsafeAppend(Share(s.chars - s.spaces, s.words));
      letters.UnsafeAppend(Share(s.letters, s.chars));
      digits.UnsafeAppend(Share(s.digits, s.chars));
      spaces.UnsafeAppend(Share(s.spaces, s.chars));
    }
    arrow::ArrayVector arrays;
    for (arrow::ArrayBuilder* builder : all) {
      ARROW_ASSIGN_OR_RAISE(arrays.emplace_back(), builder->Finish());
    }
    return arrays;
  }

 private:
  static double Share(int64_t part, int64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
  }
  int column_;
};

std::shared_ptr<const Operator> Make(const Request& request) {
  const int column = request.TextColumn("field");
  arrow::FieldVector adds;
  for (const char* name : {"bytes", "chars", "words", "lines", "line_max"}) {
    adds.push_back(request.NewMeasure(name, arrow::int64()));
  }
  for (const char* name : {"word_length", "letters", "digits", "spaces"}) {
    adds.push_back(request.NewMeasure(name, arrow::float64()));
  }
  if (!request.ready()) return nullptr;
  return std::make_shared<TextStatsScorer>(column, request.columns()->field(column)->name(),
                                           std::move(adds));
}

}  // namespace

OperatorType TextStats() {
  OperatorType type;
  type.name = "text_stats";
  type.kind = Kind::kScore;
  type.doc = "Measures a text: its length and what it is made of. Null of a null.";
  type.columns_doc =
      "measures `bytes`, `chars` (code points), `words` (runs between white space), `lines`, "
      "`line_max` (code points of the longest line), `word_length` (mean code points), and the "
      "shares of all code points that are `letters`, `digits` and `spaces`, from 0 to 1";
  type.parameters = {{.key = "field",
                      .type = FieldType::kText,
                      .doc = "The text column to measure.",
                      .required = true}};
  type.example = "{id: stats, type: text_stats, field: text}";
  type.make = Make;
  return type;
}

}  // namespace millrace::op
