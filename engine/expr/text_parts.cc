// like, split_part, lpad, strip_accents, ...: what SQL knows of texts beyond the basics.
#include <arrow/compute/api_scalar.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/exec.h>

#include <algorithm>
#include <unordered_map>

#include "base/sha256.h"
#include "expr/operations.h"

namespace millrace::expr {
namespace {

namespace cp = arrow::compute;

// A text that grows in a row may have so many bytes.
constexpr int64_t kGrownBytesMax = 1 << 20;

bool Continues(char c) { return (static_cast<uint8_t>(c) & 0xc0) == 0x80; }

int64_t CountPoints(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return !Continues(c); });
}

// The byte where the code point of that number, from 0, begins; the end where there are fewer.
size_t ByteOf(std::string_view text, int64_t number) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (!Continues(text[i]) && number-- == 0) return i;
  }
  return text.size();
}

// A count below 0: all but so many.
std::string_view Left(std::string_view text, int64_t count) {
  if (count < 0) {
    const int64_t points = CountPoints(text);
    count = count < -points ? 0 : points + count;
  }
  return text.substr(0, ByteOf(text, count));
}

std::string_view Right(std::string_view text, int64_t count) {
  const int64_t points = CountPoints(text);
  const int64_t skipped =
      count < 0 ? (count < -points ? points : -count) : points - std::min(points, count);
  return text.substr(ByteOf(text, skipped));
}

// The part of that number, from 1, or from -1 backwards; "" where there are fewer.
std::string_view Part(std::string_view text, std::string_view separator, int64_t number) {
  std::vector<std::string_view> parts;
  size_t begin = 0;
  for (size_t at; (at = text.find(separator, begin)) != std::string_view::npos;
       begin = at + separator.size()) {
    parts.push_back(text.substr(begin, at - begin));
    if (number > 0 && static_cast<int64_t>(parts.size()) == number) return parts.back();
  }
  parts.push_back(text.substr(begin));
  const auto count = static_cast<int64_t>(parts.size());
  if (number > count || number < -count) return "";
  return parts[static_cast<size_t>(number > 0 ? number - 1 : count + number)];
}

// `count` code points of fill, over and over.
std::string Fill(std::string_view fill, int64_t count) {
  std::string text;
  for (size_t at = 0; count > 0; --count) {
    size_t end = at + 1;
    while (end < fill.size() && Continues(fill[end])) ++end;
    text += fill.substr(at, end - at);
    at = end == fill.size() ? 0 : end;
  }
  return text;
}

// Whether the text is one of the combining marks U+0300 to U+036F, or begins with one.
bool BeginsWithMark(std::string_view text) {
  if (text.size() < 2) return false;
  const auto byte = static_cast<uint8_t>(text[0]), next = static_cast<uint8_t>(text[1]);
  return byte == 0xCC || (byte == 0xCD && next <= 0xAF);
}

// Letters that are another one and marks, by their code points in UTF-8: é as e. Only whole letters
// are taken apart, so that texts of other scripts stay composed.
using Letters = std::unordered_map<std::string, std::string>;

Letters MarkedLetters() {
  constexpr uint32_t kFirst = 0xC0, kLast = 0x2200;
  arrow::StringBuilder points;
  for (uint32_t point = kFirst; point < kLast; ++point) {
    std::string text;
    if (point < 0x800) {
      text = {static_cast<char>(0xC0 | point >> 6), static_cast<char>(0x80 | (point & 0x3F))};
    } else {
      text = {static_cast<char>(0xE0 | point >> 12), static_cast<char>(0x80 | (point >> 6 & 0x3F)),
              static_cast<char>(0x80 | (point & 0x3F))};
    }
    MILLRACE_CHECK(points.Append(text).ok());
  }
  const auto whole = points.Finish().ValueOrDie();
  const cp::Utf8NormalizeOptions apart(cp::Utf8NormalizeOptions::NFD);
  const auto taken = cp::CallFunction("utf8_normalize", {whole}, &apart).ValueOrDie().make_array();
  Letters letters;
  for (int64_t i = 0; i < whole->length(); ++i) {
    const std::string text = static_cast<const arrow::StringArray&>(*whole).GetString(i);
    const std::string parts = static_cast<const arrow::StringArray&>(*taken).GetString(i);
    size_t end = 1;
    while (end < parts.size() && Continues(parts[end])) ++end;
    bool marks = end < parts.size();
    for (size_t at = end; at < parts.size() && marks; at += 2) {
      marks = BeginsWithMark(std::string_view(parts).substr(at));
    }
    if (marks && !BeginsWithMark(parts)) letters.emplace(text, parts.substr(0, end));
  }
  return letters;
}

// A code point without the marks in it; "" of a mark.
std::string_view WithoutMarks(std::string_view point) {
  static const auto* letters = new Letters(MarkedLetters());
  if (point.size() < 2) return point;
  if (BeginsWithMark(point)) return "";
  const auto found = letters->find(std::string(point));
  return found == letters->end() ? point : std::string_view(found->second);
}

class TextParts {
 public:
  TextParts(const Rows& rows, const Node& node, Arguments arguments)
      : rows_(rows), node_(node), arguments_(std::move(arguments)) {}

  Status Prepare() {
    Type text, integer;
    text.kind = Kind::kText;
    integer.kind = Kind::kInt;
    ARROW_RETURN_NOT_OK(rows_.To(node_, text, &arguments_[0]));
    for (size_t i = 1; i < arguments_.size(); ++i) {
      const bool number = node_.arguments[i]->kind != NodeKind::kLiteral ||
                          node_.arguments[i]->literal.kind != Kind::kText;
      if (number) ARROW_RETURN_NOT_OK(rows_.To(node_, integer, &arguments_[i]));
    }
    return Status::OK();
  }

  /// `function(text)`
  template <class ArrowType, class Function>
  Result<Values> Each(Function function) const {
    const auto& texts = Texts();
    using Value = decltype(function(std::string_view()));
    return rows_.Map<ArrowType>(Union(arguments_), [&](int64_t row, Errors*) {
      return texts.IsNull(row) ? std::optional<Value>()
                               : std::optional<Value>(function(texts.GetView(row)));
    });
  }

  /// `function(text, number, row, errors)`, the number being the argument `at`.
  template <class Function>
  Result<Values> Numbered(size_t at, Function function) const {
    const auto& texts = Texts();
    const auto& numbers = static_cast<const arrow::Int64Array&>(*arguments_[at].array);
    using Value = decltype(function(std::string_view(), int64_t{}, int64_t{}, nullptr));
    return rows_.Map<arrow::StringType>(Union(arguments_), [&](int64_t row, Errors* errors) {
      return texts.IsNull(row) || numbers.IsNull(row)
                 ? Value()
                 : function(texts.GetView(row), numbers.Value(row), row, errors);
    });
  }

  Result<Values> Cut() const {
    const bool left = node_.name == "left";
    return Numbered(1, [&](std::string_view text, int64_t count, int64_t, Errors*) {
      return std::optional<std::string_view>(left ? Left(text, count) : Right(text, count));
    });
  }

  Result<Values> Split() const {
    const std::string& separator = Literal(1);
    return Numbered(2,
                    [&](std::string_view text, int64_t number, int64_t row,
                        Errors* errors) -> std::optional<std::string_view> {
                      if (number != 0) return Part(text, separator, number);
                      rows_.Fail(node_, row, "expr.no_part", "asks for part 0", errors);
                      return std::nullopt;
                    });
  }

  Result<Values> Pad() const {
    const bool left = node_.name == "lpad";
    const std::string fill = node_.arguments.size() > 2 ? Literal(2) : " ";
    return Numbered(1,
                    [&](std::string_view text, int64_t length, int64_t row,
                        Errors* errors) -> std::optional<std::string> {
                      const int64_t points = CountPoints(text);
                      if (length <= points)
                        return std::string(Left(text, std::max<int64_t>(0, length)));
                      if (length > kGrownBytesMax / 4) return TooLong(row, errors);
                      const std::string added = Fill(fill, length - points);
                      return left ? added + std::string(text) : std::string(text) + added;
                    });
  }

  Result<Values> Repeat() const {
    return Numbered(1,
                    [&](std::string_view text, int64_t count, int64_t row,
                        Errors* errors) -> std::optional<std::string> {
                      std::string repeated;
                      if (text.empty() || count <= 0) return repeated;
                      if (count > kGrownBytesMax / static_cast<int64_t>(text.size()))
                        return TooLong(row, errors);
                      for (; count > 0; --count) repeated += text;
                      return repeated;
                    });
  }

  Result<Values> Position() const {
    const std::string& part = Literal(1);
    return Each<arrow::Int64Type>([&](std::string_view text) {
      const size_t at = text.find(part);
      return at == std::string_view::npos ? int64_t{0} : CountPoints(text.substr(0, at)) + 1;
    });
  }

  Result<Values> StripAccents() const {
    std::string bare;
    return Each<arrow::StringType>([&](std::string_view text) {
      bare.clear();
      for (size_t i = 0; i < text.size();) {
        const size_t begin = i++;
        while (i < text.size() && Continues(text[i])) ++i;
        bare += WithoutMarks(text.substr(begin, i - begin));
      }
      return std::string_view(bare);
    });
  }

  Result<Values> Kernel(const std::string& function, const cp::FunctionOptions* options) const {
    return Rows::Compute(function, {arguments_[0]}, options);
  }

  const std::string& Literal(size_t at) const { return node_.arguments[at]->literal.text; }

 private:
  const arrow::StringArray& Texts() const {
    return static_cast<const arrow::StringArray&>(*arguments_[0].array);
  }
  std::optional<std::string> TooLong(int64_t row, Errors* errors) const {
    rows_.Fail(node_, row, "expr.too_long", "would have more than 1 MiB", errors);
    return std::nullopt;
  }

  const Rows& rows_;
  const Node& node_;
  Arguments arguments_;
};

}  // namespace

Result<Values> EvaluateTextParts(const Rows& rows, const Node& node, Arguments arguments) {
  const std::string& name = node.name;
  TextParts parts(rows, node, std::move(arguments));
  ARROW_RETURN_NOT_OK(parts.Prepare());
  if (name == "like" || name == "ilike") {
    const cp::MatchSubstringOptions options(parts.Literal(1), /*ignore_case=*/name == "ilike");
    return parts.Kernel("match_like", &options);
  }
  if (name == "regex_replace") {
    const cp::ReplaceSubstringOptions options(parts.Literal(1), parts.Literal(2));
    return parts.Kernel("replace_substring_regex", &options);
  }
  if (name == "regex_count") {
    const cp::MatchSubstringOptions options(parts.Literal(1));
    ARROW_ASSIGN_OR_RAISE(auto values, parts.Kernel("count_substring_regex", &options));
    ARROW_RETURN_NOT_OK(cp::Cast(*values.array, arrow::int64()).Value(&values.array));
    return values;
  }
  if (name == "reverse") return parts.Kernel("utf8_reverse", nullptr);
  if (name == "strip_accents") return parts.StripAccents();
  if (name == "sha256") {
    return parts.Each<arrow::StringType>([](std::string_view text) { return Sha256Hex(text); });
  }
  if (name == "position") return parts.Position();
  if (name == "split_part") return parts.Split();
  if (name == "repeat") return parts.Repeat();
  if (name == "lpad" || name == "rpad") return parts.Pad();
  return parts.Cut();
}

}  // namespace millrace::expr
