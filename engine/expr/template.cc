#include "expr/template.h"

#include <arrow/array/util.h>
#include <arrow/compute/api.h>
#include <arrow/scalar.h>

#include <cstring>

#include "expr/lexer.h"
#include "expr/template_filters.h"

namespace millrace::expr {
namespace {

constexpr int64_t kTruncateMax = 1 << 30;

/// A stretch of text, or a hole.
struct Part {
  std::string literal;
  bool is_hole = false;
  int value = -1;  // index into the values; -1: the hole's text is `literal`
  std::vector<FilterCall> filters;
};

bool IsNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

std::vector<std::string> FilterNames() {
  std::vector<std::string> names;
  for (const TemplateFilter& filter : TemplateFilters()) names.emplace_back(filter.name);
  return names;
}

class Parser {
 public:
  explicit Parser(const std::string& text) : text_(text) {}

  Status Run() {
    while (at_ < text_.size()) {
      const size_t open = text_.find("{{", at_);
      const size_t end = open == std::string::npos ? text_.size() : open;
      if (end > at_) {
        Part part;
        part.literal = text_.substr(at_, end - at_);
        parts.push_back(std::move(part));
      }
      at_ = end;
      if (at_ < text_.size()) ARROW_RETURN_NOT_OK(ReadHole());
    }
    return Status::OK();
  }

  std::vector<Part> parts;
  std::vector<TemplateValue> values;

 private:
  Status ReadHole() {
    hole_ = at_;
    at_ += 2;
    Part part;
    part.is_hole = true;
    ARROW_RETURN_NOT_OK(ReadValue(&part));
    while (TakeByte('|')) ARROW_RETURN_NOT_OK(ReadFilter(&part));
    if (text_.compare(at_, 2, "}}") != 0) return Unexpected("`|` and a filter, or `}}`");
    at_ += 2;
    parts.push_back(std::move(part));
    return Status::OK();
  }

  Status ReadValue(Part* part) {
    SkipSpace();
    TemplateValue value;
    value.begin = at_;
    if (Peek() == '\'') return ReadQuoted('\'', &part->literal);
    if (Peek() == '`') {
      value.quoted = true;
      ARROW_RETURN_NOT_OK(ReadQuoted('`', &value.path));
    } else {
      while (at_ < text_.size() && (IsNameByte(text_[at_]) || text_[at_] == '.')) ++at_;
      value.path = text_.substr(value.begin, at_ - value.begin);
    }
    value.end = at_;
    if (value.path.empty()) return Unexpected("a column's name");
    part->value = static_cast<int>(values.size());
    values.push_back(std::move(value));
    return Status::OK();
  }

  Status ReadFilter(Part* part) {
    SkipSpace();
    const size_t begin = at_;
    while (at_ < text_.size() && IsNameByte(text_[at_])) ++at_;
    const std::string name = text_.substr(begin, at_ - begin);
    if (name.empty()) return Unexpected("a filter's name");
    FilterCall call;
    call.filter = FindTemplateFilter(name);
    if (call.filter == nullptr) {
      return Problem(begin, at_, "there is no filter `" + name + "`",
                     DidYouMean(name, FilterNames()));
    }
    ARROW_RETURN_NOT_OK(ReadArguments(&call));
    if (call.filter->apply == TemplateFilter::Apply::kToTexts) {
      part->filters.push_back(std::move(call));
      return Status::OK();
    }
    if (part->value < 0 || !part->filters.empty() ||
        values.back().form != TemplateValue::Form::kPlain) {
      return Problem(begin, at_, "`" + name + "` must be the first filter of a column");
    }
    values.back().form = name == "json" ? TemplateValue::Form::kJson : TemplateValue::Form::kJoined;
    if (!call.texts.empty()) values.back().separator = call.texts[0];
    return Status::OK();
  }

  Status ReadArguments(FilterCall* call) {
    const std::string_view wanted = call->filter->arguments;
    if (wanted.empty()) return Status::OK();
    if (!TakeByte('(')) return Unexpected("`" + std::string(call->filter->signature) + "`");
    for (size_t i = 0; i < wanted.size(); ++i) {
      if (i > 0 && !TakeByte(',')) return Unexpected("`,` and another argument");
      SkipSpace();
      if (wanted[i] == 't') {
        if (Peek() != '\'') return Unexpected("a text in 'single quotes'");
        ARROW_RETURN_NOT_OK(ReadQuoted('\'', &call->texts.emplace_back()));
      } else {
        ARROW_RETURN_NOT_OK(ReadNumber(&call->number));
      }
    }
    return TakeByte(')') ? Status::OK() : Unexpected("`)`");
  }

  Status ReadNumber(int64_t* number) {
    const size_t begin = at_;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      *number = *number * 10 + (text_[at_] - '0');
      if (*number > kTruncateMax) return Problem(begin, at_ + 1, "the number is too large");
    }
    return at_ > begin ? Status::OK() : Unexpected("a whole number");
  }

  Status ReadQuoted(char quote, std::string* out) {
    const size_t begin = at_++;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == quote) {
        if (at_ + 1 >= text_.size() || text_[at_ + 1] != quote) break;
        ++at_;  // doubled: the quote itself
      }
      *out += text_[at_];
    }
    if (at_ >= text_.size()) {
      return Problem(begin, begin + 1, std::string("`") + quote + "` is never closed");
    }
    ++at_;
    return Status::OK();
  }

  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void SkipSpace() {
    while (at_ < text_.size() && std::strchr(" \t\r\n", text_[at_]) != nullptr) ++at_;
  }
  bool TakeByte(char c) {
    SkipSpace();
    if (Peek() != c) return false;
    ++at_;
    return true;
  }

  Status Unexpected(const std::string& wanted) {
    SkipSpace();
    if (at_ >= text_.size()) {
      return Problem(hole_, hole_ + 2, "`{{` is never closed", "a literal `{{` is {{ '{{' }}");
    }
    size_t end = at_ + 1;
    while (end < text_.size() && (static_cast<uint8_t>(text_[end]) & 0xc0) == 0x80) ++end;
    return Problem(at_, end, "unexpected `" + text_.substr(at_, end - at_) + "`: wanted " + wanted);
  }
  Status Problem(size_t begin, size_t end, std::string message, std::string suggestion = "") {
    return MakeError(
        {ExpressionProblem(text_, begin, end, std::move(message), std::move(suggestion))});
  }

  const std::string& text_;
  size_t at_ = 0, hole_ = 0;
};

}  // namespace

struct Template::State {
  std::string text;
  std::vector<Part> parts;
  std::vector<TemplateValue> values;
};

Result<Template> Template::Parse(const std::string& text) {
  if (text.size() > kTemplateBytesMax) {
    return MakeError({ExpressionProblem(
        text, 0, 1, "a template may have " + std::to_string(kTemplateBytesMax) + " bytes")});
  }
  auto state = std::make_shared<State>();
  state->text = text;
  Parser parser(state->text);
  ARROW_RETURN_NOT_OK(parser.Run());
  state->parts = std::move(parser.parts);
  state->values = std::move(parser.values);
  Template result;
  result.state_ = std::move(state);
  return result;
}

const std::string& Template::text() const { return state_->text; }
const std::vector<TemplateValue>& Template::values() const { return state_->values; }

Diagnostic Template::Problem(const TemplateValue& value, std::string message,
                             std::string suggestion) const {
  return ExpressionProblem(state_->text, value.begin, value.end, std::move(message),
                           std::move(suggestion));
}

Result<std::shared_ptr<arrow::StringArray>> Template::Render(const TemplateValues& values,
                                                             int64_t rows) const {
  std::vector<arrow::Datum> pieces;
  for (const Part& part : state_->parts) {
    if (!part.is_hole) {
      pieces.emplace_back(part.literal);
      continue;
    }
    std::shared_ptr<arrow::Array> texts;
    if (part.value >= 0) {
      ARROW_ASSIGN_OR_RAISE(texts, values.Texts(state_->values[static_cast<size_t>(part.value)]));
    } else {
      ARROW_ASSIGN_OR_RAISE(texts,
                            arrow::MakeArrayFromScalar(arrow::StringScalar(part.literal), rows));
    }
    for (const FilterCall& call : part.filters) {
      ARROW_ASSIGN_OR_RAISE(texts, ApplyFilter(call, texts));
    }
    pieces.emplace_back(std::move(texts));
  }
  // An array among them makes the result one, also where all parts are literals.
  ARROW_ASSIGN_OR_RAISE(auto nothing,
                        arrow::MakeArrayFromScalar(arrow::StringScalar(std::string()), rows));
  pieces.emplace_back(std::move(nothing));
  pieces.emplace_back(std::string());  // the separator
  const arrow::compute::JoinOptions options(arrow::compute::JoinOptions::REPLACE, "");
  ARROW_ASSIGN_OR_RAISE(arrow::Datum joined,
                        arrow::compute::CallFunction("binary_join_element_wise", pieces, &options));
  return std::static_pointer_cast<arrow::StringArray>(joined.make_array());
}

}  // namespace millrace::expr
