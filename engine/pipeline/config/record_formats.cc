#include "pipeline/config/record_formats.h"

#include <optional>
#include <string>

namespace millrace::pipeline {
namespace {

std::optional<char> Character(const ConfigValue* member) {
  if (member == nullptr || member->text.empty()) return std::nullopt;
  return member->text == "none" ? '\0' : member->text[0];
}

void BuildDialect(const ConfigValue& block, io::CsvOptions* options) {
  if (const ConfigValue* encoding = block.Find("encoding")) {
    options->encoding = io::EncodingByName(encoding->text);
  }
  if (const ConfigValue* newline = block.Find("newline")) {
    options->newline = newline->text == "cr"    ? "\r"
                       : newline->text == "any" ? std::string(io::kAnyNewline)
                                                : "\n";
  }
  if (const ConfigValue* comment = block.Find("comment")) {
    options->comment = comment->text == "none" ? "" : comment->text;
  }
  if (const ConfigValue* trailing = block.Find("trailing_delimiter")) {
    options->trailing_delimiter = trailing->boolean;
  }
  const auto rows = [&](const char* key, std::optional<int>* to) {
    if (const ConfigValue* count = block.Find(key)) *to = static_cast<int>(count->integer);
  };
  rows("skip_rows", &options->skip_rows);
  rows("header_rows", &options->header_rows);
  rows("footer_rows", &options->footer_rows);
  rows("table", &options->table);
}

}  // namespace

io::CsvOptions BuildCsv(const ConfigValue& value, ConfigProblems* problems) {
  io::CsvOptions options;
  const ConfigValue* dialect = value.Find("dialect");
  options.guess = dialect != nullptr && dialect->kind == ConfigValue::Kind::kText;
  const ConfigValue none;
  const ConfigValue& block = dialect == nullptr || options.guess ? none : *dialect;
  // The short forms, where the block does not have them.
  const auto find = [&](const char* key) -> const ConfigValue* {
    const ConfigValue* outside = value.Find(key);
    const ConfigValue* inside = block.Find(key);
    if (outside != nullptr && inside != nullptr) {
      problems->Add(ErrorCode::kBadValue, outside->span,
                    std::string("`") + key + "` stands in `dialect`, too", "write it in one place");
    }
    return inside != nullptr ? inside : outside;
  };
  if (const ConfigValue* delimiter = find("delimiter")) options.delimiter = delimiter->text;
  options.quote = Character(find("quote"));
  options.escape = Character(find("escape"));
  if (const ConfigValue* header = find("header")) options.header = header->boolean;
  BuildDialect(block, &options);
  options.column_names = value.Texts("columns");
  options.fill_short_rows = value.Text("short_rows") == "fill";
  options.record_bytes_max = value.Integer("record_bytes_max");
  problems->AddRepeated(value.Find("columns"));
  const auto holds = [&](const std::optional<char>& mark) {
    return options.delimiter && mark && *mark != '\0' &&
           options.delimiter->find(*mark) != std::string::npos;
  };
  const bool same = options.delimiter && options.delimiter->size() == 1;
  if (holds(options.quote)) {
    problems->Add(ErrorCode::kBadValue, find("quote")->span,
                  same ? "`delimiter` and `quote` are the same character"
                       : "`quote` is a part of `delimiter`");
  }
  if (holds(options.escape)) {
    problems->Add(ErrorCode::kBadValue, find("escape")->span,
                  same ? "`delimiter` and `escape` are the same character"
                       : "`escape` is a part of `delimiter`");
  }
  const ConfigValue* rows = block.Find("header_rows");
  const ConfigValue* header = find("header");
  if (rows != nullptr && header != nullptr) {
    problems->Add(ErrorCode::kBadValue, header->span,
                  "`header` and `header_rows` say the same thing", "leave one of them out");
  } else if (options.header == false && options.column_names.empty()) {
    problems->Add(ErrorCode::kMissingKey, header->span, "without a header the columns need names",
                  "add `columns: [...]`");
  }
  return options;
}

io::JsonlOptions BuildJsonl(const ConfigValue& value) {
  io::JsonlOptions options;
  options.record_bytes_max = value.Integer("record_bytes_max");
  if (const ConfigValue* encoding = value.Find("encoding")) {
    options.encoding = io::EncodingByName(encoding->text);
  }
  const std::string layout = value.Text("layout", "auto");
  if (layout == "lines") options.layout = io::JsonlLayout::kLines;
  if (layout == "array") options.layout = io::JsonlLayout::kArray;
  if (layout == "concatenated") options.layout = io::JsonlLayout::kConcatenated;
  return options;
}

}  // namespace millrace::pipeline
