// chunk_text: a row for each part of a text.
#include <arrow/builder.h>

#include "op/generate/row_bytes.h"
#include "op/operator_list.h"
#include "op/text/approx_tokens.h"
#include "op/text/text_units.h"

namespace millrace::op {
namespace {

enum class By { kChars, kTokens, kSentences };

struct Options {
  By by = By::kChars;
  int64_t size = 0, overlap = 0;  // in weights of units
};

// A chunk must have room for the heaviest unit and another.
constexpr int64_t kCharsMin = 16, kTokensMin = 32;
static_assert(kTokensMin > kPieceTokensMax);

struct Chunk {
  size_t begin = 0, end = 0;  // bytes
};

std::vector<TextUnit> UnitsOf(std::string_view text, const Options& options) {
  switch (options.by) {
    case By::kChars:
      return CharacterUnits(text, options.size);
    case By::kTokens:
      return TokenUnits(text, options.size);
    case By::kSentences:
      break;
  }
  return SentenceUnits(text);
}

// Each chunk takes as many units as fit. The next one begins with the last of them that overlap,
// but never where this one began.
std::vector<Chunk> Cut(const std::vector<TextUnit>& units, const Options& options) {
  std::vector<Chunk> chunks;
  const auto begin_of = [&](size_t unit) { return unit == 0 ? 0 : units[unit - 1].end; };
  size_t first = 0, behind = 0;
  int64_t weight = 0;  // of the units from first to behind
  while (true) {
    while (behind < units.size() && weight + units[behind].weight <= options.size) {
      weight += units[behind++].weight;
    }
    chunks.push_back({begin_of(first), units[behind - 1].end});
    if (behind == units.size()) return chunks;
    do {
      weight -= units[first++].weight;
    } while (weight > options.overlap);
    // What overlaps leaves room for something new.
    while (weight + units[behind].weight > options.size) weight -= units[first++].weight;
  }
}

class ChunkGenerator : public Generator {
 public:
  ChunkGenerator(int column, const std::shared_ptr<arrow::Field>& field, Options options)
      : Generator({field->name()}, {field}, /*makes_rows=*/true),
        column_(column),
        options_(options) {}

  Result<Generated> Generate(const arrow::RecordBatch& rows, RowFailures* failures) const override {
    const auto& texts = static_cast<const arrow::StringArray&>(*rows.column(column_));
    arrow::StringBuilder chunks;
    arrow::Int64Builder parents;
    for (int64_t row = 0; row < texts.length(); ++row) {
      // What has no parts is its own only one: no row is lost.
      if (texts.IsNull(row) || texts.value_length(row) == 0) {
        ARROW_RETURN_NOT_OK(parents.Append(row));
        ARROW_RETURN_NOT_OK(texts.IsNull(row) ? chunks.AppendNull() : chunks.Append(""));
        continue;
      }
      const std::string_view text = texts.GetView(row);
      const std::vector<Chunk> cut = Cut(UnitsOf(text, options_), options_);
      const auto count = static_cast<int64_t>(cut.size());
      if (count > 1 && BytesBeside(rows, column_, row) > kChildrenBytesMax / count) {
        failures->push_back({row, "chunk.too_large",
                             "the other columns of the row are too large to be copied for each of "
                             "its chunks"});
        continue;
      }
      for (const Chunk& chunk : cut) {
        ARROW_RETURN_NOT_OK(parents.Append(row));
        ARROW_RETURN_NOT_OK(chunks.Append(text.substr(chunk.begin, chunk.end - chunk.begin)));
      }
    }
    Generated made;
    made.columns.resize(1);
    ARROW_ASSIGN_OR_RAISE(made.columns[0], chunks.Finish());
    ARROW_RETURN_NOT_OK(parents.Finish(&made.parents));
    return made;
  }

 private:
  int column_;
  Options options_;
};

std::shared_ptr<const Operator> Make(const Request& request) {
  const int column = request.TextColumn("field");
  const ConfigValue& parameters = request.parameters();
  Options options;
  const std::string by = parameters.Text("by");
  options.by = by == "tokens" ? By::kTokens : by == "sentences" ? By::kSentences : By::kChars;
  options.size = parameters.Integer("size");
  options.overlap = parameters.Integer("overlap");
  const int64_t least = options.by == By::kChars    ? kCharsMin
                        : options.by == By::kTokens ? kTokensMin
                                                    : 1;
  if (parameters.Find("size") != nullptr && options.size < least) {
    request.Report("size", ErrorCode::kBadValue,
                   "a chunk by " + by + " has a `size` of at least " + std::to_string(least));
  } else if (options.overlap > options.size / 2) {
    request.Report("overlap", ErrorCode::kBadValue, "chunks overlap by at most half their `size`");
  }
  if (!request.ready()) return nullptr;
  if (options.by == By::kTokens) {
    options.size *= kTokenWeight;
    options.overlap *= kTokenWeight;
  }
  return std::make_shared<ChunkGenerator>(column, request.columns()->field(column), options);
}

}  // namespace

OperatorType ChunkText() {
  OperatorType type;
  type.name = "chunk_text";
  type.kind = Kind::kGenerator;
  type.doc =
      "Replaces a row by one for each part of a text. A part takes as many words or sentences as "
      "fit; white space stays, so that parts without overlap joined are the text. A null or empty "
      "text is its own only part.";
  type.columns_doc = "the text column, which holds the part; all others are copied";
  type.example = "{id: part, type: chunk_text, field: text, by: chars, size: 2000, overlap: 200}";
  type.parameters = {
      {.key = "field",
       .type = FieldType::kText,
       .doc = "The text column to cut.",
       .required = true},
      {.key = "by",
       .type = FieldType::kChoice,
       .doc =
           "What `size` and `overlap` count: `chars` (code points), `tokens` (estimated as by "
           "token_count) or `sentences`, which end at `.`, `!`, `?` and white space, at such marks "
           "of Chinese and Japanese, and at empty lines; abbreviations are not known.",
       .fallback = "chars",
       .choices = {"chars", "tokens", "sentences"}},
      {.key = "size",
       .type = FieldType::kInteger,
       .doc =
           "The most that a part has: at least 16 chars, 32 tokens or 1 sentence. A word of more "
           "than a quarter of it may be cut. A sentence is never cut, however long.",
       .required = true,
       .min = 1,
       .max = 1'000'000'000},
      {.key = "overlap",
       .type = FieldType::kInteger,
       .doc = "How much of a part the next one repeats: as many whole words or sentences as this "
              "holds, at most half of `size`.",
       .fallback = "0",
       .min = 0,
       .max = 500'000'000}};
  type.make = Make;
  return type;
}

}  // namespace millrace::op
